"""What belongs to another organisation, or to a colleague, is not there: the same status, the same page and the same
statements as for an id of nothing, reading and acting (security.md C12, C13, C28; B13).

The sweep is made from the map of addresses: a new one with an id of the register is covered by itself, and an id that
no row is made for here fails the first test.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from extensions import clock
from extensions.database import db
from models import Base
from models.attachment import Attachment
from models.audit import AuditEvent, LogReview
from models.enums import AccessLevel, AlarmKind, AttachmentStatus, GrantStatus, Role, Stoppable, Visibility
from models.grant import Grant
from models.register import Alarm, RegisterExport, Reveal, SavedSearch, Shortlist, ShortlistEntry, Stop
from tests.builders import Builders
from tests.pages import Page
from tests.statements import counted

PEOPLE = {
    "another organisation's reader": Role.ORGANISATION_USER,
    "another organisation's administrator": Role.ORGANISATION_USER,
    "colleague": Role.ORGANISATION_USER,
    "ended user": Role.SUBMITTER,
    "ended while signed in": None,
    "nominee": Role.SUBMITTER,
    "another professional": Role.PROFESSIONAL,
    "submitter": Role.SUBMITTER,
    "anonymous": None,
}
"""Whom these rows are not there for, and what they act as; None: they must sign in."""
PERSONAL = {"reveal_id", "search_id", "export_id"}
"""What a colleague in the same organisation does not see either."""
OF_OTHER_TESTS = {"application_id", "nominee_id", "organisation_id", "case_id", "lookup_id", "attachment_id"} | {
    *("entry_id", "block_id", "event_id")
}
"""Ids of applications, cases and Min side: tests/rules/test_routes.py."""
FIELDS = {
    "purpose": "staff_now", "outcome": "interested", "name": "Natt", "note": "Ringt", "frequency": "daily",
    "level": "reader", "verdict": "fine", "format": "xlsx", "columns": "name", "reason": "Uvanlig mange",
}  # fmt: skip
"""Good answers to every form there is: what is refused is the row, not the form."""
VOLATILE = {"held_form", "form_key", "audit_event", "login_session", "registry_unit"}


@dataclass
class World:
    people: dict[str, FlaskClient]
    ids: dict[str, str]
    """One row of each kind that belongs to a reader in Trondheim, by the name of its id in addresses."""
    hidden: str
    """Somebody whom only Trondheim may see; `professional_id` is somebody everybody may see."""


@pytest.fixture
def world(app: Flask, make: Builders, client_for: Any, once: Callable[..., World]) -> World:
    return once(lambda: two_organisations(app, make, client_for))


def two_organisations(app: Flask, make: Builders, client_for: Any) -> World:
    trondheim, tromso = make.organisation(), make.organisation("940101808", "Tromsø kommune")
    user = Role.ORGANISATION_USER
    owner, colleague = make.user(organisation=trondheim), make.user(organisation=trondheim)
    reader = make.user(organisation=tromso)
    administrator = make.user(AccessLevel.USER_ADMINISTRATOR, organisation=tromso)
    ended, ending = make.user(status=GrantStatus.ENDED), make.user(organisation=trondheim)
    nominee = make.account("Nils Nominert")
    make.invitation(make.user(account=nominee, status=GrantStatus.INVITED, organisation=trondheim))
    other = make.account("Per Pleier")
    make.professional(other)
    submitter = make.account("Sunniva Søker")
    people = {
        "another organisation's reader": client_for(reader.person, user, tromso),
        "another organisation's administrator": client_for(administrator.person, user, tromso),
        "colleague": client_for(colleague.person, user, trondheim),
        "ended user": client_for(ended.person),
        "ended while signed in": client_for(ending.person, user, trondheim),
        "nominee": client_for(nominee),
        "another professional": client_for(other, Role.PROFESSIONAL),
        "submitter": client_for(submitter),
        "anonymous": app.test_client(),
    }
    with app.app_context():
        row = db.session.get_one(Grant, ending.id)
        row.status, row.ended_at = GrantStatus.ENDED, clock.now()
        db.session.commit()
    ids = belongings(app, make, owner)
    return World(people, {name: str(id_) for name, id_ in ids.items()}, str(make.professional().id))


def belongings(app: Flask, make: Builders, owner: Grant) -> dict[str, UUID]:
    """One row of each kind, of or about one reader and one person whom every organisation may see."""
    person = make.professional(reach__whole_country=True)
    now, mine = clock.now(), {"organisation_id": owner.organisation_id, "account_id": owner.account_id}
    by = {"created_by_id": owner.account_id}
    shortlist_id = uuid4()
    rows: dict[str, Any] = {
        "reveal_id": Reveal(**mine, professional_id=person.id, what="contact", purpose="staff_now", at=now),
        "file_id": Attachment(
            professional_id=person.id, kind="cv", name="CV.pdf", media_type="application/pdf", size=1, sha256=b"",
            visibility=Visibility.CONSENTED, storage_key="nowhere", uploaded_at=now, status=AttachmentStatus.CLEAN,
            scanned_at=now,
        ),
        "shortlist_id": Shortlist(
            organisation_id=owner.organisation_id, name="Natt", **by, created_at=now, used_at=now
        ),
        "member_id": ShortlistEntry(
            shortlist_id=shortlist_id, professional_id=person.id, added_by_id=owner.account_id, added_at=now
        ),
        "search_id": SavedSearch(
            **mine, name="Natt", filters={}, frequency="never", created_at=now, told_until=now
        ),
        "export_id": RegisterExport(
            **mine, purpose="staff_now", format="xlsx", columns=["name"], filters={}, requested_at=now, language="nb",
            found=1, rows=1,
        ),
        "alarm_id": Alarm(**mine, kind=AlarmKind.QUOTA, raised_at=now),
        "stop_id": Stop(what=Stoppable.EXPORTS, reason="Øvelse", set_at=now, set_by_id=owner.account_id, lifted_at=now),
        "review_id": LogReview(
            event=AuditEvent(at=now, action="person.viewed", actor_id=uuid4(), actor_role="caseworker", object_type=""),
            drawn_at=now,
        ),
    }  # fmt: skip
    with app.app_context():
        for name, row in rows.items():
            row.id = shortlist_id if name == "shortlist_id" else uuid4()
            db.session.add(row)
            db.session.flush()
        db.session.commit()
        ids = {name: row.id for name, row in rows.items()}
    return ids | {"professional_id": person.id, "grant_id": owner.id}


def swept(app: Flask, world: World) -> list[tuple[str, Rule]]:
    """Every address with an id of the register, for reading and for acting."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in ("GET", "POST")
        if method in (rule.methods or ()) and rule.arguments & world.ids.keys() and not rule.arguments & OF_OTHER_TESTS
    ]


def address(app: Flask, rule: Rule, ids: dict[str, str]) -> str:
    values = {name: ids.get(name, "1") for name in rule.arguments}
    converted = {name: rule._converters[name].to_python(value) for name, value in values.items()}
    return str(app.url_map.bind("localhost").build(rule.endpoint, converted))


def in_order(rule: Rule) -> list[str]:
    """The ids of an address as they stand in it."""
    return [name for name in re.findall(r":(\w+)>", rule.rule) if name.endswith("_id")]


def pairs(rule: Rule, world: World) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Ids that are there beside ids of nothing: all of them, and the last ones below somebody who may be seen."""
    names = in_order(rule)
    there = world.ids | ({"professional_id": world.hidden} if names == ["professional_id"] else {})
    for first in range(len(names)):
        if first and names[0] != "professional_id":
            break
        yield there, there | {name: str(uuid4()) for name in names[first:]}


def told(answer: TestResponse, ids: dict[str, str]) -> tuple[int, str, str]:
    """An answer without what is new each time and without the ids it was asked for."""
    texts = [answer.headers.get("Location", ""), answer.text]
    for name, id_ in ids.items():
        texts = [text.replace(id_, name) for text in texts]
    body = re.sub(r'(name="(?:csrf_token|form_key)" value=)"[^"]*"', r"\1", texts[1])
    body = re.sub(r'(kopi__verdi">)[0-9a-f]+', r"\1", body)
    return answer.status_code, texts[0], body


def ask(
    app: Flask, client: FlaskClient, method: str, path: str, data: dict[str, str]
) -> tuple[TestResponse, list[str]]:
    with counted(app) as statements:
        answer = client.open(path, method=method, data=data if method == "POST" else None)
    return answer, statements


def contents(app: Flask) -> dict[str, str]:
    """A digest of every table's rows, but for what any request writes."""
    query = " UNION ALL ".join(
        f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{name}\" t"
        for name in Base.metadata.tables.keys() - VOLATILE
    )
    with app.extensions["engine"].connect() as connection:
        return dict(connection.execute(text(query)).all())


def test_every_id_of_the_register_has_a_row_here(app: Flask, world: World) -> None:
    names = {name for rule in app.url_map.iter_rules() for name in rule.arguments if name.endswith("_id")}
    assert names - OF_OTHER_TESTS <= world.ids.keys(), "make a row of the kind in belongings()"
    assert len(swept(app, world)) > 20


@pytest.mark.parametrize("name", PEOPLE)
def test_what_is_anothers_looks_like_nothing(app: Flask, world: World, name: str) -> None:
    client, wrong = world.people[name], []
    token = csrf_token(client)
    client.get("/register")  # what fills a cache is filled
    before = contents(app)
    for method, rule in swept(app, world):
        if name == "colleague" and not rule.arguments & PERSONAL:
            continue
        for there, nothing in pairs(rule, world):
            for fields in ({}, FIELDS)[: 2 if method == "POST" and is_open(app, rule, name) else 1]:
                data = {"csrf_token": token, **fields}
                paths = [address(app, rule, ids) for ids in (there, nothing)]
                (real, real_asked), (unknown, unknown_asked) = (ask(app, client, method, path, data) for path in paths)
                what = f"{method} {rule.rule} {sorted(fields)[:1]}"
                if told(real, there) != told(unknown, nothing):
                    wrong.append(f"{what}: {real.status_code}, and {unknown.status_code} for nothing")
                if real_asked != unknown_asked:
                    wrong.append(f"{what}: other statements\n" + difference(real_asked, unknown_asked))
                if real.status_code not in expected(app, rule, name):
                    wrong.append(f"{what}: {real.status_code}")
    assert wrong == []
    assert contents(app) == before


def expected(app: Flask, rule: Rule, name: str) -> Sequence[int]:
    """404 behind an open door; else the sign-in page, the choice of role, or that the door is closed."""
    return (404,) if is_open(app, rule, name) else (303, 403)


def is_open(app: Flask, rule: Rule, name: str) -> bool:
    roles: frozenset[Role] = app.view_functions[rule.endpoint].open_to  # type: ignore[attr-defined]
    return Role.ANYONE in roles or PEOPLE[name] in roles


def difference(real: Sequence[str], unknown: Sequence[str]) -> str:
    ours = [f"  only there: {one}" for one in real if one not in unknown]
    return "\n".join([*ours, *(f"  only for nothing: {one}" for one in unknown if one not in real)])


def csrf_token(client: FlaskClient) -> str:
    signed_in = client.get("/velkommen")
    page = signed_in if signed_in.status_code == 200 else client.get("/logg-inn")
    forms = Page(page.text)._all
    return next(str(form.values["csrf_token"]) for form in forms if "csrf_token" in form.values)
