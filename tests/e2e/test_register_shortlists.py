"""Shortlists in each of their states (ux.md E5)."""

from collections.abc import Callable

import pytest
from flask import Flask

from extensions.database import db
from models.enums import ProfessionalStatus
from models.professional import Professional
from services import listing
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor


@pytest.fixture
def nora(make: Builders) -> Professional:
    """Somebody to put on a list, found by a user of an organisation."""
    person = by_key("reader")
    make.user(account=make.account(person.name, person.national_id))
    return make.professional(given_name="Nora")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_the_search_to_a_list_and_back(
    app: Flask, nora: Professional, visitor: Callable[..., Visitor], scripts: bool
) -> None:
    person = visitor(scripts=scripts)
    look = person.looks_right if scripts else str  # the markup is the same
    person.sign_in("reader", "/register/kortlister")
    look("kortlister, ingen")
    person.open("/register?yrke=SP")
    look("register, med kortliste")
    person.press("Legg i kortliste", exact=False)
    look("legg i kortliste, den første")
    person.press("Legg i kortlisten")
    look("legg i kortliste, feil")
    assert "Skriv et navn på kortlisten." in person.page.inner_text("main")
    person.fill(Navn_på_den_nye="Nattevakter i sommer")
    person.press("Legg i kortlisten")
    assert person.page.url.endswith("/register?yrke=SP")
    look("register, lagt i kortliste")
    person.press("Legg i kortliste", exact=False)
    assert not person.page.get_by_label("Navn på den nye kortlisten").is_visible()
    look("legg i kortliste")
    person.choose("En ny kortliste")
    assert person.page.get_by_label("Navn på den nye kortlisten").is_visible()
    person.choose("Nattevakter i sommer")
    person.press("Legg i kortlisten")
    person.follow(person.page.get_by_role("link", name="Nattevakter i sommer"))
    assert person.heading() == "Nattevakter i sommer"
    person.press("Endre status og notat", exact=False)
    look("notat")
    person.choose("Interessert")
    person.fill(Notat="Kan ta nattevakter.\nRing etter kl. 16.")
    person.press("Lagre")
    look("kortliste")
    assert "Ring etter kl. 16." in person.page.inner_text("main")
    with app.app_context():
        db.session.get_one(Professional, nora.id).move_to(ProfessionalStatus.PAUSED)
        listing.refresh(nora.id)
        db.session.commit()
    person.page.reload()
    shown = person.page.inner_text("main")
    assert "Ikke lenger synlig" in shown and "Nora" not in shown and "Ring etter kl. 16." in shown
    look("kortliste, ikke lenger synlig")
    person.press("Ta ut av kortlisten", exact=False)
    look("ta ut av kortlisten")
    person.press("Ta ut av kortlisten")
    look("kortliste, tom")
    person.press("Endre navn")
    look("navn på kortliste")
    person.press("Avbryt")
    person.open("/register/kortlister")
    look("kortlister")
    person.follow(person.page.get_by_role("link", name="Nattevakter i sommer"))
    person.press("Slett kortlisten")
    look("slett kortlisten")
    person.press("Slett kortlisten")
    assert "Kortlisten er slettet." in person.page.inner_text("main")
