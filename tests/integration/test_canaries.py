"""Profiles of nobody: made by a command, listed for as long as they are wanted, found by nobody, and loud (security.md
C25, docs/decisions/0013-canaries.md)."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import AlarmKind, OrganisationKind, Role
from models.listing import Listing
from models.message import Message
from models.professional import HprAlarm, HprRecord, Professional
from models.register import Alarm
from services import authorisations, canaries, consents, hpr_recheck, register_reports, search
from services.hpr_rules import NOBODY
from services.masking import LIMIT
from services.search import Filters
from tests.builders import Builders
from workers import alarms, availability, housekeeping, invariants

DAY = timedelta(days=1)
EVERY_ROUND = availability.keep_canaries, availability.keep_fresh, availability.refresh_listing
NIGHTLY = *EVERY_ROUND, alarms.watch_reveals, housekeeping.retain


@pytest.fixture
def run(app: Flask) -> Any:
    return lambda *args, **more: app.test_cli_runner().invoke(args=["canary", *args], **more)


@pytest.fixture
def canary(run: Any) -> UUID:
    made = run("add", "--county", "50", "--hpr-number", "9911122")
    assert made.exit_code == 0, made.output
    return UUID(made.output.split()[0])


def is_listed(professional_id: UUID) -> bool:
    listed = select(Listing).where(Listing.professional_id == professional_id, Listing.listed_until > clock.now())
    return db.session.scalar(listed) is not None


def test_the_command_makes_lists_and_removes(run: Any, app: Flask, canary: UUID, run_jobs: Any, stubs: Any) -> None:
    oslo = ("--county", "03")
    for wrong in (("--county", "99"), (*oslo, "--profession", "XX"), oslo, (*oslo, "--hpr-number", "1")):
        refused = run("add", *wrong, input="9911122\n")
        assert refused.exit_code == 1 and refused.output.splitlines()[-1].startswith("Error: "), refused.output
    other = run("add", *oslo, "--profession", "LE", "--profession", "JO", input="9911133\n")
    assert other.exit_code == 0
    with app.app_context():
        person = db.session.get_one(Professional, canary)
        account = db.session.get_one(Account, person.account_id)
        assert account.national_id_box is None and account.last_login_at is None
        assert re.fullmatch(r"\+467017406\d\d", person.phone or "") and (person.email or "").endswith("@localhost")
        assert person.municipality_number and person.municipality_number.startswith("50")
    lines = run("list").output.splitlines()
    assert sorted(line.split()[1:4] for line in lines) == [["03", "LE,JO", "listed"], ["50", "SP", "listed"]]
    assert run("remove", str(canary)).exit_code == 0 and run("remove", str(canary)).exit_code == 1
    assert len(run("list").output.splitlines()) == 1
    with app.app_context():
        assert not is_listed(canary)
    run_jobs()
    with app.app_context():
        assert db.session.get(Professional, canary) is None and db.session.get(Account, account.id) is None
    assert stubs.mail() == []


def test_only_a_canary_is_removed_so(run: Any, make: Builders) -> None:
    assert run("remove", str(make.professional().id)).exit_code == 1


def test_it_stays_for_a_season_and_raises_one_alarm(
    app: Flask, make: Builders, canary: UUID, client_for: Any, submit: Any
) -> None:
    person, begun, words = make.professional(), clock.now(), set()
    with app.app_context():
        for day in range(4, 65, 4):
            with clock.at(begun + day * DAY):
                db.session.get_one(HprRecord, person.id).checked_at = clock.now()
                for step in NIGHTLY if day % 16 == 0 else EVERY_ROUND:
                    step()
                    db.session.commit()
                shown = row_of(canary)
                assert shown.hpr_checked_at > clock.now() - DAY, day
                words.add(shown.confirmed_at)
        assert 3 <= len(words) <= 10
    with clock.at(begun + 64 * DAY):
        with app.app_context():
            assert not is_listed(person.id), "a person who says nothing for so long"
            assert canary not in invariants.wrongly_listed()
            assert db.session.scalar(select(func.count()).where(Message.professional_id == canary)) == 0
            assert db.session.scalars(select(Alarm)).all() == []
        trust = make.organisation("883974832", kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
        reader = client_for(make.user(organisation=trust).person, Role.ORGANISATION_USER, trust)
        path = f"/register/person/{canary}"
        assert path in reader.get("/register").text and "Sist sjekket i HPR" in reader.get(path).text
        location = submit(reader, path, purpose="exercise").location
        page = reader.get(location).text
        assert "@localhost" in page and "+46 70" in page
        reader.get(location)
    with app.app_context():
        assert [alarm.kind for alarm in db.session.scalars(select(Alarm))] == [AlarmKind.CANARY]


def row_of(professional_id: UUID) -> Listing:
    db.session.expire_all()
    return db.session.scalars(
        select(Listing).where(Listing.professional_id == professional_id, Listing.listed_until > clock.now())
    ).one()


def test_the_schedule_keeps_it_fresh(app: Flask, canary: UUID, run_jobs: Any) -> None:
    with clock.at(clock.now() + 1.5 * DAY):
        run_jobs(schedule=True)
        with app.app_context():
            assert row_of(canary).hpr_checked_at > clock.now() - DAY


def test_it_is_as_silent_as_hpr(app: Flask, make: Builders, canary: UUID) -> None:
    """Nobody is found by being the only one HPR still answers about; and what is decided by counting leaves it out."""
    make.professional()
    with app.app_context():
        with clock.at(clock.now() + 2 * DAY):
            assert hpr_recheck.plan() == 0
            canaries.keep_fresh()
            db.session.commit()
            assert row_of(canary).hpr_checked_at < clock.now() - DAY
        with clock.at(clock.now() + 4 * DAY):
            canaries.keep_fresh()
            assert not is_listed(canary)


def test_when_it_gives_its_word_anew_follows_from_nothing_a_reader_sees(app: Flask, canary: UUID) -> None:
    """The id and the last confirmation stand on pages, and the code is open."""
    with app.app_context():
        person = db.session.get_one(Professional, canary)
        confirmed_at = person.availability.confirmed_at  # type: ignore[union-attr]
        secrets = [bytes([number]) * 32 for number in range(4)]
        days = {
            canaries._next_word(Account(id=person.account_id, national_id_index=one), confirmed_at, 30)
            for one in secrets
        }
        assert len(days) == 4


def test_it_counts_among_no_losses(app: Flask, make: Builders, canary: UUID, monkeypatch: Any) -> None:
    monkeypatch.setattr(authorisations, "FEWEST", 1)
    monkeypatch.setattr(authorisations, "SHARE", 0.5)
    person = make.professional()
    with app.app_context():
        authorisations.keep({person.id: authorisations.Answer(clock.now(), NOBODY)})
        assert db.session.scalars(select(HprAlarm)).one().checked == 1


def test_a_newer_consent_is_given(app: Flask, canary: UUID, monkeypatch: Any) -> None:
    newer = replace(consents.current(clock.today()), name="2027-01", published=clock.today())
    monkeypatch.setattr(consents, "versions", lambda: (newer,))
    with app.app_context(), clock.at(clock.now() + 30 * DAY):
        canaries.keep_fresh()
        db.session.commit()
        given = db.session.get_one(Professional, canary).consents
        assert [event.text_version for event in given[2:]] == ["2027-01", "2027-01"]


def test_searches_and_the_report_agree_about_it(app: Flask, make: Builders, run: Any) -> None:
    """It could be found by what is left when the one is taken from the other."""
    run("add", "--county", "03", input="9911122\n")
    for _number in range(LIMIT):
        make.professional(municipality_number="0301", reach__counties=["03"])
    oslo = make.organisation("958935420", "OSLO KOMMUNE")
    with app.app_context():
        scope, nurses = search.scope_of_organisation(oslo.id), Filters(professions=("SP",), homes=("0301",))
        _at, table = register_reports.table_of(scope)
        assert table.cells["0301", "SP"].low == search.counts(scope, nurses).all == LIMIT + 1
