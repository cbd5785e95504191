"""The audit log cannot be changed, and when somebody with all rights does so, the checker names the first row (C80)."""

import hashlib
import logging
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.exc import ProgrammingError

from dev.postgres import Role
from extensions import clock
from extensions.database import db
from models.audit import AuditEvent, AuditMonth, AuditSeal, LogReview
from models.outbox import OutboxEntry
from services import audit, audit_chain
from services.audit_chain import Fault, Head
from workers import audit as audit_jobs


@pytest.fixture
def chain(context, make):
    """Six sealed events."""
    write_events(6)
    assert audit_chain.seal() == 6
    db.session.commit()


@pytest.fixture
def intruder(postgres):
    """Somebody with all rights to the database: runs statements with the triggers off."""
    engine = create_engine(postgres.url(Role.ADMIN, "tests"))

    def run(*statements):
        with engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                connection.execute(text(statement))
        db.session.rollback()

    yield run
    engine.dispose()


def write_events(count):
    for number in range(count):
        audit.record(None, "profile.opened", number=number, letters="á č đ ŋ š ŧ ž æ ø å")
    db.session.commit()


def events():
    return db.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()


def test_a_whole_chain_is_whole(chain):
    found = audit_chain.verify()
    assert isinstance(found, Head)
    assert found.sequence == 6
    assert Head.read(str(found)) == found


def test_each_hash_holds_the_one_before(chain):
    previous = bytes(32)
    rows = db.session.execute(
        select(AuditSeal, AuditEvent.__table__).join(AuditEvent).order_by(AuditSeal.sequence)
    ).all()
    for row in rows:
        assert row.AuditSeal.previous_hash == previous
        previous = hashlib.sha256(previous + audit_chain.canonical(row._mapping)).digest()
        assert row.AuditSeal.hash == previous


def test_sealing_again_adds_nothing(chain):
    assert audit_chain.seal() == 0
    assert audit_chain.seal(everything=True) == 0


def test_an_event_that_committed_late_is_sealed_later(app, context):
    with app.app_context():
        audit.record(None, "cv.downloaded")
        db.session.flush()  # it has its number, and has not committed
        slow = db.session.scalar(select(AuditEvent.id).where(AuditEvent.action == "cv.downloaded"))
        with app.app_context():
            write_events(2)
            assert audit_chain.seal() == 2
            db.session.commit()
        db.session.commit()
    assert slow == min(events())
    assert audit_chain.seal() == 1
    db.session.commit()
    assert audit_chain.verify().sequence == 3


def test_two_sealers_do_not_meet(app, context):
    write_events(3)
    assert audit_chain.seal() == 3
    with app.app_context():
        assert audit_chain.seal() == 0
    db.session.commit()
    assert audit_chain.verify().sequence == 3


@pytest.mark.parametrize(
    ("acts", "fault"),
    [
        (
            ["UPDATE audit_event SET action = 'noprofile.opened' WHERE id = {3}"],
            (3, 3, "the event is not what was sealed"),
        ),
        (["UPDATE audit_event SET facts = '{{}}' WHERE id = {5}"], (5, 5, "the event is not what was sealed")),
        (["DELETE FROM audit_event WHERE id = {2}"], (2, 2, "the event is missing")),
        (
            ["DELETE FROM audit_seal WHERE event_id = {4}", "DELETE FROM audit_event WHERE id = {4}"],
            (5, 5, "follows seal 3: what stood between is missing"),
        ),
        (
            [
                "UPDATE audit_seal SET event_id = -1 WHERE sequence = 2",
                "UPDATE audit_seal SET event_id = {2} WHERE sequence = 3",
                "UPDATE audit_seal SET event_id = {3} WHERE sequence = 2",
            ],
            (2, 3, "the event is not what was sealed"),
        ),
        (
            [
                "UPDATE audit_seal SET sequence = sequence + 100 WHERE sequence > 3",
                "INSERT INTO audit_event (at, action, object_type, fields, facts) "
                "VALUES (now(), 'put.in', 'none', '{{}}', '{{}}')",
                "INSERT INTO audit_seal SELECT 4, max(e.id), s.hash, sha256('x'), now() "
                "FROM audit_event e, audit_seal s WHERE s.sequence = 3 GROUP BY s.hash",
                "UPDATE audit_seal SET sequence = sequence - 99 WHERE sequence > 100",
            ],
            (4, 7, "the event is not what was sealed"),
        ),
        (
            ["UPDATE audit_seal SET previous_hash = sha256('x') WHERE sequence = 2"],
            (2, 2, "does not build on the seal before it"),
        ),
    ],
    ids=["changed", "facts changed", "event deleted", "deleted with its seal", "moved", "put in", "seal changed"],
)
def test_the_first_bad_row_is_named(chain, intruder, acts, fault):
    first = events()[0]
    ids = [None, *range(first, first + 6)]
    intruder(*(act.format(*ids) for act in acts))
    sequence, place, what = fault
    assert audit_chain.verify() == Fault(sequence, first + place - 1, what)


def test_a_chain_cut_short_or_written_anew_shows_against_a_noted_head(chain, intruder):
    noted = audit_chain.head()
    intruder("DELETE FROM audit_seal WHERE sequence > 4", f"DELETE FROM audit_event WHERE id > {events()[3]}")
    assert isinstance(audit_chain.verify(), Head)
    assert audit_chain.verify(noted) == Fault(5, None, "is missing: the chain is shorter than it was")
    write_events(2)
    audit_chain.seal()
    assert isinstance(audit_chain.verify(), Head)
    assert audit_chain.verify(noted).what == "differs from the head that was noted"


def test_an_event_that_nobody_sealed_is_a_fault(chain):
    write_events(1)
    assert isinstance(audit_chain.verify(), Head), "seconds old: the sealer has not come by yet"
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert audit_chain.verify() == Fault(None, max(events()), "was not sealed in time")


def test_events_are_forgotten_when_their_years_are_over_and_the_chain_is_whole(context, intruder):
    for days, number in ((6 * 366, 3), (5 * 365 - 2, 1), (6 * 366, 1), (0, 1)):
        with clock.at(clock.now() - timedelta(days=days)):
            write_events(number)
    audit_chain.seal()
    old = events()
    db.session.add(LogReview(event_id=old[0], drawn_at=clock.now()))
    db.session.commit()
    first = db.session.scalar(select(AuditSeal.hash).order_by(AuditSeal.sequence).limit(1))
    noted = audit_chain.head()
    assert (audit_chain.forget_old_events(), audit_chain.forget_old_events()) == (3, 0)
    db.session.commit()
    assert events() == old[3:] and db.session.scalar(select(func.count()).select_from(LogReview)) == 0
    months = db.session.execute(select(AuditMonth.action, AuditMonth.count)).all()
    assert [tuple(row) for row in months] == [("profile.opened", 3)]
    assert audit_chain.verify() == audit_chain.verify(noted) == noted
    for head in (Head(1, first), audit_chain.beginning()):
        fault = "is forgotten, and cannot be compared with the head that was noted"
        assert audit_chain.verify(head) == Fault(head.sequence, None, fault)
    write_events(1)
    assert audit_chain.seal() == 1 and audit_chain.verify().sequence == 7
    assert db.session.scalar(select(func.forget_audit_events(0, 100))) == 0, "the database knows the five years"
    with clock.at(clock.now() + timedelta(days=1)):
        db.session.rollback()
        intruder(f"UPDATE audit_event SET purpose = 'another' WHERE id = {old[4]}")
        assert audit_chain.verify() == Fault(5, old[4], "the event is not what was sealed")
        intruder(f"DELETE FROM audit_seal WHERE event_id = {old[3]}", f"DELETE FROM audit_event WHERE id = {old[3]}")
        assert audit_chain.verify() == Fault(5, old[4], "follows seal 3: what stood between is missing")


def test_a_chain_that_is_all_forgotten_goes_on(context):
    with clock.at(clock.now() - timedelta(days=6 * 366)):
        write_events(2)
    audit_chain.seal()
    noted = audit_chain.head()
    assert audit_chain.forget_old_events() == 2
    assert audit_chain.head() == audit_chain.verify() == noted
    write_events(1)
    assert audit_chain.seal() == 1 and audit_chain.verify().sequence == 3


def test_a_beginning_that_somebody_cut_off_shows(chain, intruder):
    noted = audit_chain.head()
    intruder(
        "INSERT INTO audit_beginning SELECT sequence, hash, now() FROM audit_seal WHERE sequence = 6",
        "DELETE FROM audit_seal",
        "DELETE FROM audit_event",
    )
    assert audit_chain.verify() == Fault(6, None, "the months do not count as many events as are forgotten")
    intruder("INSERT INTO audit_month VALUES (date_trunc('month', now() - interval '4 years'), 'profile.opened', 6)")
    assert audit_chain.verify() == Fault(6, None, "was forgotten before its years were over")
    intruder("UPDATE audit_month SET month = '2010-01-01'")
    fault = "is forgotten, and cannot be compared with the head that was noted"
    assert audit_chain.verify(noted) == Fault(6, None, fault)


def test_much_is_forgotten_in_several_rounds_and_the_log_knows(context, monkeypatch, caplog):
    monkeypatch.setattr(audit_chain, "FORGOTTEN_AT_ONCE", 2)
    with clock.at(clock.now() - timedelta(days=6 * 366)):
        write_events(3)
    audit_chain.seal()
    rounds = 0
    with caplog.at_level(logging.INFO, "audit"):
        audit_jobs.forget()
        while waiting := db.session.scalars(select(OutboxEntry)).all():
            db.session.delete(waiting[0])
            audit_jobs.forget()
            rounds += 1
    assert (rounds, events()) == (2, [])
    assert f"forgotten until {audit_chain.beginning()}" in caplog.text and audit_chain.beginning().sequence == 3


@pytest.mark.parametrize("table", ["audit_beginning", "audit_month"])
@pytest.mark.parametrize("act", ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET {} = NULL", "DELETE FROM {}"])
def test_the_application_does_not_say_what_is_forgotten(context, table, act):
    with pytest.raises(ProgrammingError):
        db.session.execute(text(act.format(table, "hash" if table == "audit_beginning" else "count")))


@pytest.mark.parametrize("table", ["audit_event", "audit_seal"])
@pytest.mark.parametrize("act", ["UPDATE {} SET {} = now()", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_can_only_add(chain, table, act):
    with pytest.raises(ProgrammingError):
        db.session.execute(text(act.format(table, "at" if table == "audit_event" else "sealed_at")))


def test_the_command_names_the_row_and_ends_with_1(app, chain, intruder):
    run = app.test_cli_runner().invoke
    whole = run(args=["audit", "verify"])
    assert whole.exit_code == 0 and "6 events" in whole.output
    head = str(audit_chain.head())
    assert run(args=["audit", "verify", "--head", head]).exit_code == 0
    assert run(args=["audit", "verify", "--head", "nonsense"]).exit_code == 2
    second = events()[1]
    intruder(f"UPDATE audit_event SET purpose = 'another' WHERE id = {second}")
    broken = run(args=["audit", "verify"])
    assert broken.exit_code == 1
    assert f"seal 2, event {second}:" in broken.output


def test_the_head_goes_to_the_log_and_a_broken_chain_is_an_alarm(chain, intruder, caplog):
    with caplog.at_level(logging.INFO, "audit"):
        audit_jobs.note_head()
        assert f"head {audit_chain.head()}" in caplog.text
        audit_jobs.verify()
        assert "verified" in caplog.text
        intruder("UPDATE audit_event SET action = 'x' WHERE id = (SELECT min(id) FROM audit_event)")
        audit_jobs.verify()
    assert caplog.records[-1].levelno == logging.CRITICAL


def test_a_long_chain_is_verified_by_several_jobs(chain, intruder, caplog, monkeypatch):
    monkeypatch.setattr(audit_chain, "VERIFIED_AT_ONCE", 2)

    def rounds():
        arguments, count = {}, 0
        while arguments is not None:
            audit_jobs.verify(**arguments)
            waiting = db.session.scalars(select(OutboxEntry)).all()
            arguments, count = (waiting[0].arguments if waiting else None), count + 1
            for row in waiting:
                db.session.delete(row)
            db.session.commit()
        return count

    with caplog.at_level(logging.INFO, "audit"):
        assert rounds() == 4 and f"verified {audit_chain.head()}" in caplog.text
        intruder(f"UPDATE audit_event SET action = 'x' WHERE id = {events()[4]}")
        assert rounds() == 3
    assert caplog.records[-1].reason.startswith("seal 5,")


def test_a_long_chain_is_verified_in_batches(context, monkeypatch):
    monkeypatch.setattr(audit_chain, "BATCH", 7)
    monkeypatch.setattr(audit_chain, "RECENT", 10)
    now = clock.now()
    rows = [{"at": now, "action": "many", "object_type": "none", "fields": [], "facts": {}} for _ in range(40)]
    db.session.execute(insert(AuditEvent), rows)
    assert audit_chain.seal() == 40
    db.session.commit()
    write_events(5)
    assert audit_chain.seal() == 5
    db.session.commit()
    assert audit_chain.verify().sequence == 45
