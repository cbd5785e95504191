"""The address is proven by a press on the link's page; looking changes nothing (ux.md D2, security.md C30–C34)."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import Language, LinkPurpose, ProfessionalStatus, Role
from models.professional import Link, Professional
from services import contact_details, email_confirmation, links, professionals, registration
from services.settings import DEFAULTS, Key
from tests.pages import Page

ADDRESS = "ny.adresse@example.no"


@pytest.fixture
def person(make):
    return make.professional(language=Language.NYNORSK)


@pytest.fixture
def browser(app, client_for, person):
    with app.app_context():
        account = db.session.get(Account, person.account_id)
    return client_for(account, Role.PROFESSIONAL)


@pytest.fixture
def asked(app, person, run_jobs, stubs):
    """A new address; returns the path of the link in its e-mail."""

    def ask(address: str = ADDRESS) -> str:
        with app.app_context():
            row = db.session.get(Professional, person.id)
            email_confirmation.change(row, address)
            email_confirmation.ask(row)
            db.session.commit()
        run_jobs()
        return link_in(stubs.mail()[-1])

    return ask


def link_in(mail) -> str:
    return next(urlsplit(word).path for word in mail["text"].split() if "/e/" in word)


def state(app, person):
    with app.app_context():
        row = db.session.get(Professional, person.id)
        return row.email, row.email_confirmed_at is not None


def test_the_mail_is_in_the_persons_language_and_holds_nothing_of_the_person(app, asked, stubs, person):
    path = asked()
    mail = stubs.mail()[-1]
    assert mail["recipients"] == [ADDRESS]
    assert path.startswith("/nn/e/")
    assert mail["text"].count(path) == 1 and mail["html"].count(path) == 2
    assert not {"Kari", "Prøve", person.number, "Sykepleier"} & set(mail["text"].split())


def test_twenty_looks_change_nothing_and_a_press_confirms(app, asked, client, person):
    path = asked()
    for _ in range(10):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert state(app, person) == (ADDRESS, False)
    page = client.get(path)
    assert page.headers["Referrer-Policy"] == "no-referrer" and "Kari" not in page.text
    form = Page(page.text).form()
    for _ in range(2):  # pressed twice
        done = client.post(path, data=form.values)
        assert (done.status_code, done.location) == (303, "/nn/e/bekreftet")
    assert state(app, person) == (ADDRESS, True)
    assert client.get(done.location).status_code == 200
    assert "allereie" in client.get(path).text or "allerede" in client.get(path).text


def test_a_link_is_dead_when_it_is_old_replaced_changed_or_for_something_else(app, asked, client, person, make):
    replaced = asked()
    newest = asked()
    with app.app_context():
        row = db.session.get(Professional, person.id)
        token = links.token_of(links.create(row, LinkPurpose.AVAILABILITY, 14))
        db.session.commit()
    for path in (replaced, f"/e/{token}", "/e/xyz", "/e/" + "a" * 43):
        assert client.get(path).status_code == 404, path
    form = Page(client.get(newest).text).form()
    for path in (replaced, f"/e/{token}"):
        assert client.post(path, data=form.values).status_code == 404
    with app.app_context(), clock.at(clock.now() + timedelta(days=DEFAULTS[Key.EMAIL_LINK_DAYS][0] + 1)):
        assert links.find(newest.rsplit("/", 1)[1], LinkPurpose.EMAIL_CONFIRMATION) is None
    asked("enda.nyere@example.no")
    assert client.post(newest, data=form.values).status_code == 404
    assert state(app, person) == ("enda.nyere@example.no", False)


def test_a_link_pressed_while_the_address_is_being_changed_confirms_nothing(app, asked, person):
    path = asked()
    with app.app_context():
        link = links.find(path.rsplit("/", 1)[1], LinkPurpose.EMAIL_CONFIRMATION)
        with db.new_session() as other:
            other.get(Professional, person.id).email = "annen@example.no"
            other.commit()
        email_confirmation.confirm(link)
        db.session.commit()
    assert state(app, person) == ("annen@example.no", False)


def test_a_new_link_can_be_asked_for_so_many_times_a_day(app, asked, browser, submit, person):
    asked()
    most = DEFAULTS[Key.EMAIL_LINKS_PER_DAY][0]
    for _ in range(most - 1):
        assert submit(browser, "/min-side/opplysninger", form=-1, go="send_again").status_code == 200
    refused = submit(browser, "/min-side/opplysninger", form=-1, go="send_again")
    assert refused.status_code == 429 and "Vi har sendt deg flere lenker i dag." in refused.text
    with app.app_context():
        assert len(db.session.scalars(select(Link)).all()) == most
        with clock.at(clock.now() + timedelta(days=1, minutes=1)):
            email_confirmation.ask(db.session.get(Professional, person.id))


def test_a_changed_address_begins_anew_and_the_same_one_does_not(app, browser, submit, person, stubs, run_jobs):
    submit(browser, "/min-side/opplysninger", form=-1, phone="91234567")
    assert state(app, person) == ("kari.prove@example.no", True)
    submit(browser, "/min-side/opplysninger", form=-1, email=ADDRESS)
    assert state(app, person) == (ADDRESS, False)
    run_jobs()
    assert [mail["recipients"] for mail in stubs.mail()] == [[ADDRESS]]
    assert "E-posten er ikke bekreftet." in browser.get("/min-side").text


def test_a_bounce_is_told_of_until_the_address_is_changed(app, browser, submit, asked, stubs, run_jobs, person):
    stubs.control("smtp", "refuse")
    asked_of(app, person)
    run_jobs()
    stubs.control("smtp", "ok")
    for path in ("/min-side", "/min-side/opplysninger"):
        assert f"E-posten til {ADDRESS} kom ikke fram." in browser.get(path).text
    submit(browser, "/min-side/opplysninger", form=-1, email="riktig@example.no")
    assert "kom ikke fram" not in browser.get("/min-side").text


def asked_of(app, person):
    with app.app_context():
        row = db.session.get(Professional, person.id)
        email_confirmation.begin_anew(row, ADDRESS)
        email_confirmation.ask_once(row)
        db.session.commit()


def test_nothing_is_sent_while_one_types(app, make, client_for, stubs, run_jobs, submit):
    """A registration that saves itself: half an address may look whole."""
    account = make.account("Pia Pleier")
    row = make.professional(account)
    with app.app_context():
        found = db.session.get(Professional, row.id)
        found.status, found.completed_at = ProfessionalStatus.STARTED, None
        db.session.commit()
    browser = client_for(account, Role.PROFESSIONAL)
    page = "/min-side/registrer/om-deg"
    form = Page(browser.get(page).text).forms[-1].values
    for half in ("pia@example.n", "pia@example.no"):
        saved = browser.post(page, data=form | {"email": half}, headers={"X-Autosave": "1"})
        assert saved.status_code == 204
        form["seen"] = saved.headers["X-Seen"]
    run_jobs()
    assert stubs.mail() == []
    for _ in range(2):
        assert submit(browser, page, form=-1).status_code == 303
    run_jobs()
    assert [mail["recipients"] for mail in stubs.mail()] == [["pia@example.no"]]


def test_an_address_left_by_another_way_is_sent_its_link_at_the_end(app, make, stubs, run_jobs):
    """The page saved itself, and its button was never pressed."""
    account = make.account("Pia Pleier")
    row = make.professional(account, email_confirmed_at=None)
    with app.app_context():
        found = db.session.get(Professional, row.id)
        found.status, found.completed_at = ProfessionalStatus.STARTED, None
        db.session.flush()
        registration.finish(make.actor(account, Role.PROFESSIONAL))
        db.session.commit()
    run_jobs()
    assert [mail["subject"] for mail in stubs.mail()] == ["Bekreft e-posten din"]


def test_nothing_is_sent_when_the_address_is_confirmed(app, make, person):
    with app.app_context():
        actor = make.actor(db.session.get(Account, person.account_id), Role.PROFESSIONAL)
        assert email_confirmation.ask_again(actor) is False
        assert contact_details.About.of(professionals.own(actor)).email == "kari.prove@example.no"
