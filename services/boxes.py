"""Sealed columns of rows that are read again but never looked up: each value opens in its own row alone (security.md
section 4)."""

from uuid import UUID

from extensions.keys import Purpose, keyring
from models.base import Base


def put(row: Base, column: str, content: str) -> None:
    """Seal a text in a column; an empty one clears it. The row must have its id."""
    box = keyring().seal(Purpose.FIELD, content.encode(), _context(row, column)) if content else None
    setattr(row, column, box)


def read(row: Base, column: str) -> str:
    """The text of a column, empty when there is none; raises CannotOpen when the box was moved, changed or lost its
    key."""
    box: bytes | None = getattr(row, column)
    return keyring().open(Purpose.FIELD, box, _context(row, column)).decode() if box is not None else ""


def put_note(row: Base, column: str, organisation_id: UUID, content: str) -> None:
    """As put(), for what an organisation writes for itself: under its own key."""
    owner = str(organisation_id)
    box = keyring().seal(Purpose.NOTES, content.encode(), _context(row, column), owner) if content else None
    setattr(row, column, box)


def read_note(row: Base, column: str, organisation_id: UUID) -> str:
    """As read(), for what put_note() sealed."""
    box: bytes | None = getattr(row, column)
    if box is None:
        return ""
    return keyring().open(Purpose.NOTES, box, _context(row, column), str(organisation_id)).decode()


def _context(row: Base, column: str) -> str:
    return f"{row.__tablename__}|{column}|{row.id}"  # type: ignore[attr-defined]
