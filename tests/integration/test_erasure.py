"""Leaving: hidden at once, gone within the day, gone again after a restore (I8, C82; must show 4 and 5)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy import create_engine, func, select

from adapters.errors import Unavailable
from adapters.storage import Storage
from dev.postgres import Role as DatabaseRole
from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from models import Base
from models.account import Account, LoginSession
from models.audit import AuditEvent
from models.enums import ExportStatus, MessageKind, MessageStatus, Role
from models.grant import Grant
from models.listing import Listing
from models.message import Message
from models.privacy import DataExport, ErasureRecord, PrivacyCase
from models.professional import Link, Professional
from services import audit_chain, erasure, professionals
from services.errors import Conflict
from tests import leaks
from tests.integration.filled import WORDS, fill


@pytest.fixture
def person(context, make, app):
    """Somebody with something everywhere, in a store of this test's own."""
    return fill(make)


@pytest.fixture
def actor(make, person):
    return make.actor(db.session.get_one(Account, person.account_id), Role.PROFESSIONAL)


@pytest.fixture
def store(app, tmp_path, monkeypatch) -> Path:
    """A folder for the files of this test alone."""
    monkeypatch.setattr(app.extensions["agencies"], "storage", Storage.at(tmp_path.as_uri()))
    return tmp_path


@pytest.fixture
def traces(postgres, valkey, store) -> Callable[[Professional], list[str]]:
    """Where anything about the person is left: tables, Redis, files."""

    def find(number: str) -> list[str]:
        found = leaks.find(
            [number, *WORDS.values()],
            database_url=postgres.url(DatabaseRole.ADMIN, "tests"),
            redis=valkey.client(),
        )
        words = [word.encode() for word in (number, *WORDS.values())]
        return found + [
            str(path.relative_to(store))
            for path in store.rglob("*")
            if path.is_file() and any(word in path.read_bytes() for word in words)
        ]

    return find


class Away:
    """A store that gives no answer, whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        def silent(*_arguments: Any, **_more: Any) -> None:
            raise Unavailable("storage", "test")

        return silent


def count(table: type[Any], *conditions: Any) -> int:
    db.session.commit()
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def test_hidden_in_the_same_moment(store, person, actor, client_for):
    account = db.session.get_one(Account, person.account_id)
    client_for(account, Role.PROFESSIONAL)
    client_for(account, Role.SUBMITTER)
    assert count(Listing) == 1
    erasure.ask(actor)
    assert count(Listing) == 0
    assert count(Message, Message.status == MessageStatus.QUEUED) == 0
    assert count(Link) == 0
    assert db.session.scalars(select(DataExport.status)).all() == [ExportStatus.FAILED]
    open_roles = db.session.scalars(select(LoginSession.role).where(LoginSession.ended_at.is_(None))).all()
    assert open_roles == [Role.SUBMITTER]
    with pytest.raises(professionals.NoRegistration):
        professionals.own(actor)
    with pytest.raises(Conflict):
        professionals.begin(actor)


def test_nothing_is_left_but_ids_and_the_chain_is_whole(store, person, actor, run_jobs, stubs, traces):
    number, account_id = person.number, person.account_id
    run_jobs()
    assert {place.partition(" ")[0] for place in traces(number)} >= {"table"}, "the search must find what is there"
    assert any(store.glob("files/*/*"))
    audit_chain.seal()
    record = erasure.ask(actor)
    db.session.commit()
    run_jobs()
    assert traces(number) == []
    assert not list(store.glob("files/*/*"))
    assert count(Professional) == count(Account, Account.id == account_id) == count(PrivacyCase) == 0
    assert db.session.scalar(select(ErasureRecord.erased_at)) is not None
    assert count(AuditEvent, AuditEvent.subject_id == account_id) > 0
    audit_chain.seal()
    assert isinstance(audit_chain.verify(), audit_chain.Head)
    receipt = stubs.mail()[-1]
    assert receipt["subject"] == "Profilen din er slettet"
    assert record.reference[:4] in receipt["text"]


def test_another_role_keeps_the_account(store, person, actor, make, run_jobs):
    account = db.session.get_one(Account, person.account_id)
    account.number = person.number
    grant = make.user(account=account)
    account.name = "Kallenavnet Sitt"
    erasure.ask(actor)
    db.session.commit()
    run_jobs()
    db.session.refresh(account)
    assert account.name == db.session.get_one(Grant, grant.id).nominee.name, "not what was typed in the registration"
    assert count(Professional) == 0
    assert count(Account, Account.id == account.id) == 1
    assert count(LoginSession, LoginSession.role == Role.PROFESSIONAL) == 0


def test_a_store_that_is_away_delays_no_row(store, person, actor, run_jobs, traces, monkeypatch):
    number = person.number
    run_jobs()
    erasure.ask(actor)
    db.session.commit()
    with monkeypatch.context() as away:
        away.setattr(agencies(), "storage", Away())
        run_jobs()
        assert traces(number) == []
        assert db.session.scalar(select(ErasureRecord.erased_at)) is None
    with clock.at(clock.now() + timedelta(hours=21)):
        assert len(erasure.late()) == 1
        run_jobs()
        assert erasure.late() == []
    db.session.commit()
    assert db.session.scalar(select(ErasureRecord.erased_at)) is not None
    assert not list(store.glob("files/*/*"))


def test_doing_it_twice_is_doing_it_once(store, person, actor, run_jobs, stubs):
    record = erasure.ask(actor)
    db.session.commit()
    erasure.erase(record.id, by_person=True)
    erasure.erase(record.id, by_person=True)
    db.session.commit()
    run_jobs()
    erasure.erase(record.id, by_person=True)
    erasure.remember(record.id)
    db.session.commit()
    run_jobs()
    assert [mail["subject"] for mail in stubs.mail()].count("Profilen din er slettet") == 1


@pytest.mark.parametrize("mode", ["refuse", "greylist"])
def test_a_receipt_that_does_not_arrive_is_forgotten_too(store, person, actor, run_jobs, stubs, mode, traces):
    number = person.number
    stubs.control("smtp", mode)
    erasure.ask(actor)
    db.session.commit()
    run_jobs()
    waiting = count(Message, Message.kind == MessageKind.PROFILE_ERASED)
    assert waiting == (1 if mode == "greylist" else 0)
    with clock.at(clock.now() + timedelta(hours=23, minutes=1)):
        assert erasure.forget_receipts() == waiting
    db.session.commit()
    assert traces(number) == []


@pytest.fixture
def dump(postgres) -> Iterator[Callable[[], Callable[[], None]]]:
    """dump() copies every table; what it returns puts them back as they were."""
    engine = create_engine(postgres.url(DatabaseRole.ADMIN, "tests"))
    tables = [table.name for table in Base.metadata.sorted_tables]

    def take() -> Callable[[], None]:
        copies: dict[str, bytes] = {}
        with engine.raw_connection().cursor() as cursor:
            for table in tables:
                with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                    copies[table] = b"".join(bytes(block) for block in copy)

        def restore() -> None:
            db.session.commit()
            db.session.expunge_all()
            connection = engine.raw_connection()
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
                for table in tables:
                    cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                        copy.write(copies[table])
            connection.commit()

        return restore

    yield take
    engine.dispose()


def test_the_ledger_erases_again_after_a_restore(store, person, actor, make, dump, run_jobs, stubs, traces, app):
    number = person.number
    stays = make.professional(make.account("Blir Værende"))
    run_jobs()
    yesterday = dump()
    erasure.ask(actor)
    db.session.commit()
    run_jobs()
    receipts = len(stubs.mail())
    yesterday()
    assert traces(number) != []
    result = app.test_cli_runner().invoke(args=["erasure", "replay"])
    assert result.output == "1 erased again of 1\n"
    run_jobs()
    assert traces(number) == []
    assert count(Professional, Professional.id == stays.id) == 1
    assert len(stubs.mail()) == receipts, "who has had a receipt gets no other"
    assert app.test_cli_runner().invoke(args=["erasure", "replay"]).output == "0 erased again of 1\n"


def test_a_ledger_that_cannot_be_read_stops_the_replay(app, context, monkeypatch):
    monkeypatch.setattr(agencies(), "storage", Away())
    result = app.test_cli_runner().invoke(args=["erasure", "replay"])
    assert result.exit_code == 1
    assert "cannot be read" in result.output


def test_the_ledger_forgets_when_no_backup_can_bring_anybody_back(store, person, actor, run_jobs):
    erasure.ask(actor)
    db.session.commit()
    run_jobs()
    db.session.commit()
    assert len(list(store.glob("erasures/*"))) == 1
    with clock.at(clock.now() + timedelta(days=30)):
        assert erasure.forget() == 0
    with clock.at(clock.now() + timedelta(days=60)):
        assert erasure.forget() == 1
    assert count(ErasureRecord) == 0
    assert not list(store.glob("erasures/*"))
