"""An organisation's home page and its users (ux.md E7, security.md C4, C12, C13, C19)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, GrantEnd, GrantStatus, InvitationStatus, MessageKind, Role
from models.grant import Grant, Invitation
from models.message import Message
from services import housekeeping
from tests.pages import Page

USERS = "/virksomhet/brukere"


@pytest.fixture
def administrator(make):
    return make.user(AccessLevel.USER_ADMINISTRATOR, account=make.account("Astrid Administrator"))


@pytest.fixture
def browser(make, administrator, client_for):
    return client_for(administrator.person, Role.ORGANISATION_USER, make.organisation())


def test_the_home_page_says_where_the_access_reaches(make, client_for):
    grant = make.user()
    page = client_for(grant.person, Role.ORGANISATION_USER, make.organisation()).get("/virksomhet").text
    assert "<h1" in page and "KOMMUNE 942110464" in page and "942\N{NO-BREAK SPACE}110\N{NO-BREAK SPACE}464" in page
    assert "Trondheim" in page and "Søke i registeret og kontakte helsepersonell" in page
    assert "Ingen i området kan jobbe i dag." in page


def test_a_health_trust_sees_its_catchment(make, client_for):
    trust = make.organisation("883974832", "St. Olavs hospital HF", kind="health_trust", form="SÆR")
    grant = make.user(organisation=trust)
    page = client_for(grant.person, Role.ORGANISATION_USER, trust).get("/virksomhet").text
    assert "kommuner" in page and "Trondheim" in page


def test_everybody_in_the_organisation_sees_the_users_and_only_administrators_the_buttons(
    app, make, administrator, browser, client_for
):
    reader = make.user()
    foreign = make.user(organisation=make.organisation("945475056", "KAUTOKEINO KOMMUNE"))
    make.invitation(make.user(status=GrantStatus.INVITED))
    make.user(status=GrantStatus.ENDED)
    mine = browser.get(USERS).text
    assert mine.count("<tr>") == 1 + 3 and "Gjelder til" in mine and "Send på nytt" in mine
    assert str(foreign.id) not in mine
    theirs = client_for(reader.person, Role.ORGANISATION_USER, make.organisation()).get(USERS).text
    assert theirs.count("<tr>") == 1 + 3
    assert "Stopp tilgangen" not in theirs and f"{USERS}/" not in theirs and "Send på nytt" not in theirs
    with app.app_context():
        seen = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "users.viewed")).all()
        assert [event.facts["count"] for event in seen] == [3, 3]


@pytest.mark.parametrize("level", [AccessLevel.READER, AccessLevel.RECRUITER])
def test_others_cannot_change_or_stop(app, make, administrator, client_for, level):
    browser = client_for(make.user(level).person, Role.ORGANISATION_USER, make.organisation())
    form = Page(browser.get("/velkommen").text).form_to("/logg-ut").values
    invited = make.invitation(make.user(status=GrantStatus.INVITED))
    for path in (f"{USERS}/{administrator.id}", f"{USERS}/{administrator.id}/stopp"):
        assert browser.get(path).status_code == 403
        assert browser.post(path, data={**form, "level": "reader"}).status_code == 403
    assert browser.post(f"{USERS}/{invited.grant_id}/inviter", data=form).status_code == 403
    assert browser.post(USERS, data={**form, "users": str(administrator.id)}).status_code in (403, 422)
    with app.app_context():
        assert db.session.get_one(Grant, administrator.id).status is GrantStatus.ACTIVE


def test_another_organisations_user_does_not_exist(make, browser):
    foreign = make.user(organisation=make.organisation("945475056", "KAUTOKEINO KOMMUNE"))
    ended = make.user(status=GrantStatus.ENDED)
    form = Page(browser.get("/velkommen").text).form_to("/logg-ut").values
    for grant in (foreign, ended):
        for path in (f"{USERS}/{grant.id}", f"{USERS}/{grant.id}/stopp"):
            assert browser.get(path).status_code == 404
            assert browser.post(path, data={**form, "level": "reader"}).status_code == 404
        assert browser.post(f"{USERS}/{grant.id}/inviter", data=form).status_code == 404


def test_a_level_goes_down_and_up_again_but_never_past_the_decision(app, make, browser, submit):
    grant = make.user(AccessLevel.RECRUITER)
    path = f"{USERS}/{grant.id}"
    page = browser.get(path).text
    assert "Også styre brukere for virksomheten" not in page and "Stillinger og intervjuer kommer senere." in page
    assert "Dette er din egen tilgang." not in page
    for level in ("reader", "recruiter"):
        answer = submit(browser, path, level=level)
        assert answer.headers["Location"] == USERS
        assert "Tilgangen til Nora Nominerta er endret." in browser.get(USERS).text
        with app.app_context():
            assert db.session.get_one(Grant, grant.id).level == level
    refused = submit(browser, path, level="user_administrator")
    assert refused.status_code == 422 and "Velg hva personen skal gjøre." in refused.text
    with app.app_context():
        level_changed = select(AuditEvent).where(AuditEvent.action == "grant.level_changed")
        changed = db.session.scalars(level_changed.order_by(AuditEvent.id)).all()
        assert [(event.facts["before"], event.facts["after"]) for event in changed] == [
            ("recruiter", "reader"),
            ("reader", "recruiter"),
        ]


def test_the_last_administrator_stays(app, make, administrator, browser, submit):
    path = f"{USERS}/{administrator.id}"
    assert "Dette er din egen tilgang." in browser.get(path).text
    for answer in (submit(browser, path, level="reader"), submit(browser, f"{path}/stopp")):
        assert answer.status_code == 422 and "<title>Feil: " in answer.text
        assert "Dette er den siste som kan styre brukere for virksomheten." in answer.text
    second = make.user(AccessLevel.USER_ADMINISTRATOR)
    assert submit(browser, path, level="reader").status_code == 303
    assert browser.get(path).status_code == 403, "a reader from now on"
    with app.app_context():
        assert db.session.get_one(Grant, second.id).level is AccessLevel.USER_ADMINISTRATOR


def test_stopping_ends_the_sessions_at_once_and_tells_the_person_and_the_contact_person(
    app, make, browser, client_for, submit
):
    grant = make.user()
    theirs = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
    path = f"{USERS}/{grant.id}/stopp"
    page = browser.get(path).text
    assert "Vil du stoppe tilgangen til Nora Nominerta?" in page and "Behold tilgangen" in page
    with app.app_context():
        assert db.session.get_one(Grant, grant.id).status is GrantStatus.ACTIVE
    assert submit(browser, path).headers["Location"] == USERS
    assert "Tilgangen til Nora Nominerta er stoppet." in browser.get(USERS).text
    assert theirs.get("/virksomhet").headers["Location"].startswith("/logg-inn")
    with app.app_context():
        ended = db.session.get_one(Grant, grant.id)
        assert (ended.status, ended.ended_as) == (GrantStatus.ENDED, GrantEnd.REMOVED)
        told = db.session.scalars(select(Message).where(Message.kind == MessageKind.ACCESS_ENDED)).all()
        assert {message.recipient for message in told} == {ended.nominee.email, "innsender@kommune.example"}
    assert submit(browser, f"{USERS}/{make.user().id}/stopp").status_code == 303


def test_stopping_ones_own_access_signs_out(make, administrator, browser, submit):
    make.user(AccessLevel.USER_ADMINISTRATOR)
    path = f"{USERS}/{administrator.id}/stopp"
    assert "Dette er din egen tilgang. Du blir logget ut." in browser.get(path).text
    assert submit(browser, path).headers["Location"] == "/logget-ut"
    assert browser.get("/virksomhet").headers["Location"].startswith("/logg-inn")


def test_stopping_asks_for_a_fresh_login(app, make, administrator, client_for, submit):
    grant = make.user()
    browser = client_for(
        administrator.person, Role.ORGANISATION_USER, make.organisation(), signed_in_ago=timedelta(minutes=16)
    )
    answer = submit(browser, f"{USERS}/{grant.id}/stopp")
    assert answer.headers["Location"] == f"/logg-inn?next={USERS}/{grant.id}/stopp&ny=1"
    with app.app_context():
        assert db.session.get_one(Grant, grant.id).status is GrantStatus.ACTIVE


def test_confirming_asks_for_a_fresh_login_and_keeps_who_was_ticked(app, make, administrator, client_for, submit):
    grant = make.user()
    with app.app_context():
        db.session.get_one(Grant, grant.id).locked_at = clock.now()
        db.session.commit()
    browser = client_for(
        administrator.person, Role.ORGANISATION_USER, make.organisation(), signed_in_ago=timedelta(minutes=16)
    )
    answer = submit(browser, USERS, users=[str(grant.id)])
    assert answer.headers["Location"] == f"/logg-inn?next={USERS}&ny=1"
    assert Page(browser.get(USERS).text).form().values["users"] == str(grant.id)
    with app.app_context():
        assert db.session.get_one(Grant, grant.id).locked_at is not None


def test_an_invitation_is_sent_again_from_the_list(app, make, browser, submit):
    old = make.invitation(make.user(status=GrantStatus.INVITED))
    answer = submit(browser, USERS, to="/inviter")
    assert answer.headers["Location"] == USERS
    assert "Vi har sendt en ny invitasjon til Nora Nominerta." in browser.get(USERS).text
    with app.app_context():
        assert db.session.get_one(Invitation, old.id).status is InvitationStatus.REVOKED
        new = db.session.scalars(select(Invitation).where(Invitation.status == InvitationStatus.QUEUED)).one()
        assert db.session.scalars(select(Message)).one().invitation_id == new.id
    assert browser.get(f"/i/{old.token}").status_code == 410


def test_the_half_year_check(app, make, administrator, browser, submit):
    grant, other = make.user(), make.user()
    assert "Bekreft at disse fortsatt skal ha tilgang." not in browser.get(USERS).text
    with app.app_context():
        for row in (grant, other):
            db.session.get_one(Grant, row.id).confirmed_at = clock.now() - timedelta(days=170)
        db.session.commit()
    page = browser.get(USERS).text
    assert "Bekreft at disse fortsatt skal ha tilgang." in page and page.count("Frist: ") == 2
    refused = submit(browser, USERS)
    assert refused.status_code == 422 and "Kryss av for dem som fortsatt skal ha tilgang." in refused.text
    assert submit(browser, USERS, users=[str(administrator.id)]).status_code == 422
    assert submit(browser, USERS, users=[str(grant.id)]).status_code == 303
    page = browser.get(USERS).text
    assert "Du bekreftet 1 bruker." in page and page.count("Frist: ") == 1


def test_the_pages_ask_the_database_few_times(app, make, browser):
    from sqlalchemy import event

    for _ in range(5):
        make.user()
        make.invitation(make.user(status=GrantStatus.INVITED))
    counted = []
    engine = app.extensions["engine"]
    listener = lambda *args: counted.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    try:
        for path in ("/virksomhet", USERS):
            counted.clear()
            assert browser.get(path).status_code == 200
            assert len(counted) <= 6, counted
    finally:
        event.remove(engine, "before_cursor_execute", listener)


def test_an_organisation_without_an_administrator_is_managed_by_the_applicant(app, make, client_for, submit, stubs):
    grant = make.user(organisation=make.organisation("942110464", "Trondheim kommune"))
    with app.app_context():
        row = db.session.get_one(Grant, grant.id)
        row.confirmed_at = clock.now() - timedelta(days=170)
        application_id = row.nominee.application_id
        db.session.commit()
    path = f"/soknad/{application_id}/brukere"
    applicant = client_for(make.account("Kari", stubs.person("submitter_municipality").national_id))
    assert f'href="{path}"' in applicant.get(f"/soknad/{application_id}/status").text
    page = applicant.get(path)
    assert page.status_code == 200 and "Frist: " in page.text and f"{USERS}/" not in page.text
    assert submit(applicant, path, users=[str(grant.id)]).headers["Location"] == path
    assert "Du bekreftet 1 bruker." in applicant.get(path).text
    stranger = client_for(make.account("Stian", stubs.person("iks").national_id))
    for address in (path, f"{path}/{grant.id}/stopp"):
        assert stranger.get(address).status_code == 404
    assert submit(applicant, f"{path}/{grant.id}/stopp").headers["Location"] == path
    with app.app_context():
        assert db.session.get_one(Grant, grant.id).status is GrantStatus.ENDED


def test_the_applicant_opens_access_when_all_who_manage_users_are_locked(
    app, make, client_for, submit, stubs, run_jobs
):
    organisation = make.organisation("942110464", "Trondheim kommune")
    administrator = make.user(AccessLevel.USER_ADMINISTRATOR, organisation=organisation)
    began = clock.now()
    with app.app_context():
        for days, step in ((84, housekeeping.ask_of_unused), (98, housekeeping.lock_unused)):
            with clock.at(began + timedelta(days=days)):
                assert step() == 1
                db.session.commit()
        application_id = db.session.get_one(Grant, administrator.id).nominee.application_id
    with clock.at(began + timedelta(days=98, minutes=1)):
        run_jobs()
    told = [mail for mail in stubs.mail() if "er låst" in mail["subject"]]
    way = (
        "Har ingen i virksomheten tilgang til å gjøre det, kan den som er Utfyller/innsender for virksomheten i "
        "Altinn, logge inn, åpne søknaden, velge «Bekreft eller stopp tilganger» og bekrefte personen der."
    )
    assert len(told) == 2 and all(way in " ".join(mail["text"].split()) for mail in told)
    applicant = client_for(make.account("Kari", stubs.person("submitter_municipality").national_id))
    assert "Bekreft eller stopp tilganger" in applicant.get(f"/soknad/{application_id}/status").text
    assert submit(applicant, f"/soknad/{application_id}/brukere", users=[str(administrator.id)]).status_code == 303
    with app.app_context():
        assert db.session.get_one(Grant, administrator.id).locked_at is None


def test_the_contact_person_may_not_stop_or_confirm(app, make, client_for):
    grant = make.user()
    with app.app_context():
        application = db.session.get_one(Grant, grant.id).nominee.application
        path, contact = f"/soknad/{application.id}/brukere", application.submitter
    browser = client_for(contact)
    assert browser.get(path).status_code == 403
    assert browser.get(f"{path}/{grant.id}/stopp").status_code == 403
