"""The steps: every field's errors, what is kept, who fills in, two at once (ux.md A3–A6, security.md B14, B15)."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from extensions.database import db
from models import Base
from models.application import AccessApplication
from models.audit import AuditEvent
from models.enums import ContactKind
from services import national_ids
from stubs.people import by_key
from tests.builders import synthetic_number
from tests.integration.applications.conftest import NOMINEE, SUBMITTER
from tests.pages import Page

EMAIL_ERRORS = [
    ("", "Skriv e-postadressen."),
    ("kari", "E-postadressen mangler krøllalfa (@)."),
    ("kari@kommune", "E-postadressen mangler domene, for eksempel kommune.no."),
    ("ka ri@@kommune.no", "Skriv e-postadressen slik: navn@kommune.no."),
    ("a" * 250 + "@kommune.no", "Skriv e-postadressen slik: navn@kommune.no."),
]
MOBILE_ERRORS = [
    ("", "Skriv mobilnummeret."),
    ("1234", "Mobilnummeret må ha 8 siffer. Start med + og landkode hvis det er utenlandsk."),
    ("åtte", "Mobilnummeret må ha 8 siffer. Start med + og landkode hvis det er utenlandsk."),
]
SUBMITTER_ERRORS = [
    *[("submitter_email", value, text) for value, text in EMAIL_ERRORS],
    *[("submitter_mobile", value, text) for value, text in MOBILE_ERRORS],
    ("submitter_job_title", "  ", "Skriv stillingen din."),
    ("submitter_job_title", "x" * 107, "Teksten i «Stilling» er 7 tegn for lang."),
]
NOMINEE_ERRORS = [
    ("given_name", "", "Skriv fornavnet."),
    ("given_name", "Nora2", "Fornavnet kan ikke inneholde tall."),
    ("given_name", "N" * 101, "Teksten i «Fornavn» er 1 tegn for lang."),
    ("family_name", "", "Skriv etternavnet."),
    ("family_name", "V1", "Etternavnet kan ikke inneholde tall."),
    ("national_id", "", "Skriv fødselsnummeret."),
    ("national_id", "1234567890", "Fødselsnummeret må ha 11 siffer."),
    ("national_id", "01010112345", "Fødselsnummeret stemmer ikke. Sjekk at alle sifrene er riktige."),
    *[("email", value, text) for value, text in EMAIL_ERRORS],
    *[("mobile", value, text) for value, text in MOBILE_ERRORS],
    ("job_title", "", "Skriv stillingen."),
    ("access_level", None, "Velg hva personen skal gjøre."),
    ("access_level", "superuser", "Velg hva personen skal gjøre."),
]


def test_every_field_of_the_submitter_has_its_errors(journey):
    trip = journey().begin()
    for field, value, text in SUBMITTER_ERRORS:
        response = trip.post("innsender", **{**SUBMITTER, field: value})
        assert response.status_code == 422, (field, value)
        assert response.text.count(f">{text}<") == 2, (field, value, text)  # in the summary and at the field
        assert f'href="#{field}"' in response.text
        assert "<title>Feil: Innsender – Steg 1 av 4" in response.text
    assert trip.form("innsender").values["submitter_email"] == ""  # a refused page saves nothing


def test_every_field_of_a_person_has_its_errors(journey):
    trip = journey().begin().fill_submitter()
    for field, value, text in NOMINEE_ERRORS:
        fields = {**NOMINEE, "national_id": synthetic_number(), field: value}
        response = trip.post("personer/ny", **fields)
        assert response.status_code == 422, (field, value)
        assert response.text.count(f">{text}<") == 2, (field, value, text)
        kept = Page(response.text).form(0).values
        assert (
            kept["email" if field != "email" else "given_name"] == fields["email" if field != "email" else "given_name"]
        )
    assert "Du har ikke lagt til noen ennå." in trip.get("personer").text


def test_the_steps_are_links_as_far_as_one_has_come(journey):
    trip = journey().begin()
    for done, reached in ((0, ["innsender"]), (1, ["innsender", "personer"])):
        page = trip.get("innsender").text
        shown = page.split("Vis alle steg", 1)[1].split("</ol>")[0]
        assert re.findall(rf'href="/soknad/{trip.id}/(\w+)"', shown) == reached
        assert shown.count("<li>") == 4 and shown.count(">Ferdig<") == done
        trip.fill_submitter()


def test_what_is_typed_is_tidied_stored_and_shown_as_people_write_it(journey, row):
    trip = (
        journey()
        .begin()
        .fill_submitter(submitter_email=" Kari@Trondheim.KOMMUNE.no ", submitter_mobile="0047 (98) 76-54-32")
    )
    found = row(trip.id)
    assert found.submitter_email == "Kari@trondheim.kommune.no"
    assert found.submitter_mobile == "+4798765432"
    assert trip.form("innsender").values["submitter_mobile"] == "98 76 54 32"
    trip.fill_submitter(submitter_mobile="+46 70-123 45 67")
    assert trip.form("innsender").values["submitter_mobile"] == "+46 70 123 45 67"


def test_letters_of_every_language_survive(journey, row):
    trip = journey().begin().fill_submitter(submitter_job_title="Ráđđeaddi ŋ š ŧ ž æøå")
    trip.add(given_name="Áŋŋe-Jusste", family_name="O’Čeđŧá Šuoržæråsjø")
    assert row(trip.id).nominees[0].name == "Áŋŋe-Jusste O’Čeđŧá Šuoržæråsjø"
    page = trip.get("personer").text
    assert "Áŋŋe-Jusste O’Čeđŧá Šuoržæråsjø" in page
    assert trip.form("innsender").values["submitter_job_title"] == "Ráđđeaddi ŋ š ŧ ž æøå"


def test_the_number_is_sealed_masked_and_never_shown(journey, app, row):
    number = synthetic_number()
    trip = journey().begin().fill_submitter().add(national_id=f"{number[:6]} {number[6:]}")
    nominee = row(trip.id).nominees[0]
    with app.app_context():
        assert national_ids.read(nominee) == number
    for page in ("personer", "personer/1", "kontaktperson"):
        assert number not in trip.get(page).text
    assert f"Lagret: {number[:6]} •••••." in trip.get("personer/1").text
    assert trip.form("personer/1").values["national_id"] == ""
    trip.post("personer/1", email="ny@trondheim-kommune.example", lagre="1")
    with app.app_context():
        assert national_ids.read(row(trip.id).nominees[0]) == number
    other = synthetic_number()
    trip.post("personer/1", national_id=other, lagre="1")
    with app.app_context():
        assert national_ids.read(row(trip.id).nominees[0]) == other


def test_nobody_is_added_twice(journey):
    number = synthetic_number()
    trip = journey().begin().fill_submitter().add(national_id=number)
    email = trip.post(
        "personer/ny", **{**NOMINEE, "email": NOMINEE["email"].upper(), "national_id": synthetic_number()}
    )
    assert email.status_code == 422 and "er allerede lagt til." in email.text
    again = trip.post(
        "personer/ny", **{**NOMINEE, "email": "en.annen@trondheim-kommune.example", "national_id": number}
    )
    assert again.status_code == 422 and "Fødselsnummeret er allerede lagt til." in again.text
    trip.add(email="to@trondheim-kommune.example")
    changed = trip.post("personer/2", email=NOMINEE["email"])
    assert changed.status_code == 422 and f"{NOMINEE['email']} er allerede lagt til." in changed.text
    assert trip.post("personer/2", national_id=number).status_code == 422


def test_at_most_twenty(journey, make, row):
    trip = journey().begin().fill_submitter()
    for _ in range(19):
        make.nominee(row(trip.id))
    form = trip.form("personer/ny").values
    trip.add(email="den.tjuende@trondheim-kommune.example")
    page = trip.get("personer").text
    assert "Du kan ha inntil 20 personer i én søknad." in page and "Legg til person<" not in page
    assert trip.get("personer/ny").status_code == 303
    late = trip.client.post(
        f"{trip.path}/personer/ny",
        data={
            **form,
            **NOMINEE,
            "form_key": str(uuid4()),
            "email": "nr21@k.example",
            "national_id": synthetic_number(),
        },
    )
    assert late.status_code == 422 and "Du kan ha inntil 20 personer i én søknad." in late.text
    assert len(row(trip.id).nominees) == 20


def test_a_private_address_is_a_remark_and_no_stop(journey):
    trip = journey().begin().fill_submitter().add(email="nora@gmail.com")
    remark = "Dette ser ut som en privat adresse. Bruk helst jobbadressen."
    assert remark in trip.get("personer").text
    assert remark in trip.get("personer/1").text
    assert trip.post("personer", go="next").location.endswith("/kontaktperson")


def test_ones_own_number_under_another_name_is_a_remark_and_no_stop(journey):
    own = by_key("submitter_municipality")
    given, family = own.name.rsplit(" ", 1)
    remark = "Dette er ditt eget fødselsnummer, men navnet er et annet."
    trip = journey().begin().fill_submitter().add(national_id=own.national_id).add(email="ola@trondheim.kommune.no")
    trip.choose_contact()
    for page in ("personer", "kontroller"):
        text = trip.get(page).text
        assert text.count(remark) == 1 and text.count(f"{own.national_id[:6]} •••••") == 1, page
        assert own.national_id not in text and text.count("•••••") == 2
    assert trip.post("personer", go="next").location.endswith("/kontaktperson")
    number = {"national_id": own.national_id, "lagre": "1"}
    assert trip.post("personer/1", **NOMINEE | number | {"given_name": given, "family_name": family}).status_code == 303
    assert remark not in trip.get("personer").text


def test_at_least_one_person(journey):
    trip = journey().begin().fill_submitter()
    response = trip.post("personer", go="next")
    assert response.status_code == 422
    assert "Legg til minst én person som skal ha tilgang." in response.text
    assert "<title>Feil: Personer som skal ha tilgang – Steg 2 av 4" in response.text


def test_save_and_add_more(journey):
    trip = journey().begin().fill_submitter()
    fields = {**NOMINEE, "national_id": synthetic_number(), "lagre_ny": "1"}
    assert trip.post("personer/ny", **fields).location.endswith("/personer/ny")
    assert "Nora Vintereple er lagt til." in trip.get("personer/ny").text


def test_a_person_is_removed_on_a_page_that_asks(journey, row):
    trip = journey().begin().fill_submitter().add().add(email="to@k.example", given_name="Tora")
    nominee = row(trip.id).nominees[1]
    trip.choose_contact(str(nominee.id))
    page = trip.get("personer/2/fjern").text
    assert "Vil du fjerne Tora Vintereple?" in page and "Behold person" in page
    assert len(row(trip.id).nominees) == 2
    assert trip.post("personer/2/fjern").location.endswith("/personer")
    assert "Tora Vintereple er fjernet." in trip.get("personer").text
    found = row(trip.id)
    assert [one.given_name for one in found.nominees] == ["Nora"]
    assert found.contact_kind is None and found.contact_nominee_id is None
    assert trip.get("personer/2").status_code == 404


def test_an_old_page_does_not_remove_the_one_who_came_in_the_place(make, client_for, submit):
    account = make.account(by_key("submitter_municipality").name, by_key("submitter_municipality").national_id)
    draft = make.application(submitter=account, nominees=2)
    client, path = client_for(account), f"/soknad/{draft.id}/personer/2/fjern"
    old = Page(client.get(path).text).form().values
    assert submit(client, path).status_code == 303
    make.nominee(draft, given_name="Ny", family_name="Ertesen")
    assert client.post(path, data={**old, "form_key": str(uuid4())}).status_code == 404
    assert "Ny Ertesen" in client.get(f"/soknad/{draft.id}/personer").text


# -- the contact person


def test_no_contact_person_chosen(journey):
    trip = journey().begin().fill_submitter().add()
    response = trip.post("kontaktperson")
    assert response.status_code == 422
    assert response.text.count("Velg hvem som er kontaktperson.") == 2
    assert trip.post("kontaktperson", choice=str(uuid4())).status_code == 422


def test_the_submitter_or_a_nominee(journey, row):
    trip = journey().begin().fill_submitter().add()
    page = trip.get("kontaktperson").text
    assert "Jeg, Kari Multeglans" in page and "Nora Vintereple" in page
    trip.choose_contact()
    assert row(trip.id).contact_kind is ContactKind.SUBMITTER
    nominee = row(trip.id).nominees[0]
    trip.choose_contact(str(nominee.id), given_name="blir ikke brukt", email="ikke en adresse")
    found = row(trip.id)
    assert (found.contact_kind, found.contact_nominee_id, found.contact) == (ContactKind.NOMINEE, nominee.id, None)


OTHER = {
    "choice": "annen",
    "given_name": "Turid",
    "family_name": "Kaffekanne",
    "email": "turid@trondheim-kommune.example",
    "mobile": "91 23 45 67",
}


def test_somebody_else(app, journey, row):
    number = synthetic_number()
    trip = journey().begin().fill_submitter().add()
    missing = trip.post("kontaktperson", choice="annen")
    assert missing.status_code == 422
    for text in (
        "Skriv fornavnet.",
        "Skriv etternavnet.",
        "Skriv fødselsnummeret.",
        "Skriv e-postadressen.",
        "Skriv mobilnummeret.",
    ):
        assert missing.text.count(f">{text}<") == 2
    assert "Velg hva personen skal gjøre." not in missing.text
    trip.choose_contact(**OTHER, national_id=number)
    found = row(trip.id)
    assert found.contact_kind is ContactKind.OTHER and found.contact.name == "Turid Kaffekanne"
    with app.app_context():
        assert national_ids.read(found.contact) == number
    page = trip.get("kontaktperson").text
    assert number not in page and f"Lagret: {number[:6]} •••••." in page
    trip.choose_contact(**{**OTHER, "mobile": "90 00 00 00"})  # the number need not be typed again
    assert row(trip.id).contact.mobile == "+4790000000"
    trip.choose_contact("innsender")
    assert row(trip.id).contact is None


def test_the_contact_person_may_be_given_access(app, journey, row, person):
    trip = journey().begin().fill_submitter().add()
    assert "Velg hva personen skal gjøre." in trip.post("kontaktperson", choice="innsender", has_access="y").text
    trip.choose_contact("innsender", has_access="y", access_level="user_administrator")
    found = row(trip.id)
    me = found.nominees[1]
    assert (me.given_name, me.family_name, me.email) == ("Kari", "Multeglans", found.submitter_email)
    assert me.access_level == "user_administrator" and found.contact_kind is ContactKind.SUBMITTER
    with app.app_context():
        assert national_ids.read(me) == person("submitter_municipality").number
    trip.choose_contact("innsender", has_access="y", access_level="reader")
    assert len(row(trip.id).nominees) == 2  # is there already


def test_somebody_else_may_be_given_access(journey, row):
    number = synthetic_number()
    trip = journey().begin().fill_submitter().add()
    wanting = trip.post("kontaktperson", **OTHER, national_id=number, has_access="y")
    assert "Skriv stillingen." in wanting.text and "Velg hva personen skal gjøre." in wanting.text
    trip.choose_contact(**OTHER, national_id=number, has_access="y", access_level="reader", job_title="Seksjonsleder")
    found = row(trip.id)
    assert (found.contact_kind, found.contact_nominee_id) == (ContactKind.NOMINEE, found.nominees[1].id)
    assert found.nominees[1].name == "Turid Kaffekanne" and found.contact is None


def test_a_nominees_number_is_not_somebody_elses(journey):
    number = synthetic_number()
    trip = journey().begin().fill_submitter().add(national_id=number)
    response = trip.post("kontaktperson", **OTHER, national_id=number)
    assert response.status_code == 422
    assert "Personen er allerede lagt til. Velg personen i listen." in response.text


# -- the order of the steps, and leaving them


@pytest.mark.parametrize("page", ["personer", "personer/ny", "personer/1", "kontaktperson", "kontroller"])
def test_a_step_opens_when_those_before_it_are_answered(journey, page):
    trip = journey().begin()
    assert trip.get(page).location == f"{trip.path}/innsender"


def test_jumping_to_the_end_by_force(journey, row):
    trip = journey().begin().fill_submitter()
    token = trip.form("personer").values
    for page in ("kontaktperson", "kontroller"):
        assert trip.get(page).location == f"{trip.path}/personer"
        response = trip.client.post(
            f"{trip.path}/{page}", data={**token, "form_key": str(uuid4()), "choice": "innsender", "declaration": "y"}
        )
        assert response.status_code in (303, 422)
    assert row(trip.id).status == "draft" and row(trip.id).contact_kind is None


def test_going_on_leads_to_the_first_unanswered_step(journey):
    trip = journey().begin()
    assert trip.client.get(trip.path).location == f"{trip.path}/innsender"
    trip.fill_submitter()
    assert trip.client.get(trip.path).location == f"{trip.path}/personer"
    trip.add()
    assert trip.client.get(trip.path).location == f"{trip.path}/kontaktperson"
    trip.choose_contact()
    assert trip.client.get(trip.path).location == f"{trip.path}/kontroller"


def test_leaving_a_step_keeps_what_is_valid(journey, row):
    trip = journey().begin()
    response = trip.post("innsender", submitter_email="kari@k.example", submitter_mobile="12", go="later")
    assert response.location == "/soknad"
    assert "Søknaden er lagret." in trip.client.get("/soknad").text
    assert (row(trip.id).submitter_email, row(trip.id).submitter_mobile) == ("kari@k.example", "")
    trip.fill_submitter().add()
    back = trip.post("kontaktperson", choice="annen", given_name="Turid", go="previous")
    assert back.location.endswith("/personer")
    assert row(trip.id).contact.given_name == "Turid"
    assert trip.client.get(trip.path).location == f"{trip.path}/kontaktperson"  # not complete


def test_changing_from_the_check_page_returns_there(journey, row):
    trip = journey().fill()
    page = trip.get("kontroller").text
    assert f"{trip.path}/innsender?fra=kontroller" in page
    changed = trip.post("innsender?fra=kontroller", submitter_job_title="Leder", go="next")
    assert changed.location.endswith("/kontroller")
    nominee = trip.post("personer/ny?fra=kontroller", **{**NOMINEE, "national_id": synthetic_number(), "lagre": "1"})
    assert nominee.location.endswith("/personer?fra=kontroller")
    assert trip.post("personer?fra=kontroller", go="next").location.endswith("/kontroller")
    assert "Leder" in trip.get("kontroller").text and "Endre<span" in page


def test_the_draft_is_a_page_like_any_other_to_come_back_to(journey):
    trip = journey().fill()
    page = trip.client.get("/soknad").text
    assert "Fortsett" in page and "Slettes" in page and "Trondheim kommune" in page


# -- who fills in


def test_a_colleague_goes_on_with_the_draft(journey, row, person):
    trip = journey().fill()
    other = journey("submitter_colleague")
    other.id = trip.id
    assert other.get("personer").status_code == 200
    page = other.get("innsender").text
    assert "Kari Multeglans har fylt ut dette steget." in page
    assert SUBMITTER["submitter_email"] not in page
    check = other.get("kontroller").text
    assert "Innsender: Kari Multeglans står som innsender. Fyll ut dine opplysninger." in check
    refused = other.send()
    assert refused.status_code == 422 and 'href="#innsender"' in refused.text
    assert row(trip.id).status == "draft"
    other.post("innsender", submitter_email="geir@k.example", go="later")
    assert row(trip.id).submitter_email == SUBMITTER["submitter_email"]  # half a page takes nothing over
    other.fill_submitter(submitter_email="geir@k.example")
    found = row(trip.id)
    assert (found.submitter_name, found.submitter_email) == ("Geir Medskriver", "geir@k.example")
    assert found.submitter_id == person("submitter_colleague").id
    assert other.send().location.endswith("/kvittering")


def test_the_name_is_asked_for_only_when_altinn_does_not_give_it(journey, app, row):
    trip = journey().begin()
    assert "submitter_name" not in trip.form("innsender").values
    with app.app_context():
        db.session.get_one(AccessApplication, trip.id).submitter_name = ""
        db.session.commit()
    assert "Skriv navnet ditt." in trip.post("innsender", **SUBMITTER).text
    trip.fill_submitter(submitter_name="Kari Multeglans")
    assert row(trip.id).submitter_name == "Kari Multeglans"


# -- two at once


def test_two_people_change_the_same_page(journey, row):
    trip = journey().begin().fill_submitter()
    first, second = trip.form("innsender").values, trip.form("innsender").values
    address = f"{trip.path}/innsender"
    assert trip.client.post(address, data={**first, "submitter_job_title": "Leder"}).status_code == 303
    late = trip.client.post(address, data={**second, "submitter_job_title": "Sjef", "go": "next"})
    assert late.status_code == 409
    for text in ("Noen andre har endret siden", "Leder", "Sjef", "Bruk min versjon", "Behold den andre"):
        assert text in late.text
    assert row(trip.id).submitter_job_title == "Leder"
    mine = Page(late.text).form(0)
    assert trip.client.post(address, data={**mine.values, "versjon": "min"}).location.endswith("/personer")
    assert row(trip.id).submitter_job_title == "Sjef"


def test_two_people_change_different_pages_in_peace(journey, row):
    trip = journey().fill()
    submitter, contact = trip.form("innsender").values, trip.form("kontaktperson").values
    assert (
        trip.client.post(f"{trip.path}/innsender", data={**submitter, "submitter_job_title": "Leder"}).status_code
        == 303
    )
    nominee = str(row(trip.id).nominees[0].id)
    assert trip.client.post(f"{trip.path}/kontaktperson", data={**contact, "choice": nominee}).status_code == 303


def test_a_conflict_about_a_person_never_shows_a_number(journey):
    number, mine = synthetic_number(), synthetic_number()
    trip = journey().begin().fill_submitter().add(national_id=number)
    stale = trip.form("personer/1").values
    trip.post("personer/1", job_title="Leder", lagre="1")
    late = trip.client.post(f"{trip.path}/personer/1", data={**stale, "national_id": mine, "job_title": "Sjef"})
    assert late.status_code == 409
    assert number not in late.text
    assert f"{mine[:6]} •••••" in late.text


def test_the_contact_page_in_two_tabs(journey, row):
    trip = journey().begin().fill_submitter().add()
    stale = trip.form("kontaktperson").values
    trip.choose_contact()
    late = trip.client.post(f"{trip.path}/kontaktperson", data={**stale, "choice": str(row(trip.id).nominees[0].id)})
    assert late.status_code == 409
    assert "Jeg, Kari Multeglans" in late.text and "Nora Vintereple" in late.text


# -- saving by itself


def autosave(trip, page, values, **changes):
    return trip.client.post(f"{trip.path}/{page}", data={**values, **changes}, headers={"X-Autosave": "1"})


def test_a_page_saves_itself_and_is_not_its_own_rival(journey, row):
    trip = journey().begin()
    values = trip.form("innsender").values
    saved = autosave(trip, "innsender", values, submitter_email="kari@k.example", submitter_mobile="9876")
    assert saved.status_code == 204 and saved.data == b""
    assert (row(trip.id).submitter_email, row(trip.id).submitter_mobile) == ("kari@k.example", "")
    values = {**values, "seen": saved.headers["X-Seen"], "submitter_email": "kari@k.example"}
    again = autosave(trip, "innsender", values, submitter_mobile="98765432")
    assert again.status_code == 204
    values = {**values, "seen": again.headers["X-Seen"], "submitter_mobile": "98765432", "submitter_job_title": "Leder"}
    assert trip.client.post(f"{trip.path}/innsender", data=values).location.endswith("/personer")
    assert trip.get("innsender").status_code == 200


def test_the_contact_page_saves_itself(journey, row):
    trip = journey().begin().fill_submitter().add()
    values = trip.form("kontaktperson").values
    nominee = str(row(trip.id).nominees[0].id)
    for choice in ("annen", nominee, "innsender"):
        saved = autosave(trip, "kontaktperson", values, choice=choice, given_name="Turid")
        assert saved.status_code == 204
        values["seen"] = saved.headers["X-Seen"]
    assert row(trip.id).contact_kind is ContactKind.SUBMITTER
    assert len(row(trip.id).nominees) == 1


def test_a_save_by_itself_never_overwrites_another(journey, row):
    trip = journey().begin().fill_submitter()
    stale = trip.form("innsender").values
    trip.post("innsender", submitter_job_title="Leder")
    assert autosave(trip, "innsender", stale, submitter_job_title="Sjef").status_code == 409
    assert row(trip.id).submitter_job_title == "Leder"


# -- forged requests


def test_every_column_is_posted_and_none_but_the_forms_own_is_taken(app, journey, row, caplog):
    trip = journey().begin()
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    before = row(trip.id)
    forged = dict.fromkeys(columns - set(SUBMITTER) - {"seen"}, "1")
    values = trip.form("innsender").values
    response = trip.client.post(f"{trip.path}/innsender", data={**forged, **values, **SUBMITTER})
    assert response.status_code == 303
    after = row(trip.id)
    own = {"submitter_email", "submitter_mobile", "submitter_job_title", "changed_at", "version"}
    for column in AccessApplication.__table__.columns:
        if column.name not in own and column.name != "receipt_pdf":
            assert getattr(after, column.name) == getattr(before, column.name), column.name
    assert any(getattr(record, "event", "") == "unknown_fields" for record in caplog.records)


def test_a_forged_person_gets_no_more_than_asked(journey, row):
    trip = (
        journey()
        .begin()
        .fill_submitter()
        .add(outcome="granted", granted_level="user_administrator", position="99", id=str(uuid4()))
    )
    nominee = row(trip.id).nominees[0]
    assert (nominee.outcome, nominee.granted_level, nominee.position) == ("pending", None, 1)


def test_a_doubled_field_is_refused(journey):
    trip = journey().begin()
    values = [
        *trip.form("innsender").values.items(),
        ("submitter_email", "a@b.example"),
        ("submitter_email", "c@d.example"),
    ]
    body = "&".join(f"{name}={value}" for name, value in values)
    response = trip.client.post(f"{trip.path}/innsender", data=body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400


@pytest.mark.parametrize(
    "junk",
    [
        "\x00",
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
        "a" * 100_000,
        "<script>alert(1)</script>",
        "'; DROP TABLE x; --",
    ],
)
def test_no_input_is_ever_a_500(journey, junk):
    trip = journey().begin()
    for field in SUBMITTER:
        assert trip.post("innsender", **{**SUBMITTER, field: junk}).status_code in (303, 400, 422)
    assert "<script>alert" not in trip.get("innsender").text


# -- traces


def test_changes_and_views_leave_a_trace(app, journey, person):
    trip = journey().fill()
    trip.get("personer")
    with app.app_context():
        events = db.session.scalars(
            select(AuditEvent).where(AuditEvent.object_id == trip.id).order_by(AuditEvent.id)
        ).all()
    actions = [event.action for event in events]
    assert actions[0] == "application.started"
    assert actions.count("application.changed") == 3
    assert "application.viewed" in actions
    assert {event.actor_id for event in events} == {person("submitter_municipality").id}
    assert "Nora" not in str([event.facts for event in events])


def test_an_unfinished_page_keeps_what_fits_and_leaves_out_the_rest(journey, row):
    trip = journey().begin().fill_submitter()
    number = synthetic_number()
    trip.post("personer/ny", **NOMINEE, national_id=number)
    trip.post("personer")
    other = {"choice": "annen", "given_name": "Odd", "family_name": "Kontakt", "email": "odd@kommune.example"}
    assert trip.post("kontaktperson", **other, mobile="91234567", national_id=number).status_code == 422
    assert trip.post("kontaktperson", **other, mobile="91234567", national_id=number, go="previous").status_code == 303
    contact = row(trip.id).contact
    assert contact.given_name == "Odd" and contact.national_id_box is None
    page = Page(trip.get("kontaktperson").text).form().values
    for choice in ("annen", "en-som-er-fjernet"):
        fields = {**page, **other, "choice": choice, "national_id": number}
        saved = trip.client.post(f"{trip.path}/kontaktperson", data=fields, headers={"X-Autosave": "1"})
        assert saved.status_code == 204, choice


def test_a_person_is_saved_whole_or_not_at_all(journey, row):
    trip = journey().begin().fill_submitter()
    trip.post("personer/ny", **NOMINEE, national_id=synthetic_number())
    assert trip.post("personer/1", given_name="Annet", email="", go="later").status_code == 303
    assert row(trip.id).nominees[0].given_name == NOMINEE["given_name"]


def test_one_line_answers_hold_no_national_identity_number(journey):
    trip = journey().begin()
    answer = trip.post("innsender", **{**SUBMITTER, "submitter_job_title": f"Leder {synthetic_number()}"})
    assert answer.status_code == 422 and "ser ut til å inneholde et fødselsnummer" in answer.text


def test_a_submitter_without_a_name_does_not_come_past_the_first_step(app, journey):
    trip = journey().begin().fill_submitter()
    with app.app_context():
        db.session.get_one(AccessApplication, trip.id).submitter_name = ""
        db.session.commit()
    assert trip.get("personer").location == f"{trip.path}/innsender"
