"""Outbox, relay and jobs: at least once, never two at a time, put off, given up, set aside (design.md section 6)."""

import json
from datetime import timedelta
from threading import Event, Thread

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select, text

from adapters.errors import Unavailable
from dev.postgres import Postgres
from extensions import clock, queue
from extensions.database import db
from models.outbox import OutboxEntry
from services import outbox
from services.outbox import Job
from tests.site import until
from workers import job, relay
from workers.job import Task


@pytest.fixture
def work(app, monkeypatch):
    """A job of its own in place of the sender of mail; `work.does` is what it does, `work.done` what it was given."""

    class Work:
        def __init__(self):
            self.done, self.given_up = [], []

        def does(self, **arguments):
            self.done.append(arguments)

        def perform(self, **arguments):
            self.does(**arguments)

        def give_up(self, **arguments):
            self.given_up.append(arguments)

    stand_in = Work()
    job.bind(app)
    task = Task(stand_in.perform, queue.QueueName.MAIL, stand_in.give_up)
    monkeypatch.setitem(job._tasks, Job.SEND_MESSAGE.value, task)
    return stand_in


def ask(count=1, job=Job.SEND_MESSAGE, **facts):
    entries = [outbox.add(job, message_id=str(number), **facts) for number in range(count)]
    db.session.commit()
    return entries if count > 1 else entries[0]


def fresh(entry):
    db.session.rollback()
    return db.session.get_one(OutboxEntry, entry.id, populate_existing=True)


def offer(entry):
    """The relay's part, without a queue: lease the row; returns the attempt to run it with."""
    row = fresh(entry)
    row.attempt += 1
    row.offered_until = clock.now() + timedelta(minutes=2)
    db.session.commit()
    return row.attempt


class TestRun:
    def test_it_does_the_work_once(self, context, work):
        entry = ask()
        attempt = offer(entry)
        job.run(entry.id, attempt)
        job.run(entry.id, attempt)
        assert work.done == [{"message_id": "0"}]
        assert fresh(entry).done_at is not None

    def test_an_older_attempt_changes_nothing(self, context, work):
        entry = ask()
        old = offer(entry)
        offer(entry)
        job.run(entry.id, old)
        assert work.done == []

    def test_two_workers_never_do_the_same_row_at_once(self, app, context, work):
        entry = ask()
        attempt = offer(entry)
        begun, go_on = Event(), Event()

        def slowly(**_arguments):
            work.done.append("once")
            begun.set()
            assert go_on.wait(10)

        work.does = slowly
        first = Thread(target=job.run, args=(entry.id, attempt))
        first.start()
        assert begun.wait(10)
        job.run(entry.id, attempt)
        go_on.set()
        first.join()
        assert work.done == ["once"]
        assert fresh(entry).done_at is not None

    def test_what_the_job_wrote_and_that_it_is_done_are_one_transaction(self, context, work):
        def write(**_arguments):
            outbox.add(Job.WATCH, once_key="written")

        work.does = write
        entry = ask()
        job.run(entry.id, offer(entry))
        assert db.session.scalar(select(OutboxEntry.id).where(OutboxEntry.once_key == "written"))
        assert fresh(entry).done_at is not None

    def test_silence_outside_is_waited_for_in_growing_pauses(self, context, work):
        def silent(**_arguments):
            outbox.add(Job.WATCH, once_key="rolled back")
            raise Unavailable("smtp", "451")

        work.does = silent
        entry = ask()
        now = clock.now()
        pauses = []
        with clock.at(now):
            for _ in range(9):
                job.run(entry.id, offer(entry))
                pauses.append((fresh(entry).due_at - now) // timedelta(minutes=1))
        row = fresh(entry)
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert (row.failures, row.last_failure, row.offered_until) == (9, "away: smtp 451", None)
        assert row.set_aside_at is None and row.done_at is None
        assert db.session.scalar(select(OutboxEntry.id).where(OutboxEntry.once_key == "rolled back")) is None

    def test_after_two_days_it_gives_up(self, context, work):
        def silent(**_arguments):
            raise Unavailable("smtp")

        work.does = silent
        entry = ask()
        with clock.at(entry.created_at + timedelta(hours=47, minutes=59)):
            job.run(entry.id, offer(entry))
        assert work.given_up == []
        with clock.at(entry.created_at + timedelta(hours=48)):
            job.run(entry.id, offer(entry))
        assert work.given_up == [{"message_id": "0"}]
        assert fresh(entry).done_at is not None

    def test_a_poison_job_is_set_aside_and_others_pass(self, app, context, work, caplog, run_jobs):
        def poison(**arguments):
            if arguments["message_id"] == "0":
                raise KeyError("Kari Nordmann")
            work.done.append(arguments)

        work.does = poison
        first, second = ask(2)
        for failure in range(1, 9):
            job.run(first.id, offer(first))
            assert fresh(first).failures == failure
        job.run(second.id, offer(second))
        assert fresh(first).set_aside_at is not None
        assert fresh(first).last_failure.startswith("KeyError at test_jobs.py:")
        assert "Kari" not in caplog.text
        assert work.done == [{"message_id": "1"}]
        assert run_jobs() == 0
        shown = app.test_cli_runner().invoke(args=["jobs", "list"])
        assert f"{first.id}  workers.mail.send_message  8  KeyError" in shown.output
        assert app.test_cli_runner().invoke(args=["jobs", "retry", str(second.id)]).exit_code == 1
        assert app.test_cli_runner().invoke(args=["jobs", "retry", str(first.id)]).exit_code == 0
        work.does = lambda **arguments: work.done.append(arguments)
        assert run_jobs() == 1
        assert len(work.done) == 2

    def test_silence_outside_does_not_count_as_poison(self, context, work):
        entry = ask()
        entry.failures, entry.last_failure = 30, "away: smtp"
        db.session.commit()
        work.does = lambda **_arguments: 1 / 0
        job.run(entry.id, offer(entry))
        assert fresh(entry).failures == 1 and fresh(entry).set_aside_at is None

    def test_a_job_of_newer_code_waits(self, context, work):
        entry = ask()
        entry.job = "workers.future.think"
        db.session.commit()
        job.run(entry.id, offer(entry))
        row = fresh(entry)
        assert (row.failures, row.done_at, row.set_aside_at) == (0, None, None)
        assert row.due_at > clock.now() + timedelta(seconds=50)

    def test_a_lost_database_does_not_raise_into_the_queue(self, context, work, caplog):
        def cut_off(**_arguments):
            pid = db.session.scalar(text("SELECT pg_backend_pid()"))
            with db.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            db.session.execute(text("SELECT 1"))

        work.does = cut_off
        entry = ask()
        job.run(entry.id, offer(entry))
        assert fresh(entry).done_at is None
        work.does = lambda **arguments: work.done.append(arguments)
        with clock.at(clock.now() + timedelta(hours=1)):
            job.run(entry.id, offer(entry))
        assert len(work.done) == 1


class TestRelay:
    def test_due_rows_are_offered_once_with_ids_only(self, context, work, valkey):
        entries = ask(3)
        later = outbox.add(Job.SEND_MESSAGE, after=timedelta(minutes=5), message_id="later")
        db.session.commit()
        assert relay.offer_due_rows() == 3
        assert relay.offer_due_rows() == 0
        line = queue.queues()[queue.QueueName.MAIL]
        assert line.job_ids == [f"outbox-{entry.id}-1" for entry in entries]
        standing = line.fetch_job(line.job_ids[0])
        assert (standing.func_name, standing.args, standing.kwargs) == ("workers.job.run", [entries[0].id, 1], {})
        assert json.loads(standing.data)
        assert standing.timeout == 100
        assert fresh(later).attempt == 0

    def test_each_job_stands_in_its_own_queue_and_unknown_ones_in_the_default(self, context, work):
        ask(2)
        unknown = ask(job=Job.WATCH)
        unknown.job = "workers.future.think"
        ask(job=Job.WATCH)
        relay.offer_due_rows()
        counts = {name.value: line.count for name, line in queue.queues().items() if line.count}
        assert counts == {"mail": 2, "default": 2}

    def test_a_lease_that_ran_out_is_offered_again(self, context, work):
        entry = ask()
        relay.offer_due_rows()
        queue.queues()[queue.QueueName.MAIL].empty()  # taken by a worker that died
        assert relay.offer_due_rows() == 0
        with clock.at(clock.now() + timedelta(seconds=121)):
            assert relay.offer_due_rows() == 1
        assert fresh(entry).attempt == 2

    def test_what_still_stands_in_line_keeps_its_place(self, context, work, run_jobs):
        entry = ask()
        relay.offer_due_rows()
        with clock.at(clock.now() + timedelta(seconds=121)):
            assert relay.offer_due_rows() == 0
            assert fresh(entry).attempt == 1
            assert fresh(entry).offered_until > clock.now()
        assert queue.queues()[queue.QueueName.MAIL].count == 1

    def test_the_line_is_never_longer_than_can_be_reached(self, context, work, monkeypatch):
        monkeypatch.setattr(relay, "WINDOW", 5)
        ask(8)
        assert relay.offer_due_rows() == 5
        assert relay.offer_due_rows() == 0
        line = queue.queues()[queue.QueueName.MAIL]
        line.dequeue_any([line], timeout=None, connection=queue.connection(), serializer=queue.SERIALIZER)
        assert relay.offer_due_rows() == 1

    def test_an_emptied_redis_is_noticed_at_once(self, context, work, run_jobs):
        ask(10)
        relay.offer_due_rows()
        queue.connection().flushall()
        assert run_jobs() == 10
        assert len(work.done) == 10

    def test_without_redis_leases_are_given_back(self, context, work, monkeypatch):
        entries = ask(3)
        real_offer = queue.offer

        def away_at_the_second(line, outbox_id, attempt):
            if outbox_id != entries[0].id:
                raise RedisAway
            real_offer(line, outbox_id, attempt)

        monkeypatch.setattr(relay, "offer", away_at_the_second)
        with pytest.raises(RedisAway):
            relay.offer_due_rows()
        assert [fresh(entry).offered_until is None for entry in entries] == [False, True, True]
        monkeypatch.undo()
        assert relay.offer_due_rows() == 2

    def test_a_row_a_worker_is_busy_with_is_left_alone(self, app, context, work):
        entry = ask()
        offer(entry)
        with app.app_context():
            db.session.get_one(OutboxEntry, entry.id, with_for_update=True)
            with app.app_context(), clock.at(clock.now() + timedelta(hours=1)):
                assert relay.offer_due_rows() == 0

    def test_one_leads_and_the_other_takes_over(self, app, context):
        first, second = relay.Relay(app), relay.Relay(app)
        assert first._leads(db.engine)
        assert not second._leads(db.engine)
        assert first._leads(db.engine)
        first._resign()
        until(lambda: second._leads(db.engine), "the server to see that the first is gone")
        second._resign()

    def test_a_round_offers_seals_and_keeps_the_schedule(self, app, context, work):
        ask(2)
        assert relay.Relay(app).round() >= 2
        assert db.session.scalar(select(OutboxEntry.id).where(OutboxEntry.once_key.is_not(None)).limit(1))


def test_every_job_exists(app):
    for name in Job:
        assert job.find(name).function.__module__ == name.rpartition(".")[0]


def test_settings_of_the_database_connection(context):
    def show(name):
        return db.session.scalar(text(f"SHOW {name}"))

    assert show("synchronous_commit") == "on"
    assert show("statement_timeout") == "30s"
    assert show("lock_timeout") == "10s"
    assert show("idle_in_transaction_session_timeout") == "2min"
    assert show("timezone") == "UTC"
    assert db.session.scalar(text("SELECT lower('ÆØÅČ')")) == "æøåč"
    assert db.engine.hide_parameters


def test_a_jobs_own_transaction_ends_with_its_lease(app, context, work, settings):
    seen = []
    settings(job_lease=7)
    work.does = lambda **_arguments: seen.append(db.session.scalar(text("SHOW idle_in_transaction_session_timeout")))
    entry = ask()
    job.run(entry.id, offer(entry))
    assert seen == ["7s"]


def test_the_product_s_own_database_forces_commits_to_disk(tmp_path):
    assert not {"fsync=off", "full_page_writes=off", "synchronous_commit=off"} & set(Postgres(tmp_path).command())
