"""Min side and hiding: one sentence of who can see me, every page with one line, and organisations that find nothing
(ux.md D10, D11)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.audit import AuditEvent
from models.enums import AvailabilityKind, ConsentAct, ConsentPurpose, ProfessionalStatus, Role
from models.listing import Listing
from models.professional import Block, Professional
from services import blocks, consents, listing
from services.errors import NotFound
from tests.pages import Page

TRONDHEIM, ST_OLAV = "942110464", "883974832"


@pytest.fixture
def person(make):
    return make.professional()


@pytest.fixture
def account(app, person):
    with app.app_context():
        return db.session.get(Account, person.account_id)


@pytest.fixture
def browser(client_for, account):
    return client_for(account, Role.PROFESSIONAL)


def change(app, person, **changes):
    with app.app_context():
        row = db.session.get(Professional, person.id)
        for name, value in changes.items():
            part, _, column = name.rpartition("__")
            setattr(getattr(row, part) if part else row, column, value)
        listing.refresh(row.id)
        db.session.commit()


def test_whoever_is_listed_reads_so(browser):
    text = browser.get("/min-side").text
    assert '<h1 class="ds-heading" data-size="lg">Kari Prøve</h1>' in text
    assert "Kommuner og helseforetak med tilgang kan se deg." in text
    for line in ("Sykepleier", "1 kommune", "Du har gitt 2 av 5 samtykker.", "Du har ikke lagt til noen CV."):
        assert line in text
    for page in ("tilgjengelighet", "autorisasjoner", "kompetanse", "cv", "omrader", "opplysninger", "innsyn",
                 "samtykke", "skjul", "eksport", "personvern", "slett"):  # fmt: skip
        assert f'href="/min-side/{page}"' in text, page


@pytest.mark.parametrize(
    ("changes", "sentence", "address"),
    [
        ({"is_address_protected": True}, "fordi du har adressesperre", "/min-side/opplysninger"),
        (
            {"availability__kind": AvailabilityKind.PAUSED, "status": ProfessionalStatus.PAUSED},
            "fordi du har tatt en pause",
            "#bekreftelse",
        ),
        ({"competence__professions": ["LE"]}, "fordi du ikke har valgt et yrke", "/min-side/kompetanse"),
        ({"restricted_at": clock.now()}, "fordi bruken av opplysningene dine er begrenset", "/min-side/personvern"),
        (
            {"availability__confirmed_at": clock.now() - timedelta(days=61)},
            "fordi du ikke har bekreftet",
            "#bekreftelse",
        ),
        ({"hpr__checked_at": clock.now() - timedelta(days=4)}, "ikke har fått svar fra", "/min-side/autorisasjoner"),
    ],
)
def test_whoever_is_not_listed_reads_why_and_where_to_go(app, browser, person, changes, sentence, address):
    change(app, person, **changes)
    text = browser.get("/min-side").text
    assert "Du er ikke synlig" in text and sentence in text
    button = text.index("ds-button", text.index(sentence))
    assert f'href="{address}"' in text[button - 5 : button + 200]


def test_a_withdrawn_consent_leads_to_the_consents(app, make, browser, person):
    with app.app_context():
        event = make.consent_event(ConsentPurpose.SHOWN_TO_ORGANISATIONS, 9, act=ConsentAct.WITHDRAWN)
        event.professional_id = person.id
        db.session.add(event)
        db.session.commit()
    text = browser.get("/min-side").text
    assert "Du telles med i beredskapen, men ingen virksomheter kan se deg" in text
    assert 'href="/min-side/registrer/samtykke"' in text
    assert 'name="shown_to_organisations"' in browser.get("/min-side/registrer/samtykke").text


def test_a_consent_that_was_not_renewed_is_asked_for_again(browser, person, monkeypatch):
    newer = consents.Version("2026-12", clock.today() - timedelta(days=100), consents.versions()[-1].texts)
    known = consents.versions()
    monkeypatch.setattr(consents, "versions", lambda: (*known, newer))
    text = browser.get("/min-side").text
    assert "fordi noe i profilen din mangler eller må fornyes" in text
    assert 'href="/min-side/registrer/samtykke"' in text
    assert 'name="register"' in browser.get("/min-side/registrer/samtykke").text


def test_new_words_of_the_first_consent_come_before_another_one(browser, person, monkeypatch):
    newer = consents.Version("2026-12", clock.today(), consents.versions()[-1].texts)
    known = consents.versions()
    monkeypatch.setattr(consents, "versions", lambda: (*known, newer))
    form = next(
        form
        for form in Page(browser.get("/min-side/samtykke").text).forms
        if form.values.get("samtykke") == "vacancy_alerts"
    )
    assert browser.post("/min-side/samtykke/gi", data=form.values).location == "/min-side/registrer/samtykke"
    assert "Kryss av for at du samtykker til å stå i registeret." in browser.get("/min-side/registrer/samtykke").text


def test_an_unfinished_registration_goes_on_where_it_was_left(app, make, client_for):
    account = make.account("Pia Pleier")
    row = make.registration(account)
    with app.app_context():
        event = make.consent_event(ConsentPurpose.REGISTER)
        event.professional_id = row.id
        db.session.add(event)
        db.session.commit()
    text = client_for(account, Role.PROFESSIONAL).get("/min-side").text
    assert "Registreringen er påbegynt" in text and "fordi registreringen ikke er fullført" in text
    assert text.count('href="/min-side/registrer/om-deg"') == 2
    assert 'href="/min-side/tilgjengelighet"' not in text and 'href="/min-side/slett"' in text


def test_min_side_is_ones_own(make, client_for, person):
    other = make.professional(make.account("Ola Annen"), given_name="Ola", family_name="Annen", email="ola@example.no")
    assert other.id != person.id
    for path in ("/min-side", "/min-side/opplysninger", "/min-side/skjul"):
        text = client_for(make.account("Fremmed Person"), Role.PROFESSIONAL).get(path)
        assert text.status_code == 303 and text.location == "/min-side/registrer/samtykke"


def test_one_finds_municipalities_and_trusts_by_name_and_number(context):
    def found(text):
        return [(one.number, one.name) for one in blocks.search(text)]

    assert found("trondheim kommune") == [(TRONDHEIM, "Trondheim kommune")]
    assert (ST_OLAV, "St. Olavs hospital HF") in found("olavs")
    assert found(TRONDHEIM) == found("942 110 464") == [(TRONDHEIM, "Trondheim kommune")]
    assert found("guovdageaidnu") != []
    assert found("%") == found("") == found("Kiosken AS") == []
    assert {one.county for one in blocks.search("Herøy")} == {"Nordland", "Møre og Romsdal"}
    assert blocks.named("herøy kommune") is None
    assert blocks.named("ST. OLAVS HOSPITAL") == blocks.named(ST_OLAV)
    for text, name in (
        ("St Olavs", "St. Olavs hospital HF"),
        ("UNN", "Universitetssykehuset Nord-Norge HF"),
        ("Ahus", "Akershus universitetssykehus HF"),
        ("Tromso", "Tromsø kommune"),
        ("Guovdageainnu suohkan", "Kautokeino kommune"),
        ("Guovdageainnu suohkan / Kautokeino kommune", "Kautokeino kommune"),
        ("Loabaga suohkan", "Lavangen kommune"),
        ("helse nord", "Helse Nord RHF"),
    ):
        assert blocks.search(text)[0].name == name, text
        one = blocks.named(text)
        assert one is not None and one.name == name, text
    assert "Lunner kommune" in [one.name for one in blocks.search("unn")[1:]], "parts of words come after"
    assert blocks.named("Kiosken") is blocks.named("kommune") is blocks.named("Nord") is None


def test_more_hits_than_are_shown_are_told_of(browser):
    assert "Vi viser de 20 første." in browser.get("/min-side/skjul?sok=a").text
    assert "Prøv en annen skrivemåte" in browser.get("/min-side/skjul?sok=kiosken").text


def test_hiding_takes_the_organisation_out_of_whom_one_is_listed_for(app, browser, person, submit):
    page = browser.get("/min-side/skjul?sok=trondheim").text
    assert "Trondheim kommune, Trøndelag" in page
    form = Page(browser.get("/min-side/skjul?sok=st.+olav").text).form_to("/min-side/skjul")
    for _ in range(2):  # pressed twice
        assert browser.post("/min-side/skjul", data=form.values).status_code == 303
    with app.app_context():
        assert db.session.get(Listing, person.id).hidden_from == [ST_OLAV]
    text = browser.get("/min-side/skjul?sok=st.+olav").text
    assert "Du er allerede skjult for dem vi fant." in text
    assert "Du er skjult for 1 virksomhet." in browser.get("/min-side").text


def test_hiding_ends_as_it_began(app, make, account, person):
    with app.app_context():
        actor = make.actor(account, Role.PROFESSIONAL)
        block = blocks.hide(actor, ST_OLAV)
        assert blocks.hide(actor, ST_OLAV).id == block.id
        with pytest.raises(NotFound):
            blocks.hide(actor, "999999999")
        assert blocks.show_again(actor, block.id) == "St. Olavs hospital HF"
        with pytest.raises(NotFound):
            blocks.show_again(actor, block.id)
        db.session.commit()
        assert db.session.get(Listing, person.id).hidden_from == []
        assert db.session.scalar(select(func.count()).select_from(Block)) == 0
        noted = db.session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("block.%"))).all()
    assert sorted(noted) == ["block.added", "block.removed"]


def test_anothers_block_is_not_there(app, make, client_for, browser, person, submit):
    submit(browser, "/min-side/skjul?sok=st.+olav", to="/min-side/skjul")
    with app.app_context():
        block = db.session.scalars(select(Block)).one()
        other = db.session.get(Account, make.professional(make.account("Ola Annen")).account_id)
    stranger = client_for(other, Role.PROFESSIONAL)
    token = submit(stranger, "/min-side/skjul?sok=st.+olav", to="/min-side/skjul")
    assert token.status_code == 303
    own = stranger.get("/min-side/skjul").text
    path = f"/min-side/skjul/{block.id}/vis"
    assert path not in own
    form = Page(own).form().values
    assert stranger.post(path, data={"csrf_token": form["csrf_token"]}).status_code == 404


def test_a_sign_in_is_use_of_the_registration(app, make, client, log_in, stubs):
    account = make.account("Tuva Lyngmark", stubs.person("professional_nurse").national_id)
    long_ago = clock.now() - timedelta(days=300)
    row = make.professional(account, last_used_at=long_ago, erasure_warned_at=long_ago)
    log_in(client, "professional_nurse")
    with app.app_context():
        found = db.session.get(Professional, row.id)
        assert clock.now() - found.last_used_at < timedelta(minutes=1) and found.erasure_warned_at is None
