"""Virus scans of uploaded files: what a verdict does, and what becomes of a file that gets none (security.md C56, R10).

STORED waits for a scan, SCANNING is under way; what comes of it is CLEAN, INFECTED (the bytes are gone, the row tells)
or UNSCANNABLE, which is tried again, three times in all.
"""

import logging
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from adapters.clamav import NotScanned
from adapters.errors import Unavailable
from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from extensions.keys import CannotOpen
from extensions.log import security
from models.attachment import Attachment
from models.enums import AttachmentKind, AttachmentStatus, Language, MessageKind, Visibility
from models.listing import Listing
from models.professional import Professional
from services import audit, files, listing, mailbox, outbox, settings
from services.file_checks.verdicts import RefusalReason
from services.settings import Key

alarm = logging.getLogger("alarm")

MOST_ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=1)
WAITING = frozenset({AttachmentStatus.STORED, AttachmentStatus.SCANNING})
ENCRYPTED, OVER_LIMITS = "Heuristics.Encrypted", "Heuristics.Limits.Exceeded"
"""What clamd calls files it could not look into, by the beginning of the name."""


def waits() -> ColumnElement[bool]:
    """As is_waiting, for a query."""
    return Attachment.status.in_(WAITING) | (
        (Attachment.status == AttachmentStatus.UNSCANNABLE) & (Attachment.attempts < MOST_ATTEMPTS)
    )


_BEGIN = (
    update(Attachment)
    .where(Attachment.id == bindparam("this"), waits())
    .values(status=AttachmentStatus.SCANNING)
    .returning(Attachment.id, Attachment.storage_key, Attachment.key_box)
)
_SCANNED = (
    select(Attachment)
    .select_from(Professional)  # locked first, as everybody does
    .join(Attachment, Attachment.professional_id == Professional.id)
    .where(Attachment.id == bindparam("this"), Attachment.status == AttachmentStatus.SCANNING)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def scan(attachment_id: UUID) -> None:
    """Have one waiting file scanned, and note the verdict. Safe to repeat; one that is scanned or gone is left alone.

    Raises Unavailable when scanner or store is away; the file waits. A file that gets no verdict is tried again later,
    and set aside after the third time (R10).
    """
    waiting = _begin(attachment_id)
    if waiting is None:
        return
    scanner = agencies().clamav
    try:
        signatures = scanner.signatures()
        finding = scanner.scan(files.read(waiting))
    except Unavailable:
        _wait(attachment_id)
        raise
    except (NotScanned, CannotOpen) as failure:
        _note_failure(attachment_id, f"{type(failure).__name__} {failure}")
    else:
        _note_verdict(attachment_id, signatures, finding)


def _begin(attachment_id: UUID) -> Attachment | None:
    """Mark a waiting file as being scanned, for everybody to see, and return what it takes to read it.

    One statement, committed by itself: no row stays locked while the scanner works, so that the person may remove the
    file. A file without a verdict passes through STORED unseen.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        begun = connection.execute(_BEGIN, {"this": attachment_id}).mappings().one_or_none()
    return Attachment(**begun) if begun is not None else None


def is_waiting(attachment: Attachment) -> bool:
    """Whether the file has a scan before it."""
    return attachment.status in WAITING or (
        attachment.status is AttachmentStatus.UNSCANNABLE and attachment.attempts < MOST_ATTEMPTS
    )


def _wait(attachment_id: UUID) -> None:
    """Put a file whose scan could not begin back in line; by itself, as the job is about to fail."""
    with db.new_session() as session:
        attachment = session.get(Attachment, attachment_id, with_for_update=True)
        if attachment is not None and attachment.status is AttachmentStatus.SCANNING:
            attachment.move_to(AttachmentStatus.STORED)
            session.commit()


def _scanned(attachment_id: UUID) -> Attachment | None:
    """The file whose scan has come to an end, locked; None when it was removed meanwhile, or another worker has had the
    last word."""
    return db.session.scalar(_SCANNED, {"this": attachment_id})


def _note_verdict(attachment_id: UUID, signatures: str, finding: str | None) -> None:
    attachment = _scanned(attachment_id)
    if attachment is None:
        return
    attachment.move_to(AttachmentStatus.CLEAN if finding is None else AttachmentStatus.INFECTED)
    attachment.scanned_at, attachment.signatures, attachment.finding = clock.now(), signatures, finding
    attachment.attempts = 0
    audit.record(None, f"attachment.{attachment.status}", attachment, signatures=signatures, finding=finding)
    if finding is not None:
        security.warning(
            "file infected", extra={"event": "file_infected", "attachment_id": attachment_id, "finding": finding}
        )
        files.discard(attachment)
        attachment.storage_key = attachment.key_box = None
        _tell(attachment)
    refresh(attachment)


def _tell(attachment: Attachment) -> None:
    """E-mail 10 to the person whose file it was."""
    professional = db.session.get_one(Professional, attachment.professional_id)
    if professional.email:
        mailbox.queue(
            MessageKind.FILE_REFUSED,
            attachment.id,
            professional.email,
            professional.language or Language.BOKMAL,
            professional_id=professional.id,
            uploaded_on=clock.day(attachment.uploaded_at),
            was_closed=is_closed(attachment),
        )


def is_closed(attachment: Attachment) -> bool:
    """Whether the scanner refused the file because it could not look into it, and not for what it found there."""
    return (attachment.finding or "").startswith((ENCRYPTED, OVER_LIMITS))


def refusal_of(attachment: Attachment) -> RefusalReason | None:
    """Why a refused file was refused, when it was not for a virus."""
    if not is_closed(attachment):
        return None
    is_encrypted = (attachment.finding or "").startswith(ENCRYPTED)
    return RefusalReason.PASSWORD if is_encrypted else RefusalReason.TOO_COMPLEX


def _note_failure(attachment_id: UUID, failure: str) -> None:
    attachment = _scanned(attachment_id)
    if attachment is None:
        return
    attachment.attempts += 1
    attachment.move_to(AttachmentStatus.UNSCANNABLE)
    audit.record(None, "attachment.unscannable", attachment, attempts=attachment.attempts)
    facts = {"event": "no_verdict", "attachment_id": attachment_id, "attempt": attachment.attempts}
    if is_waiting(attachment):
        outbox.add(outbox.Job.SCAN_FILE, after=RETRY_AFTER * attachment.attempts, attachment_id=attachment_id)
        alarm.warning("no verdict on a file: %s", failure, extra=facts)
    else:
        alarm.error("a file is set aside without a verdict: %s", failure, extra=facts)
    refresh(attachment)


def ask_again(attachment_id: UUID) -> None:
    """Put a file back in line for its scan."""
    outbox.add(outbox.Job.SCAN_FILE, attachment_id=attachment_id)


def refresh(attachment: Attachment) -> None:
    """Keep the search row right: it says whether there is a CV that others may open."""
    if attachment.kind is not AttachmentKind.CV or attachment.visibility is not Visibility.CONSENTED:
        return
    is_shown = attachment.status is AttachmentStatus.CLEAN
    said = db.session.scalar(select(Listing.has_cv).where(Listing.professional_id == attachment.professional_id))
    if said is not None and said is not is_shown:
        listing.refresh(attachment.professional_id)


def is_outdated(attachment: Attachment) -> bool:
    """Whether the scanner knows of more than when it scanned a clean file. Raises Unavailable."""
    now, then = agencies().clamav.signatures(), attachment.signatures or ""
    if now.isdecimal() and then.isdecimal():
        return int(now) > int(then)  # a pool of scanners need not agree at every moment
    return now != then


def forget_refused() -> int:
    """Remove the rows of infected files when verdict and hash have been kept long enough; returns how many."""
    limit = clock.now() - timedelta(days=settings.value(Key.REFUSED_FILE_DAYS))
    old = delete(Attachment).where(Attachment.status == AttachmentStatus.INFECTED, Attachment.scanned_at < limit)
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]
