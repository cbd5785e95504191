"""Altinn's answers, read whatever their casing."""

from typing import Any

import pytest

from adapters.altinn import _code, _expiry, _level_asked_for, _lower


def _obligation(category: str, value: Any) -> dict[str, Any]:
    return {"obligations": [{"attributeassignment": [{"category": category, "value": value}]}]}


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ({}, 0),
        ({"obligations": None}, 0),
        (_obligation("urn:altinn:minimum-authenticationlevel", "3"), 3),
        (_obligation("URN:ALTINN:minimum-authenticationLevel", 4), 4),
        (_obligation("urn:altinn:minimum-authenticationlevel-org", "3"), 0),
        (_obligation("urn:altinn:minimum-authenticationlevel", "high"), 99),
        (_obligation("urn:altinn:something-new", "1"), 99),
        ({"obligations": [{"attributeassignment": [{}]}]}, 99),
    ],
)
def test_an_obligation_we_do_not_know_cannot_be_met(result: dict[str, Any], level: int) -> None:
    assert _level_asked_for(result) == level


def test_the_highest_of_several_levels_counts() -> None:
    results = [_obligation("urn:altinn:minimum-authenticationlevel", value)["obligations"][0] for value in ("3", "4")]
    assert _level_asked_for({"obligations": results}) == 4


def test_names_are_read_in_any_casing() -> None:
    assert _lower({"Response": [{"Decision": "Permit", "x": {"aB": None}}]}) == {
        "response": [{"decision": "Permit", "x": {"ab": None}}]
    }


@pytest.mark.parametrize("spelling", ["UTINN", "utinn", "urn:altinn:rolecode:utinn", "urn:altinn:rolecode:UTINN"])
def test_a_role_is_its_bare_code(spelling: str) -> None:
    assert _code(spelling) == "utinn"


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c"])
def test_a_token_that_does_not_tell_when_it_ends_is_not_kept(token: str) -> None:
    assert _expiry(token) == 0


def test_a_token_tells_when_it_ends() -> None:
    assert _expiry("a.eyJleHAiOjE3fQ.c") == 17
