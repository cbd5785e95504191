"""Enhetsregisteret: units as the register writes them, what is gone or unknown, and the stand-in's search."""

from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from adapters.enhetsregisteret import Enhetsregisteret, Unit, UnitGone, UnitUnknown
from adapters.errors import Unavailable
from stubs.testing import Stubs
from tests.contract.support import web

stand_in = pytest.mark.needs_stand_in


def test_a_municipality_is_read(enhetsregisteret: Enhetsregisteret) -> None:
    unit = enhetsregisteret.unit("942110464")
    assert (unit.number, unit.name, unit.form, unit.form_text) == (
        "942110464",
        "TRONDHEIM KOMMUNE",
        "KOMM",
        "Kommune",
    )
    assert (unit.postal_code, unit.postal_place, unit.municipality_number) == ("7013", "TRONDHEIM", "5001")
    assert unit.address and unit.language == "nb" and unit.parent_number is None
    assert (unit.is_bankrupt, unit.is_winding_up, unit.deleted_on) == (False, False, None)


def test_a_health_trust_is_registered_by_special_law(enhetsregisteret: Enhetsregisteret) -> None:
    unit = enhetsregisteret.unit("883974832")
    assert (unit.form, unit.municipality_number) == ("SÆR", "5001")
    assert unit.name.endswith(" HF")


def test_part_of_a_municipality_names_its_parent(enhetsregisteret: Enhetsregisteret) -> None:
    unit = enhetsregisteret.unit("997506499")
    assert (unit.form, unit.parent_number) == ("ORGL", "958935420")


@pytest.mark.parametrize("number", ["310000000", "999999999"])
def test_a_number_nobody_has_is_unknown(enhetsregisteret: Enhetsregisteret, number: str) -> None:
    with pytest.raises(UnitUnknown):
        enhetsregisteret.unit(number)


@pytest.mark.parametrize("number", ["", "1", "94211046x", "../roller", "942110464 ", "٩٤٢١١٠٤٦٤"])
def test_what_is_no_number_is_unknown_and_not_asked_about(enhetsregisteret: Enhetsregisteret, number: str) -> None:
    with pytest.raises(UnitUnknown):
        enhetsregisteret.unit(number)


def test_a_deleted_unit_tells_when(enhetsregisteret: Enhetsregisteret) -> None:
    """Sources disagree on 200 with a date or 410; both must end as not eligible."""
    with suppress(UnitGone):
        assert enhetsregisteret.unit("821227062").deleted_on == date(2024, 11, 26)


@stand_in
def test_a_sub_unit_is_found_after_the_main_units(enhetsregisteret: Enhetsregisteret, stubs: Stubs) -> None:
    unit = enhetsregisteret.unit("310000027")
    assert (unit.form, unit.parent_number, unit.address) == ("BEDR", "310000019", ("Fjordvegen 12",))
    assert [entry["path"].split("/")[-2] for entry in stubs.log("enhetsregisteret")] == ["enheter", "underenheter"]


@stand_in
def test_a_unit_removed_by_law_is_gone(enhetsregisteret: Enhetsregisteret) -> None:
    with pytest.raises(UnitGone):
        enhetsregisteret.unit("310000140")


@stand_in
def test_bankruptcy_and_winding_up_are_told(enhetsregisteret: Enhetsregisteret) -> None:
    assert enhetsregisteret.unit("310000116").is_bankrupt
    assert enhetsregisteret.unit("310000124").is_winding_up


@stand_in
def test_nynorsk_is_told(enhetsregisteret: Enhetsregisteret) -> None:
    assert enhetsregisteret.unit("310000019").language == "nn"


@stand_in
def test_every_letter_and_line_is_kept(enhetsregisteret: Enhetsregisteret) -> None:
    unit = enhetsregisteret.unit("310000191")
    assert "ČÁHCEŠUOLU" in unit.name and "ŽÁRJEDUOTTARA" in unit.name
    assert unit.address == ("c/o Tjenestetorget ved Nordre Ŋuorrestranda", "Đoarestien 77 B")


@stand_in
def test_fields_that_may_be_absent_may_be_absent(enhetsregisteret: Enhetsregisteret, stubs: Stubs) -> None:
    stubs.control("enhetsregisteret", "missing_fields")
    assert enhetsregisteret.unit("942110464") == Unit(
        "942110464", "TRONDHEIM KOMMUNE", "KOMM", "Kommune", (), "", "", "", None, None, False, False, None
    )


@stand_in
def test_two_units_may_be_each_others_parent(enhetsregisteret: Enhetsregisteret) -> None:
    one, two = enhetsregisteret.unit("310000159"), enhetsregisteret.unit("310000167")
    assert (one.parent_number, two.parent_number) == (two.number, one.number)


@stand_in
def test_nothing_is_remembered_between_calls(enhetsregisteret: Enhetsregisteret, stubs: Stubs) -> None:
    enhetsregisteret.unit("942110464")
    stubs.control("enhetsregisteret", "rename", organisation="942110464", name="NYE TRONDHEIM KOMMUNE")
    assert enhetsregisteret.unit("942110464").name == "NYE TRONDHEIM KOMMUNE"
    stubs.control("enhetsregisteret", "delete", organisation="942110464")
    assert enhetsregisteret.unit("942110464").deleted_on == date(2026, 11, 1)
    stubs.control("enhetsregisteret", "remove", organisation="942110464")
    with pytest.raises(UnitGone):
        enhetsregisteret.unit("942110464")


@stand_in
@pytest.mark.parametrize(
    "mode", ["http500", "http503", "http429", "http403", "timeout", "reset", "badjson", "html", "http301"]
)
def test_no_usable_answer_is_an_outage(enhetsregisteret: Enhetsregisteret, stubs: Stubs, mode: str) -> None:
    stubs.control("enhetsregisteret", mode)
    with pytest.raises(Unavailable) as caught:
        enhetsregisteret.unit("942110464")
    assert str(caught.value) == "enhetsregisteret"


@stand_in
@pytest.mark.parametrize("mode", ["http503", "http502", "http504"])
def test_a_short_outage_is_ridden_over(enhetsregisteret: Enhetsregisteret, stubs: Stubs, mode: str) -> None:
    stubs.control("enhetsregisteret", mode, count=2)
    assert enhetsregisteret.unit("942110464").form == "KOMM"


# -- the rest of what the stand-in must be able to


@stand_in
def test_search_finds_by_form_name_and_place(stubs: Stubs) -> None:
    assert _names(stubs, organisasjonsform="KOMM", navn="stillevik") == ["STILLEVIK KOMMUNE"]
    assert _names(stubs, kommunenummer="5001", organisasjonsform="SÆR") == ["ST. OLAVS HOSPITAL HF"]
    assert _names(stubs, overordnetEnhet="958935420") == ["OSLO KOMMUNE HELSEETATEN"]
    assert "HELSE SØR-ØST RHF" in _names(stubs, organisasjonsform="SÆR,FYLK", size="100")


@stand_in
def test_search_comes_in_pages_with_links(stubs: Stubs) -> None:
    first = _search(stubs, size="5", sort="navn,asc")
    assert first["page"]["size"] == 5 and first["page"]["number"] == 0 and len(first["_embedded"]["enheter"]) == 5
    second = web.get(first["_links"]["next"]["href"]).json()
    names = [unit["navn"] for page in (first, second) for unit in page["_embedded"]["enheter"]]
    assert names == sorted(names) and len(set(names)) == 10
    assert second["_links"]["prev"]["href"].startswith(stubs.url("enhetsregisteret"))


@stand_in
def test_a_search_without_hits_has_nothing_embedded(stubs: Stubs) -> None:
    answer = _search(stubs, navn="finnes ikke")
    assert "_embedded" not in answer and answer["page"]["totalElements"] == 0


@stand_in
@pytest.mark.parametrize("params", [{"size": "100", "page": "100"}, {"size": "10001"}, {"size": "x"}, {"page": "-1"}])
def test_search_stops_at_ten_thousand(stubs: Stubs, params: dict[str, str]) -> None:
    assert web.get(f"{stubs.url('enhetsregisteret')}/enheter", params=params).status_code == 400


@stand_in
@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/hal+json", 200),
        ("application/vnd.brreg.enhetsregisteret.enhet.v2+json;charset=UTF-8", 200),
        ("application/vnd.brreg.enhetsregisteret.enhet.v2+json, text/html", 200),
        ("application/vnd.brreg.enhetsregisteret.enhet.v9+json", 406),
        ("text/csv", 406),
    ],
)
def test_the_format_is_agreed_upon(stubs: Stubs, accept: str, status: int) -> None:
    answer = web.get(f"{stubs.url('enhetsregisteret')}/enheter/942110464", headers={"Accept": accept})
    assert answer.status_code == status


@stand_in
def test_a_unit_links_to_itself_and_its_parent(stubs: Stubs) -> None:
    base = stubs.url("enhetsregisteret")
    links = web.get(f"{base}/underenheter/310000027").json()["_links"]
    assert links["self"]["href"] == f"{base}/underenheter/310000027"
    assert web.get(links["overordnetEnhet"]["href"]).json()["navn"] == "STILLEVIK KOMMUNE"


@stand_in
def test_roles_name_a_person_without_number(stubs: Stubs) -> None:
    base = stubs.url("enhetsregisteret")
    group = web.get(f"{base}/enheter/942110464/roller").json()["rollegrupper"][0]
    assert group["roller"][0]["person"]["navn"] == {"fornavn": "Kari", "etternavn": "Multeglans"}
    assert web.get(f"{base}/enheter/883974832/roller").json()["rollegrupper"] == []
    assert web.get(f"{base}/enheter/310000000/roller").status_code == 404


@stand_in
@pytest.mark.parametrize(("number", "status"), [("12", 400), ("310000000", 404), ("310000140", 410)])
def test_each_absence_has_its_status(stubs: Stubs, number: str, status: int) -> None:
    assert web.get(f"{stubs.url('enhetsregisteret')}/enheter/{number}").status_code == status


# -- what the documentation leaves open


@pytest.mark.needs_real_env("enhetsregisteret")
def test_every_hospital_trust_is_in_sector_6100(enhetsregisteret: Enhetsregisteret) -> None:
    document = enhetsregisteret._http.call("GET", "/enheter/983971709", retry=True).json()
    assert document["institusjonellSektorkode"]["kode"] == "6100"


@pytest.mark.needs_real_env("enhetsregisteret")
def test_twenty_calls_in_a_row_are_not_limited(enhetsregisteret: Enhetsregisteret) -> None:
    for _ in range(20):
        enhetsregisteret.unit("942110464")


@pytest.mark.needs_real_env("enhetsregisteret")
def test_the_role_health_trust_points_from_the_owner(enhetsregisteret: Enhetsregisteret) -> None:
    document = enhetsregisteret._http.call("GET", "/enheter/983971709/roller", retry=True).json()
    roles = [role for group in document["rollegrupper"] for role in group["roller"] if role["type"]["kode"] == "HLSE"]
    assert roles and all(role["enhet"]["organisasjonsnummer"] == "991324968" for role in roles)


def _search(stubs: Stubs, **params: str) -> dict[str, Any]:
    answer: dict[str, Any] = web.get(f"{stubs.url('enhetsregisteret')}/enheter", params=params).json()
    return answer


def _names(stubs: Stubs, **params: str) -> list[str]:
    return [unit["navn"] for unit in _search(stubs, **params).get("_embedded", {}).get("enheter", [])]
