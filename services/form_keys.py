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

    The row is inserted in the request's own transaction: a press at the same time waits here until the first has
    committed, and goes through as the first when that one was refused. The same key with other content, after "back",
    is a new act.
    """
    taken = db.session.scalar(
        insert(FormKey)
        .values(key=key, account_id=account_id, body_hash=body_hash, used_at=clock.now())
        .on_conflict_do_nothing()
        .returning(FormKey.key)
    )
    if taken is not None:
        return None
    earlier = db.session.get_one(FormKey, key, with_for_update=True)
    if (earlier.account_id, earlier.body_hash) == (account_id, body_hash):
        return earlier.location
    earlier.account_id, earlier.body_hash, earlier.location = account_id, body_hash, None
    return None


def first_result(key: UUID, body_hash: bytes, account_id: UUID) -> str | None:
    """Where an equal, earlier press of the same person was led, without taking the key."""
    return db.session.scalar(
        select(FormKey.location).where(
            FormKey.key == key, FormKey.body_hash == body_hash, FormKey.account_id == account_id
        )
    )


def remember(key: UUID, location: str) -> None:
    """Note where the press led, in the same transaction as what it did."""
    db.session.execute(update(FormKey).where(FormKey.key == key).values(location=location))


def discard_old() -> int:
    """Remove keys older than two days; returns how many."""
    result = db.session.execute(delete(FormKey).where(FormKey.used_at < clock.now() - KEPT))
    return int(result.rowcount)  # type: ignore[attr-defined]
