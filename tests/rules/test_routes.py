"""Every route as every kind of person (security.md C11–C13, invariant I12).

The door does what its open_to says, strangers learn nothing, and looking writes nothing but the audit log and when a
session was last used.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule, UUIDConverter
from werkzeug.test import TestResponse

from extensions import clock
from extensions.database import db
from models import Base
from models.application import ContactPerson
from models.attachment import Attachment
from models.audit import AuditEvent, LogReview
from models.cv import Cv, CvEntry
from models.enums import AccessLevel, ApplicationStatus, ContactKind, GrantStatus, Role
from models.privacy import DataExport, PersonLookup, PrivacyCase
from models.professional import Block, Professional
from services import national_ids
from tests.pages import Page

FOR_EVERYBODY = {"invitations", "auth", "public", "health"}
"""Blueprints whose open pages answer strangers by other rules than 404; each has tests of its own."""

BY_LEVEL = {"organisations.log"}
"""Pages without an id in the address that are for some of an organisation's users only; the service says which."""

ASK_AGAIN = {
    *("casework.answer_privacy_case", "casework.appeal", "casework.approve", "casework.change_limits"),
    *("casework.correct_email", "casework.correct_number", "casework.decide", "casework.extend_privacy_case"),
    *("casework.lift_stop", "casework.release_hpr_alarm", "casework.stop", "casework.stop_use"),
    *("organisations.change_user", "organisations.stop_user", "organisations.stop_user_of_application"),
    *("organisations.users", "organisations.users_of_application"),
    *("register.contact_list", "register.export_again", "register.new_export"),
}
"""What decides, takes data out, or changes who gets in or what somebody is told of their rights (C4)."""

PEOPLE = (
    *("anonymous", "submitter", "contact person", "reader", "recruiter", "user administrator", "ended user"),
    *("invited nominee", "stranger", "professional", "another professional", "caseworker", "case lead", "auditor"),
)
INSIDERS = ("submitter", "contact person", "caseworker")
"""Those to whom an application looks different in each status."""
OUTSIDERS = ("ended user", "invited nominee", "stranger", "another professional")


@dataclass
class Someone:
    """A kind of person in a browser: the role acted in now (None: not signed in), and the roles there are to choose."""

    client: FlaskClient
    role: Role | None = None
    hats: frozenset[Role] = field(default_factory=frozenset)


@dataclass
class World:
    """One organisation with an application in every status, its users, and the ids that stand in addresses."""

    people: dict[str, Someone]
    ids: dict[str, list[str]]


@pytest.fixture
def world(app: Flask, make: Any, client_for: Any, stubs: Any, once: Callable[..., World]) -> World:
    return once(lambda: everybody(app, make, client_for, stubs))


def everybody(app: Flask, make: Any, client_for: Any, stubs: Any) -> World:
    organisation = make.organisation("942110464", "Trondheim kommune")
    submitter = make.account("Inger Innsender", stubs.person("submitter_municipality").national_id)
    contact = make.account("Kristin Kontakt", stubs.person("contact").national_id)
    staff = {
        role: make.staff(role, name=f"Ansatt {role.value}") for role in (Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR)
    }
    applications = [
        make.application(status, submitter=submitter, organisation=organisation, contact_kind=ContactKind.OTHER)
        for status in ApplicationStatus
    ]
    with app.app_context():
        for application in applications:
            person = ContactPerson(
                id=uuid4(), application_id=application.id, given_name="Kristin", family_name="Kontakt",
                email="kristin@kommune.example", mobile="+4791234567",
            )  # fmt: skip
            national_ids.put(person, contact.number)
            db.session.add(person)
        db.session.commit()
    levels = {
        "reader": AccessLevel.READER,
        "recruiter": AccessLevel.RECRUITER,
        "user administrator": AccessLevel.USER_ADMINISTRATOR,
    }
    users = {name: make.user(level, organisation=organisation) for name, level in levels.items()}
    nominee = make.account("Nils Nominert", stubs.person("stranger").national_id)
    invitation = make.invitation(make.user(account=nominee, status=GrantStatus.INVITED, organisation=organisation))
    ended = make.user(
        account=make.account(number=stubs.person("private_company").national_id), status=GrantStatus.ENDED
    )
    stranger = make.account("Stian Fremmed", stubs.person("iks").national_id)
    professionals = {"professional": make.account("Pia Pleier"), "another professional": make.account("Per Pleier")}
    registrations = [make.professional(account) for account in professionals.values()]
    shortlist = make.shortlist(users["reader"], registrations[0])
    user = Role.ORGANISATION_USER
    people = {
        "anonymous": Someone(app.test_client()),
        "submitter": Someone(client_for(submitter), Role.SUBMITTER),
        "contact person": Someone(client_for(contact), Role.SUBMITTER),
        "ended user": Someone(client_for(ended.person), Role.SUBMITTER),
        "invited nominee": Someone(client_for(nominee), Role.SUBMITTER),
        "stranger": Someone(client_for(stranger), Role.SUBMITTER),
        **{
            name: Someone(client_for(account, Role.PROFESSIONAL), Role.PROFESSIONAL, frozenset({Role.PROFESSIONAL}))
            for name, account in professionals.items()
        },
        **{
            name: Someone(client_for(grant.person, user, organisation), user, frozenset({user}))
            for name, grant in users.items()
        },
        **{
            role.value.replace("_", " "): Someone(client_for(account, role), role, frozenset({role}))
            for role, account in staff.items()
        },
    }
    return World(
        people,
        {
            "application_id": [str(application.id) for application in applications],
            "nominee_id": [str(application.people[0].id) for application in applications],
            "organisation_id": [str(organisation.id)],
            "grant_id": [str(users["reader"].id)],
            "position": ["1"],
            "provider": ["idporten", "helseid"],
            "token": [invitation.token],
            "shortlist_id": [str(shortlist.id)],
            "member_id": [str(shortlist.places[0])],
            "search_id": [str(make.saved_search(users["reader"]).id)],
            **{name: [str(id_)] for name, id_ in belongings(app, registrations[0]).items()},
        },
    )


def belongings(app: Flask, registration: Professional) -> dict[str, UUID]:
    """One row of each kind that a professional owns, by the name of its id in addresses."""
    now = clock.now()
    owner = {"professional_id": registration.id}
    rows = {
        "attachment_id": Attachment(
            **owner, kind="cv", name="CV.pdf", media_type="application/pdf", size=1, sha256=b"", visibility="only_me",
            storage_key="nowhere", uploaded_at=now,
        ),
        "entry_id": CvEntry(cv_id=registration.id, section="experience", position=1, title="Sykepleier"),
        "case_id": PrivacyCase(
            reference="ABCD-EFGH-JKLM", account_id=registration.account_id, **owner, kind="rectify", text="Feil navn",
            received_at=now, due_at=now,
        ),
        "export_id": DataExport(**owner, requested_at=now),
        "lookup_id": PersonLookup(
            actor_id=registration.account_id, **owner, hits=1, reason="Ringte oss", made_at=now,
        ),
        "block_id": Block(**owner, organisation_number="942110464", organisation_name="Trondheim", created_at=now),
        "review_id": LogReview(
            event=AuditEvent(at=now, action="person.viewed", actor_id=uuid4(), actor_role="caseworker", object_type=""),
            drawn_at=now,
        ),
    }  # fmt: skip
    with app.app_context():
        db.session.add(Cv(**owner, updated_at=now, entries=[]))
        for row in rows.values():
            row.id = uuid4()
            db.session.add(row)
        db.session.commit()
        return {name: row.id for name, row in rows.items()} | owner


def rules(app: Flask, method: str) -> Iterator[tuple[Rule, Any]]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule, app.view_functions[rule.endpoint]


def addresses(app: Flask, rule: Rule, world: World, *, every: bool) -> Iterator[str]:
    """The rule's address; or, when it is about an application, one for each status there is."""
    values = {name: world.ids.get(name) or words(rule, name) for name in rule.arguments}
    about = max(map(len, values.values()), default=1) if every else 1
    for n in range(about):
        yield _address(app, rule, {name: found[n % len(found)] for name, found in values.items()})


def words(rule: Rule, argument: str) -> list[str]:
    """What an argument that names no row of ours may be: the words its pattern lists, an id of nothing, or any."""
    if isinstance(rule._converters[argument], UUIDConverter):
        return [str(uuid4())]
    pattern = rule._converters[argument].regex
    return re.findall(r"[\w-]+", pattern) if "|" in pattern else ["x"]


def _address(app: Flask, rule: Rule, values: dict[str, str]) -> str:
    adapter = app.url_map.bind("localhost")
    return adapter.build(
        rule.endpoint, {name: rule._converters[name].to_python(value) for name, value in values.items()}
    )


def expected(view: Any, someone: Someone, method: str) -> str:
    """What the door should do, from the words on it alone."""
    roles = view.open_to
    if Role.ANYONE in roles:
        return "open"
    if someone.role is None:
        return "sign in"
    if Role.SIGNED_IN in roles or someone.role in roles:
        return "open"
    if method == "GET" and (roles & {Role.SUBMITTER, Role.PROFESSIONAL} or someone.hats & roles):
        return "choose"
    return "closed"


def seen(answer: TestResponse) -> str:
    target = answer.headers.get("Location", "")
    if target.startswith("/logg-inn?next="):
        return "sign in"
    if target.startswith("/virksomhet/velg?next="):
        return "choose"
    return "closed" if answer.status_code == 403 else "open"


def form_token(someone: Someone) -> str:
    page = someone.client.get("/velkommen" if someone.role else "/logg-inn")
    forms = Page(page.text)._all
    return str(next(form.values["csrf_token"] for form in forms if "csrf_token" in form.values))


def test_what_decides_asks_for_a_fresh_login(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if getattr(view, "fresh_login", False)} == ASK_AGAIN


def test_every_view_says_whom_it_is_open_to(app):
    silent = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not getattr(app.view_functions[rule.endpoint], "open_to", None)
    ]
    assert silent == []


@pytest.mark.parametrize("name", PEOPLE)
def test_looking(app, world, name):
    """GET and HEAD: the door, no failure of ours, and not a row changed."""
    someone, wrong = world.people[name], []
    someone.client.get("/velkommen")
    before = contents(app)
    for rule, view in rules(app, "GET"):
        door = expected(view, someone, "GET")
        paths = list(addresses(app, rule, world, every=door == "open" and name in INSIDERS))
        for method, looked_at in (("GET", paths), ("HEAD", paths[:1])):
            for path in looked_at:
                answer = someone.client.open(path, method=method)
                # Behind an open door the row decides, and may say 403 itself.
                may_refuse = door == "open" and bool(rule.arguments or rule.endpoint in BY_LEVEL)
                if seen(answer) != door and not (may_refuse and answer.status_code == 403):
                    wrong.append(f"{method} {path}: {answer.status_code} {seen(answer)}, expected {door}")
                if answer.status_code >= 500:
                    wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []
    assert contents(app) == before


@pytest.mark.parametrize("name", PEOPLE)
def test_pressing_what_is_not_ours(app, world, name):
    """POST as somebody the door is closed to changes nothing, whatever the address names."""
    someone, wrong = world.people[name], []
    token = form_token(someone)
    before = contents(app)
    for rule, view in rules(app, "POST"):
        door = expected(view, someone, "POST")
        if door == "open":
            continue
        for path in addresses(app, rule, world, every=False):
            answer = someone.client.post(path, data={"csrf_token": token})
            if seen(answer) != door:
                wrong.append(f"POST {path}: {answer.status_code} {seen(answer)}, expected {door}")
    assert wrong == []
    assert contents(app) | {"held_form": ""} == before | {"held_form": ""}


@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "anonymous"])
def test_what_does_not_exist_is_not_found(app, world, name):
    """An unknown id behind an open door is a 404 for reading and for acting, never a failure."""
    someone, wrong = world.people[name], []
    token = form_token(someone)
    for method in ("GET", "POST"):
        for rule, view in rules(app, method):
            ids = {argument for argument in rule.arguments if argument.endswith("_id")}
            if not ids or expected(view, someone, method) != "open":
                continue
            unknown = {name: str(uuid4()) if name in ids else words(rule, name)[0] for name in rule.arguments}
            path = _address(app, rule, unknown | {name: "1" for name in rule.arguments if name == "position"})
            answer = someone.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
            if answer.status_code not in (404, 403) or (
                answer.status_code == 403 and method == "GET" and "_id" not in path
            ):
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("name", OUTSIDERS)
def test_strangers_cannot_tell_what_is_there(app, world, name):
    """Somebody else's application, user or organisation looks just like one that is not there."""
    someone, wrong = world.people[name], []
    token = form_token(someone)
    for method in ("GET", "POST"):
        for rule, view in rules(app, method):
            if (
                rule.endpoint.split(".")[0] in FOR_EVERYBODY
                or not any(name.endswith("_id") for name in rule.arguments)
                or expected(view, someone, method) != "open"
            ):
                continue
            for path in addresses(app, rule, world, every=True):
                answer = someone.client.open(
                    path, method=method, data={"csrf_token": token} if method == "POST" else None
                )
                if answer.status_code != 404:
                    wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def contents(app: Flask) -> dict[str, str]:
    """A digest of every table's rows, but for the audit log and when a session was last used."""
    tables = [name for name in Base.metadata.tables if name != "audit_event"]
    query = " UNION ALL ".join(
        f"SELECT '{name}', md5(coalesce(string_agg(row, '|' ORDER BY row), '')) FROM "
        f"(SELECT (to_jsonb(t) - 'last_seen_at')::text AS row FROM \"{name}\" t) AS rows"
        for name in tables
    )
    with app.extensions["engine"].connect() as connection:
        return dict(connection.execute(text(query)).all())
