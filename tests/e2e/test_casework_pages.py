"""The Directorate's pages in each of their states, filled with the demo data: no axe violation, no sideways scroll."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from extensions import clock
from tests.conftest import empty_tables, rows_of
from tests.e2e.conftest import Visitor, count
from tests.site import DATABASE, Site, until

CASE = re.compile(r"/sak/[0-9a-f-]{36}$")


@pytest.fixture(scope="module")
def demo_rows() -> dict[str, bytes]:
    """The demo data, once it has been made."""
    return {}


@pytest.fixture
def filled_site(clean_site: Site, app: Flask, demo_rows: dict[str, bytes]) -> Site:
    """The site with the demo data in it."""
    if demo_rows:
        empty_tables(clean_site.postgres, DATABASE, demo_rows)
    else:
        result = app.test_cli_runner().invoke(args=["demo", "load"])
        assert result.exit_code == 0, result.output
        until(lambda: not count(clean_site, "SELECT count(*) FROM outbox_entry WHERE done_at IS NULL"), "the mails")
        demo_rows |= rows_of(clean_site.postgres, DATABASE)
    return clean_site


@pytest.fixture
def staff(filled_site: Site, visitor: Callable[..., Visitor]) -> Callable[..., Visitor]:
    """Somebody at the Directorate, at the queue."""

    def sign_in(key: str, **how: bool) -> Visitor:
        person = visitor(**how)
        person.sign_in(key, "/sak")
        assert person.heading() == "Saker"
        return person

    return sign_in


def open_case(person: Visitor, organisation: str, status: str = "") -> str:
    """Follow the first case of an organisation; returns its address."""
    person.open(f"/sak?sok={organisation}&status={status or 'alle'}")
    person.follow(person.page.locator("table a.ref").first)
    person.page.wait_for_url(CASE)
    return person.page.url.removeprefix(person.site.url)


def test_queue_and_the_parts_of_a_case(staff):
    person = staff("caseworker_1")
    person.looks_right("sak")
    person.open("/sak?sok=finnesikke")
    person.looks_right("sak, tom")
    address = open_case(person, "Trondheim", "waiting")
    person.looks_right("sak, venter")
    for part in ("Personer", "Meldinger", "Historikk"):
        person.press(part)
        person.looks_right(f"sak, {part}")
    person.press("Meldinger")
    person.press("Lagre notatet")
    person.looks_right("notat, feil")
    person.open(f"{address}/personer")
    person.follow(person.page.get_by_role("link", name=re.compile("^Vis fødselsnummeret")).first)
    person.looks_right("nummer")
    person.press("Vis fødselsnummeret")
    person.looks_right("nummer, feil")
    person.fill(Hvorfor_trenger="Kontroll av navnet")
    person.press("Vis fødselsnummeret")
    person.looks_right("nummer, vist")
    person.open(f"{address}/sporsmal/frist")
    person.looks_right("frist")
    person.open(f"{address}/gi")
    person.looks_right("gi")
    person.press("Gi saken videre")
    person.looks_right("gi, feil")
    open_case(person, "Fjellheimen", "in_review")
    person.looks_right("sak, nytt svar")
    decided = (("Tromsø", "granted"), ("Trondheim", "partly_granted"), ("Utsira", "declined"), ("Oslo", "withdrawn"))
    for organisation, status in decided:
        open_case(person, organisation, status)
        person.looks_right(f"sak, {status}")


def test_a_provisional_reply(staff):
    person = staff("caseworker_1")
    open_case(person, "Oslo", "submitted")
    person.looks_right("sak, har ventet lenge")
    person.press("Send foreløpig svar")
    person.looks_right("foreløpig svar")
    person.press("Send foreløpig svar")
    person.looks_right("foreløpig svar, feil")
    person.choose("Vi har mange søknader å behandle.")
    person.fill(Når_kan_virksomheten=(clock.today() + timedelta(days=10)).isoformat())
    person.press("Send foreløpig svar")
    person.looks_right("sak, foreløpig svar sendt")
    assert "Foreløpig svar er sendt." in person.page.inner_text("main")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_question_with_a_ready_text(staff, scripts):
    person = staff("caseworker_1", scripts=scripts)
    look = person.looks_right if scripts else str  # the markup is the same
    open_case(person, "Oslo", "submitted")
    person.press("Ta saken")
    person.press("Be om mer informasjon")
    look("sporsmal")
    person.press("Send spørsmålet")
    look("sporsmal, feil")
    person.page.get_by_label("Mal").select_option(label="Hvorfor personen trenger tilgang")
    person.press("Hent malen")
    assert "Forklar kort hvilke oppgaver" in person.page.get_by_label("Hva trenger du svar på?").input_value()
    person.choose("Personer")
    person.press("Send spørsmålet")
    assert "Spørsmålet er sendt." in person.page.inner_text("main")
    look("meldinger, sendt")


def test_a_case_in_order_is_decided_on_one_page(staff):
    person = staff("caseworker_1")
    address = open_case(person, "Kautokeino", "submitted")
    assert "Alle kontrollene er i orden." in person.page.inner_text("main")
    person.press("Ta saken")
    person.press("Lag vedtak")
    person.looks_right("vedtak, hurtig")
    person.press("Endre")
    person.looks_right("vedtak, skjema")
    person.page.get_by_label("Avslå").first.check()
    person.press("Forhåndsvis vedtaket")
    person.looks_right("vedtak, feil")
    person.page.get_by_label("Innvilg").first.check()
    person.press("Forhåndsvis vedtaket")
    person.press("Fatt vedtaket")
    assert "Vedtaket er fattet." in person.page.inner_text("main")
    assert person.page.url.endswith(address)
    person.looks_right("sak, vedtatt")
    person.press("Les vedtaket")
    person.looks_right("vedtak, brev")
    person.site.wait_for_mail("mahtte.siellalonka@kautokeino-kommune.example", "Invitasjon")


def test_a_refusal_of_everybody_is_approved_by_another(staff):
    first = staff("caseworker_1")
    open_case(first, "Årøysund")
    first.press("Se forslaget")
    first.looks_right("forslag, eget")
    lead = staff("case_lead")
    open_case(lead, "Årøysund")
    lead.press("Se forslaget")
    lead.looks_right("forslag")
    lead.press("Send tilbake")
    lead.looks_right("forslag, feil")
    lead.press("Godkjenn vedtaket")
    assert "Avslått" in lead.page.inner_text("main")
    third = staff("caseworker_2")
    open_case(third, "Utsira", "declined")
    assert "Ta klagen til følge" not in third.page.inner_text("main")
    open_case(third, "Årøysund", "declined")
    third.press("Ta klagen til følge")
    third.looks_right("klage")


def test_a_party_reads_and_does_nothing(staff):
    person = staff("caseworker_2")
    open_case(person, "Stillevik")
    person.looks_right("sak, part")
    assert "Du har sendt inn eller svart i saken." in person.page.inner_text("main")
    assert person.page.get_by_role("button", name="Ta saken").count() == 0


def test_who_has_access_and_the_log(staff):
    person = staff("caseworker_1")
    person.press("Tilganger")
    person.looks_right("tilganger")
    person.fill(Søk_etter="nora")
    person.press("Søk")
    person.looks_right("tilganger, treff")
    person.fill(Søk_etter="finnes ikke")
    person.press("Søk")
    person.looks_right("tilganger, ingen treff")
    person.open("/tilganger")
    person.press("Tromsø kommune")
    person.looks_right("brukere")
    person.follow(person.page.get_by_role("link", name=re.compile("^Stopp tilgangen")).first)
    person.looks_right("stopp")
    person.press("Stopp tilgangen")
    person.looks_right("stopp, feil")
    person.press("Behold tilgangen")
    person.follow(person.page.get_by_role("link", name=re.compile("^Rett fødselsnummer")).first)
    person.looks_right("rett nummer")
    person.open("/logg")
    person.looks_right("logg, egen")
    auditor = staff("auditor")
    auditor.press("Logg")
    auditor.looks_right("logg, alle")
    auditor.open("/logg?fra=2099-01-01")
    auditor.looks_right("logg, tom")


def test_the_applicant_reads_the_decision(filled_site, visitor):
    person = visitor()
    person.sign_in("submitter_nynorsk", "/soknad")
    person.follow(person.page.get_by_role("link", name=re.compile("^Se")).first)
    person.press("Les vedtaket")
    assert "Slik kan de klage" in person.page.inner_text("main")
    person.looks_right("vedtak for virksomheten")
