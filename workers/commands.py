"""`flask worker`, `flask relay`, and what an operator does with jobs that were set aside."""

import logging
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import Thread
from types import FrameType
from typing import Any, cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job as QueuedJob
from rq.timeouts import JobTimeoutException
from rq.worker import WorkerStatus
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from extensions.queue import SERIALIZER, QueueName, connection, queues, row_of, time_limit
from models.outbox import OutboxEntry
from workers import job
from workers.relay import Relay

log = logging.getLogger("worker")

MAINTENANCE_INTERVAL = 60
PAUSE_WITHOUT_REDIS = 2.0


TURN = 2.0
"""Seconds a worker goes on with the line it took a job from, before it looks whether a more urgent one has work."""
AT_ONCE: dict[str, int] = {QueueName.SCAN: 3, QueueName.MAIL: 4}
"""How many jobs of a line one worker does at the same time, where they mostly wait for somebody else."""


class JobWorker(SimpleWorker):
    """RQ's worker without RQ's bookkeeping, some fifty commands to Redis a job: what was begun, done or failed stands
    in the outbox, and what is lost with a worker is offered again when its lease runs out.

    Jobs run in the worker itself, with its connections and compiled templates. No job parses what a stranger has sent:
    that is done in a process of its own (services/file_checks/isolation.py). Nothing here may fork: the store's client
    has threads, which a forked child would not have.
    """

    is_asked_to_stop = False
    """Of the process, not of one worker: another is made after each time Redis was lost."""

    max_connection_wait_time = 5.0
    """Seconds between two tries when Redis is away; a minute would also be the longest wait for the end."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        type(self).is_asked_to_stop = True
        with suppress(RedisError):  # it notes the request there, in the middle of whatever the signal interrupted
            super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, *args: Any, **options: Any) -> None:
        """Sent before each wait for work. Stops here too: RQ asks by raising from the signal handler, and what raises
        inside a log handler is swallowed, so that without Redis it would try again for ever."""
        if self.is_asked_to_stop and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        super().heartbeat(*args, **options)

    def teardown(self) -> None:
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        finally:
            thread: Any = self.pubsub_thread
            if thread is not None:
                thread.stop()

    def execute_job(self, job: QueuedJob, queue: Queue) -> None:
        """Do this job, and the next ones of its line while the turn lasts."""
        self.set_state(WorkerStatus.BUSY)
        queue.intermediate_queue.remove(job.id)
        ends = time.monotonic() + TURN
        helpers = [Thread(target=self._help, args=(queue, ends)) for _ in range(1, AT_ONCE.get(queue.name, 1))]
        for helper in helpers:
            helper.start()
        try:
            self._work_through(queue, job.id, ends, self._time_limit)
        finally:
            for helper in helpers:
                helper.join()
        self.set_state(WorkerStatus.IDLE)

    def _help(self, queue: Queue, ends: float) -> None:
        """What a second thread does: its jobs are ended by the time limits of what they wait for."""
        try:
            self._work_through(queue, self._next(queue), ends, nullcontext)
        except RedisError as error:
            log.error("waiting", extra={"reason": job.describe(error)})

    def _work_through(
        self, queue: Queue, name: str | None, ends: float, limit: Callable[[], AbstractContextManager[Any]]
    ) -> None:
        while name is not None:
            try:
                with limit():
                    job.run(*row_of(name))
            except Exception as error:  # its lease runs out, and it is offered again
                log.error("job broken off", extra={"reason": job.describe(error)})
            name = self._next(queue, name, goes_on=not self._stop_requested and time.monotonic() < ends)

    def _time_limit(self) -> AbstractContextManager[Any]:
        limit: AbstractContextManager[Any] = self.death_penalty_class(time_limit(), JobTimeoutException)
        return limit

    def _next(self, queue: Queue, done: str | None = None, *, goes_on: bool = True) -> str | None:
        """Take a job that was done out of Redis, and the next one out of the line; in one exchange."""
        with queue.connection.pipeline() as pipeline:
            if goes_on:
                pipeline.lpop(queue.key)
            if done is not None:
                pipeline.delete(QueuedJob.key_for(done))
            answers = pipeline.execute()
        return answers[0].decode() if goes_on and answers[0] else None


@click.command("worker")
@click.option("--queues", "names", default=",".join(QueueName), show_default=True, help="Most urgent first.")
@with_appcontext
def worker(names: str) -> None:
    """Do the jobs in the queues. SIGTERM lets what is running finish, which takes JOB_LEASE at most."""
    app = _app()
    chosen = _chosen(names)
    job.bind(app)
    _log_like_the_app()
    with suppress(StopRequested):
        while not _work(chosen):
            time.sleep(PAUSE_WITHOUT_REDIS)


def _chosen(names: str) -> list[Queue]:
    known = queues()
    try:
        return [known[QueueName(name)] for name in names.split(",")]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _work(chosen: list[Queue]) -> bool:
    """Work until asked to stop (True) or until Redis is lost (False)."""
    try:
        loop = JobWorker(
            chosen, connection=connection(), serializer=SERIALIZER, maintenance_interval=MAINTENANCE_INTERVAL
        )
        loop.work(logging_level="WARNING")
    except RedisError as error:
        log.error("waiting", extra={"reason": job.describe(error)})
    return JobWorker.is_asked_to_stop


def _log_like_the_app() -> None:
    """RQ's loggers write their own format to standard output: let them go the way of all others."""
    for name in ("rq.worker", "rq.job"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = True


@click.command("relay")
@with_appcontext
def relay() -> None:
    """Bring due work from the database to the queues, and keep the schedule. Run it on two hosts: one leads."""
    app = _app()
    job.bind(app)
    loop = Relay(app)

    def stop(_number: int, _frame: FrameType | None) -> None:
        Thread(target=loop.stop).start()  # not from here: what was interrupted may hold the lock that it needs

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    loop.run()


@click.group("jobs")
def jobs() -> None:
    """Jobs that failed too often and were set aside."""


@jobs.command("list")
@with_appcontext
def list_set_aside() -> None:
    """Show them: number, job, failures, last failure."""
    for entry in db.session.scalars(select(OutboxEntry).where(OutboxEntry.set_aside_at.is_not(None))):
        click.echo(f"{entry.id}  {entry.job}  {entry.failures}  {entry.last_failure}")


@jobs.command("retry")
@click.argument("number", type=int)
@with_appcontext
def retry(number: int) -> None:
    """Put one back in line, with a clean slate."""
    entry = db.session.get(OutboxEntry, number, with_for_update=True)
    if entry is None or entry.set_aside_at is None:
        raise click.ClickException(f"{number} is not set aside")
    entry.set_aside_at, entry.failures, entry.last_failure = None, 0, None
    entry.due_at = entry.created_at = clock.now()
    db.session.commit()


def _app() -> Flask:
    return cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]


COMMANDS = (worker, relay, jobs)
