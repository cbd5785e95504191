"""From the invitation to people on a list and in a file, and what they then see of it: a municipality with scripts, a
health trust over its catchment without (ux.md E)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook

from extensions import clock
from models.enums import OrganisationKind, TimeOfDay
from models.organisation import Organisation
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor
from tests.site import until

MANAGER, NURSE = by_key("reader"), by_key("professional_nurse")
NIGHT_NURSES = ("Aud", "Bodil", "Cecilie")


def municipality(make: Builders) -> Organisation:
    return make.organisation("942110464", "Trondheim kommune")


def trust(make: Builders) -> Organisation:
    return make.organisation("883974832", "St. Olavs hospital HF", kind=OrganisationKind.HEALTH_TRUST, form="ORGL")


@pytest.mark.parametrize(("scripts", "place"), [(True, municipality), (False, trust)])
def test_a_manager_finds_night_nurses_and_they_see_it(
    app: Flask,
    make: Builders,
    visitor: Callable[..., Visitor],
    scripts: bool,
    place: Callable[[Builders], Organisation],
) -> None:
    organisation = place(make)
    populate(make)
    manager = visitor(scripts=scripts)
    accept(manager, make, organisation)
    find(manager)
    for name in NIGHT_NURSES[:2]:
        open_one(manager, name)
    see_contact(manager)
    shortlist(manager)
    export(manager, organisation)
    look_back(visitor(scripts=scripts), organisation)


def monday() -> date:
    today = clock.today()
    return today + timedelta(days=7 - today.weekday())


def populate(make: Builders) -> None:
    """Three nurses for the night who can start on Monday, and those who cannot be meant."""
    night = {"availability__times": [TimeOfDay.NIGHT], "reach__municipalities": ["5001"]}
    make.professional(make.account(NURSE.name, NURSE.national_id), given_name="Aud", **night)
    for name in NIGHT_NURSES[1:]:
        make.professional(given_name=name, **night)
    make.professional(given_name="Dagny", availability__times=[TimeOfDay.DAY], reach__municipalities=["5001"])
    make.professional(given_name="Eva", availability__from_date=monday() + timedelta(days=1), **night)
    make.professional(given_name="Frida", **night | {"reach__municipalities": ["0301"]})
    make.professional(given_name="Gro", **night, competence__professions=["LE"])


def accept(manager: Visitor, make: Builders, organisation: Organisation) -> None:
    account = make.account(None, MANAGER.national_id)
    invitation = make.invitation(make.user(organisation=organisation, account=account, status="invited"))
    manager.open(f"/i/{invitation.token}")
    manager.press("Logg inn og ta imot")
    manager.follow(manager.page.get_by_role("button", name=MANAGER.name))
    manager.page.wait_for_url("**/i/*")
    manager.choose("Jeg har taushetsplikt")
    manager.press("Ta i bruk tilgangen")
    assert manager.heading() == organisation.name


def find(manager: Visitor) -> None:
    page = manager.page
    manager.follow(page.get_by_role("main").get_by_role("link", name="Søk i registeret"))
    for choice in ("Sykepleier", "Natt"):
        manager.choose(choice)
    page.get_by_label("Tilgjengelig fra").fill(monday().isoformat())
    manager.press("Vis treff")
    hits = page.locator("#treff")
    assert "3 treff" in hits.inner_text()
    assert sorted(name.split()[0] for name in hits.locator("h3").all_inner_texts()) == [*NIGHT_NURSES]


def open_one(manager: Visitor, name: str) -> None:
    """Look at somebody, and come back to the hits."""
    manager.follow(manager.page.get_by_role("link", name=name).first)
    manager.page.wait_for_url("**/register/person/*")
    assert manager.heading().startswith(name)
    assert "98 76 54 32" not in manager.page.content()
    manager.page.go_back()


def see_contact(manager: Visitor) -> None:
    manager.follow(manager.page.get_by_role("link", name="Aud").first)
    manager.page.wait_for_url("**/register/person/*")
    manager.choose("Bemanne nå")
    manager.press("Vis kontaktinformasjon")
    assert manager.page.get_by_role("link", name="98 76 54 32").get_attribute("href") == "tel:+4798765432"
    manager.choose("Interessert")
    manager.press("Registrer resultat")
    assert "Interessert" in manager.page.inner_text("main")


def shortlist(manager: Visitor) -> None:
    manager.open("/register?yrke=SP&tid=night")
    for number, name in enumerate(NIGHT_NURSES):
        manager.follow(manager.page.get_by_role("link", name=re.compile(f"Legg i kortliste.*{name}")))
        manager.page.wait_for_url(re.compile("/kortliste"))
        if number:
            manager.choose("Nattevakter")
        else:
            manager.fill(Navn_på="Nattevakter")
        manager.press("Legg i kortlisten")
    manager.follow(manager.page.get_by_role("link", name="Nattevakter"))
    assert manager.heading() == "Nattevakter" and "3 personer" in manager.page.inner_text("main")


def export(manager: Visitor, organisation: Organisation) -> None:
    page = manager.page
    manager.press("Ta ut som fil")
    manager.choose("Bemanne nå")
    manager.press("Lag filen")
    until(lambda: page.reload() and "Filen er klar" in manager.heading(), "the file")
    with page.expect_download() as download:
        page.get_by_role("link", name="Last ned", exact=False).click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).worksheets[0]
    text = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)
    assert all(name in text for name in NIGHT_NURSES) and organisation.name in text


def look_back(nurse: Visitor, organisation: Organisation) -> None:
    """Who looked, when and why, on the nurse's own page."""
    nurse.sign_in("professional_nurse", "/min-side/innsyn")
    looks = [row.inner_text() for row in nurse.page.locator("tbody tr").all()]
    assert all(organisation.name in look for look in looks)
    for what, why in (
        ("Treff i søk", ""),
        ("Åpnet profil", ""),
        ("Så kontaktinformasjon", "Bemanne nå"),
        ("Tok deg ut i en fil", "Bemanne nå"),
    ):
        assert any(what in look and why in look and f"{clock.today():%d.%m.%Y}" in look for look in looks), what
