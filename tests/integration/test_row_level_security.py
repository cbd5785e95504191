"""What organisations own is kept apart by the database itself, whatever the application asks for (security.md C12)."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import ProgrammingError

from dev.postgres import Role as DatabaseRole
from extensions import clock
from extensions.database import db
from models.account import Account
from models.base import Base
from models.enums import ExportStatus, Role
from models.register import (
    RecipientNotice,
    RegisterExport,
    RegisterExportPerson,
    Reveal,
    Shortlist,
    ShortlistEntry,
)
from services import register_files, sessions
from tests.statements import counted

TABLES = (
    "recipient_notice",
    "register_export",
    "register_export_person",
    "reveal",
    "saved_search",
    "shortlist",
    "shortlist_entry",
)
OWNED_FILTER = re.compile(rf"\b(?:{'|'.join(TABLES)})\.organisation_id = %\(\w+\)s(?:::UUID)?")
PAGES = ("/virksomhet", "/virksomhet/endringer", "/register/kortlister", "/register/sok", "/register/eksport")


@dataclass
class World:
    account: Account
    mine: Any
    theirs: Any
    person: Any


@pytest.fixture
def world(app, make):
    """Somebody who has access for two organisations, and a row of each kind for both."""
    account, person, now = make.account("Berit Bruker"), make.professional(reach__whole_country=True), clock.now()
    mine = make.user(account=account, organisation=make.organisation("942110464", "VÅR KOMMUNE"))
    theirs = make.user(account=account, organisation=make.organisation("940192226", "DERES KOMMUNE"))
    for grant, word in ((mine, "Vår"), (theirs, "Deres")):
        make.shortlist(grant, person, name=f"{word} liste")
        make.saved_search(grant, name=f"{word} søk")
        own = {"account_id": account.id, "organisation_id": grant.organisation_id}
        why = {"purpose": "staff_now", "language": "nb", "format": "xlsx", "columns": ["name"], "filters": {}}
        with app.app_context():
            export = RegisterExport(
                **own, **why, found=1, rows=1, requested_at=now, status="ready", storage_key=word, key_box=b"",
                ready_at=now, expires_at=now,
            )  # fmt: skip
            seen = Reveal(**own, professional_id=person.id, what="contact", purpose="staff_now", at=now)
            notice = RecipientNotice(**own, professional_id=person.id, shown_at=now, changed_at=now)
            db.session.add_all([export, seen, notice])
            db.session.flush()
            db.session.add(RegisterExportPerson(export_id=export.id, professional_id=person.id))
            db.session.commit()
    return World(account, mine, theirs, person)


def keep_to(organisation_id):
    db.session.execute(text("SELECT set_config('app.organisation', :id, true)"), {"id": str(organisation_id)})


def test_raw_statements_touch_nothing_of_another_organisation(context, world):
    """Reading, changing, removing, adding and giving away, in each table."""
    for table in TABLES:
        key = "export_id" if table == "register_export_person" else "id"
        rows = f"SELECT {key}, to_jsonb({table}) AS row FROM {table}"
        db.session.rollback()
        keep_to(world.theirs.organisation_id)
        theirs = db.session.execute(text(rows)).one()
        keep_to("")
        assert len(db.session.execute(text(rows)).all()) == 2, f"{table}: jobs and caseworkers reach all"
        keep_to(world.mine.organisation_id)
        mine = db.session.execute(text(rows)).one()
        assert mine[0] != theirs[0], table
        assert db.session.execute(text(f"UPDATE {table} SET {key} = {key}")).rowcount == 1, table
        assert db.session.execute(text(f"DELETE FROM {table} WHERE {key} = '{theirs[0]}'")).rowcount == 0, table
        column = next(name for name in ("organisation_id", "shortlist_id", "export_id") if name in theirs.row)
        for statement in (
            f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))",
            f"UPDATE {table} SET {column} = (CAST(:row AS jsonb) ->> '{column}')::uuid",
        ):
            with pytest.raises(ProgrammingError, match="row-level security"), db.session.begin_nested():
                db.session.execute(text(statement).bindparams(row=json.dumps(theirs.row)))


def test_every_table_an_organisation_owns_is_kept_apart(context):
    """A new one is known here; the Directorate's own tables about organisations are not theirs."""
    about = {"access_application", "access_grant", "alarm", "audit_event", "login_session", "stop"}
    owned = {table.name for table in Base.metadata.tables.values() if "organisation_id" in table.columns} - about
    through = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in owned and key.ondelete == "CASCADE"
    }
    kept = db.session.scalars(text("SELECT tablename FROM pg_policies WHERE policyname = 'own_organisation'")).all()
    assert owned | through == set(kept) == set(TABLES)


def without_filters(_connection, _cursor, statement, parameters, _context, _many):
    """What a forgotten filter would send."""
    return OWNED_FILTER.sub("true", statement), parameters


def test_a_forgotten_filter_shows_nothing_of_another_organisation(app, postgres, make, world, client_for):
    client = client_for(world.account, Role.ORGANISATION_USER, make.organisation("942110464"))
    engine = app.extensions["engine"]
    person = f"/register/person/{world.person.id}"
    paths = (*PAGES, person, f"{person}/kortliste")

    def shown():
        pages = [client.get(path) for path in paths]
        assert {page.status_code for page in pages} == {200}
        return "".join(page.text for page in pages)

    event.listen(engine, "before_cursor_execute", without_filters, retval=True)
    try:
        found = shown()
        assert "Vår liste" in found and "Vår søk" in found
        assert "Deres liste" not in found and "Deres søk" not in found
        with app.app_context():
            theirs = db.session.scalar(select(Shortlist.id).where(Shortlist.name == "Deres liste"))
        assert client.get(f"/register/kortlister/{theirs}").status_code == 404
        with postgres.connect(DatabaseRole.OWNER, "tests") as owner:  # so that what was taken out would have mattered
            tables = ("saved_search", "shortlist")
            try:
                for table in tables:
                    owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
                found = shown()
                assert "Deres liste" in found and "Deres søk" in found
            finally:
                for table in tables:
                    owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    finally:
        event.remove(engine, "before_cursor_execute", without_filters)


class TestOneRequest:
    @pytest.fixture
    def session(self, app, world):
        """session(grant): the token of an open session in the role the grant gives, or as oneself."""

        def open_(grant=None):
            role = Role.ORGANISATION_USER if grant else Role.PROFESSIONAL
            with app.app_context():
                token, _row = sessions.open_for(
                    world.account,
                    role,
                    organisation_id=grant.organisation_id if grant else None,
                    issuer="https://test.example",
                    provider_session_id=None,
                    authenticated_at=clock.now(),
                )
                db.session.commit()
            return token

        return open_

    def names(self):
        return set(db.session.scalars(select(Shortlist.name)))

    def test_it_stays_after_a_commit_and_a_rollback_and_goes_with_the_request(self, app, world, session):
        token = session(world.mine)
        with app.app_context():
            with counted(app) as statements:
                sessions.load(token)
            assert len(statements) == 1
            for keep in (True, False, True):
                assert self.names() == {"Vår liste"}
                db.finish(keep=keep)
            assert self.names() == {"Vår liste"}
            with db.new_session() as other:
                assert len(other.scalars(select(Shortlist.name)).all()) == 2
        with app.app_context():
            assert self.names() == {"Vår liste", "Deres liste"}, "a job in the same process, on the same connection"

    def test_it_follows_the_role(self, app, world, session):
        tokens = [session(grant) for grant in (world.mine, world.theirs, None)]
        seen = [{"Vår liste"}, {"Deres liste"}, {"Vår liste", "Deres liste"}]
        with app.app_context():
            for token, expected in zip(tokens, seen, strict=True):
                sessions.load(token)
                assert self.names() == expected
                db.session.commit()
                assert self.names() == expected

    def test_what_concerns_all_organisations_is_done_for_all(self, app, world, session):
        token = session(world.mine)
        with app.app_context():
            sessions.load(token)
            register_files.withdraw([world.person.id], from_everybody=True)
            assert self.names() == {"Vår liste"}
            db.session.commit()
        with app.app_context():
            assert set(db.session.scalars(select(RegisterExport.status))) == {ExportStatus.EXPIRED}
            assert not db.session.scalars(select(RegisterExportPerson)).all()
            assert len(db.session.scalars(select(ShortlistEntry)).all()) == 2
