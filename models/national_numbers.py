"""The rules of national identity numbers (fødselsnummer, D-number), and nothing derived from them.

Rules: Skatteetaten's control digits of today and for numbers issued from 2032 (integrations.md 8.2). Not age, not
gender and not century is read from a number (security.md C47).
"""

import re
from datetime import date

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


def occurs_in(text: str) -> bool:
    """Whether free text seems to hold a national identity number: eleven digits in a row that pass the check (ux.md
    3.1)."""
    return any(is_valid(re.sub(r"\D", "", run), allow_synthetic=True) for run in _RUN_OF_ELEVEN.findall(text))


def masked(number: str) -> str:
    """How a number is shown in lists: the last digits hidden, never the whole (ux.md 3.1)."""
    return f"{number[:6]} •••••"


def written(number: str) -> str:
    """How a whole number is shown to the person whose it is."""
    return f"{number[:6]} {number[6:]}"
