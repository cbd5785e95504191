"""The rules of national identity numbers (integrations.md 8.2), against its vectors and against python-stdnum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.no import fodselsnummer

from models.national_numbers import is_valid, masked, normalise, occurs_in
from tests.builders import synthetic_number


@pytest.mark.parametrize(
    ("number", "in_production", "with_synthetic"),
    [
        ("05859010018", False, True),
        ("05859010360", False, True),
        ("45859010001", False, True),  # synthetic D-number
        ("05459010035", False, False),  # month + 40: H-number or another agency's test series
        ("05709010281", False, False),  # month + 65
        ("85059010110", False, False),  # FH-number
        ("30108299920", True, True),  # today's rule
        ("30108299939", True, True),  # the rule for numbers issued from 2032, remainder 1
        ("30108299947", True, True),  # remainder 2
        ("30108299955", True, True),  # remainder 3
        ("02013299997", True, True),
        ("30108299921", False, False),
        ("3010829992", False, False),
        ("301082999200", False, False),
        ("٣٠١٠٨٢٩٩٩٢٠", False, False),  # digits of another script
        ("", False, False),
    ],
)
def test_vectors(number, in_production, with_synthetic):
    assert is_valid(number, allow_synthetic=False) is in_production
    assert is_valid(number, allow_synthetic=True) is with_synthetic


@given(st.from_regex(r"[0-7]\d[01]\d{8}", fullmatch=True))
def test_what_the_old_rule_takes_we_take_unless_it_is_a_help_number(number):
    if fodselsnummer.is_valid(number) and int(number[2:4]) <= 12:
        assert is_valid(number, allow_synthetic=False)


@given(st.integers(1, 40_000), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_seen_in_the_last_control_digit(serial, place, change):
    number = synthetic_number(serial)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert is_valid(number, allow_synthetic=True)
    assert not is_valid(wrong, allow_synthetic=True)


def test_a_number_in_text_is_found():
    number = synthetic_number()
    assert occurs_in(f"Hun har nummer {number[:6]} {number[6:]}.")
    assert occurs_in(number)
    assert not occurs_in("Ring 98765432 eller 12345678901, saken er 2026/123456.")


def test_masking_hides_the_last_five():
    assert masked("05859010018") == "058590 •••••"
    assert normalise(" 058590\u00a010018 ") == "05859010018"
