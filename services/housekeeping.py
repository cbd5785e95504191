"""What time alone makes due: reminders, expiry, half-year confirmation, and the end of what need not be kept (D12).

Everything here is safe to repeat and to run late; the caller commits. Each returns how many rows it changed.
"""

import logging
from datetime import datetime, timedelta
from itertools import groupby

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Delete, Update, delete, exists, func, or_, select, update

from extensions import clock
from extensions.database import db
from models.account import LoginAttempt, LoginSession
from models.application import AccessApplication, Decision
from models.audit import AuditEvent
from models.enums import (
    ApplicationStatus,
    DecisionStatus,
    GrantEnd,
    GrantStatus,
    InvitationStatus,
    MessageKind,
    MessageStatus,
    Role,
)
from models.grant import Grant, Invitation
from models.message import Message
from models.organisation import Organisation
from models.outbox import OutboxEntry
from models.privacy import PersonLookup
from models.professional import Link
from services import (
    audit,
    erasure,
    exports,
    form_keys,
    grants,
    held_forms,
    invitations,
    mailbox,
    organisations,
    register_files,
    settings,
)
from services.case_rules import DECIDED
from services.settings import Key

log = logging.getLogger("alarm")

BATCH = 500
"""Rows a round, so that no transaction is long; the next round takes the rest."""
WARNED_FOR = timedelta(days=14)
"""How long before its end an organisation must have been asked to confirm a grant; unasked, nothing ends."""
READ_WITHIN, REMINDED_OF = timedelta(days=7), timedelta(days=14)
"""How long a decision may lie unread before it is told of again; and how old it may be then, if nothing ran."""
VERIFIED_FOR, ORGANISATIONS, MOST_ENDED = timedelta(days=7), 25, 3
"""How long an answer of Enhetsregisteret stands, how many organisations are asked of in a round, and how many may be
deleted there before the answer itself is doubted."""
ATTEMPTS_KEPT = timedelta(days=1)
DONE_WORK_KEPT = timedelta(days=14)


def remind_invitations() -> int:
    """E-mail 6 to those who have not taken their invitation into use after a week; once each."""
    now = clock.now()
    waiting = _some(
        Invitation.status == InvitationStatus.SENT,
        Invitation.reminded_at.is_(None),
        Invitation.created_at <= now - timedelta(days=settings.value(Key.INVITATION_REMINDER_DAYS)),
        Invitation.expires_at > now,
    )
    for invitation in waiting:
        invitation.reminded_at = now
        _write(MessageKind.INVITATION_REMINDER, invitation)
    return len(waiting)


def remind_unread_decisions() -> int:
    """Write once more to an organisation that has not opened its decision within a week (security.md section 8)."""
    now = clock.now()
    is_read = exists().where(
        AuditEvent.object_type == AccessApplication.__tablename__,
        AuditEvent.object_id == AccessApplication.id,
        AuditEvent.action == "application.viewed",
        AuditEvent.actor_role == Role.SUBMITTER,
        AuditEvent.at >= Decision.decided_at,
        AuditEvent.facts["page"].astext.in_(("vedtak", "vedtak.pdf")),
    )
    unread = db.session.execute(
        select(Decision.id, AccessApplication)
        .join(AccessApplication, AccessApplication.id == Decision.application_id)
        .where(
            AccessApplication.status.in_(DECIDED),  # not of one that an appeal has opened again
            Decision.status == DecisionStatus.FINAL,
            Decision.decided_at == AccessApplication.decided_at,
            Decision.decided_at.between(now - REMINDED_OF, now - READ_WITHIN),
            ~is_read,
        )
    ).all()
    reminded = 0
    for decision_id, application in unread:
        is_declined = application.status is ApplicationStatus.DECLINED
        kind = MessageKind.APPLICATION_DECLINED if is_declined else MessageKind.APPLICATION_GRANTED
        reminded += mailbox.queue_about(application, kind, f"{decision_id}|unread")
    return reminded


def expire_invitations() -> int:
    """Mark invitations that ran out, and tell those who had got one (e-mail 7)."""
    over = _some(Invitation.status.in_(invitations.LIVE), Invitation.expires_at <= clock.now())
    for invitation in over:
        was_sent = invitation.status is InvitationStatus.SENT
        invitation.move_to(InvitationStatus.EXPIRED)
        audit.record(None, "invitation.expired", invitation, grant_id=invitation.grant_id)
        if was_sent:
            _write(MessageKind.INVITATION_EXPIRED, invitation)
    return len(over)


def _some(*conditions: ColumnElement[bool]) -> list[Invitation]:
    """Invitations to handle now, locked; those in use by a person are left for the next round."""
    return list(
        db.session.scalars(
            select(Invitation)
            .where(*conditions)
            .order_by(Invitation.created_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
    )


def _write(kind: MessageKind, invitation: Invitation) -> None:
    mailbox.queue(kind, invitation.id, invitation.email, invitation.language, invitation_id=invitation.id)


def end_pending_users() -> int:
    """End the grants nobody took into use within thirty days of the last invitation's end, and forget the invitations.

    The application itself stays (ux.md C).
    """
    limit = clock.now() - timedelta(days=settings.value(Key.PENDING_USER_DAYS))
    newest = select(func.max(Invitation.expires_at)).where(Invitation.grant_id == Grant.id).scalar_subquery()
    pending = db.session.scalars(
        select(Grant)
        .where(Grant.status == GrantStatus.INVITED, newest < limit)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for grant in pending:
        grant.move_to(GrantStatus.ENDED)
        grant.ended_at, grant.ended_as = clock.now(), GrantEnd.EXPIRED
        grant.invitations.clear()
        audit.record(None, "grant.ended", grant, how=GrantEnd.EXPIRED.value)
    return len(pending)


def ask_for_confirmation() -> int:
    """Ask each organisation with grants whose half-year is nearly over to confirm them; once for each such date."""
    asked = 0
    due = sorted(_to_confirm(), key=lambda pair: (pair[0].organisation_id, pair[1]))
    for organisation_id, group in groupby(due, key=lambda pair: pair[0].organisation_id):
        first, deadline = next(group)
        application = first.nominee.application
        asked += mailbox.queue_about(
            application,
            MessageKind.RECONFIRMATION_DUE,
            f"{organisation_id}|{deadline:%Y-%m-%d}",
            grants.administrator_emails(organisation_id) or [application.contact_details.email],
            due_on=clock.day(deadline),
        )
    return asked


def end_unconfirmed() -> int:
    """End the grants whose half-year is over without a word, when the organisation was asked in time (C19)."""
    now = clock.now()
    ended = 0
    for grant, deadline in _to_confirm():
        since = deadline - grants.RECONFIRMATION_NOTICE
        if deadline <= now and _was_asked(
            MessageKind.RECONFIRMATION_DUE, f"{grant.organisation_id}|", since, now - WARNED_FOR
        ):
            grants.end(None, grant, GrantEnd.NOT_RECONFIRMED, _("Virksomheten bekreftet ikke tilgangen."))
            ended += 1
    return ended


def ask_of_unused() -> int:
    """Ask those who have not used their access for twelve weeks whether they still need it; once for each such time."""
    asked = 0
    answer_by = clock.now() + timedelta(days=settings.value(Key.UNUSED_ANSWER_DAYS))
    for grant, used_at in grants.unused():
        asked += mailbox.queue_about(
            grant.nominee.application,
            MessageKind.ACCESS_UNUSED,
            _unused_key(grant, used_at),
            [grant.nominee.email],
            since=clock.day(used_at),
            due_on=clock.day(answer_by),
        )
    return asked


def lock_unused() -> int:
    """Lock the access of those who were asked and have not used it since; they and those who can open it are told
    (C19)."""
    asked_before = clock.now() - timedelta(days=settings.value(Key.UNUSED_ANSWER_DAYS))
    locked = 0
    for grant, used_at in grants.unused():
        if not _was_asked(MessageKind.ACCESS_UNUSED, _unused_key(grant, used_at), used_at, asked_before):
            continue
        grants.lock(grant)
        locked += 1
        application = grant.nominee.application
        openers = grants.administrator_emails(grant.organisation_id) or [application.contact_details.email]
        mailbox.queue_about(
            application,
            MessageKind.ACCESS_LOCKED,
            _unused_key(grant, used_at),
            [grant.nominee.email, *openers],
            since=clock.day(used_at),
        )
    return locked


def _unused_key(grant: Grant, used_at: datetime) -> str:
    return f"{grant.id}|{used_at:%Y-%m-%d}"


def _to_confirm() -> list[tuple[Grant, datetime]]:
    """Grants whose half-year is over soon or already, each with the moment it is over."""
    return grants.to_confirm(grants.due_for_reconfirmation())


def _was_asked(kind: MessageKind, key: str, after: datetime, before: datetime) -> bool:
    asked = select(Message.id).where(
        Message.kind == kind, Message.key.startswith(key), Message.created_at.between(after, before)
    )
    return db.session.scalar(asked.limit(1)) is not None


def end_of_ended_organisations() -> int:
    """Ask Enhetsregisteret of the organisations it has not confirmed for a week, some each time, and end the access of
    those that are deleted there. When many are at once, nothing ends: then somebody must look. Raises Unavailable."""
    has_users = exists().where(Grant.organisation_id == Organisation.id, Grant.status != GrantStatus.ENDED)
    asked = db.session.scalars(
        select(Organisation)
        .where(
            has_users,
            or_(Organisation.verified_at.is_(None), Organisation.verified_at < clock.now() - VERIFIED_FOR),
        )
        .order_by(Organisation.verified_at.nulls_first(), Organisation.id)
        .limit(ORGANISATIONS)
    ).all()
    over = [organisation for organisation in asked if organisations.has_ended(organisation)]
    if len(over) > MOST_ENDED:
        log.critical("organisations ended", extra={"event": "organisations_ended", "count": len(over)})
        return 0
    ended = 0
    for organisation in over:
        left = select(Grant).where(Grant.organisation_id == organisation.id, Grant.status != GrantStatus.ENDED)
        for grant in db.session.scalars(left.order_by(Grant.id)).all():
            grants.end(None, grant, GrantEnd.ORGANISATION_ENDED, _("Virksomheten er slettet i Enhetsregisteret."))
            ended += 1
    return ended


def delete_drafts() -> int:
    """Remove drafts nobody has touched for thirty days, with everything in them."""
    limit = clock.now() - timedelta(days=settings.value(Key.DRAFT_DAYS))
    forgotten = db.session.scalars(
        select(AccessApplication)
        .where(AccessApplication.status == ApplicationStatus.DRAFT, AccessApplication.changed_at < limit)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for application in forgotten:
        audit.record(None, "application.deleted", application)
        db.session.delete(application)
    return len(forgotten)


def empty_old_messages() -> int:
    """Forget what mails said after thirty days, and that they were sent after a year; what still waits is left."""
    now = clock.now()
    handled = Message.status != MessageStatus.QUEUED
    body_limit = now - timedelta(days=settings.value(Key.MAIL_BODY_DAYS))
    row_limit = now - func.make_interval(0, settings.value(Key.MAIL_METADATA_MONTHS))
    return _run(delete(Message).where(handled, Message.created_at < row_limit)) + _run(
        update(Message).where(handled, Message.created_at < body_limit, Message.facts != {}).values(facts={})
    )


def discard_short_lived() -> int:
    """Remove what lives minutes, hours or a week: sign-ins under way, reasons to open a person, held forms, one-time
    form keys, copies people have asked for, files organisations have taken out; and what is left of those who left."""
    limit = clock.now() - ATTEMPTS_KEPT
    attempts = _run(delete(LoginAttempt).where(LoginAttempt.created_at < limit))
    lookups = _run(delete(PersonLookup).where(PersonLookup.made_at < limit))
    own = lookups + erasure.forget_receipts() + exports.expire_old() + register_files.expire_old()
    return own + attempts + held_forms.discard_expired() + form_keys.discard_old()


def discard_old_links() -> int:
    """Remove links that ran out as long ago as the words of their e-mails are kept."""
    limit = clock.now() - timedelta(days=settings.value(Key.MAIL_BODY_DAYS))
    return _run(delete(Link).where(Link.expires_at < limit))


def discard_old_sessions() -> int:
    """Remove sessions that could not be used for as long as logs are kept."""
    limit = clock.now() - timedelta(days=settings.value(Key.LOG_DAYS))
    return _run(delete(LoginSession).where(LoginSession.expires_at < limit))


def discard_done_work() -> int:
    """Remove outbox rows that were done two weeks ago."""
    return _run(delete(OutboxEntry).where(OutboxEntry.done_at < clock.now() - DONE_WORK_KEPT))


def _run(statement: Delete | Update) -> int:
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]
