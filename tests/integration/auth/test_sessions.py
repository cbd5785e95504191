"""How long a session lives and what ends it (security.md C8, C9, C15; design.md D8)."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.account import LoginSession, StaffMember
from models.enums import AccessLevel, GrantEnd, Role
from models.grant import Grant
from services import grants, sessions
from services.errors import Conflict


def is_signed_in(client):
    return client.get("/velkommen").status_code == 200


@pytest.mark.parametrize(("minutes", "alive"), [(29, True), (31, False)])
def test_a_session_ends_after_thirty_idle_minutes(make, client_for, minutes, alive):
    client = client_for(make.account())
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        assert is_signed_in(client) is alive


def test_use_keeps_a_session_open_for_eight_hours_and_no_longer(make, client_for):
    client, began = client_for(make.account()), clock.now()
    for minutes in range(25, 8 * 60, 25):
        with clock.at(began + timedelta(minutes=minutes)):
            assert is_signed_in(client)
    with clock.at(began + timedelta(hours=8, seconds=1)):
        assert not is_signed_in(client)


def test_a_professionals_session_lasts_two_hours_in_all(make, client_for):
    client, began = client_for(make.account(), Role.PROFESSIONAL), clock.now()
    for minutes in range(25, 2 * 60, 25):
        with clock.at(began + timedelta(minutes=minutes)):
            assert is_signed_in(client)
    with clock.at(began + timedelta(hours=2, seconds=1)):
        assert not is_signed_in(client)


def test_a_change_of_role_prolongs_nothing(app, make, client_for, submit):
    """The limits count from the sign-in; once the two hours are over, Min side asks for a new one and keeps the
    choice."""
    person = make.account()
    client, began = client_for(person, Role.PROFESSIONAL), clock.now()
    with clock.at(began + timedelta(minutes=20)):
        submit(client, "/virksomhet/velg", acting="submitter")
        chosen = submit(client, "/virksomhet/velg?next=/min-side", acting="professional")
        assert (chosen.status_code, chosen.headers["Location"]) == (303, "/min-side")
        with app.app_context():
            row = db.session.scalars(select(LoginSession).where(LoginSession.ended_at.is_(None))).one()
            assert (row.role, row.expires_at) == (Role.PROFESSIONAL, row.started_at + timedelta(hours=2))
        submit(client, "/virksomhet/velg", acting="submitter")
    for minutes in range(45, 125, 25):
        with clock.at(began + timedelta(minutes=minutes)):
            assert is_signed_in(client)
    with clock.at(began + timedelta(minutes=121)):
        refused = submit(client, "/virksomhet/velg", acting="professional")
        assert refused.headers["Location"] == "/logg-inn?next=/virksomhet/velg&ny=1"
        assert is_signed_in(client)
        again = client_for(person)
        again.set_cookie("held", client.get_cookie("held").value)
        assert 'value="professional" checked' in again.get("/virksomhet/velg").text


def test_prolonging_counts_as_use(make, client_for, submit):
    client, began = client_for(make.account()), clock.now()
    with clock.at(began + timedelta(minutes=20)):
        assert submit(client, "/velkommen", to="/okt/forleng").status_code == 204
    with clock.at(began + timedelta(minutes=45)):
        assert is_signed_in(client)


def test_the_fourth_sign_in_ends_the_oldest(make, client_for):
    account, now = make.account(), clock.now()
    clients = []
    for minutes in range(4):
        with clock.at(now + timedelta(minutes=minutes)):
            clients.append(client_for(account))
    assert [is_signed_in(client) for client in clients] == [False, True, True, True]


def test_log_out_everywhere_ends_every_session(make, client_for, submit):
    account = make.account()
    here, there = client_for(account), client_for(account)
    assert here.get("/velkommen").text.count("Logget inn ") >= 2
    assert submit(here, "/velkommen", to="/logg-ut/alle").status_code == 303
    assert not is_signed_in(here) and not is_signed_in(there)


def test_ended_access_ends_the_session_at_the_next_request(app, make, client_for):
    grant = make.user()
    client = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
    elsewhere = client_for(grant.person)
    assert client.get("/virksomhet").status_code == 200
    with app.app_context():
        grants.end(None, db.session.get_one(Grant, grant.id), GrantEnd.REMOVED, "")
        db.session.commit()
    assert client.get("/virksomhet").headers["Location"] == "/logg-inn?next=/virksomhet"
    assert is_signed_in(elsewhere)


def test_a_staff_member_who_left_is_out_at_the_next_request(app, make, client_for):
    caseworker = make.staff()
    client = client_for(caseworker, Role.CASEWORKER)
    assert is_signed_in(client)
    with app.app_context():
        db.session.scalars(select(StaffMember)).one().ended_at = clock.now()
        db.session.commit()
    assert not is_signed_in(client)


def test_a_level_takes_effect_at_the_next_request(app, make, client_for):
    grant = make.user(AccessLevel.USER_ADMINISTRATOR)
    client = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
    assert "Se og endre hvem som har tilgang." in client.get("/virksomhet").text
    with app.app_context():
        db.session.get_one(Grant, grant.id).level = AccessLevel.READER
        db.session.commit()
    assert "Se hvem som har tilgang." in client.get("/virksomhet").text


def test_a_racing_request_cannot_revive_an_ended_session(app, make, client_for):
    """The request had read its session before it ended; noting the use afterwards writes nothing."""
    client = client_for(make.account())
    with client.session_transaction() as session:
        token = session["_user_id"]
    with clock.at(clock.now() + timedelta(minutes=5)), app.app_context():
        racing = sessions.load(token)
        with db.new_session() as other:
            other.get_one(LoginSession, racing.session_id).ended_at = clock.now()
            other.commit()
        sessions.touch(racing, at_once=True)
        db.session.commit()
        assert sessions.load(token) is None
        with pytest.raises(Conflict):
            sessions.switch(racing, Role.SUBMITTER, None)
        db.session.rollback()
        assert not db.session.scalars(select(LoginSession).where(LoginSession.ended_at.is_(None))).all()


def test_a_logout_beats_a_change_of_role_under_way(app, make, client_for):
    """The provider ends its session while the person changes role: the new session is ended, too, whoever comes
    first."""
    client = client_for(make.account())
    with client.session_transaction() as session:
        token = session["_user_id"]
    switched, done = threading.Event(), threading.Event()

    def logout():
        switched.wait(5)
        with app.app_context():
            row = db.session.scalars(select(LoginSession)).first()
            done.set()
            sessions.end_by_provider(row.issuer, row.provider_session_id)
            db.session.commit()

    thread = threading.Thread(target=logout)
    thread.start()
    with app.app_context():
        sessions.switch(sessions.load(token), Role.SUBMITTER, None)
        switched.set()
        done.wait(5)
        threading.Event().wait(0.2)  # the other one now stands at the account's lock
        db.session.commit()
    thread.join()
    with app.app_context():
        assert not db.session.scalars(select(LoginSession).where(LoginSession.ended_at.is_(None))).all()


def test_a_change_of_role_is_a_new_session(app, make, client_for, submit):
    grant = make.user()
    client = client_for(grant.person)
    before = client.get_cookie("okt").value
    assert submit(client, "/virksomhet/velg", acting=str(make.organisation().id)).headers["Location"] == "/virksomhet"
    after = client.get_cookie("okt").value
    assert after != before
    client.set_cookie("okt", before)
    assert not is_signed_in(client)


def test_access_is_used_by_acting_by_it_and_by_nothing_else(app, make, client_for, submit):
    person = make.account()
    here = make.user(account=person)
    there = make.user(account=person, organisation=make.organisation("945475056", "KAUTOKEINO KOMMUNE"))

    def used():
        with app.app_context():
            return [db.session.get_one(Grant, grant.id).last_login_at is not None for grant in (here, there)]

    for role in (Role.SUBMITTER, Role.PROFESSIONAL):
        client_for(person, role)
    assert used() == [False, False]
    client_for(person, Role.ORGANISATION_USER, make.organisation())
    assert used() == [True, False]
    submit(client_for(person), "/virksomhet/velg", acting=str(there.organisation_id))
    assert used() == [True, True]


def test_only_what_one_may_act_as_can_be_chosen(make, client_for, submit):
    grant = make.user()
    foreign = make.organisation("945475056", "KAUTOKEINO KOMMUNE")
    client = client_for(grant.person)
    page = client.get("/virksomhet/velg").text
    assert "Hvem vil du gjøre noe på vegne av?" in page and "KAUTOKEINO" not in page
    for wrong in (str(foreign.id), "caseworker", "", None):
        answer = submit(client, "/virksomhet/velg", acting=wrong)
        assert answer.status_code == 422 and "Velg hvem du vil gjøre noe på vegne av." in answer.text


def test_only_the_hash_of_the_token_is_stored(app, make, client_for):
    client = client_for(make.account())
    with client.session_transaction() as session:
        token = session["_user_id"]
    with app.app_context():
        assert len(token) >= 43
        assert db.session.scalars(select(LoginSession.token_hash)).one() == sessions.hash_of(token)
