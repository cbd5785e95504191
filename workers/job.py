"""@job, and the one function RQ calls: an outbox row is taken, done and marked done in one transaction."""

import logging
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, overload

from flask import Flask
from rq.timeouts import BaseTimeoutException
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import configure_mappers

from adapters.errors import Unavailable
from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from extensions.queue import QueueName
from models.outbox import OutboxEntry
from services.outbox import Job

log = logging.getLogger("jobs")

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
PATIENCE = timedelta(hours=48)
"""How long an outside system may be away before a job gives up (security.md R9)."""
POISON_AFTER = 8
"""Failures of our own making after which a job is set aside, so that others pass (R18)."""

Function = Callable[..., None]


@dataclass(frozen=True)
class Task:
    """A job's function, the queue it stands in, and what happens when the outside world stays away for two days."""

    function: Function
    queue: QueueName
    gives_up: Function | None
    longest_pause: timedelta = LONGEST_PAUSE


class UnknownJob(Exception):
    """The row asks for a job this code does not have: it was written by newer code, and waits for it (R19)."""


_tasks: dict[str, Task] = {}
_app: Flask | None = None


@overload
def job(function: Function) -> Function: ...
@overload
def job(
    *, queue: QueueName = ..., gives_up: Function | None = ..., longest_pause: timedelta = ...
) -> Callable[[Function], Function]: ...
def job(
    function: Function | None = None,
    *,
    queue: QueueName = QueueName.DEFAULT,
    gives_up: Function | None = None,
    longest_pause: timedelta = LONGEST_PAUSE,
) -> Function | Callable[[Function], Function]:
    """Make a function a job. It gets the ids its outbox row holds, works in one transaction which is committed when it
    returns, and may run twice. `gives_up` is called with the same ids after two days of Unavailable; until then it is
    tried again with pauses that grow to `longest_pause`."""

    def register(function: Function) -> Function:
        _tasks[f"{function.__module__}.{function.__name__}"] = Task(function, queue, gives_up, longest_pause)
        return function

    return register if function is None else register(function)


def find(name: str) -> Task:
    """The task behind a job's name; raises UnknownJob."""
    if name not in _tasks and name in set(Job):
        with suppress(ModuleNotFoundError):
            import_module(name.rpartition(".")[0])
    if name not in _tasks:
        raise UnknownJob(name)
    return _tasks[name]


def bind(app: Flask) -> None:
    """Make `app` the one the jobs of this process run in.

    What each forked child would otherwise do anew is done here: import every job, put the mappings together, learn what
    the database is like.
    """
    global _app
    _app = app
    for name in Job:
        queue_of(name)
    configure_mappers()
    with app.app_context(), suppress(SQLAlchemyError):
        db.session.execute(text("SELECT 1"))


def queue_of(name: str) -> QueueName:
    """Where a job stands in line; a job this code does not know waits in the default queue."""
    try:
        return find(name).queue
    except UnknownJob:
        return QueueName.DEFAULT


def run(outbox_id: int, attempt: int) -> None:
    """Do the work of one outbox row, if it is still this attempt's to do. Never raises: RQ would keep the exception's
    text in Redis, and the row itself says what remains to be done."""
    assert _app is not None, "workers.job.bind() comes first"
    with _app.app_context():
        try:
            _attempt(outbox_id, attempt)
        except SQLAlchemyError as error:  # the lease runs out, and the row is offered again
            log.error("database away", extra={"outbox_id": outbox_id, "attempt": attempt, "reason": describe(error)})


def _attempt(outbox_id: int, attempt: int) -> None:
    entry = _take(outbox_id, attempt)
    if entry is None:
        return
    name, arguments, began = entry.job, dict(entry.arguments), time.monotonic()
    facts: dict[str, Any] = {"job": name, "outbox_id": outbox_id, "attempt": attempt}
    try:
        find(name).function(**arguments)
        entry.done_at = clock.now()
        db.finish(keep=True)
    except Exception as error:
        if isinstance(error, BaseTimeoutException):
            db.session.invalidate()  # it may have struck in the middle of an answer from the database
        db.finish(keep=False)
        log.warning("job failed", extra={**facts, "reason": describe(error)})
        _put_off(outbox_id, attempt, error)
    else:
        log.info("job done", extra={**facts, "milliseconds": round((time.monotonic() - began) * 1000)})


_TAKE = (
    # A frozen process must let go of the row when its lease is over: the database ends its idle transaction (R6).
    select(OutboxEntry, func.set_config("idle_in_transaction_session_timeout", bindparam("lease"), True))
    .where(
        OutboxEntry.id == bindparam("id"),
        OutboxEntry.attempt == bindparam("attempt"),
        OutboxEntry.done_at.is_(None),
        OutboxEntry.set_aside_at.is_(None),
    )
    .with_for_update(skip_locked=True)
)
"""Made once: every job runs it."""


def _take(outbox_id: int, attempt: int) -> OutboxEntry | None:
    """Lock the row for this attempt; None when it is done, set aside, in other hands, or was offered anew since."""
    milliseconds = str(settings().job_lease * 1000)
    return db.session.scalar(_TAKE, {"id": outbox_id, "attempt": attempt, "lease": milliseconds})


def _put_off(outbox_id: int, attempt: int, error: Exception) -> None:
    """Note the failure and when to try again, or give up, in a transaction of its own."""
    entry = _take(outbox_id, attempt)
    if entry is None:
        return
    now = clock.now()
    entry.offered_until = None
    if isinstance(error, UnknownJob):
        entry.due_at = now + FIRST_PAUSE
    elif isinstance(error, Unavailable):
        _note(entry, f"away: {error.system} {error.reason}")
        if now - entry.created_at >= PATIENCE:
            _give_up(entry)
        else:
            entry.due_at = now + pause_after(entry.failures, find(entry.job).longest_pause)
    else:
        if (entry.last_failure or "").startswith("away"):
            entry.failures = 0  # silence outside says nothing of whether the job is poison
        _note(entry, describe(error))
        if entry.failures >= POISON_AFTER:
            _set_aside(entry)
        else:
            entry.due_at = now + pause_after(entry.failures)
    db.finish(keep=True)


def _note(entry: OutboxEntry, failure: str) -> None:
    entry.failures += 1
    entry.last_failure = failure.strip()[:200]


def _give_up(entry: OutboxEntry) -> None:
    handler = find(entry.job).gives_up
    if handler is None:
        _set_aside(entry)
    else:
        handler(**entry.arguments)
        entry.done_at = clock.now()


def _set_aside(entry: OutboxEntry) -> None:
    entry.set_aside_at = clock.now()
    log.error("job set aside", extra={"event": "set_aside", "job": entry.job, "outbox_id": entry.id})


def pause_after(failures: int, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """How long to wait after so many failures: one minute, doubled each time up to the longest."""
    return min(FIRST_PAUSE * (1 << min(failures - 1, 10)), longest)


def describe(error: BaseException) -> str:
    """What failed and where, without the error's own text: it may hold what a person wrote (C72)."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
