"""What the public status page says of our own parts: up, degraded or down, nothing more."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from extensions import clock
from extensions.database import db
from models.outbox import OutboxEntry

SLOW = timedelta(minutes=15)
"""An outbox row waiting longer than this means that e-mail and other background work is late (security.md section
11)."""


def overview() -> list[tuple[str, str]]:
    """Name and state (up, degraded, down) of each part people notice. Never raises."""
    try:
        db.session.execute(text("SELECT 1"))
        late = db.session.scalar(
            select(func.count())
            .select_from(OutboxEntry)
            .where(
                OutboxEntry.done_at.is_(None),
                OutboxEntry.set_aside_at.is_(None),
                OutboxEntry.due_at < clock.now() - SLOW,
            )
        )
        return [(_("Søknader og saker"), "up"), (_("E-post"), "degraded" if late else "up")]
    except SQLAlchemyError:
        return [(_("Søknader og saker"), "down"), (_("E-post"), "down")]
