"""/logg: who did what. Everybody's for case lead and auditor, one's own for a caseworker."""

import re
from datetime import timedelta
from enum import Enum

import pytest

from extensions import clock
from extensions.database import db
from models.enums import Role
from services import audit, words


@pytest.fixture
def acts(app, make, worker, colleague):
    with app.app_context():
        audit.record(make.actor(worker, Role.CASEWORKER), "application.taken")
        audit.record(make.actor(colleague, Role.CASEWORKER), "note.written")
        audit.record(None, "invitation.expired")
        db.session.commit()


def shown(page):
    return re.findall(r"<td>([^<]+)</td>\n<td>", page.text)


@pytest.mark.parametrize("role", [Role.CASE_LEAD, Role.AUDITOR])
def test_lead_and_auditor_read_everybodys(make, client_for, acts, role):
    reader = client_for(make.staff(role, "Leser Lesersen"), role)
    page = reader.get("/logg")
    for text in ("Saken tatt", "Internt notat skrevet", "Invitasjon utløpt", "Systemet", "Saga Papirlund"):
        assert text in page.text


def test_a_caseworker_reads_own_acts_only_whatever_is_asked(desk, acts, colleague):
    for query in ("", f"?hvem={colleague.id}", "?hva=note.written"):
        page = desk.get(f"/logg{query}")
        assert "Bjørn Stempelås" not in page.text
        assert "Systemet</td>" not in page.text
    assert "Saken tatt" in desk.get("/logg").text


def test_filters(make, client_for, acts, worker):
    reader = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    assert shown(reader.get("/logg?hva=note.written")) == ["Internt notat skrevet"]
    assert set(shown(reader.get(f"/logg?hvem={worker.id}"))) == {"Saken tatt"}
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert shown(reader.get(f"/logg?fra={tomorrow}")) == []
    assert "Ingen hendelser passer til filteret." in reader.get(f"/logg?fra={tomorrow}").text
    assert "Saken tatt" in shown(reader.get(f"/logg?til={clock.today().isoformat()}"))
    assert reader.get("/logg?hvem=x&hva=y&for=q").status_code == 200
    for query, wrong, times in (
        ("fra=tull&til=31.02.2027", "Skriv datoen slik: 05.06.2027.", 4),
        (f"fra={tomorrow}&til={clock.today().isoformat()}", "«Til og med» kan ikke være før «Fra og med».", 2),
    ):
        page = reader.get(f"/logg?{query}")
        assert page.status_code == 422 and page.text.count(wrong) == times and "Ingen hendelser" not in page.text
        assert "Feil: Logg" in page.text and not shown(page)


def test_reading_the_log_is_in_the_log(desk):
    desk.get("/logg")
    assert "Loggen lest" in desk.get("/logg").text


def test_older_events_are_a_page_away(app, make, client_for, worker):
    with app.app_context():
        for _ in range(60):
            audit.record(make.actor(worker, Role.CASEWORKER), "application.taken")
        db.session.commit()
    reader = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    first = reader.get("/logg?hva=application.taken")
    assert len(shown(first)) == 50
    older = re.search(r'href="([^"]+)"[^>]*>Eldre hendelser', first.text)[1].replace("&amp;", "&")
    second = reader.get(older)
    assert len(shown(second)) == 10 and "Nyeste hendelser" in second.text


def test_purposes_and_roles_are_told_in_words(app, make, client_for):
    person = make.account()
    with app.app_context():
        audit.record(make.actor(person, Role.ORGANISATION_USER), "profile.opened", purpose="staff_now")
        audit.record(make.actor(person, Role.SUBMITTER), "application.started")
        db.session.commit()
    reader = client_for(make.staff(Role.AUDITOR), Role.AUDITOR)
    page = reader.get("/logg").text
    assert "<td>Bemanne nå</td>" in page and "staff_now" not in page
    assert "Innsender" in page and "Ikke valgt rolle" not in page
    with app.app_context():
        audit.record(make.actor(person, Role.SUBMITTER), "session.started")
        db.session.commit()
    assert "Ikke valgt rolle" in reader.get("/logg").text


def test_every_word_list_is_complete():
    lists = [table for table in vars(words).values() if isinstance(table, dict) and isinstance(next(iter(table)), Enum)]
    assert len(lists) > 20
    for table in lists:
        kind = type(next(iter(table)))
        doors = {Role.ANYONE, Role.SIGNED_IN} if kind is Role else set()  # nobody is shown as one of these
        assert set(kind) - set(table) == doors, kind
