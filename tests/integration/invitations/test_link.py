"""The link of an invitation: what it shows to whom, and that looking changes nothing (ux.md C1, C2; C28–C34)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import create_app
from extensions import clock
from extensions.database import db
from extensions.limits import limiter
from models.account import LoginAttempt, LoginSession
from models.audit import AuditEvent
from models.enums import AccessLevel, GrantStatus, InvitationStatus, MessageKind, Role
from models.grant import Grant, Invitation
from models.message import Message
from services import sessions

STATEMENT = "Jeg har taushetsplikt, og bruker registeret bare når jeg trenger det i jobben."


@pytest.fixture
def invited(make):
    """An invitation, with the person it is to as `person`."""
    grant = make.user(AccessLevel.RECRUITER, status=GrantStatus.INVITED)
    invitation = make.invitation(grant)
    invitation.person, invitation.granted = grant.person, grant
    return invitation


def test_anybody_sees_the_organisation_and_the_date_and_no_person(client, invited):
    page = client.get(f"/i/{invited.token}")
    assert page.status_code == 200
    assert "Du er invitert til registeret" in page.text
    assert "KOMMUNE 942110464 har fått tilgang. Invitasjonen gjelder til" in page.text
    assert "Nominert" not in page.text and invited.email not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_twenty_looks_change_nothing_and_then_it_is_accepted(app, client, client_for, submit, invited):
    scanner = client_for(invited.person)
    before = _rows(app)
    for _ in range(20):
        assert client.get(f"/i/{invited.token}").status_code == 200
        assert client.head(f"/i/{invited.token}").status_code == 200
        assert scanner.get(f"/i/{invited.token}").status_code == 200
    assert _rows(app) == before
    answer = submit(client_for(invited.person), f"/i/{invited.token}", confidentiality="y")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/virksomhet")


def test_the_right_person_sees_what_it_is_and_must_tick(app, client_for, submit, invited):
    client = client_for(invited.person)
    page = client.get(f"/i/{invited.token}")
    assert "Ta i bruk tilgangen" in page.text and "Nora Nominerta" in page.text
    assert "Rekruttere, med stillinger og intervjuer" in page.text and STATEMENT in page.text
    refused = submit(client, f"/i/{invited.token}")
    assert refused.status_code == 422
    assert "Kryss av for at du har taushetsplikt." in refused.text and "<title>Feil: " in refused.text
    with app.app_context():
        assert db.session.get_one(Grant, invited.granted.id).status is GrantStatus.INVITED


def test_accepting_gives_the_role_in_a_new_session_and_tells_who_invited(app, client_for, submit, invited):
    client = client_for(invited.person)
    answer = submit(client, f"/i/{invited.token}", confidentiality="y")
    assert answer.status_code == 303
    home = client.get("/virksomhet")
    assert home.status_code == 200
    assert "Tilgangen er tatt i bruk." in home.text and ">KOMMUNE 942110464</a>" in home.text
    with app.app_context():
        grant = db.session.get_one(Grant, invited.granted.id)
        assert (grant.status, grant.account_id) == (GrantStatus.ACTIVE, invited.person.id)
        assert grant.confidentiality_text == STATEMENT
        assert db.session.get_one(LoginSession, client.login_session_id).ended_at is not None
        opened = db.session.scalars(select(LoginSession).where(LoginSession.ended_at.is_(None))).one()
        assert (opened.role, opened.organisation_id) == (Role.ORGANISATION_USER, grant.organisation_id)
        told = db.session.scalars(select(Message).where(Message.kind == MessageKind.INVITATION_ACCEPTED)).all()
        assert [message.recipient for message in told] == ["innsender@kommune.example"]
        actions = db.session.scalars(select(AuditEvent.action)).all()
        assert "invitation.accepted" in actions and "session.role_changed" in actions


def test_a_second_press_gives_the_same_page_and_nothing_more(app, client_for, invited):
    from tests.pages import Page

    client = client_for(invited.person)
    form = Page(client.get(f"/i/{invited.token}").text).form()
    fields = {**form.values, "confidentiality": "y"}
    first = client.post(f"/i/{invited.token}", data=fields)
    second = client.post(f"/i/{invited.token}", data=fields)
    assert first.headers["Location"] == second.headers["Location"] == "/virksomhet"
    page = client.get(f"/i/{invited.token}")
    assert page.status_code == 200 and "Tilgangen er allerede tatt i bruk." in page.text
    with app.app_context():
        assert len(db.session.scalars(select(Grant)).all()) == 1
        assert len(db.session.scalars(select(Message)).all()) == 1


def test_a_forwarded_invitation_gives_nothing_tells_nothing_and_still_works(
    app, make, client_for, submit, invited, caplog
):
    stranger = client_for(make.account("Stian Fremmed"))
    page = stranger.get(f"/i/{invited.token}")
    assert page.status_code == 403
    assert "Invitasjonen er til en annen person" in page.text
    for secret in ("Nominert", "KOMMUNE", invited.email, "Rekruttere"):
        assert secret not in page.text
    with stranger.session_transaction() as session:
        token = session["csrf_token"]
    from itsdangerous import URLSafeTimedSerializer

    signed = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(token)
    pressed = stranger.post(f"/i/{invited.token}", data={"csrf_token": signed, "confidentiality": "y"})
    assert pressed.status_code == 403
    assert any(getattr(record, "event", None) == "wrong_person" for record in caplog.records)
    answer = submit(client_for(invited.person), f"/i/{invited.token}", confidentiality="y")
    assert answer.status_code == 303


def test_unknown_and_withdrawn_are_the_same_page(client, make):
    withdrawn = make.invitation(status=InvitationStatus.REVOKED)
    unknown = client.get("/i/" + "x" * 43)
    revoked = client.get(f"/i/{withdrawn.token}")
    assert unknown.status_code == revoked.status_code == 410
    assert "Invitasjonen gjelder ikke lenger. Kontakt den som inviterte deg." in unknown.text
    assert _stable(unknown.text, "x" * 43) == _stable(revoked.text, withdrawn.token)


def test_a_used_link_says_so_to_others(client, client_for, submit, invited):
    submit(client_for(invited.person), f"/i/{invited.token}", confidentiality="y")
    page = client.get(f"/i/{invited.token}")
    assert page.status_code == 410 and "Invitasjonen er allerede brukt." in page.text


def test_an_expired_link_asks_the_contact_person_for_a_new_one_once(app, client, submit, invited):
    with clock.at(clock.now() + timedelta(days=15)):
        page = client.get(f"/i/{invited.token}")
        assert page.status_code == 410
        assert "Invitasjonen gikk ut" in page.text
        for _ in range(2):
            form = _form_of(page)
            answer = client.post(form.action, data=form.values)
            assert answer.headers["Location"] == "/i/ny-er-bestilt"
            page = client.get(f"/i/{invited.token}")
        assert "Du har bedt om ny invitasjon" in client.get("/i/ny-er-bestilt").text
    with app.app_context():
        asked = db.session.scalars(select(Message)).one()
        assert (asked.kind, asked.recipient) == (MessageKind.NEW_INVITATION_REQUESTED, "innsender@kommune.example")
        assert db.session.get_one(Invitation, invited.id).renewal_requested_at is not None


def test_an_expired_link_cannot_be_accepted(app, client_for, invited):
    client = client_for(invited.person)
    form = _form_of(client.get(f"/i/{invited.token}"))
    with app.app_context():
        db.session.get_one(Invitation, invited.id).expires_at = clock.now()
        db.session.commit()
    answer = client.post(f"/i/{invited.token}", data={**form.values, "confidentiality": "y"})
    assert answer.status_code == 410


def test_the_link_opens_until_the_end_of_the_day_it_names(context, make):
    from services import invitations

    grant = make.user(status=GrantStatus.INVITED)
    made = invitations.create(make.actor(make.staff(), Role.CASEWORKER), grant)
    last = made.expires_at.astimezone(clock.OSLO)
    assert last.date() == clock.today() + timedelta(days=14) and (last.hour, last.minute) == (23, 59)


def test_no_token_is_stored_in_clear(app, client, client_for, submit, invited):
    submit(client, f"/i/{invited.token}")
    client_for(invited.person).post(f"/i/{invited.token}", data={"confidentiality": "y"})
    submit(client_for(invited.person), f"/i/{invited.token}", confidentiality="y")
    with app.app_context():
        assert db.session.scalars(select(LoginAttempt)).all()
        dump = "".join(
            str(row)
            for table in (LoginAttempt.metadata.tables[name] for name in ("login_attempt", "held_form", "form_key"))
            for row in db.session.execute(select(table))
        )
        assert invited.token not in dump
        assert db.session.get_one(Invitation, invited.id).token_hash == sessions.hash_of(invited.token)


def test_a_person_with_access_elsewhere_learns_how_to_switch(make, client_for, invited):
    organisation = make.organisation("945475056", "KAUTOKEINO KOMMUNE")
    make.user(account=invited.person, organisation=organisation)
    page = client_for(invited.person).get(f"/i/{invited.token}")
    assert "Øverst på siden kan du bytte hvem du gjør noe på vegne av." in page.text


def test_the_account_gets_the_invited_name_when_it_has_none(app, make, client_for, submit):
    nameless = make.account(None)
    invitation = make.invitation(make.user(account=nameless, status=GrantStatus.INVITED))
    client = client_for(nameless)
    assert "None" not in client.get(f"/i/{invitation.token}").text
    submit(client, f"/i/{invitation.token}", confidentiality="y")
    assert "Logget inn som Nora Nominerta" in client.get("/virksomhet").text


def _form_of(page):
    from tests.pages import Page

    return Page(page.text).form()


def _rows(app):
    with app.app_context():
        return [
            (table.name, db.session.execute(select(table).order_by(*table.primary_key.columns)).all())
            for table in Invitation.metadata.sorted_tables
            if table.name not in ("audit_event", "login_session")
        ]


def _stable(html, token):
    """A page without what differs at every request or stands in its own address."""
    import re

    return re.sub(r'value="[^"]*"|Feil-id.*', "", html.replace(token, "T"))


@pytest.fixture
def limited_client(app, monkeypatch):
    """A browser at an app that counts requests, as it does outside the tests."""
    monkeypatch.setattr(limiter, "enabled", True)
    limited = create_app(app.extensions["settings"])
    yield limited.test_client()
    limited.extensions["engine"].dispose()


def test_a_guesser_is_stopped(limited_client):
    answers = [limited_client.get(f"/i/{'x' * 41}{n:02}").status_code for n in range(61)]
    assert answers == [410] * 60 + [429]


def test_unknown_and_withdrawn_cost_the_database_the_same(app, client, make):
    from sqlalchemy import event

    withdrawn = make.invitation(status=InvitationStatus.REVOKED)
    counts = []
    engine = app.extensions["engine"]
    for token in ("x" * 43, withdrawn.token):
        asked = []
        listener = lambda *args, asked=asked: asked.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listener)
        client.get(f"/i/{token}")
        event.remove(engine, "before_cursor_execute", listener)
        counts.append(asked)
    assert counts[0] == counts[1] and len(counts[0]) == 1
