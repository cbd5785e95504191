"""HPR: what is kept of its answers, the daily re-check, silence, losses too many to be true (security.md C26, R12)."""

import logging
import re
from datetime import date, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import HprStatus, MessageKind, ProfessionalStatus, Role
from models.listing import Listing
from models.message import Message
from models.outbox import OutboxEntry
from models.professional import HprAlarm, HprRecord, Professional, ProfessionalAuthorisation
from models.register import RecipientNotice
from services import audit, authorisations, hpr_recheck, listing
from services.authorisations import Answer
from services.errors import NotFound
from services.hpr_rules import NOBODY
from services.outbox import Job
from services.settings import Key
from stubs.testing import Stubs
from tests.builders import Builders
from tests.site import until
from workers import invariants

HOUR = timedelta(hours=1)


@pytest.fixture
def somebody(context: Any, make: Builders, stubs: Stubs) -> Any:
    """somebody("professional_nurse", …): a finished registration of a person of people.json, listed as a nurse."""

    def register(key: str, **facts: Any) -> Professional:
        person = stubs.person(key)
        return make.professional(make.account(person.name, person.national_id), **facts)

    return register


def record_of(person: Professional) -> HprRecord:
    db.session.flush()
    return db.session.get_one(HprRecord, person.id, populate_existing=True)


def is_listed(person: Professional, at: datetime | None = None) -> bool:
    """Whether a search would find the person."""
    db.session.flush()
    row = db.session.get(Listing, person.id, populate_existing=True)
    return row is not None and row.listed_until > (at or clock.now())


def told() -> list[str]:
    return list(db.session.scalars(select(Message.recipient).where(Message.kind == MessageKind.LISTING_LOST)))


def rows_of(person: Professional) -> list[ProfessionalAuthorisation]:
    query = select(ProfessionalAuthorisation).where(ProfessionalAuthorisation.professional_id == person.id)
    return list(db.session.scalars(query.order_by(ProfessionalAuthorisation.profession)))


# -- what is kept


def test_an_answer_is_kept_and_its_name_takes_the_place_of_the_typed_one(somebody: Any) -> None:
    person = somebody("professional_doctor", competence__professions=["LE"], hpr=None, authorisations=[])
    assert not is_listed(person)
    before = clock.now()
    assert authorisations.check(person.id)
    record = record_of(person)
    assert (record.status, record.number, record.valid_until) == (HprStatus.VALID, "9900132", date(2053, 9, 19))
    assert before <= record.checked_at == record.asked_at
    assert 20 * HOUR <= record.next_check_at - record.checked_at <= 23 * HOUR
    (doctor,) = rows_of(person)
    assert (doctor.profession, doctor.profession_name, doctor.kind_name) == ("LE", "Lege", "Autorisasjon")
    assert (doctor.specialities, doctor.speciality_names) == (["1", "194"], ["Allmennmedisin", "Geriatri"])
    assert (doctor.valid_from, doctor.is_active, doctor.has_conditions) == (date(2001, 8, 15), True, False)
    assert person.name == "Aksel Nordlysdal" and is_listed(person)
    assert db.session.get_one(Listing, person.id).specialities == ["1", "194"]
    (event,) = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "hpr.status_changed"))
    assert (event.subject_id, event.facts) == (person.account_id, {"before": "not_checked", "after": "valid"})


def test_whoever_was_shown_a_name_hears_that_hpr_has_another(somebody: Any, make: Builders) -> None:
    person, user = somebody("professional_nurse"), make.user()
    reader = make.actor(user.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
    audit.record(reader, "contact.revealed", person, subject_id=person.account_id)
    authorisations.check(person.id)
    notice = db.session.scalars(select(RecipientNotice)).one()
    notice.told_at = clock.now()
    authorisations.check(person.id)
    db.session.refresh(notice)
    assert (notice.account_id, notice.professional_id) == (user.account_id, person.id) and notice.told_at is not None


def test_the_same_answer_again_rewrites_nothing(somebody: Any) -> None:
    person = somebody("professional_midwife")
    authorisations.check(person.id)
    first = [row.id for row in rows_of(person)]
    authorisations.check(person.id)
    assert [row.id for row in rows_of(person)] == first and len(first) == 2
    assert db.session.query(AuditEvent).filter_by(action="hpr.status_changed").count() == 0


@pytest.mark.parametrize(
    ("status", "keys"),
    [
        (HprStatus.VALID, ["lis1", "replaced", "conditions", "sami", "long_name", "d_number", "capitals", "paramedic"]),
        (HprStatus.EXPIRED, ["expired", "future"]),
        (HprStatus.INACTIVE, ["ended", "suspended", "restricted", "deceased"]),
        (HprStatus.NOT_FOUND, ["not_in_hpr", "veterinary", "student", "new_profession"]),
    ],
)
def test_everybody_gets_the_status_hpr_gives(somebody: Any, status: HprStatus, keys: list[str]) -> None:
    for key in keys:
        person = somebody(f"professional_{key}", hpr=None, authorisations=[])
        authorisations.check(person.id)
        assert record_of(person).status is status, key
        assert [one.is_active for one in rows_of(person)] == ([True] if status is HprStatus.VALID else []) or len(
            rows_of(person)
        )


def test_no_reason_is_kept(somebody: Any) -> None:
    person = somebody("professional_suspended", hpr=None, authorisations=[])
    authorisations.check(person.id)
    kept = [vars(record_of(person)), *(vars(row) for row in rows_of(person)), vars(person)]
    kept += [event.facts for event in db.session.scalars(select(AuditEvent))]
    assert not any(word in str(kept) for word in ("Suspensjon", "reaksjon", "Tilbakekalt"))
    assert rows_of(person)[0].is_active is False


def test_an_unknown_profession_keeps_hprs_own_name(somebody: Any) -> None:
    person = somebody("professional_new_profession")
    authorisations.check(person.id)
    (row,) = rows_of(person)
    assert (row.profession, row.profession_name, row.is_active) == ("ZZ", "Klinisk helseteknolog", False)


@pytest.mark.parametrize("mode", ["other_person", "remove"])
def test_an_answer_about_nobody_or_somebody_else_gives_nothing(somebody: Any, stubs: Stubs, mode: str) -> None:
    person = somebody("professional_nurse")
    number = stubs.person("professional_nurse").national_id
    stubs.control("hpr", mode, **({"national_id": number} if mode == "remove" else {}))
    authorisations.check(person.id)
    assert record_of(person).status is HprStatus.NOT_FOUND and rows_of(person) == [] and not is_listed(person)
    assert person.name == "Kari Prøve"


def test_an_older_answer_changes_nothing(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_nurse")
    old = authorisations.ask(stubs.person("professional_not_in_hpr").national_id)
    authorisations.check(person.id)
    authorisations.keep({person.id: old})
    assert record_of(person).status is HprStatus.VALID


def test_who_leaves_is_not_asked_about(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_nurse", status=ProfessionalStatus.LEAVING)
    assert not authorisations.check(person.id)
    assert not authorisations.check(UUID(int=0))
    assert stubs.log("hpr") == []


# -- losing it, and getting it back


@pytest.mark.parametrize("change", ["react", "end", "die", "remove"])
def test_a_loss_hides_at_once_tells_once_and_may_be_undone(somebody: Any, stubs: Stubs, change: str) -> None:
    person = somebody("professional_nurse")
    stubs.control("hpr", change, national_id=stubs.person("professional_nurse").national_id)
    authorisations.check(person.id)
    assert not is_listed(person) and told() == ["kari.prove@example.no"]
    assert record_of(person).lost_at == record_of(person).checked_at
    authorisations.check(person.id)
    assert told() == ["kari.prove@example.no"]
    stubs.control("hpr", "restore")
    authorisations.check(person.id)
    assert is_listed(person)


def test_who_was_not_shown_anyway_is_not_told(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_nurse", listed=False)
    stubs.control("hpr", "react", national_id=stubs.person("professional_nurse").national_id)
    authorisations.check(person.id)
    assert record_of(person).status is HprStatus.INACTIVE and told() == []


def test_losing_one_profession_of_two_hides_who_chose_that_one(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_midwife")
    authorisations.check(person.id)
    person.competence.professions = ["JO"]
    listing.refresh(person.id)
    db.session.execute(update(ProfessionalAuthorisation).values(valid_to=clock.today() + timedelta(days=3)))
    with clock.at(clock.now() + timedelta(days=4)):
        listing.refresh(person.id)
        assert not is_listed(person) and record_of(person).status is HprStatus.VALID


def test_a_licence_that_runs_out_hides_at_midnight_and_is_told_of_after(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_nurse")
    number, today = stubs.person("professional_nurse").national_id, clock.today()
    stubs.control("hpr", "end_period", national_id=number, ends=today.isoformat())
    authorisations.check(person.id)
    record, midnight = record_of(person), listing.end_of(today)
    assert (record.status, record.valid_until) == (HprStatus.VALID, today)
    assert record.next_check_at <= midnight and is_listed(person, midnight - timedelta(seconds=1))
    assert not is_listed(person, midnight) and told() == []
    with clock.at(midnight + timedelta(minutes=5)):
        listing.refresh_ended()
        assert hpr_recheck.plan() == 1
        hpr_recheck.run([person.id])
    record = record_of(person)
    assert (record.status, record.lost_at, told()) == (HprStatus.EXPIRED, None, ["kari.prove@example.no"])


# -- silence


def test_silence_keeps_what_was_known_for_72_hours(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_nurse")
    checked = record_of(person).checked_at
    stubs.control("hpr", "http500")
    with clock.at(checked + 71 * HOUR):
        assert not authorisations.check(person.id)
        record = record_of(person)
        assert (record.status, record.checked_at, record.asked_at) == (HprStatus.VALID, checked, clock.now())
        assert record.next_check_at == clock.now() + authorisations.RETRY and is_listed(person)
    with clock.at(checked + 72 * HOUR):
        assert not is_listed(person)
        listing.refresh_ended()
        assert told() == []
        stubs.control("hpr", "ok")
        hpr_recheck.plan()
        hpr_recheck.run([person.id])
        assert is_listed(person)


def test_a_registration_is_taken_while_hpr_is_silent_and_heals_by_itself(
    context: Any, make: Builders, stubs: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorisations, "PATIENCE", 0.3)
    person = make.registration(make.account("Tuva", stubs.person("professional_nurse").national_id))
    actor = make.actor(person.person, Role.PROFESSIONAL)
    stubs.control("hpr", "timeout")
    began = datetime.now(tz=clock.OSLO)
    assert not authorisations.look_up_now(actor)
    assert datetime.now(tz=clock.OSLO) - began < timedelta(seconds=2)
    assert (record_of(person).status, record_of(person).checked_at) == (HprStatus.NOT_CHECKED, None)
    stubs.control("hpr", "ok")
    with clock.at(clock.now() + authorisations.RETRY):
        assert hpr_recheck.plan() == 1
        hpr_recheck.run([person.id])
    assert record_of(person).status is HprStatus.VALID


def test_a_person_may_ask_once_a_minute(context: Any, make: Builders, stubs: Stubs) -> None:
    person = make.registration(make.account("Tuva", stubs.person("professional_nurse").national_id))
    actor = make.actor(person.person, Role.PROFESSIONAL)
    assert authorisations.look_up_now(actor) and authorisations.look_up_now(actor)
    assert len(stubs.log("hpr")) == 1
    with clock.at(clock.now() + authorisations.BETWEEN_REQUESTS):
        assert authorisations.look_up_now(actor)
    assert len(stubs.log("hpr")) == 2


def test_an_answer_older_than_a_day_is_renewed_before_somebody_looks(somebody: Any, stubs: Stubs) -> None:
    person = somebody("professional_nurse")
    authorisations.ensure_fresh(person.id)
    assert stubs.log("hpr") == []
    with clock.at(clock.now() + 25 * HOUR):
        authorisations.ensure_fresh(person.id)
        assert record_of(person).checked_at == clock.now()
    assert len(stubs.log("hpr")) == 1


# -- every day


def test_those_who_are_due_are_picked_at_the_rate_and_spread(
    context: Any, make: Builders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hpr_recheck, "value", {Key.HPR_CHECKS_PER_MINUTE: 2}.__getitem__)
    monkeypatch.setattr(hpr_recheck, "BATCH", 4)
    people = [make.professional(hpr__next_check_at=clock.now() - timedelta(minutes=n)) for n in range(12)]
    make.professional(hpr__next_check_at=clock.now() + HOUR)
    make.professional(status=ProfessionalStatus.LEAVING)
    db.session.commit()
    assert hpr_recheck.plan() == 10
    assert hpr_recheck.plan() == 0, "while jobs wait nobody is picked"
    jobs = db.session.scalars(select(OutboxEntry).where(OutboxEntry.job == Job.RECHECK_HPR).order_by("id")).all()
    assert [len(job.arguments["professional_ids"]) for job in jobs] == [4, 4, 2]
    assert [round((job.due_at - jobs[0].due_at).total_seconds()) for job in jobs] == [0, 120, 240]
    picked = {UUID(id_) for job in jobs for id_ in job.arguments["professional_ids"]}
    assert picked == {person.id for person in people[2:]}, "the longest due first"
    assert all(record_of(person).next_check_at > clock.now() for person in people[2:])


def test_the_schedule_checks_everybody_who_is_due(context: Any, make: Builders, stubs: Stubs, run_jobs: Any) -> None:
    stubs.control("hpr", "everybody")
    now = clock.now()
    people = [make.professional(hpr__checked_at=now - 22 * HOUR, hpr__next_check_at=now) for _ in range(3)]
    db.session.commit()
    run_jobs(schedule=True)
    assert all(record_of(person).checked_at > clock.now() - HOUR for person in people)
    bodies = [entry["json"]["nin"] for entry in stubs.log("hpr")]
    assert sorted(bodies) == sorted(person.number for person in people)


def test_when_hpr_falls_silent_the_rest_wait(context: Any, make: Builders, stubs: Stubs) -> None:
    stubs.control("hpr", "everybody")
    people = [make.professional() for _ in range(3)]
    stubs.control("hpr", "http500", count=1)
    hpr_recheck.run([person.id for person in people])
    assert len(stubs.log("hpr")) == 1
    for person in people:
        assert record_of(person).next_check_at == pytest.approx(clock.now() + authorisations.RETRY, abs=HOUR / 60)
        assert is_listed(person)


def test_those_asked_together_are_held_in_the_order_of_everybody_else(
    app: Flask, make: Builders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer about the first, then silence: whoever holds the first meanwhile, and wants the second, gets it."""
    first, second = sorted(make.professional().id for _ in range(2))
    numbers: list[str] = []

    def ask(number: str) -> Answer:
        numbers.append(number)
        if len(numbers) > 1:
            raise Unavailable("hpr", "timeout")
        return Answer(clock.now(), NOBODY)

    def run() -> None:
        with app.app_context():
            hpr_recheck.run([first, second])
            db.session.commit()

    accounts_of = authorisations.accounts_of
    in_order = {"accounts_of": lambda ids: dict(sorted(accounts_of(ids).items())), "ask": ask}
    for name, function in in_order.items():
        monkeypatch.setattr(authorisations, name, function)
    with app.app_context():
        wanted = select(Professional.id).with_for_update(read=True, nowait=True)
        db.session.execute(wanted.where(Professional.id == first))
        worker = Thread(target=run)
        worker.start()
        until(somebody_waits, "the worker to wait")
        assert db.session.scalar(wanted.where(Professional.id == second)) == second
        db.session.rollback()
        worker.join()


def somebody_waits() -> bool:
    """For a lock; asked in a session of its own, which sees what is so now."""
    waits = "wait_event_type = 'Lock' AND datname = current_database()"
    with db.new_session() as session:
        return bool(session.scalar(text(f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {waits})")))


def test_people_shown_without_a_days_answer_are_reported(context: Any, make: Builders) -> None:
    make.professional(hpr__checked_at=clock.now() - 23 * HOUR)
    late = make.professional(hpr__checked_at=clock.now() - 25 * HOUR)
    make.professional(hpr__checked_at=clock.now() - 80 * HOUR)
    assert invariants.late_checks() == [late.id]


# -- too many at once


@pytest.fixture
def crowd(context: Any, make: Builders, stubs: Stubs) -> list[Professional]:
    """Thirty nurses HPR knew yesterday."""
    people = [make.professional(hpr__checked_at=clock.now() - 22 * HOUR) for _ in range(30)]
    stubs.control("hpr", "everybody")
    return people


def alarms() -> list[HprAlarm]:
    return list(db.session.scalars(select(HprAlarm).order_by(HprAlarm.raised_at)))


def test_losses_too_many_to_be_true_are_held_back_and_raise_an_alarm(
    crowd: list[Professional], make: Builders, stubs: Stubs, caplog: pytest.LogCaptureFixture
) -> None:
    stubs.control("hpr", "not_found")
    ids = [person.id for person in crowd]
    hpr_recheck.run(ids[:25])
    assert all(is_listed(person) and record_of(person).held_back_at for person in crowd[:25])
    (alarm,) = alarms()
    assert (alarm.checked, alarm.negative, alarm.closed_at) == (30, 25, None)
    assert any(r.name == "security" and r.levelno == logging.ERROR for r in caplog.records) and told() == []
    hpr_recheck.run(ids[25:])
    assert all(is_listed(person) for person in crowd) and len(alarms()) == 1, "while it is open all are held back"

    # It was a mistake: the next answers put everything right.
    stubs.control("hpr", "ok")
    stubs.control("hpr", "everybody")
    hpr_recheck.run(ids[:1])
    assert record_of(crowd[0]).held_back_at is None and is_listed(crowd[0])

    # Or it was not: a caseworker lets it through, and HPR is asked once more.
    stubs.control("hpr", "not_found")
    actor = make.actor(make.staff(), Role.CASEWORKER)
    authorisations.release(actor, alarm.id)
    authorisations.release(actor, alarm.id)
    assert alarm.closed_by_id == actor.account_id
    assert hpr_recheck.plan() == 29
    hpr_recheck.run(ids[1:])
    assert not any(is_listed(person) for person in crowd[1:]) and len(told()) == 29 and len(alarms()) == 1
    with pytest.raises(NotFound):
        authorisations.release(actor, UUID(int=0))


def test_without_a_new_answer_even_those_held_back_are_hidden_in_time(crowd: list[Professional], stubs: Stubs) -> None:
    stubs.control("hpr", "not_found")
    hpr_recheck.run([person.id for person in crowd])
    assert not is_listed(crowd[0], clock.now() + 72 * HOUR)


def test_a_few_losses_hide_at_once(crowd: list[Professional], stubs: Stubs) -> None:
    for person in crowd[:5]:
        stubs.control("hpr", "remove", national_id=person.number)
    hpr_recheck.run([person.id for person in crowd])
    assert [is_listed(person) for person in crowd] == [False] * 5 + [True] * 25
    assert alarms() == []


def test_losses_trickling_in_are_counted_together(crowd: list[Professional], stubs: Stubs) -> None:
    """Fewer than twenty a job, so that no job alone would be noticed."""
    stubs.control("hpr", "not_found")
    ids = [person.id for person in crowd]
    for start in range(0, 30, 10):
        hpr_recheck.run(ids[start : start + 10])
    assert [is_listed(person) for person in crowd] == [False] * 10 + [True] * 20
    assert len(alarms()) == 1


def test_licences_that_just_ran_out_raise_no_alarm(crowd: list[Professional], stubs: Stubs) -> None:
    db.session.execute(update(HprRecord).values(valid_until=clock.today() - timedelta(days=1)))
    stubs.control("hpr", "not_found")
    hpr_recheck.run([person.id for person in crowd])
    assert alarms() == [] and not any(is_listed(person) for person in crowd)


def test_the_directorate_sees_the_alarm_and_lets_the_losses_through(
    app: Any, make: Builders, client_for: Any, submit: Any
) -> None:
    held = make.professional(hpr__held_back_at=clock.now())
    with app.app_context():
        alarm = HprAlarm(raised_at=clock.now(), checked=120, negative=30)
        db.session.add(alarm)
        db.session.commit()
    auditor = client_for(make.staff(Role.AUDITOR, "Rut Revisor"), role=Role.AUDITOR).get("/sak/hpr").text
    assert "Endringene er stanset" in auditor and "/slipp" not in auditor
    client = client_for(make.staff(), role=Role.CASEWORKER)
    assert "Endringer fra HPR er stanset" in client.get("/sak").text
    page = client.get("/sak/hpr").text
    assert re.search(r"Venter nå</dt><dd>1<", page) and "på 72 timer" in page
    assert submit(client, "/sak/hpr").headers["Location"] == "/sak/hpr"
    assert "Ingen endringer fra HPR er stanset." in client.get("/sak/hpr").text
    assert "Endringer fra HPR er stanset" not in client.get("/sak").text
    with app.app_context():
        assert db.session.get_one(HprAlarm, alarm.id).closed_at is not None
        assert record_of(held).next_check_at <= clock.now()
