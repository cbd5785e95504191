"""National identity numbers at rest: the sealed box, the blind index, and the masked form that is shown (security.md
section 4)."""

from extensions.keys import Purpose, keyring
from models.base import Base, HasNationalId
from models.national_numbers import masked


def index_of(number: str) -> bytes:
    """The blind index to store."""
    return keyring().index(f"nhp/fnr/v1|{number}")


def indexes_of(number: str) -> list[bytes]:
    """The blind indexes to look up with, also while the index key is rotated."""
    return keyring().indexes(f"nhp/fnr/v1|{number}")


def put(row: HasNationalId, number: str) -> None:
    """Seal a checked number in the row. The row must have its id: the box opens in this row alone."""
    row.national_id_box = keyring().seal(Purpose.FIELD, number.encode(), _context(row))
    row.national_id_index = index_of(number)


def read(row: HasNationalId) -> str | None:
    """The number of a row, or None when it holds none; raises CannotOpen when the box was moved, changed or lost its
    key."""
    if row.national_id_box is None:
        return None
    return keyring().open(Purpose.FIELD, row.national_id_box, _context(row)).decode()


def masked_of(row: HasNationalId) -> str:
    """The masked number of a row, or an empty text."""
    number = read(row)
    return masked(number) if number else ""


def is_same_person(row: HasNationalId, other: HasNationalId) -> bool:
    """Whether two rows hold the same number."""
    mine, theirs = read(row), read(other)
    return mine is not None and mine == theirs


def _context(row: HasNationalId) -> str:
    assert isinstance(row, Base)
    return f"{row.__tablename__}|national_id_box|{row.id}"  # type: ignore[attr-defined]
