"""Files of people that organisations have taken out: gone when their day is over, and at once when somebody in one is
shown no more (I8). Asking for them and making them stands in services/register_exports.py."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import any_, delete, literal, or_, select

from extensions import clock
from extensions.database import db
from models.enums import ExportStatus
from models.listing import Listing
from models.organisation import Organisation
from models.register import RegisterExport, RegisterExportPerson
from services import audit, files, settings
from services.settings import Key

GIVEN_UP = timedelta(days=1)


def withdraw(professional_ids: Collection[UUID], *, from_everybody: bool = False) -> None:
    """Remove every file with one of these in it whom its organisation does not find any more: not listed, or hidden
    from it; the search rows are as they will be. Or every file with one of these."""
    theirs = (
        select(RegisterExportPerson.export_id)
        .join(RegisterExport, RegisterExport.id == RegisterExportPerson.export_id)
        .join(Organisation, Organisation.id == RegisterExport.organisation_id)
        .outerjoin(Listing, Listing.professional_id == RegisterExportPerson.professional_id)
        .where(
            RegisterExportPerson.professional_id.in_(professional_ids),
            or_(
                literal(from_everybody),
                Listing.professional_id.is_(None),
                Organisation.number == any_(Listing.hidden_from),
            ),
        )
    )
    found = (
        select(RegisterExport)
        .where(RegisterExport.status == ExportStatus.READY, RegisterExport.id.in_(theirs))
        .order_by(RegisterExport.id)
        .with_for_update()
    )
    with db.across_organisations():
        for export in db.session.scalars(found).all():
            expire(export, "somebody left")


def expire_old(most: int = 1_000) -> int:
    """Remove files that have been kept long enough, and give up those nobody has managed to make in a day; returns how
    many were removed."""
    waited = db.session.scalars(
        select(RegisterExport)
        .where(RegisterExport.status == ExportStatus.QUEUED, RegisterExport.requested_at < clock.now() - GIVEN_UP)
        .with_for_update(skip_locked=True)
    ).all()
    for export in waited:
        export.move_to(ExportStatus.FAILED)
    old = db.session.scalars(
        select(RegisterExport)
        .where(RegisterExport.status == ExportStatus.READY, RegisterExport.expires_at <= clock.now())
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for export in old:
        expire(export, "time")
    return len(old)


def forget_old() -> int:
    """Forget that files were asked for as long ago as logs are kept; the audit log remembers who was in them. Returns
    how many."""
    limit = clock.now() - timedelta(days=settings.value(Key.LOG_DAYS))
    is_over = RegisterExport.status.in_([ExportStatus.EXPIRED, ExportStatus.FAILED])
    gone = delete(RegisterExport).where(is_over, RegisterExport.requested_at < limit).returning(RegisterExport.id)
    return len(db.session.scalars(gone).all())


def expire(export: RegisterExport, reason: str) -> None:
    """Remove a file whose row is locked, and the list of who is in it; that stands in the audit log."""
    files.discard(export)
    export.move_to(ExportStatus.EXPIRED)
    export.storage_key = export.key_box = None
    db.session.execute(delete(RegisterExportPerson).where(RegisterExportPerson.export_id == export.id))
    audit.record(None, "register_export.expired", export, reason=reason)
