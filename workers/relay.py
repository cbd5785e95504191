"""Outbox → queue: one relay leads, others stand by. It writes the schedule's slots, leases due rows and offers them."""

import logging
from datetime import timedelta
from threading import Event

from flask import Flask
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from sqlalchemy import ColumnElement, Connection, Engine, or_, select, text, update

from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from extensions.queue import QueueName, connection, offer, queue_id, queues
from models.outbox import OutboxEntry
from services import audit_chain
from services.outbox import Job
from workers.job import describe, queue_of
from workers.schedule import Schedule

log = logging.getLogger("relay")

PAUSE = 1.0
SEAL_EVERY = 5
"""Rounds between two seals of the audit log."""
LEADER_LOCK = 4_711_001
"""The advisory lock whose holder leads."""
LEADER_SILENCE = "30s"
"""After so long without a word the database takes the lead from a frozen relay. Two leaders would do no harm."""
WINDOW = 500
"""The longest a queue gets: what stands in line must be reached before its lease runs out."""
PULSE = "helsereserven:relay"
"""A key in Redis; when it is gone, Redis was emptied, and what stood in line has to be offered again."""


class Relay:
    """The loop of `flask relay`."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stopping = Event()
        self._schedule = Schedule()
        self._lead: Connection | None = None
        self._rounds = 0
        self._trouble = ""

    def stop(self) -> None:
        """Ask the loop to end after the round it is in."""
        self._stopping.set()

    def run(self) -> None:
        """Lead, or wait to lead, until stopped. Neither the database's nor Redis' absence ends it."""
        with self._app.app_context():
            engine = db.engine
        try:
            while not self._stopping.is_set():
                try:
                    if self._leads(engine):
                        self.round()
                    self._tell("")
                except Exception as error:
                    self._tell(describe(error))
                    self._resign()
                    self._schedule = Schedule()
                self._stopping.wait(PAUSE)
        finally:
            self._resign()

    def round(self) -> int:
        """The schedule's slots, the due rows, and now and then a seal; returns how many rows were offered."""
        with self._app.app_context():
            self._schedule.offer_due()
            db.finish(keep=True)
            offered = offer_due_rows()
            if self._rounds % SEAL_EVERY == 0:
                audit_chain.seal()
                db.finish(keep=True)
        self._rounds += 1
        return offered

    def _leads(self, engine: Engine) -> bool:
        if self._lead is None:
            lead = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not lead.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK}):
                lead.close()
                return False
            self._lead = lead
            lead.execute(text("SELECT set_config('idle_session_timeout', :limit, false)"), {"limit": LEADER_SILENCE})
            log.info("leading")
        self._lead.execute(text("SELECT 1"))  # raises when the connection, and with it the lock, is lost
        return True

    def _resign(self) -> None:
        if self._lead is not None:
            self._lead.invalidate()  # closes it; put back into the pool it would keep the lock
            self._lead.close()
            self._lead = None

    def _tell(self, trouble: str) -> None:
        """Log trouble once when it begins, and once when it is over."""
        if trouble != self._trouble:
            if trouble:
                log.error("waiting", extra={"reason": trouble})
            else:
                log.info("going on")
            self._trouble = trouble


def offer_due_rows() -> int:
    """Lease due rows and put them in their queues; returns how many. Commits by itself.

    Raises RedisError, with the leases given back, when Redis is away.
    """
    if connection().set(PULSE, "1", nx=True):
        _release(OutboxEntry.offered_until > clock.now())
    return sum(_fill(name, queue) for name, queue in queues().items())


def _fill(name: QueueName, queue: Queue) -> int:
    in_line = set(queue.job_ids)
    room = WINDOW - len(in_line)
    leased = _lease(name, room, in_line) if room > 0 else []
    for number, (outbox_id, attempt) in enumerate(leased):
        try:
            offer(queue, outbox_id, attempt)
        except DuplicateJobError:
            continue
        except RedisError:
            _release(OutboxEntry.id.in_([id_ for id_, _attempt in leased[number:]]))
            raise
    return len(leased)


def _lease(name: QueueName, limit: int, in_line: set[str]) -> list[tuple[int, int]]:
    """Take due rows that nobody works on; returns ids and attempts to offer, oldest first.

    A row whose last offer still stands in line keeps it, with a new lease: a slow worker's line must not fill up with
    offers that newer ones have made void.
    """
    now = clock.now()
    rows = db.session.execute(
        select(OutboxEntry.id, OutboxEntry.attempt)
        .where(
            OutboxEntry.done_at.is_(None),
            OutboxEntry.set_aside_at.is_(None),
            OutboxEntry.due_at <= now,
            or_(OutboxEntry.offered_until.is_(None), OutboxEntry.offered_until <= now),
            _stands_in(name),
        )
        .order_by(OutboxEntry.due_at, OutboxEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    fresh = [(id_, attempt + 1) for id_, attempt in rows if queue_id(id_, attempt) not in in_line]
    _update([id_ for id_, _attempt in rows], offered_until=now + timedelta(seconds=settings().job_lease))
    _update([id_ for id_, _attempt in fresh], attempt=OutboxEntry.attempt + 1)
    db.finish(keep=True)
    return fresh


def _update(ids: list[int], **values: object) -> None:
    if ids:
        db.session.execute(update(OutboxEntry).where(OutboxEntry.id.in_(ids)).values(**values))


def _stands_in(name: QueueName) -> ColumnElement[bool]:
    """Rows of this queue's jobs; jobs this code does not know yet stand in the default queue."""
    others = [job for job in Job if queue_of(job) is not QueueName.DEFAULT]
    if name is QueueName.DEFAULT:
        return OutboxEntry.job.not_in(others)
    return OutboxEntry.job.in_([job for job in others if queue_of(job) is name])


def _release(rows: ColumnElement[bool]) -> None:
    """Give leases back, but for rows a worker is busy with."""
    idle = select(OutboxEntry.id).where(rows, OutboxEntry.done_at.is_(None)).with_for_update(skip_locked=True)
    db.session.execute(update(OutboxEntry).where(OutboxEntry.id.in_(idle)).values(offered_until=None))
    db.finish(keep=True)
