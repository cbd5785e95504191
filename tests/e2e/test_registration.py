"""From «kan jeg registrere meg?» to a listed profile with a CV, on a phone, with scripts and without, by ID-porten and
by HelseID (ux.md D0–D10)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stubs.people import by_key
from tests import papers
from tests.e2e.conftest import Visitor, count
from tests.site import Site, until

PHONE = 360
NURSE = by_key("professional_nurse")
MAIL = "tuva.lyngmark@e-post.example"


@pytest.mark.parametrize(("scripts", "provider"), [(True, "ID-porten"), (False, "HelseID")])
def test_from_the_first_question_to_listed(
    clean_site: Site, visitor: Callable[..., Visitor], scripts: bool, provider: str, tmp_path: Path
) -> None:
    person = visitor(scripts=scripts, width=PHONE)
    check(person)
    sign_in(person, provider)
    consent(person)
    about(person)
    authorisation(person)
    competence(person)
    availability(person)
    areas(person)
    finish(person)
    upload(person, tmp_path / "Min CV.pdf")
    assert count(clean_site, "SELECT count(*) FROM listing WHERE has_cv") == 1
    confirm_email(person, clean_site)
    hide(person, clean_site)


def check(person: Visitor) -> None:
    person.open("/")
    person.press("Se om du kan registrere deg")
    person.press("Sjekk om du kan registrere deg")
    assert person.heading() == "Kan du registrere deg?"
    person.looks_right("D0 first question")
    person.press("Neste")
    assert person.page.title().startswith("Feil: ")
    person.looks_right("D0 first question, error")
    person.choose("Ja")
    person.press("Neste")
    assert person.heading() == "Du skal ikke registrere deg"
    person.looks_right("D0 no")
    person.press("Svar på nytt")
    person.choose("Nei")
    person.press("Neste")
    person.looks_right("D0 second question")
    person.choose("Ja")
    person.press("Neste")
    assert person.heading() == "Du kan registrere deg"
    person.looks_right("D0 yes")


def sign_in(person: Visitor, provider: str) -> None:
    person.press("Logg inn og registrer deg")
    person.press(f"Logg inn med {provider}")
    person.follow(person.page.get_by_role("button", name=NURSE.name))
    person.page.wait_for_url("**/min-side/registrer/samtykke")


def consent(person: Visitor) -> None:
    assert person.page.title().startswith("Samtykke – Steg 1 av 7")
    assert not person.page.locator("input:checked").count()
    person.looks_right("D1 consent")
    person.press("Neste steg")
    person.looks_right("D1 consent, error")
    person.choose("Jeg samtykker til å stå i registeret")
    person.choose("Jeg samtykker til at kommuner og helseforetak kan se")
    person.press("Neste steg")


def about(person: Visitor) -> None:
    assert person.heading() == "Om deg"
    until(lambda: person.page.reload() and not person.page.get_by_label("Fornavn").count(), "the name from HPR")
    person.press("Neste steg")
    person.looks_right("D2 about you, errors")
    assert NURSE.national_id[6:] not in person.page.content()
    person.press("Vis fødselsnummeret")
    assert f"{NURSE.national_id[:6]} {NURSE.national_id[6:]}" in person.page.content()
    assert NURSE.name in person.page.locator("main").inner_text(), "the name HPR gave"
    person.fill(Mobil="98 76 54 32", Gateadresse="Storgata 1")
    person.page.get_by_label("E-post", exact=False).first.fill(MAIL)
    citizenship = person.page.get_by_label("Statsborgerskap")
    height = "node => node.getBoundingClientRect().top + scrollY"
    before = citizenship.evaluate(height)
    person.page.get_by_label("Postnummer").fill("7013")
    citizenship.select_option("Norge")
    person.choose("Bokmål")
    if person.scripts:
        person.page.get_by_text("7013 Trondheim, Trondheim kommune").wait_for()
        assert citizenship.evaluate(height) == before, "what one is about to press does not move"
        person.page.get_by_text("Lagret kl.").wait_for()
    person.press("Lagre og fortsett senere")
    assert "Registreringen er lagret." in person.page.content()
    person.looks_right("D10 unfinished")
    person.press("Fortsett registreringen")
    back_to(person, "Om deg")
    assert "7013 Trondheim, Trondheim kommune" in person.page.content()
    person.page.get_by_label("Hvor jobber du nå?").fill("Trondheim kommune")
    person.press("Neste steg")
    assert "skal du ikke registrere deg" in person.page.content()
    back_to(person, "Om deg")
    person.looks_right("D2 about you, filled")
    person.press("Neste steg")


def back_to(person: Visitor, heading: str) -> None:
    """As far back as it takes: what HPR has answered already is not stopped at."""
    while person.heading() != heading:
        person.press("Forrige steg")


def authorisation(person: Visitor) -> None:
    assert person.heading() == "Autorisasjoner og lisenser"
    until(lambda: person.page.reload() and "Du kan vises for virksomheter." in person.page.content(), "HPR")
    person.looks_right("D3 valid")
    person.press("Neste steg")


def competence(person: Visitor) -> None:
    assert person.heading() == "Kompetansen din"
    person.press("Neste steg")
    person.looks_right("D4 competence, errors")
    for answer in ("Sykepleier", "Sykehjem", "2–5 år", "norsk", "nordsamisk"):
        person.choose(answer)
    person.page.get_by_role("group", name="Har du førerkort klasse B?").get_by_label("Ja").check()
    person.page.get_by_label("Sist i praksis").fill("2026")
    person.looks_right("D4 competence, filled")
    person.press("Neste steg")


def availability(person: Visitor) -> None:
    assert person.heading() == "Tilgjengeligheten din"
    for answer in ("Ja, nå", "100 prosent", "Dag", "Natt", "Innen en uke"):
        person.choose(answer)
    person.press("Neste steg")


def areas(person: Visitor) -> None:
    assert person.heading() == "Hvor kan du jobbe?"
    person.press("Neste steg")
    person.looks_right("D8 areas, errors")
    person.choose("Hele landet")
    person.choose("Inntil 1 time")
    person.page.get_by_role("group", name="Trenger du bolig?").get_by_label("Nei").check()
    person.press("Neste steg")


def finish(person: Visitor) -> None:
    assert person.heading() == "Se over"
    person.looks_right("D9 check")
    person.press("Endre kompetanse", exact=False)
    assert person.heading() == "Kompetansen din"
    person.press("Neste steg")
    assert person.heading() == "Se over"
    person.press("Fullfør registreringen")
    assert person.heading() == NURSE.name
    assert person.page.get_by_text(f"Logget inn som {NURSE.name}", exact=True).is_visible()
    content = person.page.locator("main").inner_text()
    assert "Du er registrert. Takk for at du stiller opp." in content
    assert "Kommuner og helseforetak med tilgang kan se deg." in content
    person.looks_right("D10 listed")


def upload(person: Visitor, file: Path) -> None:
    file.write_bytes(papers.pdf())
    person.follow(person.page.get_by_role("main").get_by_role("link", name="CV").first)
    assert person.heading() == "CV"
    person.choose("Virksomheter jeg har samtykket til")
    person.page.get_by_label("Fil", exact=True).set_input_files(file)
    person.page.get_by_role("button", name="Last opp").click()
    person.page.get_by_text("Filen er lastet opp.").wait_for()
    until(lambda: person.page.reload() and "Klar. Lastet opp" in person.page.content(), "the scan")


def confirm_email(person: Visitor, site: Site) -> None:
    mail = site.wait_for_mail(MAIL, "Bekreft e-posten din")
    link = next(address for address in mail["links"] if "/e/" in address)  # type: ignore[attr-defined]
    person.page.goto(link)
    person.looks_right("E e-mail link")
    person.press("Bekreft e-posten")
    assert person.heading() == "E-posten er bekreftet"
    person.looks_right("E e-mail confirmed")
    person.page.goto(link)
    assert person.heading() == "E-posten er allerede bekreftet"
    person.open("/e/ukjent")
    person.looks_right("E e-mail link gone")


def hide(person: Visitor, site: Site) -> None:
    person.open("/min-side/skjul")
    person.looks_right("D11 hidden from nobody")
    person.page.get_by_role("searchbox").fill("olav")
    person.press("Søk")
    person.looks_right("D11 found")
    person.press("Skjul meg for St. Olavs hospital HF")
    assert "kan ikke lenger se eller kontakte deg" in person.page.content()
    person.looks_right("D11 hidden")
    assert count(site, "SELECT count(*) FROM listing WHERE hidden_from = '{883974832}'") == 1
    person.press("Vis meg igjen for St. Olavs hospital HF")
    assert count(site, "SELECT count(*) FROM listing WHERE hidden_from = '{}'") == 1
