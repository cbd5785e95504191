"""Logs hold no personal data: listed fields only, masked numbers, no rows from the database's errors (C72, C73)."""

import json
import logging
import sys

import pytest

from extensions.log import JsonLines, mask
from tests.builders import synthetic_number

NUMBER = synthetic_number(99)


def line(message="x", error=None, **extra):
    exc_info = None
    if error is not None:
        try:
            raise error
        except Exception:
            exc_info = sys.exc_info()
    record = logging.LogRecord("web", logging.ERROR, __file__, 1, message, (), exc_info)
    record.__dict__.update(extra)
    return JsonLines().format(record)


@pytest.mark.parametrize("separator", ["", " ", "-", ".", "\u00a0"])
def test_a_number_is_masked_however_it_is_written(separator):
    assert mask(f"a {NUMBER[:6]}{separator}{NUMBER[6:]} b") == "a [nummer] b"
    assert NUMBER[6:] not in line(f"x {NUMBER[:6]}{separator}{NUMBER[6:]}")


def test_only_listed_fields_are_written():
    written = json.loads(line(route="auth.sign_in", email="kari@kommune.no"))
    assert written["route"] == "auth.sign_in"
    assert "email" not in written


@pytest.mark.parametrize(
    "detail",
    [
        "DETAIL:  Failing row contains (ABC, Kari Nordmann, kari@kommune.no, +4791234567 (jobb)).",
        "DETAIL:  Key (application_id, email)=(370103f6, kari@kommune.no) already exists.",
    ],
)
def test_a_refused_row_is_left_out(detail):
    text = line(error=ValueError(f'duplicate key value violates "uq_nominee"\n{detail}\n[SQL: INSERT INTO nominee]'))
    assert "kari" not in text.lower() and "4791234567" not in text
    assert "uq_nominee" in text and "INSERT INTO nominee" in text
