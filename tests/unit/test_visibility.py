"""Who can see me now: every reason against has its own sentence, and what to do about it (ux.md D10)."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from extensions import language
from models.cv import Cv
from models.enums import AvailabilityKind, HprStatus, ProfessionalStatus, Visibility
from models.professional import Availability, HprRecord, Professional
from services import visibility
from services.consents import FOR_EVER
from services.listing import Hidden, Verdict
from services.visibility import Place

MOMENT = datetime(2027, 6, 5, 12, tzinfo=UTC)
LISTED = Verdict((), FOR_EVER)


@pytest.fixture(autouse=True)
def texts():
    app = Flask(__name__)
    language.init_app(app)
    with app.app_context():
        yield


@pytest.fixture
def person() -> Professional:
    return Professional(
        status=ProfessionalStatus.ACTIVE,
        email="pia@example.no",
        email_confirmed_at=MOMENT,
        availability=Availability(kind=AvailabilityKind.NOW, to_date=date(2027, 6, 4), confirmed_at=MOMENT),
        hpr=HprRecord(status=HprStatus.EXPIRED, checked_at=MOMENT),
        cv=Cv(visibility=Visibility.CONSENTED),
        attachments=[],
    )


def hidden(person: Professional, *reasons: Hidden) -> visibility.Standing:
    return visibility.of(person, Verdict(reasons, FOR_EVER))


PLACES = {
    Hidden.LEAVING: None,
    Hidden.RESTRICTED: Place.PRIVACY,
    Hidden.NOT_FINISHED: Place.REGISTRATION,
    Hidden.NO_CONSENT: Place.CONSENT,
    Hidden.ADDRESS_PROTECTED: Place.ABOUT,
    Hidden.PAUSED: Place.PRESSES,
    Hidden.NOT_CHECKED: Place.AUTHORISATION,
    Hidden.NO_AUTHORISATION: Place.AUTHORISATION,
    Hidden.HPR_SILENT: Place.AUTHORISATION,
    Hidden.NOT_CONFIRMED: Place.PRESSES,
    Hidden.PERIOD_OVER: Place.AVAILABILITY,
}


def test_every_reason_has_a_sentence_of_its_own_and_a_way_on(person):
    said = {reason: hidden(person, reason) for reason in Hidden}
    assert len({standing.sentence for standing in said.values()}) == len(Hidden)
    for reason, standing in said.items():
        assert not standing.is_listed
        assert "ingen virksomheter kan se deg" in standing.sentence.lower() and "fordi" in standing.sentence, reason
        assert (standing.advice.place if standing.advice else None) is PLACES[reason], reason
        assert standing.advice is None or len(standing.advice.text) <= 30


def test_the_most_important_reason_is_told(person):
    assert hidden(person, Hidden.NO_CONSENT, Hidden.PAUSED).sentence == hidden(person, Hidden.NO_CONSENT).sentence


@pytest.mark.parametrize(
    ("reason", "day"),
    [
        (Hidden.NOT_CONFIRMED, "5. juni 2027"),
        (Hidden.HPR_SILENT, "5. juni 2027"),
        (Hidden.PERIOD_OVER, "4. juni 2027"),
    ],
)
def test_days_are_told(person, reason, day):
    assert day in hidden(person, reason).sentence


def test_a_pause_with_an_end_tells_it(person):
    assert "til" not in hidden(person, Hidden.PAUSED).sentence
    person.availability.paused_until = date(2027, 7, 1)
    assert "til 1. juli 2027" in hidden(person, Hidden.PAUSED).sentence


def test_a_profession_that_is_not_chosen_is_another_matter_than_none(person):
    without = hidden(person, Hidden.NO_AUTHORISATION)
    person.hpr.status = HprStatus.VALID
    unchosen = hidden(person, Hidden.NO_AUTHORISATION)
    assert unchosen.sentence != without.sentence
    assert unchosen.advice is not None and unchosen.advice.place is Place.COMPETENCE


def test_a_finished_registration_is_not_called_unfinished(person):
    unfinished = hidden(person, Hidden.NOT_FINISHED)
    person.completed_at = MOMENT
    lapsed = hidden(person, Hidden.NOT_FINISHED)
    assert lapsed.sentence != unfinished.sentence and "fullført" not in lapsed.sentence
    assert lapsed.advice is not None and lapsed.advice.place is Place.REGISTRATION


def test_whoever_is_listed_is_told_so_and_what_would_help(person):
    standing = visibility.of(person, LISTED)
    assert standing.is_listed and standing.advice is None
    assert standing.sentence == "Kommuner og helseforetak med tilgang kan se deg."
    person.cv.visibility = Visibility.ONLY_ME
    advice = visibility.of(person, LISTED).advice
    assert advice is not None and advice.place is Place.CV
    person.email_confirmed_at = None
    advice = visibility.of(person, LISTED).advice
    assert advice is not None and advice.place is Place.ABOUT
