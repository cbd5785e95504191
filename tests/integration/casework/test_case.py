"""B2: the pages of a case, taking and handing over, notes, numbers, and the trace every look leaves."""

import re

import pytest
from sqlalchemy import select

from extensions.database import db
from models.application import AccessApplication, InternalNote
from models.audit import AuditEvent
from models.enums import ApplicationStatus, Role


def events(app, action):
    with app.app_context():
        return db.session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)).all()


def reload(app, application):
    with app.app_context():
        return db.session.get_one(AccessApplication, application.id)


def test_a_draft_does_not_exist_for_the_directorate(make, desk):
    draft = make.application("draft")
    for part in ("", "/personer", "/meldinger", "/historikk", "/vedtak", "/gi"):
        assert desk.get(f"/sak/{draft.id}{part}").status_code == 404


@pytest.mark.parametrize("part", ["", "/personer", "/meldinger", "/historikk"])
def test_every_page_leaves_a_trace_also_in_anothers_case(app, make, client_for, colleague, case, part):
    other = client_for(colleague, Role.CASEWORKER)
    assert other.get(f"/sak/{case.id}{part}").status_code == 200
    (event,) = events(app, "application.viewed")
    assert event.actor_id == colleague.id and event.object_id == case.id
    assert event.facts["own_case"] is False


def test_people_are_shown_with_masked_numbers(desk, case):
    page = desk.get(f"/sak/{case.id}/personer")
    for nominee in case.people:
        assert nominee.name in page.text
        assert nominee.number not in page.text.replace(" ", "")
        assert f"{nominee.number[:6]} •••••" in page.text


def test_a_number_is_shown_for_a_reason_once_and_logged(app, desk, submit, case):
    nominee = case.people[0]
    path = f"/sak/{case.id}/personer/{nominee.id}/nummer"
    assert nominee.number not in desk.get(path).text
    missing = submit(desk, path)
    assert missing.status_code == 422 and "Skriv hvorfor du trenger fødselsnummeret." in missing.text
    shown = submit(desk, path, reason="Navnet i søknaden ser ut til å være feil")
    assert f"{nominee.number[:6]} {nominee.number[6:]}" in shown.text
    assert nominee.number not in desk.get(path).text
    (event,) = events(app, "nominee.number_shown")
    assert event.purpose == "Navnet i søknaden ser ut til å være feil"
    assert event.fields == ["national_id"] and event.object_id == nominee.id


def test_another_cases_nominee_is_not_found(make, desk, case):
    other = make.application("in_review")
    assert desk.get(f"/sak/{case.id}/personer/{other.people[0].id}/nummer").status_code == 404


def test_taking_a_new_case_puts_it_under_review(app, make, desk, submit, worker):
    application = make.application("submitted")
    assert submit(desk, f"/sak/{application.id}", to="/ta").status_code == 303
    taken = reload(app, application)
    assert taken.status is ApplicationStatus.IN_REVIEW and taken.caseworker_id == worker.id
    assert len(events(app, "application.taken")) == 1


def test_taking_over_from_a_colleague(app, client_for, submit, case, colleague, worker):
    submit(client_for(colleague, Role.CASEWORKER), f"/sak/{case.id}", to="/ta")
    assert reload(app, case).caseworker_id == colleague.id
    (event,) = events(app, "application.taken")
    assert event.facts["previous"] == str(worker.id)


def test_handing_over(app, make, desk, submit, case, colleague):
    lead = make.staff(Role.CASE_LEAD, "Liv Overblikk")
    auditor = make.staff(Role.AUDITOR, "Kåre Kikkertsen")
    party = make.staff(name="Part Partsen")
    make.user(organisation=make.organisation(), account=party)
    page = desk.get(f"/sak/{case.id}/gi")
    assert lead.name in page.text and colleague.name in page.text
    assert auditor.name not in page.text and party.name not in page.text
    assert "Velg hvem som skal ha saken." in submit(desk, f"/sak/{case.id}/gi").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    answer = desk.post(f"/sak/{case.id}/gi", data={"csrf_token": token, "to": str(party.id)})
    assert answer.status_code == 422 and reload(app, case).caseworker_id != party.id
    answer = desk.post(f"/sak/{case.id}/gi", data={"csrf_token": token, "to": str(colleague.id)})
    assert answer.status_code == 303 and reload(app, case).caseworker_id == colleague.id
    (event,) = events(app, "application.handed_over")
    assert event.facts["to"] == str(colleague.id)


def test_notes_are_internal_and_hold_no_number(app, desk, submit, case):
    path = f"/sak/{case.id}/meldinger"
    assert "Notatet er internt, men kan bli omfattet av innsyn." in desk.get(path).text
    assert "Skriv notatet." in submit(desk, path, note="  ").text
    refused = submit(desk, path, note=f"Fødselsnummeret er {case.people[0].number}")
    assert refused.status_code == 422 and "ser ut til å inneholde et fødselsnummer" in refused.text
    assert submit(desk, path, note="Ringte virksomheten.\nDe svarer i morgen.").status_code == 303
    assert "Ringte virksomheten." in desk.get(path).text
    with app.app_context():
        assert db.session.scalars(select(InternalNote.text)).all() == ["Ringte virksomheten.\nDe svarer i morgen."]


def test_a_party_does_not_read_the_notes(make, desk, submit, client_for, case):
    submit(desk, f"/sak/{case.id}/meldinger", note="Vi bør se nærmere på dette")
    party = make.staff(name="Part Partsen")
    make.nominee(case, party.number)
    page = client_for(party, Role.CASEWORKER).get(f"/sak/{case.id}/meldinger")
    assert page.status_code == 200 and "se nærmere" not in page.text and "Internt notat" not in page.text


def test_history_tells_acts_and_looks_apart(desk, submit, make):
    application = make.application("submitted")
    submit(desk, f"/sak/{application.id}", to="/ta")
    page = desk.get(f"/sak/{application.id}/historikk")
    assert "Saken tatt" in page.text and "Saga Papirlund (saksbehandler)" in page.text
    assert "Hvem har åpnet saken (2)" in page.text


def test_asking_the_registry_again(app, make, desk, submit, case, stubs):
    assert submit(desk, f"/sak/{case.id}", to="/kontroll").status_code == 303
    assert "Enhetsregisteret har bekreftet virksomheten." in desk.get(f"/sak/{case.id}").text
    stubs.control("enhetsregisteret", "http503")
    answer = submit(desk, f"/sak/{case.id}", to="/kontroll")
    assert answer.status_code == 303
    assert "Enhetsregisteret svarer ikke nå." in desk.get(f"/sak/{case.id}").text


def test_content_typed_into_the_application_is_shown_as_text(make, desk):
    nasty = "<script>alert(1)</script>"
    application = make.application(
        "submitted", submitter_job_title=nasty, unit_name="Å" + nasty, unit_number="999999999"
    )
    page = desk.get(f"/sak/{application.id}")
    assert nasty not in page.text and "&lt;script&gt;" in page.text
