"""What an organisation's home page says of today, and its log of its own users (ux.md section 2, security.md 9)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, AlertFrequency, ApplicationStatus, AvailabilityKind, GrantStatus, Role
from models.grant import Grant
from models.listing import Listing
from services import insight, organisation_home, organisation_log, saved_searches
from services.search import Filters
from tests.builders import Builders

LOG = "/virksomhet/logg"


@pytest.fixture
def administrator(make: Builders) -> Grant:
    return make.user(AccessLevel.USER_ADMINISTRATOR, account=make.account("Astrid Administrator"))


@pytest.fixture
def browser(make: Builders, administrator: Grant, client_for: Callable[..., FlaskClient]) -> FlaskClient:
    client = client_for(administrator.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
    client.administrator = administrator.person.id  # type: ignore[attr-defined]
    return client


def words(page: str) -> str:
    """What a person reads, with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_home_counts_who_can_work_today_and_what_waits(
    app: Flask, make: Builders, browser: FlaskClient, client_for: Any
) -> None:
    now = clock.now()
    make.professional()
    make.professional(availability__confirmed_at=now - timedelta(days=40))
    make.professional(
        availability__kind=AvailabilityKind.FROM_DATE, availability__from_date=clock.today() + timedelta(days=3)
    )
    make.professional(reach__municipalities=["0301"])
    make.professional(listed=False)
    make.application(ApplicationStatus.IN_REVIEW)
    reader = make.user()
    late, locked = make.user(), make.user()
    make.user(status=GrantStatus.INVITED)
    with app.app_context():
        db.session.get_one(Grant, late.id).confirmed_at = now - timedelta(days=170)
        db.session.get_one(Grant, locked.id).locked_at = now
        db.session.commit()
    page = words(browser.get("/virksomhet").text)
    assert "2 tilgjengelige i området i dag, 1 bekreftet siste 30 dager." in page
    assert "Brukere 5 " in page and "2 må bekreftes" in page and "1 søknad er under behandling." in page
    assert "Logg over bruken" in page
    theirs = words(client_for(reader.person, Role.ORGANISATION_USER, make.organisation()).get("/virksomhet").text)  # type: ignore[attr-defined]
    assert "Logg over bruken" not in theirs and "må bekreftes" not in theirs


def test_the_number_on_the_home_page_is_the_number_of_the_search_it_leads_to(
    make: Builders, browser: FlaskClient
) -> None:
    make.professional()
    make.professional(availability__confirmed_at=clock.now() - timedelta(days=40))
    home = browser.get("/virksomhet").text
    link = re.search(r'href="(/register\?[^"]+)"', home)
    assert link and "2 tilgjengelige" in home
    assert "2 treff, 1 bekreftet siste 30 dager" in words(browser.get(link[1].replace("&amp;", "&")).text)


def test_the_home_page_counts_in_the_searches_saved_last(
    app: Flask, make: Builders, administrator: Grant, browser: FlaskClient
) -> None:
    began = clock.now() - timedelta(hours=1)
    with app.app_context():
        actor = make.actor(administrator.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
        for number in range(7):
            with clock.at(began + timedelta(minutes=number)):
                saved_searches.save(actor, Filters(professions=("SP",)), f"Søk {number}", AlertFrequency.NEVER)
        db.session.commit()
        assert [one.row.name for one in organisation_home.of(actor).searches] == [f"Søk {n}" for n in (6, 5, 4, 3, 2)]
    make.professional()
    page = words(browser.get("/virksomhet").text)
    assert "Lagrede søk 7 " in page and page.count(": 1 ny") == 5
    assert "Gjelder de 5 søkene du lagret sist. Se alle søkene" in page
    with app.app_context():
        for one in saved_searches.of(actor).searches[:2]:
            saved_searches.remove(actor, one.row)
        db.session.commit()
    assert "Se alle søkene" not in browser.get("/virksomhet").text


def test_the_log_says_who_looked_at_whom_and_why_as_long_as_they_are_visible(
    app: Flask, make: Builders, browser: FlaskClient, client_for: Any, submit: Any
) -> None:
    reader = make.user(account=make.account("Rita Registersøker"))
    person, gone = make.professional(given_name="Synne"), make.professional(given_name="Borte")
    theirs = client_for(reader.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
    theirs.get("/register")
    theirs.get(submit(theirs, f"/register/person/{person.id}", purpose="exercise").location)
    theirs.get(f"/register/person/{gone.id}")
    foreign = make.user(organisation=make.organisation("940101808", "TROMSØ KOMMUNE"))
    client_for(foreign.person, Role.ORGANISATION_USER, make.organisation("940101808")).get("/register")  # type: ignore[attr-defined]
    with app.app_context():
        db.session.delete(db.session.get_one(Listing, gone.id))
        db.session.commit()
    page = browser.get(LOG)
    rows = [words(row) for row in re.findall(r"<tr><th.*?</tr>", page.text, re.DOTALL)]
    told = [re.sub(r"^[\d. ]+ ", "", row) for row in rows]
    assert told == [
        "Rita Registersøker Åpnet profil En person som ikke lenger er synlig –",
        "Rita Registersøker Så kontaktinformasjon Synne Prøve Beredskapsøvelse",
        "Rita Registersøker Åpnet profil Synne Prøve –",
        "Rita Registersøker Treff i søk 2 personer –",
    ]
    assert "Borte" not in page.text and "98 76 54 32" not in page.text and "kari.prove" not in page.text
    with app.app_context():
        read = select(AuditEvent).where(AuditEvent.actor_id == browser.administrator)  # type: ignore[attr-defined]
        viewed, look = db.session.scalars(read.order_by(AuditEvent.id)).all()
        assert (viewed.action, look.action, look.purpose) == ("audit.viewed", insight.SHOWN, "own_log")
        assert look.facts["shown"] == [str(person.person.id)]  # type: ignore[attr-defined]
    again = words(browser.get(LOG).text)
    assert "Astrid Administrator Loggen lest – –" in again and "Kontroll av egne brukere" not in again
    own = client_for(person.person, Role.PROFESSIONAL)  # type: ignore[attr-defined]
    assert "Kontroll av egne brukere" in own.get("/min-side/innsyn").text


def test_the_log_is_narrowed_and_paged(app: Flask, make: Builders, browser: FlaskClient, client_for: Any) -> None:
    reader, other = (make.user(account=make.account(name)) for name in ("Rita Registersøker", "Odd Oppslag"))
    make.professional()
    for grant in (reader, other):
        client = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
        for _ in range(26):
            client.get("/register")

    def told(query: str) -> tuple[int, str]:
        page = browser.get(f"{LOG}?{query}").text
        return page.count("<tr><th"), page

    assert told(f"hvem={other.person.id}")[0] == 26  # type: ignore[attr-defined]
    foreign = make.user(organisation=make.organisation("940101808", "TROMSØ KOMMUNE"))
    client_for(foreign.person, Role.ORGANISATION_USER, make.organisation("940101808")).get("/register")  # type: ignore[attr-defined]
    assert told(f"hvem={foreign.person.id}")[0] == 0  # type: ignore[attr-defined]
    assert told("hva=profile.opened")[0] == 0
    assert told(f"fra={clock.today() + timedelta(days=1)}")[0] == 0
    shown, page = told("hva=listing.shown")
    older = re.search(r'href="([^"]+)"[^>]*>Eldre hendelser', page)
    assert shown == 50 and older and told(older[1].replace("&amp;", "&").partition("?")[2])[0] == 2
    assert told("hvem=x&hva=session.started&for=q")[0] == 50
    assert told("fra=2027-02-31")[1].count("Skriv datoen slik: 05.06.2027.") == 2


def test_only_user_administrators_read_the_log(make: Builders, client_for: Any) -> None:
    for level in (AccessLevel.READER, AccessLevel.RECRUITER):
        client = client_for(make.user(level).person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
        assert client.get(LOG).status_code == client.get(f"{LOG}?fra=x").status_code == 403


def test_every_look_of_a_user_is_in_the_log() -> None:
    by_the_directorate = {
        *("person.looked_up", "person.viewed", "privacy_case.viewed", "confirmation.resent", "contact.corrected"),
        *("nominee.number_shown", "users.viewed"),
    }
    assert set(insight.LOOKS) - by_the_directorate <= set(organisation_log.ACTS)
    assert by_the_directorate.isdisjoint(organisation_log.ACTS)


def test_the_way_home_stands_on_every_page(make: Builders, browser: FlaskClient, client_for: Any) -> None:
    """The organisation's name, or the place of the role; the front page offers no access to those who have it."""
    home = f'<a class="ds-link" href="/virksomhet">{make.organisation().name}</a>'
    for path in ("/register", "/register/kart", "/register/rapport", "/register/kortlister", "/register/eksport"):
        assert browser.get(path).text.count(home) == 2, f"{path}: in the header and in the breadcrumbs"
    front = browser.get("/").text
    assert home in front and "Bruk registeret" in front and "Søk om tilgang" not in front
    person = make.account("Siri Søker")
    worker = make.staff(name="Saga Saksbehandler")
    for account, role, link in (
        (person, Role.SUBMITTER, "/soknad"),
        (person, Role.PROFESSIONAL, "/min-side"),
        (worker, Role.CASEWORKER, "/sak"),
    ):
        front = client_for(account, role).get("/nn/hjelp").text
        assert f'<p><a class="ds-link" href="/nn{link}">' in front
