"""One's rights on Min side, and the Directorate's pages about them, in each of their states (ux.md D12, D13, B5)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import PrivacyCaseKind, Role
from models.professional import Professional
from services import audit, privacy_cases
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor, count
from tests.site import Site, until

NURSE = by_key("professional_nurse")


@pytest.fixture
def make(own_app: Flask) -> Builders:
    return Builders(own_app)


@pytest.fixture
def nurse(clean_site: Site, make: Builders) -> Professional:
    """Somebody who is registered."""
    return make.professional(make.account(NURSE.name, NURSE.national_id), email=NURSE.email, email_confirmed_at=None)


def looked_at(app: Flask, make: Builders, nurse: Professional) -> None:
    """An organisation has found and opened the person; the Directorate has helped."""
    with app.app_context():
        reader = make.actor(
            make.account("Leif Leser"), Role.ORGANISATION_USER, make.organisation(name="Stillevik kommune")
        )
        worker = make.actor(make.account("Saga Saksbehandler"), Role.CASEWORKER)
        for _ in range(3):
            audit.record(reader, "listing.shown", shown=[str(nurse.account_id)])
        audit.record(
            reader, "contact.revealed", subject_id=nurse.account_id, purpose="Vikar i hjemmetjenesten i uke 30"
        )
        audit.record(worker, "person.viewed", subject_id=nurse.account_id, purpose="Ringte om e-posten")
        db.session.commit()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_who_has_looked_what_is_held_and_leaving(
    own_app: Flask, make: Builders, nurse: Professional, visitor: Callable[..., Visitor], scripts: bool
) -> None:
    person = visitor(scripts=scripts, width=360)
    look = person.looks_right if scripts else str  # the markup is the same
    person.sign_in("professional_nurse", "/min-side")
    person.press("Hvem har sett opplysningene mine")
    look("innsyn, tomt")
    looked_at(own_app, make, nurse)
    person.page.reload()
    look("innsyn")
    assert "Treff i søk, 3 ganger" in person.page.inner_text("main")
    person.open("/min-side/innsyn?fra=2099-01-01")
    look("innsyn, ingen treff")
    person.press("Nullstill filter")
    person.follow(person.page.get_by_role("link", name=re.compile("^Spør")).first)
    look("oppslag")
    person.page.get_by_label("Hva lurer du på?").fill("")
    person.press("Send inn")
    look("oppslag, feil")
    person.fill(Hva_lurer="Hvorfor ringte ingen?")
    person.press("Send inn")
    look("personvernsak")
    person.open("/min-side/personvern")
    look("personvern")
    person.press("Begrens bruken")
    look("begrens")
    person.fill(Hvorfor_vil="Jeg vil at dere sjekker noe først.")
    person.press("Send inn")
    look("begrenset")
    person.press("Opphev begrensningen")
    person.open("/min-side/personvern/rett")
    look("rett")
    person.open("/min-side/eksport")
    look("eksport")
    person.press("Lag kopi av opplysningene mine")
    until(lambda: person.page.reload() and "Kopien er klar" in person.page.inner_text("main"), "the copy")
    look("eksport, klar")
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name=re.compile("^Last ned kopien")).click()
    assert download.value.suggested_filename.endswith(".zip")
    person.open("/min-side/samtykke")
    look("samtykker")
    person.follow(person.page.get_by_role("button", name="Trekk samtykket nummer 2"))
    look("samtykker, trukket")
    person.press("Trekk alle samtykker")
    assert person.heading() == "Vil du trekke samtykket og slette profilen?"
    look("slett")
    person.press("Trekk og slett")
    person.page.wait_for_url("**/logget-ut*")
    assert "Profilen er slettet." in person.page.inner_text("main")
    look("slettet")
    person.page.go_back()
    until(lambda: not count(person.site, "SELECT count(*) FROM professional"), "the erasure")
    person.site.wait_for_mail(NURSE.email, "Profilen din er slettet")


def test_the_directorate_helps_and_answers(
    own_app: Flask, make: Builders, nurse: Professional, visitor: Callable[..., Visitor]
) -> None:
    with own_app.app_context():
        account = db.session.get_one(Account, nurse.account_id)
        with clock.at(clock.now() - timedelta(days=24)):
            case = privacy_cases.open_case(
                make.actor(account, Role.PROFESSIONAL), PrivacyCaseKind.RESTRICT, "Dere må sjekke noe først."
            )
        db.session.commit()
    person = visitor()
    person.sign_in("caseworker_1", "/personvernsaker?type=rectify")
    person.looks_right("personvernsaker, tom")
    person.press("Nullstill filter")
    person.looks_right("personvernsaker")
    person.open(f"/personvernsaker/{case.id}")
    person.press("Ta saken")
    person.looks_right("personvernsaken")
    person.press("Forleng fristen")
    person.press("Forleng fristen")
    person.looks_right("utsett, feil")
    person.fill(Hvorfor_trenger="Vi venter på svar.")
    person.press("Forleng fristen")
    person.press("Svar")
    person.press("Send svaret")
    person.looks_right("svar, feil")
    person.fill(Svar_til="Vi har sjekket, og alt er i orden.")
    person.choose("Opphev den")
    person.press("Send svaret")
    person.looks_right("personvernsaken, besvart")
    person.press("Personvernsaker")
    person.press("Personer")
    person.looks_right("finn person")
    person.press("Finn personen")
    person.looks_right("finn person, feil")
    for wanted, name in (("99 99 99 99", "ingen person"), (NURSE.national_id, "personen")):
        person.open("/sak/personer")
        person.fill(Fødselsnummer=wanted, Hvorfor_må="Ringte om e-posten")
        person.press("Finn personen")
        person.looks_right(name)
        assert NURSE.national_id not in person.page.content() + person.page.url
    person.press("Send lenken for å bekrefte e-post på nytt")
    assert "sendt en ny lenke" in person.page.inner_text("main")
    person.press("Rett e-postadressen")
    person.looks_right("rett e-post")
    person.page.get_by_label("Riktig e-postadresse").fill("ny@e-post.example")
    person.press("Rett adressen")
    person.site.wait_for_mail("ny@e-post.example", "E-postadressen din er endret")
    person.site.wait_for_mail(NURSE.email, "E-postadressen din er endret")
