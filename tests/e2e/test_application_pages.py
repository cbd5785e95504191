"""Every page of an application, in each of its states: no axe violation, and no sideways scroll."""

from models.enums import ApplicationStatus
from stubs.people import by_key
from tests.builders import synthetic_number
from tests.e2e.conftest import Visitor

PERSON = {
    "Fornavn": "Áŋŋe Jusste",
    "Etternavn": "Čeđŧá-Šuoržæråsjø",
    "E-post": "anne.jusste@trondheim-kommune.example",
    "Mobil": "98 76 54 32",
    "Stilling": "Rådgiver, helse og velferd",
}


def add_person(person: Visitor, button: str = "Lagre person", **changes: str) -> None:
    person.fill(**{**PERSON, **changes})
    person.page.get_by_label("Fødselsnummer").fill(synthetic_number())
    person.choose("Søke i registeret")
    person.press(button)


def test_choosing_whom_to_apply_for(visitor):
    person = visitor()
    person.sign_in("submitter_many", "/soknad")
    person.looks_right("soknad tom")
    person.press("Ny søknad")
    person.looks_right("ny, mange")
    person.press("Neste steg")
    person.looks_right("ny, feil")
    person.press("Vis flere")
    assert person.page.get_by_role("radio").count() > 6
    refused = visitor()
    refused.sign_in("private_company", "/soknad/ny")
    assert refused.heading() == "Du kan ikke søke for noen virksomhet"
    refused.looks_right("ingen virksomhet")


def test_the_steps(visitor):
    person = visitor()
    person.sign_in("submitter_municipality", "/soknad/ny")
    person.choose("Trondheim kommune")
    person.press("Neste steg")
    person.looks_right("innsender")
    person.press("Neste steg")
    person.looks_right("innsender, feil")
    person.fill(**{"E-post": "kari@trondheim-kommune.example"}, Mobil="98765432", Stilling="Personalrådgiver")
    person.press("Neste steg")
    person.looks_right("personer, tom")
    person.press("Neste steg")
    assert person.page.title().startswith("Feil: Personer som skal ha tilgang – Steg 2 av 4")
    person.looks_right("personer, feil")
    person.press("Legg til person")
    person.looks_right("person")
    person.press("Lagre person")
    person.looks_right("person, feil")
    add_person(person, "Lagre og legg til flere")
    add_person(person, **{"E-post": "kjempelangt.navn.paa.en.person@gmail.com"})
    assert "privat adresse" in person.page.content()
    person.looks_right("personer")
    person.press("Endre Áŋŋe Jusste Čeđŧá-Šuoržæråsjø")
    person.looks_right("person, endre")
    person.press("Avbryt")
    person.press("Fjern Áŋŋe Jusste Čeđŧá-Šuoržæråsjø")
    person.looks_right("person, fjern")
    person.press("Behold person")
    person.press("Neste steg")
    person.looks_right("kontaktperson")
    person.choose("En annen person")
    person.looks_right("kontaktperson, annen")
    person.press("Neste steg")
    person.looks_right("kontaktperson, feil")
    person.choose("Jeg, Kari Multeglans")
    person.choose("Kontaktpersonen skal også ha tilgang")
    person.looks_right("kontaktperson, tilgang")
    person.choose("Rekruttere, med stillinger")
    person.press("Neste steg")
    person.looks_right("kontroller")
    person.press("Signer og send inn")
    person.looks_right("kontroller, feil")
    person.choose("Jeg bekrefter at")
    person.press("Signer og send inn")
    assert person.heading() == "Søknaden er sendt inn"
    person.looks_right("kvittering")
    person.press("Følg søknaden")
    person.looks_right("status, sendt")
    person.press("Endre søknaden")
    person.looks_right("endre")
    person.press("Avbryt")
    person.press("Trekk søknaden")
    person.looks_right("trekk")
    person.press("Trekk søknaden")
    person.looks_right("status, trukket")
    person.open("/soknad")
    person.looks_right("soknad")
    person.press("Ny søknad")
    person.choose("Trondheim kommune")
    person.press("Neste steg")
    person.press("Slett utkastet")
    person.looks_right("slett")
    person.open("/soknad/ny")
    person.choose("Trondheim kommune")
    person.press("Neste steg")
    assert person.heading() == "Det finnes en påbegynt søknad"
    person.looks_right("utkast finnes")


def test_two_tabs_and_the_choice_between_versions(visitor, make):
    kari = by_key("submitter_municipality")
    application = make.application(submitter=make.account(kari.name, kari.national_id))
    first = visitor()
    first.sign_in("submitter_municipality", f"/soknad/{application.id}/innsender")
    second = first.page.context.new_page()
    second.goto(first.page.url)
    for page, title in ((first.page, "Leder"), (second, "Sjef")):
        page.get_by_label("E-post").first.fill("kari@trondheim-kommune.example")
        page.get_by_label("Mobil").first.fill("98765432")
        page.get_by_label("Stilling").first.fill(title)
        with page.expect_navigation():
            page.get_by_role("button", name="Neste steg").click()
    first.page = second
    assert first.heading() == "Noen andre har endret siden"
    first.looks_right("to versjoner")
    first.press("Bruk min versjon")
    assert first.heading() == "Personer som skal ha tilgang"


def test_a_question_and_its_answer(visitor, make):
    kari = by_key("submitter_municipality")
    application = make.application(ApplicationStatus.WAITING, submitter=make.account(kari.name, kari.national_id))
    make.question(
        application, make.staff(), text="Hvem er Áŋŋe?", opened_steps=["innsender", "personer", "kontaktperson"]
    )
    person = visitor()
    person.sign_in("submitter_municipality", f"/soknad/{application.id}/status")
    person.looks_right("status, venter")
    person.press("Svar nå")
    person.looks_right("svar")
    person.press("Send svar")
    person.looks_right("svar, feil")
    person.page.get_by_label("Svaret ditt").fill("Hun er rådgiver.")
    person.press("Endre personer")
    person.looks_right("personer, åpnet")
    person.press("Tilbake til spørsmålet")
    assert person.page.get_by_label("Svaret ditt").input_value() == "Hun er rådgiver."
    person.press("Endre kontaktperson")
    person.looks_right("kontaktperson, åpnet")
    person.press("Lagre")
    person.press("Endre innsender")
    person.looks_right("innsender, åpnet")
    person.press("Lagre")
    person.press("Send svar")
    person.looks_right("status, besvart")
