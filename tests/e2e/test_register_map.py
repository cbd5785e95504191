"""The search of the register with its filters, with and without scripts, and those who can be found on a map."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from models.enums import OrganisationKind, TimeOfDay
from stubs.people import by_key
from tests.builders import Builders, authorisation
from tests.e2e.conftest import Visitor, count

LOOKS = "SELECT count(*) FROM audit_event WHERE action = 'listing.shown'"


@pytest.fixture
def reader(app: Flask, make: Builders, visitor: Callable[..., Visitor]) -> Callable[..., Visitor]:
    """reader(path, scripts=…): somebody of a regional trust over two counties, in whose area eleven people can work."""

    def arrive(path: str, *, scripts: bool = True) -> Visitor:
        person = visitor(scripts=scripts)
        person.sign_in("reader", path)
        return person

    trust = make.organisation(
        "983658776", "Helse Midt-Norge RHF", kind=OrganisationKind.HEALTH_TRUST, form="ORGL", language="nb"
    )
    someone = by_key("reader")
    make.user(organisation=trust, account=make.account(someone.name, someone.national_id))
    for number in range(11):
        profession = "LE" if number == 10 else "SP"
        make.professional(
            given_name=f"Person{'abcdefghijk'[number]}",
            municipality_number="5001" if number < 6 else "5031" if number < 8 else "1505",
            competence__professions=[profession],
            authorisations=[authorisation(profession)],
            availability__times=[TimeOfDay.NIGHT] if number > 8 else [TimeOfDay.DAY],
        )
    return arrive


def test_filters_change_the_hits_in_place(reader: Callable[..., Visitor]) -> None:
    person = reader("/register")
    page, site = person.page, person.site
    heading = page.locator("#treff h2")
    expect(heading).to_contain_text("11 treff")
    person.looks_right("register")
    page.evaluate("window.stayed = true")
    night = page.get_by_label("Natt")
    night.focus()
    page.keyboard.press("Space")
    expect(heading).to_contain_text("2 treff")
    expect(night).to_be_focused()
    expect(page.get_by_role("status").last).to_have_text("2 treff, 2 bekreftet siste 30 dager")
    expect(page.locator(".sok__filter > details > summary")).to_have_text("Filter (2)")
    assert "tid=night" in page.url
    assert page.get_by_role("link", name="Nynorsk").get_attribute("href") == page.url.replace(site.url, "/nn")
    page.get_by_label("Lege", exact=True).check()
    expect(heading).to_contain_text("1 treff")
    expect(page.locator("#spesialiteter")).to_be_visible()
    page.get_by_role("link", name="Fjern filter: Når på døgnet: Natt").click()
    expect(heading).to_be_focused()
    expect(night).not_to_be_checked()
    assert "tid=" not in page.url and count(site, LOOKS) == 4
    page.go_back()
    expect(night).to_be_checked()
    page.go_back()
    expect(heading).to_contain_text("2 treff")
    expect(page.get_by_label("Lege", exact=True)).not_to_be_checked()
    page.get_by_label("Jordmor", exact=True).check()
    expect(page.get_by_role("link", name="Alle yrker: 2 treff")).to_be_visible()
    person.looks_right("register, uten treff")
    page.get_by_role("link", name="Alle yrker: 2 treff").click()
    expect(heading).to_contain_text("2 treff")
    assert page.evaluate("window.stayed")
    page.route("**/register?*", lambda route: route.abort(), times=1)
    with page.expect_navigation():  # what fails in place is opened the ordinary way
        page.get_by_label("Kveld").check()
    assert not page.evaluate("window.stayed || false") and page.get_by_label("Kveld").is_checked()


def test_filters_without_scripts(reader: Callable[..., Visitor]) -> None:
    person = reader("/register", scripts=False)
    person.choose("Natt")
    person.press("Vis treff")
    assert person.page.locator("#treff h2").inner_text().startswith("2 treff")
    person.follow(person.page.get_by_role("link", name="Fjern filter: Når på døgnet: Natt"))
    assert person.page.locator("#treff h2").inner_text().startswith("11 treff")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_the_country_to_the_people_of_a_municipality(reader: Callable[..., Visitor], scripts: bool) -> None:
    person = reader("/register?tid=day", scripts=scripts)
    page = person.page
    page.get_by_role("navigation", name="Visning").get_by_role("link", name="Kart").click()
    heading = page.locator("main h2").first
    assert person.heading() == "Hvor helsepersonellet bor" and page.url.endswith("/register/kart")
    expect(heading).to_have_text("Alle yrker: 8–14 personer, talt i hvert yrke de har")
    person.looks_right("register, kart")
    page.get_by_label("Yrke").select_option("Sykepleier")
    person.press("Vis")
    expect(heading).to_contain_text("Sykepleier: ")
    expect(page.get_by_label("Yrke")).to_have_value("SP")
    expect(page.get_by_role("row", name="Trøndelag 6–10")).to_be_visible()
    person.looks_right("register, kart, yrke")
    shape = page.locator(".kart").get_by_role("link", name="Trøndelag: 6–10")
    shape.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(heading).to_have_text("Sykepleier i Trøndelag: 6–10 personer")
    expect(page.get_by_role("row", name="Malvik under 5")).to_be_visible()
    person.looks_right("register, kart, fylke")
    with page.expect_navigation():
        page.locator('.kart [data-area="5031"] path').click()
    assert person.heading() == "Tilgjengelig helsepersonell"
    expect(page.locator("#treff h2")).to_contain_text("2 treff")
    assert "yrke=SP" in page.url and page.get_by_label("Malvik").last.is_checked()
    person.press("Kart")
    expect(heading).to_contain_text("Sykepleier: ")
    person.press("Vis treff på disse i listen")
    expect(page.locator("#treff h2")).to_contain_text("10 treff")
