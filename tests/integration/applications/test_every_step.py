"""Every page of an application on which something is sent: the session ends, the button is pressed twice, two tabs are
open, the right in Altinn is lost (ux.md 4.2 and 3.2, security.md C41)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from dev.postgres import Postgres
from extensions import clock
from extensions.database import db
from models.account import Account, LoginSession
from models.application import ContactPerson
from models.enums import ApplicationStatus, ContactKind
from services import national_ids
from tests.builders import Builders, synthetic_number
from tests.conftest import rows_of
from tests.integration.applications.conftest import NOMINEE, TRONDHEIM
from tests.pages import Form, Page

DRAFT, SUBMITTED, WAITING = ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED, ApplicationStatus.WAITING
CONTACT = {name: NOMINEE[name] for name in ("given_name", "family_name", "email", "mobile")}
NEVER_RESTORED = {"declaration"}
VISIT = {'"account"', '"identity"', '"login_session"', '"held_form"', '"form_key"', '"audit_event"'}
"""Tables that tell of the visit, not of the application."""


@dataclass(frozen=True)
class Case:
    """A page, the status in which it is open, what is typed on it, and what the later of two tabs gets; with `differs`
    it has something else typed in that field, and is shown both."""

    page: str
    status: ApplicationStatus
    typed: tuple[tuple[str, str], ...] = ()
    late: int = 409
    differs: str = ""


CASES = [
    Case("innsender", DRAFT, (("submitter_job_title", "Ráđđeaddi"),), differs="submitter_job_title"),
    Case("personer", DRAFT, late=303),
    Case("personer/ny", DRAFT, (*NOMINEE.items(), ("national_id", synthetic_number()), ("lagre", "1")), late=422),
    Case("personer/1", DRAFT, (("job_title", "Ráđđeaddi"), ("lagre", "1")), differs="job_title"),
    Case("personer/1/fjern", DRAFT, late=404),
    Case(
        "kontaktperson",
        DRAFT,
        (("choice", "annen"), *CONTACT.items(), ("national_id", synthetic_number())),
        differs="family_name",
    ),
    Case("kontroller", DRAFT, (("declaration", "y"),), late=303),
    Case("svar", WAITING, (("answer", "Hun har vakt i Čáhcesuolu."),), late=303),
    Case("endre", SUBMITTED),
    Case("trekk", SUBMITTED),
    Case("slett", DRAFT, late=404),
]
each_page = pytest.mark.parametrize("case", CASES, ids=lambda case: case.page)


@dataclass
class At:
    """Somebody at a page with a form."""

    client: FlaskClient
    path: str
    typed: dict[str, str]

    def form(self) -> Form:
        page = self.client.get(self.path)
        assert page.status_code == 200, (page.status_code, page.location)
        return Page(page.text).form()

    def press(self, values: dict[str, Any]) -> Any:
        return self.client.post(self.path, data=values)


@pytest.fixture
def submitter(person: Callable[[str], Account]) -> Account:
    return person("submitter_municipality")


@pytest.fixture
def at(app: Flask, make: Builders, submitter: Account, client_for: Callable[..., FlaskClient], case: Case) -> At:
    """The submitter, at the page of the case; the contact person is somebody else."""
    application = make.application(
        case.status,
        organisation=make.organisation(TRONDHEIM, "Trondheim kommune"),
        submitter=submitter,
        submitter_name="Kari Multeglans",
        contact_kind=ContactKind.OTHER,
    )
    with app.app_context():
        contact = ContactPerson(id=uuid4(), application_id=application.id, **CONTACT | {"family_name": "Kaffekanne"})
        national_ids.put(contact, synthetic_number())
        db.session.add(contact)
        db.session.commit()
    if case.status is WAITING:
        make.question(application, make.staff())
    return At(client_for(submitter), f"/soknad/{application.id}/{case.page}", dict(case.typed))


@pytest.fixture
def stored(app: Flask, postgres: Postgres) -> Callable[[], dict[str, bytes]]:
    """What is stored but for the traces of a visit."""
    return lambda: {table: rows for table, rows in rows_of(postgres, "tests").items() if table not in VISIT}


@each_page
def test_the_session_ended(app, at, case, stored, client_for, person, submitter):
    """Nothing is done, what was typed comes back to the same person and to nobody else, and can be sent."""
    fields = {**at.form().values, **at.typed}
    with app.app_context():
        db.session.execute(update(LoginSession).values(ended_at=clock.now()))
        db.session.commit()
    before = stored()
    answer = at.press(fields)
    assert (answer.status_code, answer.location) == (303, f"/logg-inn?next={at.path}")
    held = at.client.get_cookie("held")
    restored = {name: value for name, value in at.typed.items() if name not in NEVER_RESTORED | {"lagre"}}
    for key, sees in (("submitter_colleague", False), ("submitter_municipality", True)):
        back = At(client_for(person(key)), at.path, at.typed)
        if held is not None:
            back.client.set_cookie("held", held.value)
        values = back.form().values
        assert not NEVER_RESTORED & values.keys()
        assert (restored.items() <= values.items()) is (sees or not restored)
    assert stored() == before
    assert back.press({**values, **at.typed}).status_code == 303
    assert case.page == "personer" or stored() != before


@each_page
def test_pressed_twice(at, stored):
    fields = {**at.form().values, **at.typed}
    first = at.press(fields)
    once = stored()
    second = at.press(fields)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert stored() == once


@each_page
def test_two_tabs(at, case, stored):
    """The later tab is told of both versions where both changed the same; else it finds what there is now."""
    first, second = at.form().values, at.form().values
    assert at.press({**first, **at.typed}).status_code == 303
    once = stored()
    late = at.press({**second, **at.typed, **({case.differs: "En Annen"} if case.differs else {})})
    assert late.status_code == case.late
    if case.differs:
        assert all(text in late.text for text in ("Noen andre har endret siden", at.typed[case.differs], "En Annen"))
    assert stored() == once


@each_page
def test_the_right_was_lost(at, stored, stubs, client_for, submitter):
    stubs.control("altinn", "revoke", national_id=submitter.number, organisation=TRONDHEIM)
    client = client_for(submitter)
    token = Page(client.get("/velkommen").text).form_to("/logg-ut").values["csrf_token"]
    before = stored()
    for answer in (client.get(at.path), client.post(at.path, data={**at.typed, "csrf_token": token})):
        assert answer.status_code == 403
        assert "Du har ikke lenger rett til å søke på vegne av Trondheim kommune." in answer.text
    assert stored() == before
