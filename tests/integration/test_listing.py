"""Who is listed (design.md section 4, I4)."""

from datetime import timedelta
from typing import Any

import pytest

from extensions import clock
from extensions.database import db
from models.enums import AvailabilityKind, ConsentPurpose, HprStatus, ProfessionalStatus
from models.listing import Listing
from services import listing
from services.listing import Hidden
from tests.builders import Builders


def test_a_finished_registration_is_listed_until_the_first_condition_ends(context: Any, make: Builders) -> None:
    person = make.professional()
    row = db.session.get_one(Listing, person.id)
    assert row.listed_until == person.hpr.checked_at + timedelta(hours=72)
    assert (row.name, row.professions, row.areas) == ("Kari Prøve", ["SP"], ["5001"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": ProfessionalStatus.LEAVING}, Hidden.LEAVING),
        ({"status": ProfessionalStatus.PAUSED}, Hidden.PAUSED),
        ({"availability__kind": AvailabilityKind.PAUSED}, Hidden.PAUSED),
        ({"status": ProfessionalStatus.STARTED, "completed_at": None}, Hidden.NOT_FINISHED),
        ({"listed": False}, Hidden.NO_CONSENT),
        ({"is_address_protected": True}, Hidden.ADDRESS_PROTECTED),
        ({"restricted_at": clock.now()}, Hidden.RESTRICTED),
        ({"hpr__status": HprStatus.INACTIVE}, Hidden.NO_AUTHORISATION),
        ({"competence__professions": ["LE"]}, Hidden.NO_AUTHORISATION),
        ({"hpr__checked_at": None}, Hidden.NOT_CHECKED),
        ({"hpr__checked_at": clock.now() - timedelta(hours=73)}, Hidden.HPR_SILENT),
        ({"availability__confirmed_at": clock.now() - timedelta(days=61)}, Hidden.NOT_CONFIRMED),
        ({"availability__to_date": clock.today() - timedelta(days=1)}, Hidden.PERIOD_OVER),
    ],
)
def test_each_condition_hides_by_itself(context: Any, make: Builders, changes: dict[str, Any], reason: Hidden) -> None:
    person = make.professional(**changes)
    assert listing.refresh(person.id).hidden == (reason,)
    assert db.session.get(Listing, person.id) is None


def test_a_withdrawn_consent_hides_in_the_same_transaction(context: Any, make: Builders) -> None:
    person = make.professional()
    event = make.consent_event(ConsentPurpose.SHOWN_TO_ORGANISATIONS, 2)
    event.act = event.act.WITHDRAWN
    person.consents.append(event)
    listing.refresh(person.id)
    assert db.session.get(Listing, person.id) is None


@pytest.mark.parametrize(
    ("days", "pauses", "is_new"),
    [(9, False, False), (9, True, True), (5, False, True)],
    ids=["only HPR was silent", "a pause meanwhile", "before every search had told of the person"],
)
def test_whoever_comes_back_is_new_unless_only_time_hid_the_person(
    context: Any, make: Builders, days: int, pauses: bool, is_new: bool
) -> None:
    began, person = clock.now(), db.session.merge(make.professional())
    came = db.session.get_one(Listing, person.id).listed_since

    def answered(day: int) -> None:
        with clock.at(began + timedelta(days=day)):
            person.hpr.checked_at = clock.now()
            listing.refresh(person.id)

    for day in range(1, days + 1):
        answered(day)
    with clock.at(began + timedelta(days=days + 4)):
        assert listing.refresh_ended() == 1 and db.session.get(Listing, person.id) is None
        if pauses:
            for kind in (AvailabilityKind.PAUSED, AvailabilityKind.NOW):
                person.availability.kind = kind
                assert not listing.refresh(person.id).is_listed
    answered(days + 5)
    assert (db.session.get_one(Listing, person.id).listed_since != came) is is_new


def test_who_has_run_out_is_judged_again(context: Any, make: Builders) -> None:
    person = make.professional()
    with clock.at(clock.now() + timedelta(hours=73)):
        assert listing.refresh_ended() == 1
        assert db.session.get(Listing, person.id) is None
        assert listing.refresh_ended() == 0
