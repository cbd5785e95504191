"""Uploaded files: taken in, shown to whom it may concern, and removed (design.md section 4, security.md C50–C58).

A file that is not CLEAN is served to nobody (I7); how it becomes so stands in services/file_scans.py.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import func, select, text

from extensions import clock
from extensions.database import db
from extensions.log import security
from models.attachment import Attachment
from models.enums import AttachmentKind, AttachmentStatus, Visibility
from models.professional import Professional
from services import audit, file_scans, files, listing, outbox, professionals
from services.access import Actor
from services.errors import Conflict, DomainError, NotFound, TooMany
from services.file_checks import isolation, quick
from services.file_checks.names import shown_name
from services.file_checks.verdicts import Refused
from services.uploads import Upload

MOST = {AttachmentKind.CV: 3}
MOST_FILES = 10
MOST_BYTES = 50 * 1024 * 1024
"""What one person may keep (C51)."""
AT_ONCE = 2
"""Uploads of one person at the same time (C59)."""
LONGEST_UPLOAD = "180s"
"""The database lets go of an upload that has gone quiet some time after the web server has given it up."""
GONE = frozenset({AttachmentStatus.INFECTED})
"""Without bytes: they take no room."""


class AlreadyThere(DomainError):
    """The person has uploaded this very file before."""


class NoRoom(DomainError):
    """The person has as many files as one may have; `message` says which limit, already translated."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NeedsNewScan(DomainError):
    """The scanner has learnt of new viruses since the file was scanned: it is scanned again before it is opened."""


def take_place(actor: Actor) -> None:
    """Let this transaction count as one of the person's uploads until it ends. Raises TooMany at the third."""
    db.session.execute(
        text("SELECT set_config('idle_in_transaction_session_timeout', :limit, true)"), {"limit": LONGEST_UPLOAD}
    )
    for place in range(AT_ONCE):
        key = func.hashtextextended(f"upload|{actor.account_id}|{place}", 0)
        if db.session.scalar(select(func.pg_try_advisory_xact_lock(key))):
            return
    raise TooMany(_("Du laster allerede opp to filer. Vent til de er ferdige, og prøv igjen."))


def receive(
    actor: Actor,
    upload: Upload,
    name: str,
    kind: AttachmentKind,
    visibility: Visibility,
    replaces: Attachment | None = None,
) -> Attachment:
    """Keep a file the person has sent, and ask for its scan. One that it `replaces` is removed in the same act.

    Raises Refused (security.md C50–C55), AlreadyThere, NoRoom, or Unavailable when the store does not answer.
    """
    try:
        content, media_type = _inspected(upload, name, kind)
    except Refused as refused:
        facts = {"reason": refused.reason.value, "size": upload.size, "sha256": upload.sha256.hex()}
        security.warning("file refused", extra={"event": "file_refused", "account_id": actor.account_id, **facts})
        raise
    professional = _locked(actor, replaces)
    kept = [one for one in professional.attachments if one is not replaces]
    for twin in [one for one in kept if one.sha256 == content.sha256]:
        if twin.status not in (AttachmentStatus.UNSCANNABLE, AttachmentStatus.INFECTED):
            raise AlreadyThere
        kept.remove(twin)  # nothing came of it; this is the new try
        _remove(actor, professional, twin)
    _require_room(kept, kind, content.size)
    if replaces is not None:
        _remove(actor, professional, replaces)
    attachment = Attachment(
        id=uuid4(),
        kind=kind,
        name=shown_name(name),
        media_type=media_type,
        size=content.size,
        sha256=content.sha256,
        visibility=visibility,
        status=AttachmentStatus.STORED,
        uploaded_at=clock.now(),
        attempts=0,
    )
    files.keep(attachment, content.pieces())
    professional.attachments.append(attachment)
    outbox.add(outbox.Job.SCAN_FILE, attachment_id=attachment.id)
    audit.record(
        actor, "attachment.received", attachment, subject_id=actor.account_id, kind=kind.value, size=content.size
    )
    listing.refresh(professional.id)
    return attachment


def _inspected(upload: Upload, name: str, kind: AttachmentKind) -> tuple[Upload, str]:
    """What is to be kept of an upload, and its media type: an image is made anew, without what it tells of place and
    camera (C53). Raises Refused."""
    shown = shown_name(name)
    quick.check(shown, upload.size, upload.head, kind)
    file_type = isolation.inspect(upload.path, shown, kind)
    if file_type.is_image:
        upload = Upload.of([isolation.cleaned_image(upload.path, file_type)])
    return upload, file_type.media_type


def _require_room(kept: Sequence[Attachment], kind: AttachmentKind, size: int) -> None:
    """Raises NoRoom when one more file of this kind and size is one too many (C51)."""
    there = [one for one in kept if one.status not in GONE]
    most = MOST.get(kind, MOST_FILES)
    if sum(one.kind is kind for one in there) >= most or len(there) >= MOST_FILES:
        raise NoRoom(_("Du kan ha inntil %(n)s filer. Slett eller bytt en av dem først.", n=most))
    if sum(one.size for one in there) + size > MOST_BYTES:
        raise NoRoom(_("Filene dine kan til sammen være inntil 50 MB. Slett en av dem først."))


def of(actor: Actor, kind: AttachmentKind) -> list[Attachment]:
    """The person's own files of a kind, oldest first."""
    return [one for one in professionals.own(actor).attachments if one.kind is kind]


def own(actor: Actor, attachment_id: UUID) -> Attachment:
    """One of the person's own files; raises NotFound."""
    found = next((one for one in professionals.own(actor).attachments if one.id == attachment_id), None)
    if found is None:
        raise NotFound
    return found


def show_to(actor: Actor, attachment: Attachment, visibility: Visibility) -> None:
    """Let others see the file, or stop it; at once."""
    professional = _locked(actor, attachment)
    attachment.visibility = visibility
    audit.record(actor, "attachment.shown", attachment, subject_id=professional.account_id, visibility=visibility.value)
    listing.refresh(professional.id)


def remove(actor: Actor, attachment: Attachment) -> None:
    """Remove one of the person's files; its key goes with the row, and its bytes after the commit."""
    professional = _locked(actor, attachment)
    _remove(actor, professional, attachment)
    listing.refresh(professional.id)


def remove_all(professional: Professional) -> None:
    """Ask for the removal of the bytes of every file of a registration that is being erased; the rows go with it."""
    for attachment in professional.attachments:
        files.discard(attachment)


def _locked(actor: Actor, attachment: Attachment | None) -> Professional:
    """The person's registration, held until the end of the transaction: whoever changes a file holds it first. Raises
    NotFound when the file was removed meanwhile."""
    professional = professionals.own(actor, lock=True)
    if attachment is not None and attachment not in professional.attachments:
        raise NotFound
    return professional


def _remove(actor: Actor, professional: Professional, attachment: Attachment) -> None:
    files.discard(attachment)
    audit.record(actor, "attachment.removed", attachment, subject_id=professional.account_id)
    professional.attachments.remove(attachment)
    db.session.flush()  # deleted now, so that no later query meets it


def content_of(attachment: Attachment) -> bytes:
    """The bytes of a clean file, proven to be those that were uploaded. Raises Conflict when it is not clean,
    CannotOpen when the store has lost it, Unavailable."""
    if attachment.status is not AttachmentStatus.CLEAN:
        raise Conflict(_("Filen er ikke klar til å åpnes."))
    return b"".join(files.read(attachment))


def open_own(actor: Actor, attachment: Attachment) -> bytes:
    """A file for the person who uploaded it. Raises as content_of, and NeedsNewScan."""
    if attachment.status is AttachmentStatus.CLEAN and file_scans.is_outdated(attachment):
        raise NeedsNewScan
    content = content_of(attachment)
    audit.record(actor, "attachment.opened", attachment, subject_id=actor.account_id)
    return content


def ask_for_scan(actor: Actor, attachment: Attachment) -> None:
    """Have a clean file scanned again before it is opened; one whose scan is under way is left alone."""
    _locked(actor, attachment)
    if attachment.status is AttachmentStatus.CLEAN:
        attachment.move_to(AttachmentStatus.SCANNING)
        outbox.add(outbox.Job.SCAN_FILE, attachment_id=attachment.id)
        audit.record(actor, "attachment.scan_asked_for", attachment, subject_id=actor.account_id)
        file_scans.refresh(attachment)
