"""A copy of everything we hold about a person: asked for on a page, made by a job, kept encrypted for a week."""

from collections.abc import Iterator
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import select

from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from models.attachment import Attachment
from models.enums import AttachmentStatus, ExportStatus
from models.privacy import DataExport
from models.professional import Professional
from services import audit, file_scans, files, outbox, personal_copy, professionals, settings
from services.access import Actor, require_fresh_login
from services.errors import Conflict, NotFound
from services.outbox import Job
from services.settings import Key

PIECE = 256 * 1024
LOOK_AGAIN = timedelta(seconds=20)
PATIENCE = timedelta(minutes=10)
"""How long a copy waits for files that are being scanned; then it is made without them, and says so."""


def ask(actor: Actor) -> DataExport:
    """Have a copy made; one that is being made already is the one. Raises NoRegistration."""
    professional = professionals.own(actor, lock=True)
    export = newest(professional)
    if export is not None and export.status is ExportStatus.QUEUED:
        return export
    if export is not None and export.status is ExportStatus.FAILED:
        export.move_to(ExportStatus.QUEUED)
        export.requested_at = clock.now()
    else:
        export = DataExport(
            id=uuid4(), professional_id=professional.id, requested_at=clock.now(), status=ExportStatus.QUEUED
        )
        db.session.add(export)
    audit.record(actor, "export.asked", export, subject_id=actor.account_id)
    outbox.add(Job.MAKE_EXPORT, export_id=export.id)
    return export


def newest(professional: Professional) -> DataExport | None:
    """The copy a person asked for last."""
    return db.session.scalar(
        select(DataExport)
        .where(DataExport.professional_id == professional.id)
        .order_by(DataExport.requested_at.desc())
        .limit(1)
    )


def own(actor: Actor, export_id: UUID) -> DataExport:
    """One copy of the person who acts; raises NotFound."""
    professional = professionals.own(actor)
    export = db.session.get(DataExport, export_id)
    if export is None or export.professional_id != professional.id:
        raise NotFound
    return export


def read(actor: Actor, export: DataExport) -> Iterator[bytes]:
    """The copy's bytes, for the person alone and after a fresh sign-in. Raises NeedsFreshLogin, Conflict when it is not
    ready or kept no longer, and what reading a file raises."""
    if not is_ready(export):
        raise Conflict(_("Kopien er ikke klar, eller den er slettet. Be om en ny."))
    require_fresh_login(actor)
    audit.record(actor, "export.downloaded", export, subject_id=actor.account_id)
    return files.read(export)


def is_ready(export: DataExport) -> bool:
    """Whether the copy can be fetched now; a second too late is too late, also when no job runs."""
    return export.status is ExportStatus.READY and export.expires_at is not None and clock.now() < export.expires_at


def make(export_id: UUID) -> None:
    """Make the copy and keep it. Safe to repeat; one that is made, stopped or gone is left alone.

    No row is locked meanwhile, so that the person may leave at any moment. Raises Unavailable when the store is away.
    """
    export = db.session.get(DataExport, export_id)
    if export is None or export.status is not ExportStatus.QUEUED:
        return
    professional = db.session.get_one(Professional, export.professional_id)
    included = [file for file in professional.attachments if file.status is AttachmentStatus.CLEAN]
    if clock.now() < export.requested_at + PATIENCE and _must_wait(professional):
        outbox.add(Job.MAKE_EXPORT, after=LOOK_AGAIN, export_id=export_id)
        return
    with TemporaryFile() as target:
        personal_copy.write(professional, [file for file in included if _is_current(file)], target)
        size = target.tell()
        target.seek(0)
        kept = DataExport(id=export_id)
        files.keep(kept, _pieces(target))
    _finish(kept, size)


def _must_wait(professional: Professional) -> bool:
    """Whether a file is about to be found clean, or must be looked at anew by a scanner that knows more now (I7)."""
    for file in professional.attachments:
        if file.status is AttachmentStatus.CLEAN and not _is_current(file):
            file.move_to(AttachmentStatus.SCANNING)
            file_scans.ask_again(file.id)
            file_scans.refresh(file)
    return any(file_scans.is_waiting(file) for file in professional.attachments)


def _is_current(file: Attachment) -> bool:
    try:
        return not file_scans.is_outdated(file)
    except Unavailable:
        return False


def _finish(kept: DataExport, size: int) -> None:
    """Note where the copy lies; when it is not wanted any more, remove it."""
    export = db.session.get(DataExport, kept.id, with_for_update=True, populate_existing=True)
    if export is None or export.status is not ExportStatus.QUEUED:
        files.discard(kept)
        return
    for earlier in _all_ready(export.professional_id):
        _expire(earlier)
    now = clock.now()
    export.move_to(ExportStatus.READY)
    export.storage_key, export.key_box, export.size = kept.storage_key, kept.key_box, size
    export.ready_at, export.expires_at = now, now + timedelta(days=settings.value(Key.EXPORT_DAYS))
    audit.record(None, "export.made", export)


def fail(export_id: UUID) -> None:
    """The copy could not be made for two days: the page says so, and lets the person ask again."""
    export = db.session.get(DataExport, export_id, with_for_update=True)
    if export is not None and export.status is ExportStatus.QUEUED:
        export.move_to(ExportStatus.FAILED)


def stop(professional: Professional) -> None:
    """What is being made for somebody who leaves is not wanted any more."""
    for export in _of(professional.id, ExportStatus.QUEUED):
        export.move_to(ExportStatus.FAILED)


def remove_all(professional: Professional) -> None:
    """Ask for the removal of the bytes of every copy of a registration that is being erased; the rows go with it."""
    for export in _all_ready(professional.id):
        files.discard(export)


def expire_old(most: int = 100) -> int:
    """Remove the bytes of copies that have been kept for a week; returns how many."""
    old = db.session.scalars(
        select(DataExport)
        .where(DataExport.status == ExportStatus.READY, DataExport.expires_at <= clock.now())
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for export in old:
        _expire(export)
    return len(old)


def _expire(export: DataExport) -> None:
    files.discard(export)
    export.move_to(ExportStatus.EXPIRED)
    export.storage_key = export.key_box = None
    audit.record(None, "export.expired", export)


def _all_ready(professional_id: UUID) -> list[DataExport]:
    return _of(professional_id, ExportStatus.READY)


def _of(professional_id: UUID, status: ExportStatus) -> list[DataExport]:
    mine = select(DataExport).where(DataExport.professional_id == professional_id, DataExport.status == status)
    return list(db.session.scalars(mine.with_for_update()))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
