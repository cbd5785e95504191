"""Availability, areas with their map, competence, and the pages a link in an e-mail opens, in each of their states."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from extensions import clock
from extensions.database import db
from models.enums import LinkPurpose
from models.professional import Availability, Professional
from services import links
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor, count

PAGE = "/min-side/tilgjengelighet"
MAP = "/min-side/omrader/kart"


@pytest.fixture
def nurse(clean_site: object, own_app: Flask) -> Professional:
    """Somebody whose registration is finished."""
    make, person = Builders(own_app), by_key("professional_nurse")
    return make.professional(make.account(person.name, person.national_id))


def test_availability(own_app: Flask, visitor: Callable[..., Visitor], nurse: Professional) -> None:
    person = visitor()
    person.sign_in("professional_nurse", PAGE)
    person.looks_right("tilgjengelighet")
    assert not person.page.get_by_label("Fra dato").is_visible()
    person.choose("Ja, fra en dato")
    assert person.page.get_by_label("Fra dato").is_visible()
    person.fill(**{"Hvor mange?": "9"})
    person.page.get_by_label("Hva?").select_option("helger")
    person.press("Lagre")
    assert "Velg datoen." in person.page.content() and "Velg hvor ofte" in person.page.content()
    person.looks_right("tilgjengelighet, feil")
    person.choose("Nei, jeg vil ta en pause")
    person.fill(**{"Hvor mange?": "2", "Pause til": (clock.today() + timedelta(days=9)).isoformat()})
    person.page.get_by_label("Hvor ofte?").select_option("i måneden")
    person.press("Lagre")
    person.open(PAGE)
    assert "Løftet ditt nå: 2 helger i måneden." in person.page.content()
    person.looks_right("tilgjengelighet, pause")
    person.open("/min-side")
    person.follow(person.page.get_by_role("button", name="Avslutt pausen"))
    with own_app.app_context():
        db.session.execute(update(Availability).values(confirmed_at=clock.now() - timedelta(days=61)))
        db.session.commit()
    person.open(PAGE)
    assert "Du vises ikke for virksomheter" in person.page.content()
    person.looks_right("tilgjengelighet, ikke bekreftet")
    person.open("/min-side")
    person.press("Bekreft at dette stemmer")
    assert count(person.site, "SELECT count(*) FROM listing WHERE listed_until > now()") == 1
    person.open("/min-side/kompetanse")
    person.looks_right("kompetanse")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_areas_on_a_list_and_on_a_map(visitor: Callable[..., Visitor], nurse: Professional, scripts: bool) -> None:
    person = visitor(scripts=scripts)
    person.sign_in("professional_nurse", "/min-side/omrader")
    page = person.page
    page.locator("summary", has_text="Rogaland").click()
    person.choose("Stavanger")
    if scripts:
        assert page.locator("summary", has_text="Rogaland").inner_text().split() == ["Rogaland", "1", "valgt"]
    person.looks_right("områder")
    person.press("Velg i kart")
    assert person.heading() == "Velg områder i kart"
    assert page.get_by_role("listitem").filter(has_text="Rogaland").inner_text() == "Rogaland 1 valgt"
    person.looks_right("kart")
    with page.expect_navigation():
        page.locator('.kart [data-area="50"] path').click()
    assert person.heading() == "Kommuner i Trøndelag"
    person.looks_right("kart, fylke")
    box, shape = page.get_by_label("Namsos"), page.locator('.kart [data-area="5007"] path')
    if scripts:
        shape.click()
        assert box.is_checked() and page.locator('.kart [data-area="5007"].hele').count() == 1
    else:
        box.check()
    person.press("Lagre")
    assert page.get_by_role("listitem").filter(has_text="Trøndelag").inner_text() == "Trøndelag 2 valgt"
    for county in ("Trøndelag", "Rogaland"):
        person.press(county, exact=False)
        while (chosen := page.locator("main input:checked")).count():
            chosen.first.uncheck()
        person.press("Lagre")
    assert "Velg minst ett område." in page.content()
    person.looks_right("kart, feil")


def test_what_a_link_opens(own_app: Flask, visitor: Callable[..., Visitor], nurse: Professional) -> None:
    with own_app.app_context():
        row = db.session.get_one(Professional, nurse.id)
        made = [links.create(row, purpose, 14) for purpose in (LinkPurpose.AVAILABILITY, LinkPurpose.UNSUBSCRIBE)]
        answering, stopping = (links.token_of(link) for link in made)
        db.session.commit()
    person = visitor()
    person.open(f"/t/{answering}?svar=pause")
    assert person.heading() == "Er du fortsatt tilgjengelig?"
    person.looks_right("lenke")
    person.press("Ikke nå, men om to uker")
    assert person.heading() == "Takk"
    person.looks_right("lenke, takk")
    person.open(f"/t/{answering}")
    assert person.heading() == "Svaret er allerede registrert"
    person.looks_right("lenke, besvart")
    person.press("Endre svaret")
    person.press("Ja, jeg er tilgjengelig")
    assert person.heading() == "Takk"
    person.open(f"/a/{stopping}")
    person.looks_right("påminnelser")
    person.press("Stopp påminnelsene")
    assert person.heading() == "Påminnelsene er stoppet"
    person.looks_right("påminnelser, stoppet")
    person.open("/t/" + "x" * 43)
    assert person.heading() == "Lenken virker ikke lenger"
    person.looks_right("lenke, borte")
