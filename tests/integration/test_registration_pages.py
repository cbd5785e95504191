"""The registration's own pages: the check without a sign-in, consent, about you, and finishing (ux.md D0–D2, D9)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import (
    AvailabilityKind,
    ConsentAct,
    ConsentPurpose,
    HprStatus,
    Language,
    ProfessionalStatus,
    Role,
)
from models.listing import Listing
from models.professional import ConsentEvent, HprRecord, PageDraft, Professional
from services import blocks, boxes, consents
from tests.pages import Page

ABOUT = {
    "given_name": "Káren Ánne",
    "family_name": "Gåsmo",
    "email": "karen@example.no",
    "phone": "98 76 54 32",
    "street": "Storgata 1",
    "postal_code": "7013",
    "citizenship": "NO",
    "language": "nn",
}
STEPS = "/min-side/registrer"


@pytest.fixture
def person(make):
    return make.account("Pia Pleier")


@pytest.fixture
def browser(client_for, person):
    return client_for(person, Role.PROFESSIONAL)


@pytest.fixture
def begun(make, app, person):
    """A registration with the first consent, and nothing more."""
    row = make.registration(person)
    with app.app_context():
        event = make.consent_event(ConsentPurpose.REGISTER)
        event.professional_id = row.id
        db.session.add(event)
        db.session.commit()
    return row


def stored(app, person):
    with app.app_context():
        return db.session.scalar(select(Professional).where(Professional.account_id == person.id))


def events(app):
    with app.app_context():
        return db.session.scalars(select(ConsentEvent).order_by(ConsentEvent.happened_at, ConsentEvent.order)).all()


# The check


@pytest.mark.parametrize(
    ("query", "status", "heading"),
    [
        ("", 200, "Kan du registrere deg?"),
        ("?steg=jobb", 422, "Kan du registrere deg?"),
        ("?jobb=kanskje&steg=jobb", 422, "Kan du registrere deg?"),
        ("?jobb=ja&steg=jobb", 200, "Du skal ikke registrere deg"),
        ("?jobb=nei&steg=jobb", 200, "Jobber du ved universitet eller høyskole?"),
        ("?jobb=nei&steg=skole", 422, "Jobber du ved universitet eller høyskole?"),
        ("?jobb=nei&skole=nei&steg=skole", 200, "Du kan registrere deg"),
        ("?jobb=nei&skole=ja&steg=skole", 200, "Du kan registrere deg"),
    ],
)
def test_the_check_leads_by_its_answers_and_keeps_nothing(client, query, status, heading):
    response = client.get(f"/for-helsepersonell/sjekk{query}")
    assert response.status_code == status
    assert f'<h1 class="ds-heading" data-size="lg">{heading}</h1>' in response.text
    assert ("Velg ja eller nei." in response.text) == (status == 422)
    assert ("Avtal med arbeidsgiveren" in response.text) == ("skole=ja" in query)
    assert "Set-Cookie" not in response.headers


# Consent


def test_a_consent_is_recorded_in_the_words_that_were_shown(app, browser, person, submit):
    response = submit(browser, f"/nn{STEPS}/samtykke", register="y", vacancy_alerts="y")
    assert response.status_code == 303 and response.location == f"/nn{STEPS}/om-deg"
    version = consents.current(clock.today())
    first, second = events(app)
    assert (first.purpose, second.purpose) == (ConsentPurpose.REGISTER, ConsentPurpose.VACANCY_ALERTS)
    for event in (first, second):
        assert event.act is ConsentAct.GIVEN
        assert (event.text_version, event.language) == (version.name, Language.NYNORSK)
        assert event.text_hash == version.hash_of(event.purpose, Language.NYNORSK)
        assert consents.words_of(event).startswith("Eg samtykkjer")
        assert (event.channel, event.login_level) == ("web", "idporten-loa-high")
    assert stored(app, person).status is ProfessionalStatus.STARTED


def test_nothing_is_stored_without_the_first_consent(app, browser, person, submit):
    response = submit(browser, f"{STEPS}/samtykke", shown_to_organisations="y")
    assert response.status_code == 422
    assert "Kryss av for at du samtykker til å stå i registeret." in response.text
    assert Page(response.text).form().values["shown_to_organisations"] == "y"
    assert stored(app, person) is None


def test_boxes_are_empty_at_first_and_given_consents_are_told_with_their_date(app, browser, begun):
    text = browser.get(f"{STEPS}/samtykke").text
    assert "checked" not in text and 'name="register"' not in text
    assert "Gitt" in text and 'name="vacancy_alerts"' in text


def test_the_same_consent_twice_is_once_in_the_log(app, browser, submit):
    page = Page(browser.get(f"{STEPS}/samtykke").text).form()
    other_tab = Page(browser.get(f"{STEPS}/samtykke").text).form()
    for form in (page, page, other_tab):
        assert browser.post(f"{STEPS}/samtykke", data=form.values | {"register": "y"}).status_code == 303
    assert len(events(app)) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Professional)) == 1


def test_a_consent_is_never_restored_after_the_session_ended(app, browser, person):
    form = Page(browser.get(f"{STEPS}/samtykke").text).form()
    with browser.session_transaction() as session:
        session.pop("csrf_token")
    lost = browser.post(f"{STEPS}/samtykke", data=form.values | {"register": "y"})
    assert (lost.status_code, lost.location) == (303, f"{STEPS}/samtykke")
    assert browser.get_cookie("held") is not None
    text = browser.get(f"{STEPS}/samtykke").text
    assert "Du ble logget ut før svaret ble lagret. Velg på nytt." in text
    assert "checked" not in text and "Vi tok vare på" not in text
    assert stored(app, person) is None


def test_new_words_are_asked_for_again_while_the_old_consent_counts(app, browser, begun, monkeypatch, submit):
    old = consents.versions()
    new = consents.Version("2026-12", clock.today(), old[-1].texts)
    monkeypatch.setattr(consents, "versions", lambda: (*old, new))
    text = browser.get(f"{STEPS}/samtykke").text
    assert "Teksten er ny." in text and 'name="register"' in text
    assert submit(browser, f"{STEPS}/samtykke", register="y").status_code == 303
    assert [event.text_version for event in events(app)] == [old[-1].name, "2026-12"]


def test_boxes_ticked_under_other_words_do_not_count(app, browser, person, submit):
    response = submit(browser, f"{STEPS}/samtykke", register="y", text_version="1999-01")
    assert response.status_code == 422 and "Teksten er endret" in response.text
    assert "checked" not in response.text
    assert stored(app, person) is None


# The order of the pages


def test_a_page_opens_when_those_before_it_are_answered(browser, begun, make):
    assert browser.get(f"{STEPS}/tilgjengelighet").location == f"{STEPS}/om-deg"
    assert browser.get("/min-side/opplysninger").location == f"{STEPS}/om-deg"
    assert browser.get(f"{STEPS}/se-over").location == f"{STEPS}/om-deg"


def test_without_a_registration_every_page_leads_to_consent(browser):
    for path in ("/min-side", "/min-side/opplysninger", f"{STEPS}/om-deg", f"{STEPS}/se-over", "/min-side/skjul"):
        assert browser.get(path).location == f"{STEPS}/samtykke", path


# About you


def test_about_you_is_kept_and_leads_on(app, browser, begun, person, submit):
    response = submit(browser, f"{STEPS}/om-deg", form=-1, **ABOUT)
    assert response.location == f"{STEPS}/autorisasjon"
    row = stored(app, person)
    assert (row.name, row.phone, row.postal_code) == ("Káren Ánne Gåsmo", "+4798765432", "7013")
    assert (row.municipality_number, row.language, row.citizenship) == ("5001", Language.NYNORSK, "NO")
    assert b"Storgata" not in row.street_box
    with app.app_context():
        assert boxes.read(row, "street_box") == "Storgata 1"
    text = browser.get(f"{STEPS}/om-deg").text
    assert "7013 Trondheim, Trondheim kommune" in text and "98 76 54 32" in text and "Storgata 1" in text
    assert "Bekreft e-posten" in text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("given_name", "", "Skriv fornavnet."),
        ("family_name", "R2D2", "Etternavnet kan ikke inneholde tall."),
        ("email", "", "Skriv e-postadressen."),
        ("email", "karen", "E-postadressen mangler krøllalfa (@)."),
        ("phone", "123", "Mobilnummeret må ha 8 siffer. Start med + og landkode hvis det er utenlandsk."),
        ("street", "x" * 201, "» er 1 tegn for lang."),
        ("postal_code", "", "Skriv postnummeret."),
        ("postal_code", "701", "Postnummeret må ha 4 siffer."),
        ("postal_code", "9999", "Vi finner ikke postnummeret 9999."),
        ("citizenship", "Noreg", "Velg ett av svarene."),
        ("language", None, "Velg språk."),
        ("hides_from_employer", "y", "Skriv hvor du jobber, eller fjern krysset"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(app, browser, begun, person, submit, field, value, message):
    response = submit(browser, f"{STEPS}/om-deg", form=-1, **{**ABOUT, field: value})
    assert response.status_code == 422
    assert response.text.count(message) == 2, "in the summary and at the field"
    assert "<title>Feil:" in response.text.replace("Feil: ", "Feil:")
    kept = Page(response.text).forms[-1].values
    assert all(kept[name] == typed for name, typed in ABOUT.items() if name != field)
    assert stored(app, person).email is None


def test_a_page_left_half_done_is_kept_sealed_until_it_is_whole(app, browser, begun, person, submit):
    half = {**ABOUT, "phone": "", "language": None}
    assert submit(browser, f"{STEPS}/om-deg", form=-1, **half, go="later").location == "/min-side"
    assert stored(app, person).given_name is None
    with app.app_context():
        draft = db.session.scalars(select(PageDraft)).one()
        assert b"karen" not in draft.fields_box
    assert "karen@example.no" in browser.get(f"{STEPS}/om-deg").text
    assert (
        submit(browser, f"{STEPS}/om-deg", form=-1, phone="98765432", language="nb").location == f"{STEPS}/autorisasjon"
    )
    assert stored(app, person).given_name == ABOUT["given_name"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PageDraft)) == 0


def test_a_page_saves_itself_without_a_word(app, browser, begun, person):
    form = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1]
    saves = {"X-Autosave": "1"}
    half = browser.post(f"{STEPS}/om-deg", data=form.values | {"email": "karen@ex"}, headers=saves)
    assert half.status_code == 204 and "karen@ex" in browser.get(f"{STEPS}/om-deg").text
    whole = browser.post(f"{STEPS}/om-deg", data=form.values | ABOUT, headers=saves)
    assert whole.status_code == 204 and stored(app, person).email == "karen@example.no"
    again = form.values | ABOUT | {"seen": whole.headers["X-Seen"], "phone": "91234567"}
    assert browser.post(f"{STEPS}/om-deg", data=again).status_code == 303


def test_two_tabs_are_shown_both_versions(app, browser, begun, person, submit):
    submit(browser, f"{STEPS}/om-deg", form=-1, **ABOUT)
    old = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1].values
    submit(browser, f"{STEPS}/om-deg", form=-1, phone="91234567")
    response = browser.post(f"{STEPS}/om-deg", data=old | {"phone": "92222222"})
    assert response.status_code == 409
    assert "91 23 45 67" in response.text and "92 22 22 22" in response.text
    mine = Page(response.text).form()
    assert browser.post(f"{STEPS}/om-deg", data=mine.values | {"versjon": "min"}).status_code == 303
    assert stored(app, person).phone == "+4792222222"


def test_what_was_typed_comes_back_after_a_new_sign_in(app, browser, begun, person, client_for):
    form = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1]
    with browser.session_transaction() as session:
        token = session["_user_id"]
        session.pop("csrf_token")
        session["_user_id"] = token
    lost = browser.post(f"{STEPS}/om-deg", data=form.values | ABOUT)
    assert lost.status_code == 303
    text = browser.get(f"{STEPS}/om-deg").text
    assert "Vi tok vare på det du skrev." in text and "karen@example.no" in text
    assert stored(app, person).email is None


def test_the_own_number_is_masked_and_shown_once_when_asked_for(app, browser, begun, person, submit):
    number = person.number
    written = f"{number[:6]} {number[6:]}"
    page = browser.get(f"{STEPS}/om-deg").text
    assert number not in page and written not in page and number[:6] in page
    shown = submit(browser, f"{STEPS}/om-deg", form=-1, go="show_number", street="Halvveis 1", email="halv")
    assert shown.status_code == 200 and written in shown.text
    typed = Page(shown.text).form(-1).values
    assert (typed["street"], typed["email"]) == ("Halvveis 1", "halv") and "ds-error-summary" not in shown.text
    assert written not in browser.get(f"{STEPS}/om-deg").text
    with app.app_context():
        seen = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "national_id.shown")).all()
    assert [(event.actor_id, event.subject_id) for event in seen] == [(person.id, person.id)]


def test_the_name_that_hpr_gave_is_not_asked_for(app, make, client_for, submit):
    row = make.professional()
    browser = client_for(make_account(app, row), Role.PROFESSIONAL)
    text = browser.get("/min-side/opplysninger").text
    assert 'name="given_name"' not in text and "Kari Prøve" in text
    response = submit(browser, "/min-side/opplysninger", form=-1, given_name="Ola", phone="91234567")
    assert response.status_code == 303
    with app.app_context():
        changed = db.session.get(Professional, row.id)
        assert (changed.given_name, changed.phone) == ("Kari", "+4791234567")


def test_a_name_from_hpr_that_comes_while_one_types_is_nobodys_conflict(app, make, browser, begun):
    form = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1]
    with app.app_context():
        row = db.session.get(Professional, begun.id)
        row.given_name, row.family_name = "Pia", "Pleier"
        row.hpr = HprRecord(status=HprStatus.VALID, number="9900131", checked_at=clock.now())
        db.session.commit()
    assert browser.post(f"{STEPS}/om-deg", data=form.values | ABOUT).status_code == 303
    with app.app_context():
        row = db.session.get(Professional, begun.id)
        assert (row.name, row.email) == ("Pia Pleier", ABOUT["email"])


def make_account(app, row):
    from models.account import Account

    with app.app_context():
        return db.session.get(Account, row.account_id)


def test_the_place_of_a_postal_code_is_told_on_its_own(browser, begun):
    told = {code: browser.get(f"/min-side/poststed?postnummer={code}") for code in ("7013", "0001", "9170", "x", "")}
    assert told["7013"].text == "7013 Trondheim, Trondheim kommune"
    assert told["0001"].text == "0001 Oslo, Oslo kommune"
    assert told["9170"].text == "9170 Longyearbyen"
    assert told["x"].text == told[""].text == ""
    assert all(answer.status_code == 200 for answer in told.values())


def test_an_employer_one_should_not_register_from_is_hinted_at_and_may_be_hidden_from(
    app, browser, begun, person, submit
):
    submit(browser, f"{STEPS}/om-deg", form=-1, **ABOUT, employer="trondheim KOMMUNE", hides_from_employer="y")
    assert "skal du ikke registrere deg" in browser.get(f"{STEPS}/om-deg").text
    with app.app_context():
        hidden = db.session.get(Professional, begun.id).blocks
        assert [(block.organisation_number, block.is_employer) for block in hidden] == [("942110464", True)]
    submit(browser, f"{STEPS}/om-deg", form=-1, employer="St. Olavs hospital")
    with app.app_context():
        hidden = db.session.get(Professional, begun.id).blocks
        assert [block.organisation_number for block in hidden] == ["883974832"]
    submit(browser, f"{STEPS}/om-deg", form=-1, employer="Kiosken", hides_from_employer=None)
    with app.app_context():
        assert db.session.get(Professional, begun.id).blocks == []


def test_whom_one_hid_from_by_hand_stays_hidden_from_when_the_employer_changes(
    app, make, browser, begun, person, submit
):
    with app.app_context():
        blocks.hide(make.actor(person, Role.PROFESSIONAL), "942110464")
        db.session.commit()
    submit(browser, f"{STEPS}/om-deg", form=-1, **ABOUT, employer="Trondheim kommune", hides_from_employer="y")
    form = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1]
    assert form.values["hides_from_employer"] == "y"
    submit(browser, f"{STEPS}/om-deg", form=-1, employer="Kiosken", hides_from_employer=None)
    with app.app_context():
        kept = db.session.get(Professional, begun.id).blocks
        assert [(block.organisation_number, block.is_employer) for block in kept] == [("942110464", False)]


def test_the_name_is_asked_for_when_hpr_says_nothing_for_a_minute(app, client_for, browser, begun, person, submit):
    page = browser.get(f"{STEPS}/om-deg").text
    assert f'data-poll="{STEPS}/om-deg"' in page and "Vi henter navnet ditt fra HPR." in page
    assert "given_name" not in Page(page).form(-1).values
    rest = {name: value for name, value in ABOUT.items() if not name.endswith("_name")}
    assert submit(browser, f"{STEPS}/om-deg", form=-1, **rest).status_code == 303
    assert stored(app, person).email == "karen@example.no"
    with clock.at(clock.now() + timedelta(minutes=1)):
        page = client_for(person, Role.PROFESSIONAL).get(f"{STEPS}/om-deg").text
    assert "given_name" in Page(page).form(-1).values and "data-poll=" not in page


def test_a_choice_nobody_made_is_no_difference_between_two_versions(browser, begun, submit):
    page = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1].values
    submit(browser, f"{STEPS}/om-deg", form=-1, **ABOUT | {"citizenship": ""})
    second = browser.post(f"{STEPS}/om-deg", data=page | ABOUT | {"citizenship": "", "street": "Nygata 2"})
    assert second.status_code == 409 and "Velg land" not in second.text


def test_a_page_that_is_refused_for_its_employer_changes_nothing(app, browser, begun, person, submit):
    submit(browser, f"{STEPS}/om-deg", form=-1, **ABOUT)
    page = Page(browser.get(f"{STEPS}/om-deg").text).forms[-1].values
    typed = page | {"street": "Nygata 2", "employer": "Kiosken", "hides_from_employer": "y"}
    assert browser.post(f"{STEPS}/om-deg", data=typed, headers={"X-Autosave": "1"}).status_code == 204
    assert "Nygata 2" in browser.get(f"{STEPS}/om-deg").text
    with app.app_context():
        found = db.session.get(Professional, begun.id)
        assert (boxes.read(found, "street_box"), found.employer) == ("Storgata 1", None)


def test_a_protected_address_is_listed_for_nobody(app, make, client_for, submit):
    row = make.professional()
    browser = client_for(make_account(app, row), Role.PROFESSIONAL)
    assert submit(browser, "/min-side/opplysninger", form=-1, is_address_protected="y").status_code == 303
    with app.app_context():
        assert db.session.get(Listing, row.id) is None
    assert "adressesperre" in browser.get("/min-side").text


# The check and the end


@pytest.fixture
def nearly(app, make, person):
    """A registration in which everything is answered."""
    row = make.professional(person)
    with app.app_context():
        found = db.session.get(Professional, row.id)
        found.status, found.completed_at = ProfessionalStatus.STARTED, None
        db.session.delete(db.session.get(Listing, row.id))
        db.session.commit()
    return row


def test_the_registration_is_finished_once_and_the_person_listed(app, browser, nearly, submit):
    page = browser.get(f"{STEPS}/se-over")
    assert page.status_code == 200
    assert f'href="{STEPS}/kompetanse?fra=se-over"' in page.text
    form = Page(page.text).form()
    for _ in range(2):
        assert browser.post(f"{STEPS}/se-over", data=form.values).location == "/min-side"
    text = browser.get("/min-side").text
    assert "Du er registrert. Takk for at du stiller opp." in text
    assert "Kommuner og helseforetak med tilgang kan se deg." in text
    with app.app_context():
        assert db.session.get(Professional, nearly.id).status is ProfessionalStatus.ACTIVE
        assert db.session.get(Listing, nearly.id) is not None
        done = select(func.count()).where(AuditEvent.action == "registration.finished")
        assert db.session.scalar(done) == 1
    assert browser.get(f"{STEPS}/se-over").location == "/min-side"
    assert browser.get(f"{STEPS}/kompetanse").location == "/min-side/kompetanse"


def test_who_registers_with_a_pause_is_paused(app, browser, nearly, submit):
    with app.app_context():
        db.session.get(Professional, nearly.id).availability.kind = AvailabilityKind.PAUSED
        db.session.commit()
    assert submit(browser, f"{STEPS}/se-over").status_code == 303
    with app.app_context():
        assert db.session.get(Professional, nearly.id).status is ProfessionalStatus.PAUSED
        assert db.session.get(Listing, nearly.id) is None


def test_a_gap_stops_and_is_told_of(app, browser, nearly, submit):
    form = Page(browser.get(f"{STEPS}/se-over").text).form()
    with app.app_context():
        db.session.delete(db.session.get(Professional, nearly.id).competence)
        db.session.commit()
    response = browser.post(f"{STEPS}/se-over", data=form.values)
    assert response.status_code == 422
    assert 'href="#kompetanse"' in response.text
    with app.app_context():
        assert db.session.get(Professional, nearly.id).status is ProfessionalStatus.STARTED


def test_a_page_changed_and_not_saved_is_a_gap(app, browser, nearly, submit):
    page = f"{STEPS}/om-deg"
    assert submit(browser, page, form=-1, phone="", street="Nygata 2", go="later").location == "/min-side"
    assert browser.get(f"{STEPS}/se-over").text.count("Siden er ikke ferdig.") == 1
    refused = submit(browser, f"{STEPS}/se-over")
    assert refused.status_code == 422 and "Om deg: Siden er ikke ferdig." in refused.text
    with app.app_context():
        assert db.session.get(Professional, nearly.id).status is ProfessionalStatus.STARTED
    submit(browser, page, form=-1, phone="98765432")
    assert submit(browser, f"{STEPS}/se-over").location == "/min-side"
    with app.app_context():
        assert boxes.read(db.session.get(Professional, nearly.id), "street_box") == "Nygata 2"


def test_change_from_the_check_leads_back_to_it(browser, nearly, submit):
    response = submit(browser, f"{STEPS}/om-deg?fra=se-over", form=-1, phone="91234567")
    assert response.location == f"{STEPS}/se-over"


def test_looking_at_every_page_writes_nothing_but_the_log(app, browser, nearly):
    def rows():
        with app.app_context():
            return json.dumps(
                [
                    [str(value) for value in row]
                    for table in (Professional, ConsentEvent)
                    for row in db.session.execute(select(*table.__table__.columns).order_by("id"))
                ]
            )

    before = rows()
    for page in ("samtykke", "om-deg", "se-over"):
        assert browser.get(f"{STEPS}/{page}").status_code == 200
    assert rows() == before
