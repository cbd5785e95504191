"""One-time form keys: a second press of the same form gives the first result (ux.md rule 7, R15)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from extensions import clock
from extensions.database import db
from models.account import FormKey

KEPT = timedelta(days=2)


def claim(key: UUID, body_hash: bytes, account_id: UUID | None) -> str | None:
    """Take the key for this request; returns where an equal, earlier press was led, or None when this is the first.

    The row is inserted in the request's own transaction: a press at the same time waits here until the first has committed, and
    goes through as the first when that one was refused. The same key with other content is a new act.
    """
    taken = db.session.scalar(
        insert(FormKey)
        .values(key=key, account_id=account_id, body_hash=body_hash, used_at=clock.now())
        .on_conflict_do_nothing()
        .returning(FormKey.key)
    )
    if taken is not None:
        return None
    earlier = db.session.scalar(select(FormKey).where(FormKey.key == key).with_for_update())
    if earlier is not None and earlier.account_id == account_id and earlier.body_hash == body_hash:
        return earlier.location
    return None


def remember(key: UUID, location: str) -> None:
    """Note where the press led, in the same transaction as what it did."""
    db.session.execute(update(FormKey).where(FormKey.key == key).values(location=location))


def discard_old() -> int:
    """Remove keys older than two days; returns how many."""
    result = db.session.execute(delete(FormKey).where(FormKey.used_at < clock.now() - KEPT))
    return int(result.rowcount)  # type: ignore[attr-defined]
