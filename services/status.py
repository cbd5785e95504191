"""What the public status page says of our own parts: up, degraded or down, nothing more."""

from flask_babel import gettext as _
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from extensions.database import db
from models.outbox import OutboxEntry
from services import outbox


def overview() -> list[tuple[str, str]]:
    """Name and state (up, degraded, down) of each part people notice. Never raises."""
    try:
        db.session.execute(text("SELECT 1"))
        late = db.session.scalar(select(func.count()).select_from(OutboxEntry).where(outbox.is_late()))
        return [(_("Søknader og saker"), "up"), (_("E-post"), "degraded" if late else "up")]
    except SQLAlchemyError:
        return [(_("Søknader og saker"), "down"), (_("E-post"), "down")]
