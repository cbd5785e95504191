"""Nothing typed is lost when a session, its form secret or an outside system goes away (ux.md 4.2, 3.2).

The form is the one that changes what a user may do: it is real, and asks for a fresh login.
"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.account import HeldForm, LoginSession
from models.enums import AccessLevel, Role
from models.grant import Grant
from services import held_forms
from tests.pages import Page

WAS_SIGNED_OUT = "Du ble logget ut. Vi tok vare på det du skrev. Se over og gå videre."
WAS_HELD = "Vi tok vare på det du skrev. Se over og gå videre."


@pytest.fixture
def administrator(make, stubs):
    """A person of the stand-ins who manages a municipality's users."""
    account = make.account("Astrid Administrator", stubs.person("stranger").national_id)
    make.user(AccessLevel.USER_ADMINISTRATOR, account=account)
    return account


@pytest.fixture
def page(make):
    """The page with the form, and the grant it is about."""
    grant = make.user(AccessLevel.RECRUITER)
    return f"/virksomhet/brukere/{grant.id}"


@pytest.fixture
def browser(make, administrator, client_for):
    return client_for(administrator, Role.ORGANISATION_USER, make.organisation())


def typed(browser, page):
    """The form as the person has filled it in."""
    form = Page(browser.get(page).text).form()
    return {**form.values, "level": "reader"}


def end_session(app, browser):
    with app.app_context():
        db.session.get_one(LoginSession, browser.login_session_id).ended_at = clock.now()
        db.session.commit()


def level_of(app, page):
    with app.app_context():
        return db.session.get_one(Grant, page.rsplit("/", 1)[1]).level


def held_rows(app):
    with app.app_context():
        return db.session.scalar(select(func.count(HeldForm.id)))


def test_an_ended_session_keeps_what_was_typed_and_sends_nothing_by_itself(app, browser, page, log_in):
    fields = typed(browser, page)
    end_session(app, browser)
    answer = browser.post(page, data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/logg-inn?next={page}")
    assert "Vi tar vare på det du skrev" in browser.get(answer.headers["Location"]).text
    back = log_in(browser, "stranger", next=page)
    assert back.headers["Location"] == page
    shown = browser.get(page)
    assert WAS_SIGNED_OUT in shown.text
    assert Page(shown.text).form().values["level"] == "reader"
    assert level_of(app, page) is AccessLevel.RECRUITER
    sent = browser.post(page, data=Page(shown.text).form().values)
    assert sent.status_code == 303 and level_of(app, page) is AccessLevel.READER
    assert held_rows(app) == 0 and browser.get_cookie("held") is None
    assert WAS_SIGNED_OUT not in browser.get(page).text


def test_idle_time_keeps_it_too(app, browser, page, log_in):
    fields, now = typed(browser, page), clock.now()
    with clock.at(now + timedelta(minutes=31)):
        assert browser.post(page, data=fields).status_code == 303
        log_in(browser, "stranger", next=page)
        assert Page(browser.get(page).text).form().values["level"] == "reader"


def test_it_stays_sealed_and_is_gone_after_half_an_hour(app, browser, page, log_in):
    fields, now = typed(browser, page), clock.now()
    end_session(app, browser)
    browser.post(page, data=fields)
    with app.app_context():
        row = db.session.scalars(select(HeldForm)).one()
        assert b"reader" not in row.fields_box and page.encode() not in row.fields_box
    with clock.at(now + timedelta(minutes=30, seconds=1)):
        log_in(browser, "stranger", next=page)
        assert WAS_SIGNED_OUT not in browser.get(page).text
        assert held_rows(app) == 0


def test_another_person_gets_nothing_and_it_is_discarded(app, make, browser, page, log_in, stubs):
    other = make.account("Anne Annen", stubs.person("no_right").national_id)
    make.user(AccessLevel.USER_ADMINISTRATOR, account=other)
    fields = typed(browser, page)
    end_session(app, browser)
    browser.post(page, data=fields)
    log_in(browser, "no_right", next=page)
    shown = browser.get(page)
    assert shown.status_code == 200 and WAS_SIGNED_OUT not in shown.text
    assert Page(shown.text).form().values["level"] == "recruiter"
    assert held_rows(app) == 0 and browser.get_cookie("held") is None
    log_in(browser, "stranger", next=page, fresh=True)
    assert WAS_SIGNED_OUT not in browser.get(page).text


def test_another_page_is_not_filled_with_it(app, make, browser, page, log_in):
    other = f"/virksomhet/brukere/{make.user(AccessLevel.RECRUITER).id}"
    fields = typed(browser, page)
    end_session(app, browser)
    browser.post(page, data=fields)
    log_in(browser, "stranger", next=page)
    assert Page(browser.get(other).text).form().values["level"] == "recruiter"
    assert WAS_SIGNED_OUT in browser.get(page).text


def test_choosing_whom_to_act_for_on_the_way_back_loses_nothing(
    app, make, browser, page, log_in, submit, administrator
):
    """The earlier cookie is gone and the person has two organisations, so the way back goes through the choice."""
    make.user(account=administrator, organisation=make.organisation("945475056", "KAUTOKEINO KOMMUNE"))
    fields = typed(browser, page)
    end_session(app, browser)
    browser.post(page, data=fields)
    held = browser.get_cookie("held").value
    browser.delete_cookie("okt")
    log_in(browser, "stranger", next=page)
    choice = browser.get(page).headers["Location"]
    assert choice.startswith("/virksomhet/velg")
    chosen = submit(browser, choice, acting=str(make.organisation().id))
    assert chosen.headers["Location"] == page and browser.get_cookie("held").value == held
    assert Page(browser.get(page).text).form().values["level"] == "reader"


def test_a_lost_form_secret_keeps_it_without_a_new_login(app, browser, page):
    fields = typed(browser, page)
    with browser.session_transaction() as session:
        del session["csrf_token"]
    answer = browser.post(page, data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    shown = browser.get(page)
    assert WAS_HELD in shown.text and Page(shown.text).form().values["level"] == "reader"
    assert level_of(app, page) is AccessLevel.RECRUITER


def test_an_old_login_is_renewed_and_the_form_comes_back_refilled(app, make, administrator, client_for, page, log_in):
    browser = client_for(
        administrator, Role.ORGANISATION_USER, make.organisation(), signed_in_ago=timedelta(minutes=16)
    )
    answer = browser.post(page, data=typed(browser, page))
    assert answer.headers["Location"] == f"/logg-inn?next={page}&ny=1"
    assert "Det er mer enn 15 minutter siden du logget inn." in browser.get(answer.headers["Location"]).text
    assert level_of(app, page) is AccessLevel.RECRUITER
    assert log_in(browser, "stranger", next=page, fresh=True).headers["Location"] == page
    shown = browser.get(page)
    assert WAS_HELD in shown.text and "Du ble logget ut." not in shown.text
    assert browser.post(page, data=Page(shown.text).form().values).status_code == 303
    assert level_of(app, page) is AccessLevel.READER


def test_what_changed_meanwhile_is_noticed(app, browser, page, log_in):
    fields = typed(browser, page)
    end_session(app, browser)
    browser.post(page, data=fields)
    with app.app_context():
        grant = db.session.get_one(Grant, page.rsplit("/", 1)[1])
        grant.level, grant.granted_level = AccessLevel.USER_ADMINISTRATOR, AccessLevel.USER_ADMINISTRATOR
        db.session.commit()
    log_in(browser, "stranger", next=page)
    answer = browser.post(page, data=Page(browser.get(page).text).form().values)
    assert answer.status_code == 409 and "Noen andre har endret siden" in answer.text
    assert level_of(app, page) is AccessLevel.USER_ADMINISTRATOR
    chosen = Page(answer.text).form().values
    assert browser.post(page, data=chosen).status_code == 303
    assert level_of(app, page) is AccessLevel.READER


def test_a_confirmation_is_never_given_for_the_person(app, make, client_for, log_in, stubs):
    invitation = make.invitation(
        make.user(account=make.account(number=stubs.person("stranger").national_id), status="invited")
    )
    browser = client_for(db_account(app, stubs))
    page = f"/i/{invitation.token}"
    fields = {**Page(browser.get(page).text).form().values, "confidentiality": "y"}
    end_session(app, browser)
    browser.post(page, data=fields)
    assert log_in(browser, "stranger", next=page).headers["Location"] == page
    shown = browser.get(page)
    assert shown.status_code == 200 and "confidentiality" not in Page(shown.text).form().values


def db_account(app, stubs):
    from models.account import Account
    from services import national_ids

    with app.app_context():
        indexes = national_ids.indexes_of(stubs.person("stranger").national_id)
        return db.session.scalars(select(Account).where(Account.national_id_index.in_(indexes))).one()


def test_housekeeping_forgets_what_nobody_came_back_for(app, browser, page):
    fields = typed(browser, page)
    end_session(app, browser)
    browser.post(page, data=fields)
    with app.app_context():
        assert held_forms.discard_expired() == 0
        with clock.at(clock.now() + timedelta(minutes=31)):
            assert held_forms.discard_expired() == 1


def test_a_button_of_a_list_leads_back_to_the_list(app, make, browser):
    """Nothing answers a GET at the button's address, so the page it stands on is the one to come back to."""
    invited = make.invitation(make.user(status="invited"))
    address = f"/virksomhet/brukere/{invited.grant_id}/inviter"
    form = Page(browser.get("/virksomhet/brukere").text).form_to(address)
    end_session(app, browser)
    for referrer, target in (
        ("http://localhost/virksomhet/brukere", "/virksomhet/brukere"),
        ("https://evil.example/virksomhet/brukere", "/"),
        ("http://localhost/nothing-here", "/"),
        ("", "/"),
    ):
        answer = browser.post(address, data=form.values, headers={"Referer": referrer})
        assert answer.headers["Location"] == f"/logg-inn?next={target}"


# -- pressed twice


def test_a_second_press_gives_the_first_result(app, browser, page):
    fields = typed(browser, page)
    first = browser.post(page, data=fields)
    with app.app_context():
        db.session.get_one(Grant, page.rsplit("/", 1)[1]).level = AccessLevel.RECRUITER
        db.session.commit()
    second = browser.post(page, data=fields)
    assert first.headers["Location"] == second.headers["Location"] == "/virksomhet/brukere"
    assert level_of(app, page) is AccessLevel.RECRUITER, "the second press did nothing"


def test_other_content_from_the_same_page_is_a_new_act_and_so_is_its_own_second_press(app, browser, page):
    fields = typed(browser, page)
    browser.post(page, data=fields)
    changed = {**fields, "level": "recruiter", "seen": ""}
    assert browser.post(page, data=changed).status_code == 303
    assert level_of(app, page) is AccessLevel.RECRUITER
    with app.app_context():
        db.session.get_one(Grant, page.rsplit("/", 1)[1]).level = AccessLevel.READER
        db.session.commit()
    assert browser.post(page, data=changed).status_code == 303
    assert level_of(app, page) is AccessLevel.READER, "its second press did nothing either"


def test_a_refused_press_does_not_use_up_the_page(app, browser, page):
    fields = typed(browser, page)
    assert browser.post(page, data={**fields, "level": "made-up"}).status_code == 422
    assert browser.post(page, data=fields).status_code == 303


def test_another_person_cannot_take_over_a_pressed_page(app, make, browser, page, client_for):
    other = make.user(AccessLevel.USER_ADMINISTRATOR)
    fields = typed(browser, page)
    browser.post(page, data=fields)
    theirs = client_for(other.person, Role.ORGANISATION_USER, make.organisation())
    mine = {**typed(theirs, page), "form_key": fields["form_key"], "level": "recruiter", "seen": ""}
    assert theirs.post(page, data=mine).status_code == 303
    assert level_of(app, page) is AccessLevel.RECRUITER
