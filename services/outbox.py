"""Work after commit: a row in the same transaction as the change that asks for it; the relay offers it to the queue."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_

from extensions import clock
from extensions.database import db
from models.outbox import OutboxEntry


class Job(StrEnum):
    """Every job of the product, by the address of its function."""

    SEND_MESSAGE = "workers.mail.send_message"
    MAKE_RECEIPT = "workers.applications.make_receipt"
    REPLY_PROVISIONALLY = "workers.applications.reply_provisionally"
    SCAN_FILE = "workers.attachments.scan"
    REMOVE_FILE = "workers.attachments.remove"
    SWEEP_FILES = "workers.attachments.sweep"
    ERASE_PROFILE = "workers.privacy.erase_profile"
    REMEMBER_ERASURE = "workers.privacy.remember_erasure"
    MAKE_EXPORT = "workers.privacy.make_export"
    MAKE_REGISTER_EXPORT = "workers.register_exports.make"
    FORGET_ERASURES = "workers.privacy.forget_erasures"
    REMIND_INVITATIONS = "workers.housekeeping.remind_invitations"
    EXPIRE_INVITATIONS = "workers.housekeeping.expire_invitations"
    RECONFIRM_GRANTS = "workers.housekeeping.reconfirm_grants"
    DISCARD_SHORT_LIVED = "workers.housekeeping.discard_short_lived"
    RETAIN = "workers.housekeeping.retain"
    CHECK_HPR = "workers.lookup.check"
    PLAN_HPR_CHECKS = "workers.lookup.plan"
    CHECK_ORGANISATIONS = "workers.lookup.check_organisations"
    RECHECK_HPR = "workers.lookup.recheck"
    KEEP_FRESH = "workers.availability.keep_fresh"
    KEEP_CANARIES = "workers.availability.keep_canaries"
    REFRESH_LISTING = "workers.availability.refresh_listing"
    SEND_ALERTS = "workers.alerts.send"
    TELL_RECIPIENTS = "workers.alerts.tell_recipients"
    NOTE_AUDIT_HEAD = "workers.audit.note_head"
    VERIFY_AUDIT = "workers.audit.verify"
    FORGET_EVENTS = "workers.audit.forget"
    DRAW_REVIEWS = "workers.audit.draw_reviews"
    WATCH = "workers.invariants.watch"
    WATCH_REVEALS = "workers.alarms.watch_reveals"
    REPORT_INVARIANTS = "workers.invariants.report"


SLOW = timedelta(minutes=15)
"""Work that waits longer than this is late, and e-mail with it (security.md section 11)."""


def is_late() -> ColumnElement[bool]:
    """Whether work has waited too long since it was asked for and might begin. What the schedule asks for when it comes
    back from a pause was due long before."""
    limit = clock.now() - SLOW
    is_waiting = and_(OutboxEntry.done_at.is_(None), OutboxEntry.set_aside_at.is_(None))
    return and_(is_waiting, OutboxEntry.due_at < limit, OutboxEntry.created_at < limit)


def add(job: Job, *, after: timedelta = timedelta(0), once_key: str | None = None, **arguments: Any) -> OutboxEntry:
    """Ask for `job` with ids as arguments, to begin `after` from now. `once_key` makes it unique among all rows."""
    now: datetime = clock.now()
    entry = OutboxEntry(
        job=job,
        arguments={key: str(value) if isinstance(value, UUID) else value for key, value in arguments.items()},
        once_key=once_key,
        created_at=now,
        due_at=now + after,
    )
    db.session.add(entry)
    return entry
