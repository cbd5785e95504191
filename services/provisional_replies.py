"""The provisional reply to an application that takes more than a month (forvaltningsloven § 11 a): from day 20 somebody
should write it, on day 28 the system sends it (security.md section 8)."""

from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from extensions.language import show_date
from models.application import AccessApplication
from models.enums import ApplicationStatus, DelayReason, MessageKind
from services import audit, mailbox
from services.access import Actor
from services.case_rules import CaseAction, has_waited, require
from services.errors import Conflict
from services.settings import Key

LONGEST = timedelta(days=183)
BATCH = 500
"""Rows a round; the next round takes the rest."""


def latest_answer() -> date:
    """The last day that may be promised."""
    return clock.today() + LONGEST


def day_of(application: AccessApplication) -> date:
    """The day the system sends it if nobody does; Conflict where there is none to send, or it is too early."""
    if application.provisional_reply_at is not None:
        raise Conflict(_("Foreløpig svar er sendt %(dato)s.", dato=show_date(application.provisional_reply_at)))
    if application.reply_on is None:
        raise Conflict(_("Saken trenger ikke et foreløpig svar nå."))
    return application.reply_on


def write(actor: Actor, application: AccessApplication, reason: DelayReason, expected_on: date) -> None:
    """Tell the organisation why its case, found with a lock, takes time and when to expect an answer.

    Raises Conflict as day_of(); ValueError for a day that is not later than today, or months away.
    """
    require(actor, CaseAction.PROVISIONAL_REPLY, application)
    day_of(application)
    if not clock.today() < expected_on <= latest_answer():
        raise ValueError("too near or too far")
    _send(actor, application, reason, expected_on)


def send_due() -> int:
    """Tell the organisations that nobody has told in time, each once; safe to repeat and to run late."""
    late = db.session.scalars(
        select(AccessApplication)
        .where(has_waited(Key.PROVISIONAL_REPLY_DAYS))
        .order_by(AccessApplication.submitted_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for application in late:
        waits = application.status is ApplicationStatus.WAITING
        _send(None, application, DelayReason.AWAITS_ANSWER if waits else DelayReason.MANY_CASES, None)
    return len(late)


def _send(actor: Actor | None, application: AccessApplication, reason: DelayReason, expected_on: date | None) -> None:
    assert application.submitted_at is not None
    application.provisional_reply_at = clock.now()
    application.delay_reason, application.expected_on = reason, expected_on
    mailbox.queue_about(
        application,
        MessageKind.PROVISIONAL_REPLY,
        f"{application.id}|{application.submitted_at.isoformat()}",
        reason=reason.value,
        expected_on=expected_on,
    )
    audit.record(
        actor,
        "application.provisional_reply",
        application,
        reason=reason.value,
        expected_on=expected_on.isoformat() if expected_on else None,
    )
