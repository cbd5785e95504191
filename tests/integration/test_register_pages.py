"""The search page: own area alone, chips, pages, and what nobody may ask for (ux.md E1, security.md C12–C22)."""

import re
from typing import Any

import pytest

from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, Role
from tests.builders import Builders


@pytest.fixture
def reader(make: Builders, client_for: Any) -> Any:
    organisation = make.organisation()
    account = make.user(AccessLevel.READER, organisation=organisation).person
    return client_for(account, Role.ORGANISATION_USER, organisation)


def test_hits_chips_and_the_look_that_is_noted(reader: Any, make: Builders, app: Any) -> None:
    nurse = make.professional(given_name="Nora")
    make.professional(given_name="Doktor", competence__professions=[])
    page = reader.get("/register?yrke=SP&tid=night&bekreftet=alle").text
    assert "Nora" in page and "Doktor" not in page and "1 treff" in page
    assert "Fjern filter:" in page and "kari.prove@example.no" not in page and "98765432" not in page
    dropped = reader.get(re.search(r'data-removable href="([^"]*)"', page)[1].replace("&amp;", "&"))  # type: ignore[index]
    assert dropped.status_code == 200
    with app.app_context():
        looks = [event for event in db.session.query(AuditEvent) if event.action == "listing.shown"]
        assert looks[0].facts["shown"] == [str(nurse.person.id)]


def test_what_is_kept_of_a_page_is_of_its_language_its_area_and_its_choice(
    reader: Any, make: Builders, client_for: Any
) -> None:
    night = re.compile(r'value="night"( checked)?>\n<label[^>]*>([^<]*)')
    for path, found in (
        ("/register", ("", "Natt")),
        ("/register?tid=night", (" checked", "Natt")),
        ("/en/register", ("", "Nights")),
        ("/register", ("", "Natt")),
    ):
        assert night.findall(reader.get(path).text) == [found], path
    tromso = make.user(AccessLevel.READER, organisation=make.organisation("940101808", "TROMSØ KOMMUNE"))
    theirs = client_for(tromso.person, Role.ORGANISATION_USER, make.organisation("940101808")).get("/register").text
    assert "Viser dem som kan jobbe i Tromsø, også om" in theirs
    assert 'name="bosted" value="5501"' in theirs and 'name="bosted" value="5001"' not in theirs


def test_nothing_in_the_address_widens_the_area_or_the_page(reader: Any, make: Builders) -> None:
    make.professional(reach__municipalities=["0301"], given_name="Osloer")
    for query in (
        "kommune=0301",
        "yrke=QQ",
        "prosent=500",
        "sorter=alt",
        "innen=100000",
        "etter=juks",
        "bekreftet=9999",
        f"sprak={'x' * 5000}",
    ):
        assert reader.get(f"/register?{query}").status_code == 400, query
    assert "Osloer" not in reader.get("/register?antall=500&omrade=NO").text
    wrong_date = reader.get("/register?fra=31.02.2027&innen=60&sorter=avstand")
    assert 'value="60" selected' in wrong_date.text and 'name="sorter" value="avstand"' in wrong_date.text
    assert wrong_date.status_code == 422 and wrong_date.text.count("Skriv datoen slik: 05.06.2027.") == 2


def test_pages_are_turned_with_a_signed_place(reader: Any, make: Builders) -> None:
    for _number in range(22):
        make.professional()
    first = reader.get("/register")
    following = re.search(r'href="([^"]*etter=[^"]*)"', first.text)
    assert following
    second = reader.get(following[1].replace("&amp;", "&"))
    assert second.status_code == 200 and second.text.count('class="ds-card person"') == 2
    assert reader.get(following[1].replace("&amp;", "&") + "&yrke=LE").status_code == 400  # signed for another search


def test_an_empty_search_offers_what_would_give_hits(reader: Any, make: Builders) -> None:
    make.professional()
    page = reader.get("/register?yrke=JO&innen=60").text
    assert "Ingen treff." in page and "Alle yrker: 1 treff" in page
