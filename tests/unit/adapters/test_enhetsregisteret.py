"""Reading a unit's document, with everything optional left out."""

from typing import Any

import pytest

from adapters.enhetsregisteret import _unit
from adapters.errors import Unavailable

BARE: dict[str, Any] = {
    "organisasjonsnummer": "310000019",
    "navn": "STILLEVIK KOMMUNE",
    "organisasjonsform": {"kode": "KOMM"},
}
PLACE = {"adresse": ["Rådhusgata 1", None, ""], "postnummer": "9990", "poststed": "STILLEVIK"}


def test_a_bare_document_is_a_unit() -> None:
    unit = _unit(BARE, "310000019")
    assert (unit.form, unit.address, unit.municipality_number, unit.language) == ("KOMM", (), "", None)


@pytest.mark.parametrize(
    "change",
    [
        {"organisasjonsnummer": "310000027"},
        {"navn": None},
        {"navn": "  "},
        {"organisasjonsform": "KOMM"},
        {"organisasjonsform": {}},
        {"slettedato": "yesterday"},
    ],
)
def test_a_document_without_what_it_must_have_is_no_answer(change: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        _unit(BARE | change, "310000019")


def test_the_post_address_stands_in_for_a_business_address_without_one() -> None:
    document = BARE | {
        "forretningsadresse": {"kommunenummer": "9901"},
        "postadresse": PLACE | {"kommunenummer": "9902"},
    }
    unit = _unit(document, "310000019")
    assert (unit.address, unit.postal_code, unit.municipality_number) == (("Rådhusgata 1",), "9990", "9901")


@pytest.mark.parametrize("field", ["underAvvikling", "underTvangsavviklingEllerTvangsopplosning"])
def test_both_kinds_of_winding_up_count(field: str) -> None:
    assert _unit(BARE | {field: True}, "310000019").is_winding_up
    assert not _unit(BARE | {field: False}, "310000019").is_winding_up


@pytest.mark.parametrize(("text", "language"), [("Bokmål", "nb"), ("Nynorsk", "nn"), ("Klingon", None), (None, None)])
def test_the_language_is_one_we_write_or_none(text: str | None, language: str | None) -> None:
    assert _unit(BARE | {"maalform": text}, "310000019").language == language
