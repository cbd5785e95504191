"""D3: every case of what HPR says, «Hent på nytt» and «Dette stemmer ikke» (ux.md D3)."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.enums import ConsentPurpose, HprStatus, MessageKind, PrivacyCaseKind, Role
from models.message import Message
from models.outbox import OutboxEntry
from models.privacy import PrivacyCase
from models.professional import HprRecord, Professional
from services import authorisations, professionals
from services.outbox import Job
from stubs.testing import Stubs
from tests.builders import Builders

PLACE, STEP = "/min-side/autorisasjoner", "/min-side/registrer/autorisasjon"
NONE = "Vi finner ingen gyldig autorisasjon eller lisens."
SHOWN = "Du kan vises for virksomheter."
SILENT = "Vi får ikke kontakt med HPR nå. Vi prøver igjen og gir beskjed på Min side."


@pytest.fixture
def visit(make: Builders, client_for: Any, stubs: Stubs, app: Any) -> Any:
    """visit("professional_nurse", checked=True, **facts): a person of people.json with a finished registration."""

    def open_as(key: str, *, checked: bool = True, **facts: Any) -> tuple[FlaskClient, Professional]:
        person = stubs.person(key)
        row = make.professional(make.account(person.name, person.national_id), **facts)
        if checked:
            with app.app_context():
                authorisations.check(row.id)
                db.session.commit()
        return client_for(row.person, role=Role.PROFESSIONAL), row

    return open_as


CASES = {
    "professional_doctor": [SHOWN, "Allmennmedisin, Geriatri", "15.08.2001", "19.09.2053", "Gyldig"],
    "personnel_doctor": [SHOWN, "Lege, lisens: gyldig til"],
    "professional_conditions": [SHOWN, "Lisens/begrensning – se HPR"],
    "professional_expired": [NONE, "30.06.2021", "Utløpt"],
    "professional_future": [NONE, "Gjelder ikke ennå"],
    "professional_student": [NONE, "Studentlisens", "Gir ikke plass i registeret"],
    "professional_veterinary": [NONE, "Fiskehelsebiolog", "Gir ikke plass i registeret"],
    "professional_new_profession": [NONE, "Klinisk helseteknolog"],
    "professional_not_in_hpr": [NONE],
    "professional_suspended": ["Autorisasjonen er ikke aktiv i HPR.", "Ikke aktiv i HPR"],
    "professional_ended": ["Autorisasjonen er ikke aktiv i HPR."],
}


def test_every_case_has_its_words(visit: Any) -> None:
    for key, texts in CASES.items():
        client, _person = visit(key)
        page = client.get(PLACE).text
        for text in ("Hentet fra Helsepersonellregisteret (HPR)", "Hent på nytt", "Dette stemmer ikke", *texts):
            assert text in page, (key, text)
        for text in (SILENT, "data-poll=", "Suspensjon", "Frivillig", "reaksjon"):
            assert text not in page, (key, text)


def test_only_what_ends_within_sixty_days_is_warned_of(visit: Any, stubs: Stubs) -> None:
    client, person = visit("professional_nurse")
    number = stubs.person("professional_nurse").national_id
    for days, is_warned in ((60, True), (61, False)):
        ends = clock.today() + timedelta(days=days)
        stubs.control("hpr", "end_period", national_id=number, ends=ends.isoformat())
        with client.application.app_context():
            authorisations.check(person.id)
            db.session.commit()
        assert ("hvis den ikke blir fornyet" in client.get(PLACE).text) is is_warned


def test_names_are_in_the_language_of_the_page(visit: Any) -> None:
    client, _person = visit("professional_nurse")
    assert ">Sjukepleiar<" in client.get(f"/nn{PLACE}").text
    english = client.get(f"/en{PLACE}").text
    assert ">General Nurse<" in english and ">Authorisation<" in english and ">Autorisasjon<" not in english


# -- fetched anew


def test_it_is_fetched_anew_on_request(visit: Any, submit: Any, stubs: Stubs) -> None:
    client, _person = visit("professional_nurse", checked=False, hpr__asked_at=clock.now() - timedelta(hours=1))
    stubs.control("hpr", "react", national_id=stubs.person("professional_nurse").national_id)
    response = submit(client, PLACE, to="/min-side/autorisasjoner/hent")
    assert (response.status_code, response.headers["Location"]) == (303, PLACE)
    page = client.get(PLACE).text
    assert "Opplysningene er hentet fra HPR." in page and "Autorisasjonen er ikke aktiv i HPR." in page
    submit(client, PLACE, to="/min-side/autorisasjoner/hent")
    assert len(stubs.log("hpr")) == 1, "not twice within a minute"


def test_silence_is_said_with_the_last_good_answer(visit: Any, submit: Any, stubs: Stubs) -> None:
    client, _person = visit("professional_nurse", checked=False, hpr__asked_at=clock.now() - timedelta(hours=1))
    stubs.control("hpr", "http500")
    submit(client, PLACE, to="/min-side/autorisasjoner/hent")
    page = client.get(PLACE).text
    assert SILENT in page and "Hentet fra Helsepersonellregisteret (HPR)" in page and SHOWN in page


# -- while one registers


@pytest.fixture
def newcomer(make: Builders, stubs: Stubs, app: Any, client_for: Any) -> Any:
    """Somebody who has consented and told about him- or herself, and comes to the page of authorisations."""
    person = stubs.person("professional_nurse")
    account = make.account(person.name, person.national_id)
    with app.app_context():
        row = professionals.begin(make.actor(account, Role.PROFESSIONAL))
        row.consents = [make.consent_event(ConsentPurpose.REGISTER)]
        about = {"given_name": "T", "family_name": "L", "email": "t@e.no", "phone": "+4798765432"}
        for name, value in {**about, "postal_code": "7013", "language": "nb"}.items():
            setattr(row, name, value)
        db.session.commit()
    return client_for(account, role=Role.PROFESSIONAL), row


def test_the_answer_is_there_when_the_page_is_reached(newcomer: Any, run_jobs: Any) -> None:
    client, _row = newcomer
    waiting = client.get(STEP).text
    assert "Vi henter opplysningene dine fra HPR." in waiting and f'data-poll="{STEP}"' in waiting
    assert "Dette stemmer ikke" not in waiting
    run_jobs()
    part = client.get(STEP, headers={"X-Partial": "hpr"}).text
    assert SHOWN in part and "data-poll=" not in part and "<html" not in part
    assert ">Sykepleier<" in client.get(STEP).text


def test_the_page_may_be_passed_while_hpr_is_silent(newcomer: Any, submit: Any, stubs: Stubs, run_jobs: Any) -> None:
    client, row = newcomer
    stubs.control("hpr", "http500")
    response = submit(client, STEP, to=None, form=1, go="next")
    assert response.headers["Location"] == "/min-side/registrer/kompetanse"
    run_jobs()
    assert SILENT in client.get(STEP).text
    with client.application.app_context():
        record = db.session.get_one(HprRecord, row.id)
        assert record.status is HprStatus.NOT_CHECKED and record.next_check_at is not None


def test_hpr_is_asked_once_for_each_who_begins(newcomer: Any) -> None:
    client, row = newcomer
    with client.application.app_context():
        (job,) = db.session.scalars(select(OutboxEntry).where(OutboxEntry.job == Job.CHECK_HPR))
        assert job.arguments == {"professional_id": str(row.id)}


# -- «Dette stemmer ikke»


def test_it_can_be_contested_once_at_a_time(visit: Any, submit: Any) -> None:
    client, person = visit("professional_expired")
    empty = submit(client, f"{PLACE}/feil", text="")
    assert empty.status_code == 422 and "Skriv hva som ikke stemmer." in empty.text
    number = submit(client, f"{PLACE}/feil", text="Jeg er 05859010018")
    assert number.status_code == 422 and "ser ut til å inneholde et fødselsnummer" in number.text
    sent = submit(client, f"{PLACE}/feil", text="Lisensen ble fornyet i mai.")
    assert (sent.status_code, sent.headers["Location"]) == (303, PLACE)
    page = client.get(PLACE).text
    assert "Vi har mottatt meldingen." in page and "Du har sagt fra" in page
    assert f"{PLACE}/feil" not in page
    with client.application.app_context():
        (case,) = db.session.scalars(select(PrivacyCase))
        assert (case.kind, case.professional_id, case.text) == (
            PrivacyCaseKind.HPR,
            person.id,
            "Lisensen ble fornyet i mai.",
        )
        assert db.session.scalar(select(Message.kind).where(Message.kind == MessageKind.PRIVACY_CASE_RECEIVED))
