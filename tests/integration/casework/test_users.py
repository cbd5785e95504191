"""B5: who has access; stopping, inviting again, mending a number."""

import pytest
from sqlalchemy import select

from app import create_app
from extensions.database import db
from extensions.limits import limiter
from models.audit import AuditEvent
from models.enums import GrantStatus, InvitationStatus, Role
from models.grant import Grant
from services import national_ids
from tests.builders import synthetic_number


@pytest.fixture
def invited(make):
    grant = make.user(status=GrantStatus.INVITED)
    make.invitation(grant)
    return grant


def reload(app, grant):
    with app.app_context():
        found = db.session.get_one(Grant, grant.id)
        assert found.invitations is not None and found.nominee is not None
        return found


def events(app, action):
    with app.app_context():
        return db.session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)).all()


def test_organisations_with_counts_and_no_person(make, desk):
    grant = make.user(organisation=make.organisation(name="Trondheim kommune"))
    page = desk.get("/tilganger")
    assert "Trondheim kommune" in page.text and grant.person.name not in page.text
    assert "Trondheim kommune" not in desk.get("/tilganger?type=health_trust").text


def test_the_users_of_one_and_a_trace(app, make, desk):
    grant = make.user(organisation=make.organisation())
    page = desk.get(f"/tilganger/{grant.organisation_id}")
    assert "Stopp tilgangen" in page.text and "I bruk" in page.text
    (event,) = events(app, "users.viewed")
    assert event.object_id == grant.organisation_id and event.facts["count"] == 1
    assert desk.get(f"/tilganger/{grant.id}").status_code == 404


def test_search_is_sent_and_not_in_the_address_or_the_log(app, make, desk, submit):
    grant = make.user(organisation=make.organisation())
    wanted = [
        "nora nominert",
        grant.person.number,
        f"{grant.person.number[:6]} {grant.person.number[6:]}",
        "@kommune.ex",
    ]
    for text in wanted:
        page = submit(desk, "/tilganger/sok", text=text)
        assert page.status_code == 200 and "1 treff" in page.text, text
        assert grant.person.number not in page.text.replace(" ", "").replace(text.replace(" ", ""), "")
    assert "Ingen treff." in submit(desk, "/tilganger/sok", text="finnes ikke").text
    assert "Skriv det du vil søke etter." in submit(desk, "/tilganger/sok", text=" ").text
    found = events(app, "users.searched")
    assert [event.facts["count"] for event in found] == [1, 1, 1, 1, 0]
    assert "nora" not in str([event.facts for event in found]).lower()
    assert "Ingen treff" not in desk.get("/tilganger/sok?text=nora").text


def test_stopping_needs_a_reason_and_ends_it_at_once(app, make, desk, submit, client_for):
    organisation = make.organisation()
    grant = make.user(organisation=organisation)
    visitor = client_for(grant.person, Role.ORGANISATION_USER, organisation)
    path = f"/tilganger/bruker/{grant.id}/stopp"
    missing = submit(desk, path)
    assert missing.status_code == 422 and "Skriv hvorfor tilgangen stoppes." in missing.text
    assert reload(app, grant).status is GrantStatus.ACTIVE
    assert submit(desk, path, reason="Har sluttet i kommunen").status_code == 303
    after = reload(app, grant)
    assert after.status is GrantStatus.ENDED and after.end_reason == "Har sluttet i kommunen"
    assert visitor.get("/virksomhet").status_code in (303, 403)
    assert submit(desk, path, reason="En gang til").status_code == 409


def test_inviting_again_kills_the_old_link(app, desk, submit, invited):
    assert submit(desk, f"/tilganger/{invited.organisation_id}", to="/send").status_code == 303
    states = [invitation.status for invitation in reload(app, invited).invitations]
    assert states == [InvitationStatus.REVOKED, InvitationStatus.QUEUED]


def test_mending_a_number(app, desk, submit, invited):
    path = f"/tilganger/bruker/{invited.id}/fodselsnummer"
    assert "Skriv fødselsnummeret." in submit(desk, path).text
    assert "Fødselsnummeret stemmer ikke." in submit(desk, path, national_id="12345678901").text
    number = synthetic_number()
    assert submit(desk, path, national_id=number).status_code == 303
    with app.app_context():
        assert national_ids.read(db.session.get_one(Grant, invited.id).nominee) == number
    assert len(events(app, "nominee.number_corrected")) == 1
    assert len(reload(app, invited).invitations) == 2


def test_nobody_gives_the_access_to_oneself(app, desk, submit, invited, worker):
    answer = submit(desk, f"/tilganger/bruker/{invited.id}/fodselsnummer", national_id=worker.number)
    assert answer.status_code == 403 and "Du kan ikke gi tilgangen til deg selv." in answer.text


@pytest.mark.parametrize("act", ["stopp", "fodselsnummer"])
def test_nobody_changes_access_in_ones_own_organisation(make, desk, submit, worker, invited, act):
    make.user(organisation=make.organisation(), account=worker)
    answer = submit(desk, f"/tilganger/bruker/{invited.id}/{act}", reason="Jeg vil", national_id=synthetic_number())
    assert answer.status_code == 403 and "forvaltningsloven § 6" in answer.text


def test_the_auditor_reads_and_changes_nothing(make, client_for, invited):
    reader = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    page = reader.get(f"/tilganger/{invited.organisation_id}")
    assert page.status_code == 200 and "Stopp tilgangen" not in page.text and "/send" not in page.text
    for act in ("stopp", "fodselsnummer"):
        assert reader.get(f"/tilganger/bruker/{invited.id}/{act}").status_code == 403


def test_a_number_of_another_person_in_the_application_is_refused(app, make, desk, submit, invited):
    with app.app_context():
        application = db.session.get_one(Grant, invited.id).nominee.application
    other = make.nominee(application)
    answer = submit(desk, f"/tilganger/bruker/{invited.id}/fodselsnummer", national_id=other.number)
    assert answer.status_code == 422 and "Fødselsnummeret er allerede lagt til." in answer.text


def test_a_page_about_one_person_leaves_a_trace(app, desk, invited):
    for act in ("stopp", "fodselsnummer"):
        assert desk.get(f"/tilganger/bruker/{invited.id}/{act}").status_code == 200
    assert [event.facts["grant_id"] for event in events(app, "users.viewed")] == [str(invited.id)] * 2


def test_searching_by_number_is_for_caseworkers(make, submit, client_for, invited):
    reader = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    assert submit(reader, "/tilganger/sok", text="nora").status_code == 200
    assert submit(reader, "/tilganger/sok", text=invited.person.number).status_code == 403


def test_thirty_numbers_an_hour(app, desk, submit, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    limited = create_app(app.extensions["settings"])
    client = limited.test_client()
    with desk.session_transaction() as signed_in, client.session_transaction() as session:
        session.update(signed_in)
    hidden = "\N{ZERO WIDTH SPACE}"  # is taken out before the search, and so before the count
    numbers = [f"{number[:6]}{hidden}{number[6:]}" for number in (synthetic_number() for _ in range(31))]
    answers = [submit(client, "/tilganger/sok", text=number).status_code for number in numbers]
    assert answers == [200] * 30 + [429]
    assert submit(client, "/tilganger/sok", text="nora").status_code == 200
    limited.extensions["engine"].dispose()
