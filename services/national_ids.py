"""National identity numbers (fødselsnummer, D-number): the check, the sealed box, the blind index and the masked form.

Rules: Skatteetaten's control digits of today and for numbers issued from 2032 (integrations.md 8.2). Nothing but the check is
derived from a number: not age, not gender, not century (security.md C47).
"""

import re
from datetime import date

from extensions.agencies import settings
from extensions.keys import Purpose, keyring
from models.base import Base, HasNationalId

FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
REMAINDERS_FROM_2032 = frozenset({0, 1, 2, 3})
SYNTHETIC_MONTH = 80
"""Tenor and Skatteetaten add 80 to the month of made-up persons."""
_RUN_OF_ELEVEN = re.compile(r"(?<!\d)\d{6}[ .-]?\d{5}(?!\d)")


def normalise(text: str) -> str:
    """The number without the blanks people put in it; unchanged otherwise."""
    return re.sub(r"[\s\u00a0]", "", text)


def is_valid(number: str, *, allow_synthetic: bool) -> bool:
    """Whether eleven digits are a fødselsnummer or D-number by date and control digits.

    Synthetic numbers (month + 80) are valid only when allowed, and then they are the only ones besides real dates.
    H-, FH- and other help numbers never are.
    """
    if not (len(number) == 11 and number.isascii() and number.isdigit()):
        return False
    digits = [int(digit) for digit in number]
    first = sum(weight * digit for weight, digit in zip(FIRST_WEIGHTS, digits, strict=False)) % 11
    second = sum(weight * digit for weight, digit in zip(SECOND_WEIGHTS, digits, strict=True)) % 11
    return first in REMAINDERS_FROM_2032 and second == 0 and _has_date(number, allow_synthetic=allow_synthetic)


def _has_date(number: str, *, allow_synthetic: bool) -> bool:
    day, month, year = int(number[:2]), int(number[2:4]), int(number[4:6])
    if 41 <= day <= 71:
        day -= 40
    if month > SYNTHETIC_MONTH and allow_synthetic:
        month -= SYNTHETIC_MONTH
    return any(_is_date(century + year, month, day) for century in (1900, 2000))


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_accepted(number: str) -> bool:
    """Whether this installation takes the number: valid, and synthetic only where the settings say so."""
    return is_valid(number, allow_synthetic=settings().allow_synthetic_id)


def occurs_in(text: str) -> bool:
    """Whether free text seems to hold a national identity number: eleven digits in a row that pass the check (ux.md 3.1)."""
    return any(
        is_valid(re.sub(r"\D", "", run), allow_synthetic=True) for run in _RUN_OF_ELEVEN.findall(text)
    )


def masked(number: str) -> str:
    """How a number is shown in lists: the last digits hidden, never the whole (ux.md 3.1)."""
    return f"{number[:6]} •••••"


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
    """The number of a row, or None when it holds none; raises CannotOpen when the box was moved, changed or lost its key."""
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
