"""What an operator does in an incident: ends sessions, shuts an organisation out, and kills the links in e-mails
(security.md section 10)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, GrantStatus, LinkPurpose, Role, Stoppable
from models.grant import Grant
from models.professional import Link, Professional
from models.register import Stop
from services import alarms, grants, invitations, links
from services.invitations import LinkState
from tests.pages import Page

REASON = "Et passord kom på avveie."


@pytest.fixture
def run(app):
    """run("sessions", "end-all"): the command with a reason."""

    def invoke(*arguments):
        return app.test_cli_runner().invoke(args=[*arguments, "--reason", REASON])

    return invoke


def noted(app, action):
    with app.app_context():
        events = db.session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all()
        assert all((event.actor_id, event.actor_role) == (None, None) for event in events)
        return events


@pytest.mark.parametrize("command", ["sessions end-all", "organisation lock 942110464", "links expire-all"])
def test_nothing_is_done_without_a_reason(app, command):
    result = app.test_cli_runner().invoke(args=command.split())
    assert result.exit_code == 2 and "--reason" in result.output


def test_every_session_ends_or_those_of_one_role_or_organisation(app, make, client_for, run):
    user, other = make.user(), make.user(organisation=make.organisation("922121893"))
    here, there = (
        client_for(grant.person, Role.ORGANISATION_USER, make.organisation(number))
        for grant, number in ((user, None), (other, "922121893"))
    )
    desk = client_for(make.staff(), Role.CASEWORKER)

    def open_ones():
        pages = (here, "/virksomhet"), (there, "/virksomhet"), (desk, "/sak")
        return [client.get(path).status_code == 200 for client, path in pages]

    assert open_ones() == [True, True, True]
    assert run("sessions", "end-all", "--organisation", "942110464").output == "1 sessions ended\n"
    assert open_ones() == [False, True, True]
    assert run("sessions", "end-all", "--role", "caseworker").output == "1 sessions ended\n"
    assert open_ones() == [False, True, False]
    assert run("sessions", "end-all").output == "1 sessions ended\n"
    assert open_ones() == [False, False, False]
    assert run("sessions", "end-all", "--organisation", "999999999").exit_code == 1
    events = noted(app, "session.all_ended")
    assert [event.facts["count"] for event in events] == [1, 1, 1] and {event.purpose for event in events} == {REASON}


def test_a_locked_organisation_is_shut_until_it_is_unlocked(app, make, client_for, submit, run, stubs):
    organisation = make.organisation("942110464", "Trondheim kommune")
    account = make.account("Berit Bruker", stubs.person("stranger").national_id)
    user, invited = make.user(AccessLevel.RECRUITER, account=account), make.user(status=GrantStatus.INVITED)
    unused = make.user()
    with app.app_context():
        grants.lock(db.session.get_one(Grant, unused.id))
        db.session.commit()
        application_id = db.session.get_one(Grant, user.id).nominee.application_id
    browser = client_for(account, Role.ORGANISATION_USER, organisation)
    applicant = client_for(make.account("Kari", stubs.person("submitter_municipality").national_id))
    path = f"/soknad/{application_id}/brukere"

    assert run("organisation", "lock", "942110464").output == "Trondheim kommune: 2 users locked\n"
    assert browser.get("/virksomhet").status_code == 303
    assert client_for(account, Role.ORGANISATION_USER, organisation).get("/virksomhet").status_code == 303
    shut = client_for(account).get("/velkommen").text
    assert "Helsedirektoratet har stengt tilgangen for Trondheim kommune" in shut and "ikke har vært brukt" not in shut
    assert "Stengt av Helsedirektoratet." in applicant.get(path).text
    assert submit(applicant, path, users=[str(user.id)]).status_code == 409
    assert client_for(make.staff(), Role.CASEWORKER).get("/sak/varsler").text.count(REASON) == 2
    assert run("organisation", "lock", "942110464").output == "Trondheim kommune: 0 users locked\n"
    with app.app_context():
        set_by_operator = db.session.scalars(select(Stop.id)).all()
    lead = client_for(make.staff(Role.CASE_LEAD), Role.CASE_LEAD)
    page = lead.get("/sak/varsler").text
    assert "Stengt av driften" in page and "Opphev" not in page
    for stop_id in set_by_operator:
        keys = Page(lead.get("/sak/stopp").text).form().values
        assert lead.post(f"/sak/stopp/{stop_id}/opphev", data=keys).status_code == 409

    with app.app_context():  # what a caseworker stops meanwhile stands when the operator opens
        alarms.stop(make.actor(make.staff(), Role.CASEWORKER), Stoppable.EXPORTS, "942110464", "Undersøkes")
        db.session.commit()

    assert run("organisation", "unlock", "942110464").output == "Trondheim kommune: 2 users let in again\n"
    with app.app_context():
        assert [one.reason for one in alarms.stops()] == ["Undersøkes"]
    again = client_for(account, Role.ORGANISATION_USER, organisation)
    assert again.get("/virksomhet").status_code == 200
    with app.app_context():
        locked = {grant.id: grant.locked_at is not None for grant in db.session.scalars(select(Grant))}
    assert locked == {user.id: False, invited.id: False, unused.id: True}
    assert REASON not in client_for(make.staff(), Role.CASEWORKER).get("/sak/varsler").text
    assert run("organisation", "unlock", "942110464").exit_code == run("organisation", "lock", "1").exit_code == 1
    for action in ("organisation.locked", "organisation.unlocked"):
        assert {event.purpose for event in noted(app, action)} == {REASON}


def test_an_invitation_waits_while_the_organisation_is_shut_out(app, make, client_for, submit, run):
    grant = make.user(status=GrantStatus.INVITED)
    invitation, client = make.invitation(grant), client_for(grant.person)
    assert run("organisation", "lock", "942110464").exit_code == 0
    shut = submit(client, f"/i/{invitation.token}", confidentiality="y")
    assert shut.status_code == 409 and "har stengt tilgangen" in shut.text
    assert run("organisation", "unlock", "942110464").exit_code == 0
    assert submit(client, f"/i/{invitation.token}", confidentiality="y").status_code == 303


def test_nobodys_half_year_runs_out_while_nobody_can_confirm_it(app, make, run):
    grant = make.user()
    with app.app_context():
        before = db.session.get_one(Grant, grant.id).confirmed_at
    run("organisation", "lock", "942110464")
    with clock.at(clock.now() + timedelta(days=200)), app.app_context():
        assert grants.due_for_reconfirmation() == []
        run("organisation", "unlock", "942110464")
        after = db.session.get_one(Grant, grant.id)
        assert after.confirmed_at - before > timedelta(days=199) and after.locked_at is None
        assert grants.due_for_reconfirmation() == []


def test_links_that_are_out_work_no_more(app, make, client, run):
    invitation, person = make.invitation(), make.professional()
    with app.app_context():
        link = links.create(db.session.get_one(Professional, person.id), LinkPurpose.AVAILABILITY, 14)
        address = f"/t/{links.token_of(link)}"
        db.session.commit()
    assert client.get(address).status_code == 200
    assert run("links", "expire-all").output == "1 links and 1 invitations expired\n"
    assert client.get(address).status_code == 404
    with app.app_context():
        assert db.session.get_one(Link, link.id).expires_at <= clock.now()
        assert invitations.state_of(invitations.find(invitation.token)) is LinkState.EXPIRED
    assert run("links", "expire-all").output == "0 links and 0 invitations expired\n"
    events = noted(app, "link.all_expired")
    assert sorted((event.facts["links"], event.facts["invitations"]) for event in events) == [(0, 0), (1, 1)]
    assert {event.purpose for event in events} == {REASON}
