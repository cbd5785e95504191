"""Leaving the register: hidden at once, erased by a job, and erased again after a restore (I8, security.md C82).

Rows go first, with the keys of the files: without its key a file is noise, so a store that is away delays nothing that
matters. What the ledger keeps are ids and a keyed index.
"""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from adapters.storage import Missing
from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from extensions.language import current_language
from models.account import Account, FormKey, HeldForm, Identity, LoginSession, StaffMember
from models.application import AccessApplication, Nominee
from models.base import Base
from models.enums import ConsentPurpose, Language, MessageKind, MessageStatus, ProfessionalStatus, Role
from models.grant import Grant
from models.message import Message
from models.privacy import ErasureRecord, PrivacyCase
from models.professional import Link, Professional
from services import (
    attachments,
    audit,
    consents,
    exports,
    listing,
    mailbox,
    outbox,
    professionals,
    recipient_notices,
    references,
    register_files,
    sessions,
    settings,
)
from services.access import Actor
from services.outbox import Job
from services.settings import Key

LEDGER = "erasures"
"""The folder of the store that remembers erasures, out of reach of a restore of the database."""
RECEIPT_KEPT = timedelta(hours=23)
"""How long we try to deliver the receipt; then its address is erased too, within the day."""
MARGIN = timedelta(days=7)
"""How much longer than the backups the ledger is kept."""
LATE = timedelta(hours=20)
"""An erasure that has taken so long is told of while there is time."""


def ask(actor: Actor) -> ErasureRecord:
    """The person leaves: from this moment nobody sees anything, and a job erases it all. Raises NoRegistration."""
    consents.withdraw(actor, ConsentPurpose.REGISTER)
    return begin(actor, professionals.own(actor, lock=True))


def begin(actor: Actor | None, professional: Professional) -> ErasureRecord:
    """Hide a registration whose row is locked, stop everything that goes on for it, and ask for its erasure.

    `actor` is None when time is up (retention).
    """
    account = db.session.get_one(Account, professional.account_id)
    assert account.national_id_index is not None
    professional.move_to(ProfessionalStatus.LEAVING)
    professional.language = professional.language or current_language()
    record = ErasureRecord(
        id=uuid4(),
        reference=references.new(),
        professional_id=professional.id,
        national_id_index=account.national_id_index,
        asked_at=clock.now(),
    )
    db.session.add(record)
    listing.refresh(professional.id)
    db.session.execute(
        update(Message)
        .where(Message.professional_id == professional.id, Message.status == MessageStatus.QUEUED)
        .values(status=MessageStatus.CANCELLED)
    )
    db.session.execute(delete(Link).where(Link.professional_id == professional.id))
    exports.stop(professional)
    sessions.end_as(account.id, {Role.PROFESSIONAL})
    audit.record(actor, "profile.leaving", professional, subject_id=account.id)
    outbox.add(Job.ERASE_PROFILE, erasure_id=record.id, by_person=actor is not None)
    return record


def erase(erasure_id: UUID, *, by_person: bool) -> None:
    """Erase every row about the person, have the files removed, and queue the receipt. Safe to repeat."""
    record = db.session.get(ErasureRecord, erasure_id, with_for_update=True)
    professional = _of(record) if record is not None else None
    if record is None or professional is None:
        return
    email, language = professional.email, professional.language or Language.BOKMAL
    _remove(record, professional)
    if email and not professional.is_canary:
        mailbox.queue(
            MessageKind.PROFILE_ERASED,
            record.id,
            email,
            language,
            asked_at=record.asked_at,
            reference=references.grouped(record.reference),
            by_person=by_person,
        )


def _of(record: ErasureRecord) -> Professional | None:
    return db.session.get(Professional, record.professional_id, with_for_update=True, populate_existing=True)


def _remove(record: ErasureRecord, professional: Professional) -> None:
    """Delete the registration with all that belongs to it, and the account when nothing else needs it."""
    account_id = professional.account_id
    attachments.remove_all(professional)
    exports.remove_all(professional)
    register_files.withdraw([professional.id], from_everybody=True)
    recipient_notices.note(professional)
    db.session.execute(delete(Professional).where(Professional.id == professional.id))
    db.session.expunge(professional)
    for table in (HeldForm, FormKey):
        db.session.execute(delete(table).where(table.account_id == account_id))
    if is_needed(account_id):
        db.session.execute(
            delete(LoginSession).where(LoginSession.account_id == account_id, LoginSession.role == Role.PROFESSIONAL)
        )
        db.session.execute(update(Identity).where(Identity.account_id == account_id).values(hpr_number=None))
        db.session.execute(update(Account).where(Account.id == account_id).values(name=_name_elsewhere(account_id)))
    else:
        db.session.execute(delete(Account).where(Account.id == account_id))
    audit.record(None, "profile.erased", record, subject_id=account_id)
    outbox.add(Job.REMEMBER_ERASURE, erasure_id=record.id)


def _name_elsewhere(account_id: UUID) -> ColumnElement[str | None]:
    """What others call the holder of an account that is kept: what was typed in the registration is erased with it."""
    staff = select(StaffMember.name).where(StaffMember.account_id == account_id)
    user = (
        select(Nominee.given_name + " " + Nominee.family_name)
        .join(Grant, Grant.nominee_id == Nominee.id)
        .where(Grant.account_id == account_id)
        .order_by(Grant.created_at.desc())
        .limit(1)
    )
    submitter = (
        select(func.nullif(AccessApplication.submitter_name, ""))
        .where(AccessApplication.submitter_id == account_id)
        .order_by(AccessApplication.created_at.desc())
        .limit(1)
    )
    return func.coalesce(staff.scalar_subquery(), user.scalar_subquery(), submitter.scalar_subquery())


def is_needed(account_id: UUID) -> bool:
    """Whether any row keeps the account: a role it has or had, a case, a decision."""
    return bool(db.session.scalar(select(or_(*needs(account_id)))))


def leaves_account(account_id: UUID) -> bool:
    """Whether the account will stand when the registration is erased, and its privacy cases with it."""
    return bool(db.session.scalar(select(or_(*needs(account_id, besides=(Professional, PrivacyCase))))))


def needs(
    account_id: UUID | ColumnElement[UUID] | InstrumentedAttribute[UUID], besides: Collection[type[Base]] = ()
) -> list[ColumnElement[bool]]:
    """For each column that keeps an account, whether a row in it names this one; `besides` are tables that do not
    count. Nor does what goes with the account, or is emptied of it."""
    owners = [
        reference.parent
        for table in Base.metadata.tables.values()
        if table not in {one.__table__ for one in besides}
        for reference in table.foreign_keys
        if reference.column is Account.__table__.c.id and reference.ondelete is None
    ]
    return [exists().where(owner == account_id) for owner in owners]


def remember(erasure_id: UUID) -> None:
    """Write the erasure into the ledger, where a restore of the database does not reach; then it is done. Safe to
    repeat. Raises Unavailable when the store is away."""
    record = db.session.get(ErasureRecord, erasure_id, with_for_update=True)
    if record is not None and record.erased_at is None and _of(record) is None:
        _write_ledger(record)
        record.erased_at = clock.now()


def _write_ledger(record: ErasureRecord) -> None:
    store, key = agencies().storage, _ledger_key(record.id)
    content = {
        "id": str(record.id),
        "reference": record.reference,
        "professional_id": str(record.professional_id),
        "national_id_index": record.national_id_index.hex(),
        "asked_at": record.asked_at.isoformat(),
    }
    try:
        store.get(key)
    except Missing:
        store.put(key, [json.dumps(content).encode()])


def _ledger_key(erasure_id: UUID) -> str:
    return f"{LEDGER}/{erasure_id}"


def replay(commit: Callable[[], None]) -> tuple[int, int]:
    """After a restore, before anybody comes in: erase again whoever came back. Returns how many erasures are known, and
    how many were done again; `commit` ends each. Raises Unavailable. Safe to repeat."""
    known = set(db.session.scalars(select(ErasureRecord.id)))
    for found in agencies().storage.list(LEDGER):
        content = json.loads(b"".join(agencies().storage.get(found.key)))
        if UUID(content["id"]) not in known:
            db.session.add(
                ErasureRecord(
                    id=UUID(content["id"]),
                    reference=content["reference"],
                    professional_id=UUID(content["professional_id"]),
                    national_id_index=bytes.fromhex(content["national_id_index"]),
                    asked_at=datetime.fromisoformat(content["asked_at"]),
                )
            )
    commit()
    records = db.session.scalars(select(ErasureRecord).order_by(ErasureRecord.asked_at)).all()
    again = 0
    for record in records:
        professional = _of(record)
        if professional is not None:
            _remove(record, professional)
            again += 1
        commit()
    return len(records), again


def late() -> Sequence[UUID]:
    """Erasures that are not through although their day is nearly over."""
    return db.session.scalars(
        select(ErasureRecord.id).where(ErasureRecord.erased_at.is_(None), ErasureRecord.asked_at < clock.now() - LATE)
    ).all()


def forget() -> int:
    """Leave out of the ledger, here and in the store, what no backup can bring back any more. Raises Unavailable."""
    before = clock.now() - timedelta(days=settings.value(Key.BACKUP_DAYS)) - MARGIN
    old = db.session.scalars(select(ErasureRecord).where(ErasureRecord.erased_at < before)).all()
    for record in old:
        agencies().storage.delete(_ledger_key(record.id))
        db.session.delete(record)
    return len(old)


def forget_receipts() -> int:
    """Erase the addresses of receipts that could not be delivered in time; those that were sent went with the
    sending."""
    old = delete(Message).where(
        Message.kind == MessageKind.PROFILE_ERASED, Message.created_at < clock.now() - RECEIPT_KEPT
    )
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]
