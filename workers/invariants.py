"""What should be impossible, looked for all the same; stuck work is put back (design.md 5, security.md 11)."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, cast, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from extensions.keys import CannotOpen
from models.account import Account
from models.application import AccessApplication, Decision, Nominee
from models.attachment import Attachment
from models.enums import (
    ApplicationStatus,
    DecisionStatus,
    ExportStatus,
    GrantStatus,
    InvitationStatus,
    MessageKind,
    MessageStatus,
)
from models.grant import Grant, Invitation
from models.listing import Listing
from models.message import Message
from models.outbox import OutboxEntry
from models.privacy import DataExport, ErasureRecord
from models.register import RegisterExport
from services import audit_chain, authorisations, erasure, file_scans, listing, national_ids, outbox, snapshots
from services.outbox import Job
from workers.job import job

log = logging.getLogger("alarm")

FORGOTTEN = timedelta(hours=1)
"""How old a queued mail or a missing receipt may get before its work counts as lost."""
LONG_SCAN = timedelta(minutes=30)

Finder = Callable[[], Iterable[Any]]


@job
def watch() -> None:
    """Every few minutes: work that is late, lost or set aside. Lost work is put back."""
    _alarm(
        late_work,
        lost_leases,
        set_aside,
        forgotten_messages,
        forgotten_receipts,
        waiting_files,
        forgotten_files,
        silent_invitations,
        late_erasures,
        forgotten_erasures,
        forgotten_exports,
        unsealed_events,
        late_checks,
    )


@job
def report() -> None:
    """Every night: rows that break an invariant."""
    _alarm(
        grants_without_decision,
        partial_decisions,
        changed_applications,
        wrong_holders,
        wrongly_listed,
        forgotten_messages,
        forgotten_receipts,
    )


def _alarm(*finders: Finder) -> None:
    for finder in finders:
        found = [str(row) for row in finder()]
        if found:
            log.error(
                "%s: %s",
                (finder.__doc__ or finder.__name__).strip(),
                ", ".join(found[:20]),
                extra={"event": finder.__name__, "count": len(found)},
            )


def late_work() -> Sequence[int]:
    """Work that has waited for more than a quarter of an hour"""
    return _outbox(outbox.is_late())


def lost_leases() -> Sequence[int]:
    """Leases that ran out long ago, and were not taken up by the relay"""
    return _outbox(OutboxEntry.offered_until < clock.now() - 2 * timedelta(seconds=settings().job_lease))


def set_aside() -> Sequence[int]:
    """Jobs that failed too often (flask jobs list)"""
    return db.session.scalars(select(OutboxEntry.id).where(OutboxEntry.set_aside_at.is_not(None))).all()


def _outbox(condition: ColumnElement[bool]) -> Sequence[int]:
    waiting = and_(OutboxEntry.done_at.is_(None), OutboxEntry.set_aside_at.is_(None))
    return db.session.scalars(select(OutboxEntry.id).where(waiting, condition).order_by(OutboxEntry.id)).all()


def forgotten_messages() -> Sequence[UUID]:
    """Queued mail without work in the outbox, put back"""
    forgotten = db.session.scalars(
        select(Message.id)
        .where(
            Message.status == MessageStatus.QUEUED,
            Message.created_at < clock.now() - FORGOTTEN,
            ~_has_work(Job.SEND_MESSAGE, "message_id", Message.id),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for message_id in forgotten:
        outbox.add(Job.SEND_MESSAGE, message_id=message_id)
    return forgotten


def forgotten_receipts() -> Sequence[UUID]:
    """Sent applications without a receipt, and without work to make it, put back"""
    forgotten = db.session.scalars(
        select(AccessApplication.id).where(
            AccessApplication.status != ApplicationStatus.DRAFT,
            AccessApplication.submitted_at < clock.now() - FORGOTTEN,
            AccessApplication.receipt_pdf.is_(None),
            ~_has_work(Job.MAKE_RECEIPT, "application_id", AccessApplication.id),
        )
    ).all()
    for application_id in forgotten:
        outbox.add(Job.MAKE_RECEIPT, application_id=application_id)
    return forgotten


def waiting_files() -> Sequence[str]:
    """Files that have waited for the scanner for more than half an hour"""
    return db.session.scalars(
        select(OutboxEntry.arguments["attachment_id"].astext).where(
            OutboxEntry.job == Job.SCAN_FILE,
            OutboxEntry.done_at.is_(None),
            OutboxEntry.created_at < clock.now() - LONG_SCAN,
        )
    ).all()


def forgotten_files() -> Sequence[UUID]:
    """Files waiting for a scan without work in the outbox, put back"""
    forgotten = db.session.scalars(
        select(Attachment.id).where(file_scans.waits(), ~_has_work(Job.SCAN_FILE, "attachment_id", Attachment.id))
    ).all()
    for attachment_id in forgotten:
        file_scans.ask_again(attachment_id)
    return forgotten


def _has_work(job: Job, argument: str, id_: Any) -> ColumnElement[bool]:
    """Whether the outbox still holds this job for the row; also when set aside, for it would only fail again."""
    return (
        select(OutboxEntry.id)
        .where(
            OutboxEntry.job == job,
            OutboxEntry.done_at.is_(None),
            OutboxEntry.arguments[argument].astext == cast(id_, String),
        )
        .exists()
    )


def late_erasures() -> Sequence[UUID]:
    """Registrations to be erased within the day that are not gone, or not in the ledger (I8)"""
    return erasure.late()


def forgotten_erasures() -> Sequence[UUID]:
    """Erasures without work in the outbox, put back"""
    forgotten = db.session.scalars(
        select(ErasureRecord.id).where(
            ErasureRecord.erased_at.is_(None),
            ErasureRecord.asked_at < clock.now() - FORGOTTEN,
            ~_has_work(Job.ERASE_PROFILE, "erasure_id", ErasureRecord.id),
            ~_has_work(Job.REMEMBER_ERASURE, "erasure_id", ErasureRecord.id),
        )
    ).all()
    for erasure_id in forgotten:
        outbox.add(Job.ERASE_PROFILE, erasure_id=erasure_id, by_person=True)
        outbox.add(Job.REMEMBER_ERASURE, erasure_id=erasure_id)
    return forgotten


def forgotten_exports() -> Sequence[UUID]:
    """Copies and files people wait for without work in the outbox, put back"""
    put_back: list[UUID] = []
    for table, work in ((DataExport, Job.MAKE_EXPORT), (RegisterExport, Job.MAKE_REGISTER_EXPORT)):
        forgotten = db.session.scalars(
            select(table.id).where(
                table.status == ExportStatus.QUEUED,
                table.requested_at < clock.now() - FORGOTTEN,
                ~_has_work(work, "export_id", table.id),
            )
        ).all()
        for export_id in forgotten:
            outbox.add(work, export_id=export_id)
        put_back += forgotten
    return put_back


def silent_invitations() -> Sequence[UUID]:
    """Queued invitations whose mail is not queued (I11)"""
    mail = select(Message.id).where(
        Message.invitation_id == Invitation.id,
        Message.kind == MessageKind.INVITATION,
        Message.status == MessageStatus.QUEUED,
    )
    return db.session.scalars(
        select(Invitation.id).where(
            Invitation.status == InvitationStatus.QUEUED,
            Invitation.created_at < clock.now() - FORGOTTEN,
            ~mail.exists(),
        )
    ).all()


def unsealed_events() -> Iterable[int]:
    """Audit events that were not sealed in time"""
    late = audit_chain.oldest_late()
    return [late] if late else []


def late_checks() -> Sequence[UUID]:
    """People shown whom HPR has not confirmed for a day"""
    late = Listing.hpr_checked_at < clock.now() - authorisations.FRESH
    return db.session.scalars(
        select(Listing.professional_id).where(late, Listing.listed_until > clock.now()).limit(100)
    ).all()


def wrongly_listed() -> Sequence[UUID]:
    """Registrations whose search row does not follow from them (I4); `flask listing rebuild` mends it"""
    return listing.disagreeing()


def grants_without_decision() -> Sequence[UUID]:
    """Grants without a final decision (I1)"""
    decided = select(Decision.id).where(
        Decision.application_id == Nominee.application_id, Decision.status == DecisionStatus.FINAL
    )
    return db.session.scalars(
        select(Grant.id).join(Nominee, Nominee.id == Grant.nominee_id).where(~decided.exists())
    ).all()


def partial_decisions() -> Sequence[UUID]:
    """Decisions by somebody who submitted, is named in, or belongs to the organisation of the application (I1)"""
    decider, named, held = aliased(Account), aliased(Nominee), aliased(Grant)
    is_named = select(named.id).where(
        named.application_id == Decision.application_id, named.national_id_index == decider.national_id_index
    )
    belonged = select(held.id).where(
        held.account_id == decider.id,
        held.organisation_id == AccessApplication.organisation_id,
        held.accepted_at <= Decision.decided_at,
        or_(held.ended_at.is_(None), held.ended_at > Decision.decided_at),
    )
    return db.session.scalars(
        select(Decision.id)
        .distinct()
        .join(AccessApplication, AccessApplication.id == Decision.application_id)
        .join(decider, or_(decider.id == Decision.proposed_by_id, decider.id == Decision.approved_by_id))
        .where(
            Decision.status == DecisionStatus.FINAL,
            or_(AccessApplication.submitter_id == decider.id, is_named.exists(), belonged.exists()),
        )
    ).all()


def changed_applications() -> Iterable[UUID]:
    """Sent applications that differ from what was sent (I2)"""
    with db.new_session() as session:  # of its own: rows pass through, and are let go of
        sent = session.scalars(
            select(AccessApplication)
            .where(AccessApplication.status != ApplicationStatus.DRAFT)
            .options(
                joinedload(AccessApplication.organisation),
                joinedload(AccessApplication.contact),
                joinedload(AccessApplication.contact_nominee),
                selectinload(AccessApplication.nominees),
            )
            .execution_options(yield_per=200)
        )
        return [application.id for application in sent if not snapshots.is_intact(application)]


def wrong_holders() -> Iterable[UUID]:
    """Active grants held by somebody else than the application named (I3)"""
    suspects = db.session.execute(
        select(Grant.id, Account, Nominee)
        .join(Account, Account.id == Grant.account_id)
        .join(Nominee, Nominee.id == Grant.nominee_id)
        .where(Grant.status == GrantStatus.ACTIVE, Account.national_id_index != Nominee.national_id_index)
    )
    return [id_ for id_, account, nominee in suspects if not _is_same(account, nominee)]


def _is_same(account: Account, nominee: Nominee) -> bool:
    """Indexes under different keys differ while a rotation is under way: the numbers themselves decide."""
    try:
        return national_ids.is_same_person(account, nominee)
    except CannotOpen:
        return False
