"""The whole first journey, as people make it: from the application to the invited person's first sign-in.

What is looked at here are the states that no test of single pages comes to.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from stubs.people import Person, by_key
from tests.e2e.conftest import Visitor, count, nothing_leaks
from tests.site import Site, until


@dataclass(frozen=True)
class Case:
    organisation: str
    submitter: str
    granted: str
    declined: str
    scripts: bool


CASES = [
    pytest.param(
        Case("TRONDHEIM KOMMUNE", "submitter_municipality", "nominee_municipality_1", "nominee_municipality_2", True),
        id="municipality",
    ),
    pytest.param(
        Case("ST. OLAVS HOSPITAL HF", "submitter_trust", "nominee_trust_1", "nominee_trust_2", True), id="health-trust"
    ),
    pytest.param(
        Case("TRONDHEIM KOMMUNE", "submitter_municipality", "nominee_municipality_1", "nominee_municipality_2", False),
        id="without-scripts",
    ),
]
CONTACT = "contact"
SUBMITTER_MAIL = "innsender@kommune.example"


@pytest.mark.parametrize("case", CASES)
def test_from_application_to_first_sign_in(case: Case, clean_site: Site, visitor: Callable[..., Visitor]) -> None:
    submitter = visitor(scripts=case.scripts)
    reference = apply(submitter, case)

    caseworker = visitor(scripts=case.scripts)
    caseworker.sign_in_by_hand("caseworker_1", "/sak")
    take_and_ask(caseworker, case)

    clean_site.wait_for_mail(SUBMITTER_MAIL, "Vi trenger svar")
    contact_answers(visitor(scripts=case.scripts), reference)

    decide(caseworker, case)
    clean_site.wait_for_mail(SUBMITTER_MAIL, "er innvilget")
    invitation = clean_site.wait_for_mail(by_key(case.granted).email or "", "Invitasjon til registeret")
    link = next(address for address in invitation["links"] if "/i/" in address)  # type: ignore[attr-defined]

    stranger_gets_nothing(visitor(scripts=case.scripts), link, case)
    accept(visitor(scripts=case.scripts), link, case)

    assert not clean_site.mail_to(by_key(case.declined).email or ""), "the declined person gets nothing"
    follow(submitter, case)
    until(
        lambda: count(clean_site, "SELECT count(*) FROM outbox_entry WHERE done_at IS NULL AND due_at < now()") == 0,
        "jobs",
    )
    nothing_leaks(clean_site)


def apply(visitor: Visitor, case: Case) -> str:
    """Fill in and send the application; returns its reference."""
    visitor.sign_in_by_hand(case.submitter, "/soknad/ny")
    assert visitor.heading() == "Hvem søker du på vegne av?"
    visitor.looks_right("A2 choose organisation")
    visitor.choose(case.organisation)
    visitor.press("Neste steg")

    assert visitor.heading() == "Innsender"
    visitor.press("Neste steg")
    assert visitor.page.title().startswith("Feil: ")
    visitor.page.get_by_label("E-post i jobben").fill(SUBMITTER_MAIL)
    visitor.fill(Mobil="912 34 567", Stilling="Personalrådgiver")
    visitor.looks_right("A3 submitter")
    visitor.press("Neste steg")

    assert visitor.heading() == "Personer som skal ha tilgang"
    visitor.press("Legg til person")
    fill_person(visitor, by_key(case.granted), "Også styre brukere for virksomheten")
    visitor.press("Lagre og legg til flere")
    fill_person(visitor, by_key(case.declined), "Søke i registeret og kontakte helsepersonell")
    visitor.press("Lagre person")
    visitor.press("Neste steg")

    assert visitor.heading() == "Kontaktperson"
    visitor.choose("En annen person")
    contact = by_key(CONTACT)
    given, family = contact.name.split(" ", 1)
    visitor.fill(Fornavn=given, Etternavn=family, Fødselsnummer=contact.national_id, Mobil="40 00 00 01")
    visitor.page.get_by_label("E-post i jobben").fill(contact.email or "")
    visitor.press("Neste steg")

    assert visitor.heading() == "Se over og send inn"
    visitor.press("Signer og send inn")
    assert visitor.page.title().startswith("Feil: ")
    visitor.choose("Jeg bekrefter at opplysningene er riktige")
    visitor.press("Signer og send inn")

    assert "Søknaden er sendt inn" in visitor.page.locator("main").inner_text()
    text = visitor.page.locator("main").inner_text()
    found = re.search(r"\b[0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4}\b", text)
    assert found, text
    visitor.page.goto(visitor.page.url.replace("/kvittering", "/kontroller"))
    assert "Søknaden er allerede sendt inn" in visitor.page.locator("main").inner_text()
    assert count(visitor.site, "SELECT count(*) FROM access_application WHERE status = 'submitted'") == 1
    return found[0]


def fill_person(visitor: Visitor, person: Person, level: str) -> None:
    given, family = person.name.split(" ", 1)
    visitor.fill(
        Fornavn=given,
        Etternavn=family,
        Fødselsnummer=person.national_id,
        Mobil="987 65 432",
        Stilling=person.title or "",
    )
    visitor.page.get_by_label("E-post i jobben").fill(person.email or "")
    visitor.choose(level)


def take_and_ask(visitor: Visitor, case: Case) -> None:
    """Take the case, look at its parts, and ask a question."""
    assert visitor.heading() == "Saker"
    visitor.follow(visitor.page.get_by_role("link", name=re.compile(r"^\w{4} \w{4} \w{4}")).first)
    visitor.looks_right("B2 case")
    visitor.press("Ta saken")
    for part in ("Personer", "Meldinger", "Historikk"):
        visitor.press(part)
    visitor.press("Meldinger")
    visitor.press("Be om mer informasjon")
    visitor.page.get_by_label("Hva trenger du svar på?").fill("Hva skal personene bruke registeret til?")
    visitor.press("Send spørsmålet")
    assert "Venter på svar" in visitor.page.locator("main").inner_text()


def contact_answers(visitor: Visitor, reference: str) -> None:
    """The contact person, who is not a user, signs in and answers."""
    visitor.sign_in_by_hand(CONTACT, "/soknad")
    visitor.looks_right("A1 overview, contact person")
    visitor.press("Svar", exact=False)
    assert visitor.heading() == "Svar på spørsmål om søknaden"
    visitor.page.get_by_label("Svaret ditt").fill("De skal finne vikarer i sommer, også på Čáhcesuolu.")
    visitor.press("Send svar")
    assert reference in visitor.page.locator("main").inner_text()


def decide(visitor: Visitor, case: Case) -> None:
    """Grant one, decline the other, read the letter, and decide."""
    visitor.open("/sak")
    assert "Nytt svar" in visitor.page.locator("main").inner_text()
    visitor.follow(visitor.page.get_by_role("link", name=re.compile(r"^\w{4} \w{4} \w{4}")).first)
    visitor.press("Lag vedtak")
    visitor.press("Endre")  # the proposal grants everybody
    granted = visitor.page.get_by_role("region", name=re.compile(by_key(case.granted).name))
    granted.get_by_label("Innvilg").check()
    declined = visitor.page.get_by_role("region", name=re.compile(by_key(case.declined).name))
    declined.get_by_label("Avslå").check()
    declined.get_by_label("Begrunnelse").fill("Personen arbeider ikke med bemanning.")
    visitor.looks_right("B4 decision")
    visitor.press("Forhåndsvis vedtaket")
    visitor.looks_right("B4 preview")
    visitor.press("Fatt vedtaket")
    assert "Delvis innvilget" in visitor.page.locator("main").inner_text()


def stranger_gets_nothing(visitor: Visitor, link: str, case: Case) -> None:
    """The mail was forwarded: whoever opens the link learns nothing and gets nothing."""
    visitor.page.goto(link)
    assert visitor.heading() == "Du er invitert til registeret"
    assert by_key(case.granted).name not in visitor.page.content()
    visitor.press("Logg inn og ta imot")
    if "/logg-inn" in visitor.page.url:
        visitor.press("Logg inn med ID-porten")
    visitor.follow(visitor.page.get_by_role("button", name=by_key("stranger").name))
    visitor.page.wait_for_url(f"{visitor.site.url}/**")
    assert by_key(case.granted).name not in visitor.page.content()
    assert visitor.page.get_by_role("button", name="Ta i bruk tilgangen").count() == 0
    assert count(visitor.site, "SELECT count(*) FROM access_grant WHERE status = 'active'") == 0


def accept(visitor: Visitor, link: str, case: Case) -> None:
    """The invited person takes the access into use and lands on the organisation's page."""
    visitor.page.goto(link)
    visitor.press("Logg inn og ta imot")
    if "/logg-inn" in visitor.page.url:
        visitor.press("Logg inn med ID-porten")
    visitor.follow(visitor.page.get_by_role("button", name=by_key(case.granted).name))
    visitor.page.wait_for_url(f"{visitor.site.url}/**")
    assert visitor.heading() == "Ta i bruk tilgangen"
    visitor.press("Ta i bruk tilgangen")
    assert visitor.page.title().startswith("Feil: ")
    visitor.choose("Jeg har taushetsplikt")
    visitor.press("Ta i bruk tilgangen")
    assert visitor.page.url == f"{visitor.site.url}/virksomhet"
    assert visitor.heading().upper() == case.organisation
    visitor.open("/virksomhet/brukere")
    visitor.looks_right("E7 users")


def follow(visitor: Visitor, case: Case) -> None:
    """The submitter sees how it went for each person."""
    visitor.open("/soknad")
    visitor.follow(visitor.page.get_by_role("link", name=re.compile("^Se")).first)
    text = visitor.page.locator("main").inner_text()
    assert "Delvis innvilget" in text and "Tatt i bruk" in text and "Avslått" in text
    visitor.looks_right("A8 status")
    visitor.press("Les vedtaket")
    assert "klage" in visitor.page.locator("main").inner_text()
