"""What the tests stand on: real PostgreSQL and Valkey, stand-ins of the agencies, one app a process, tables emptied
after each test."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from commands.database import alembic_config
from config import Environment, OpenIdClient, Settings, SmtpTls
from dev.environment import make_keys
from dev.postgres import Postgres, Role
from dev.valkey import Valkey
from extensions import clock
from extensions.database import db
from extensions.queue import SERIALIZER, connection, queues
from models import Base
from models.audit import AuditEvent
from models.enums import Role as ActingRole
from services import reference_data, sessions
from services.audit_reading import ACTION_TEXT
from stubs.testing import Stubs, start_stubs
from tests.builders import Builders
from tests.pages import Page
from tests.unordered import turn_round
from workers import commands, job, relay
from workers.commands import JobWorker
from workers.schedule import Schedule

KEPT_TABLES = {"county", "municipality", "postal_code", "health_trust", "health_trust_area", "setting"}
BASE_URL = "http://localhost"


class Browser(FlaskClient):
    """Each request runs in an app context of its own, as on a server; a test that has one of its own open does not lend
    it. What the test has read of the database is read anew afterwards."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            waiting = {*db.session.new, *db.session.dirty, *db.session.deleted}
            assert not waiting, f"not committed, and so not seen by the request: {waiting}"
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        if has_app_context():
            db.session.expire_all()
        return response


@pytest.fixture(scope="session", autouse=True)
def unordered() -> Iterator[None]:
    event.listen(Session, "do_orm_execute", turn_round)
    yield
    event.remove(Session, "do_orm_execute", turn_round)


@pytest.fixture(autouse=True)
def noted_acts() -> Iterator[None]:
    """Whatever a test lets be noted in the audit log has a text for those who read it."""
    noted: set[str] = set()

    def note(_mapper: Any, _connection: Any, row: AuditEvent) -> None:
        noted.add(row.action)

    event.listen(AuditEvent, "before_insert", note)
    yield
    event.remove(AuditEvent, "before_insert", note)
    assert noted <= set(ACTION_TEXT), f"services/audit_reading.py has no text for {noted - set(ACTION_TEXT)}"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def template_database(postgres: Postgres) -> str:
    """A migrated database with nothing in it, to copy in milliseconds."""
    postgres.create_database("template_migrated")
    migrate(postgres, "template_migrated")
    return "template_migrated"


def migrate(postgres: Postgres, database: str, revision: str = "head") -> None:
    config = alembic_config(postgres.url(Role.OWNER, database), application_role=Role.APP.value)
    command.upgrade(config, revision)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("valkey"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key ring and the private keys of our clients, made for this run."""
    folder = tmp_path_factory.mktemp("secrets")
    make_keys(folder)
    return folder


@pytest.fixture(scope="session")
def all_stubs(secrets_folder: Path) -> Iterator[Stubs]:
    stubs = start_stubs(secrets_folder, BASE_URL)
    yield stubs
    stubs.stop()


@pytest.fixture
def stubs(all_stubs: Stubs) -> Iterator[Stubs]:
    """The stand-ins, without faults, logs or mail left by another test."""
    yield all_stubs
    all_stubs.reset()


def settings_for(postgres_url: str, redis_url: str, secrets_folder: Path, stubs: Stubs, base_url: str) -> Settings:
    """Settings of an app that speaks to the test servers and the stand-ins."""
    return Settings(
        environment=Environment.TEST,
        base_url=base_url,
        service_name="Nasjonalt register over tilgjengelig helsepersonell",
        secret_key="k" * 40,
        key_ring_file=secrets_folder / "ring.json",
        database_url=postgres_url,
        database_owner_url=None,
        redis_url=redis_url,
        idporten_issuer=stubs.url("idporten"),
        idporten_client_id=stubs.idporten_client,
        idporten_key_file=secrets_folder / "idporten.jwk.json",
        maskinporten_issuer=stubs.url("maskinporten"),
        maskinporten_client_id=stubs.maskinporten_client,
        maskinporten_key_file=secrets_folder / "maskinporten.jwk.json",
        altinn_url=stubs.url("altinn"),
        altinn_resource="hdir-helsepersonell-tilgang",
        altinn_package_name="Helsetjenester",
        altinn_subscription_key=None,
        altinn_fallback_role=None,
        enhetsregisteret_url=stubs.url("enhetsregisteret"),
        hpr_url=stubs.url("hpr"),
        hpr_scopes=("nhn:hpr/basic", "nhn:hpr/extended"),
        hpr_kinds=frozenset({"1", "2", "4", "14", "17", "18"}),
        files_url=(secrets_folder.parent / "files").as_uri(),
        files_endpoint=None,
        files_region=None,
        files_access_key=None,
        files_secret_key=None,
        clamav_address=stubs.url("clamav"),
        clamav_is_stand_in=True,
        smtp_host="127.0.0.1",
        smtp_port=stubs.smtp_port,
        smtp_tls=SmtpTls.NONE,
        smtp_user=None,
        smtp_password=None,
        mail_from="ikke-svar@helsedirektoratet.example",
        mail_reply_to="hjelp@helsedirektoratet.example",
        allow_synthetic_id=True,
        trusted_proxies=0,
        operating_message=None,
        helseid=OpenIdClient(stubs.url("helseid"), stubs.helseid_client, secrets_folder / "helseid.jwk.json"),
    )


@pytest.fixture(scope="session")
def shared_app(
    postgres: Postgres, template_database: str, valkey: Valkey, secrets_folder: Path, all_stubs: Stubs
) -> Flask:
    postgres.create_database("tests", template=template_database)
    settings = settings_for(postgres.url(Role.APP, "tests"), valkey.url(), secrets_folder, all_stubs, BASE_URL)
    app = create_app(settings, TESTING=False, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False)
    app.test_client_class = Browser
    with app.app_context():
        reference_data.load()
        db.session.commit()
    return app


@pytest.fixture
def app(shared_app: Flask, postgres: Postgres, valkey: Valkey, stubs: Stubs) -> Iterator[Flask]:
    """The app; afterwards every table but the reference data is empty again."""
    yield shared_app
    empty_tables(postgres, "tests")
    valkey.client().flushall()


TABLES = [f'"{name}"' for name in Base.metadata.tables if name not in KEPT_TABLES]
LOCK = text(f"LOCK TABLE {', '.join(TABLES)} IN EXCLUSIVE MODE")
FILLED = text(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in TABLES))


@cache
def sweeper(url: str) -> Engine:
    """A connection to empty tables with, kept for all tests; the append-only tables' triggers are off for it."""
    return create_engine(url, pool_pre_ping=True, connect_args={"options": "-c session_replication_role=replica"})


def empty_tables(postgres: Postgres, database: str, rows: Mapping[str, bytes] | None = None) -> None:
    """Every table but the reference data, beside running processes: one that works just now makes us wait, or try
    again. `rows`, from rows_of(), take their place. TRUNCATE would make new files for every table and index, most of
    them empty already."""
    for attempts_left in reversed(range(10)):
        try:
            with sweeper(postgres.url(Role.ADMIN, database)).begin() as connection:
                connection.execute(LOCK)
                for name in connection.scalars(FILLED).all():
                    connection.execute(text(f"DELETE FROM {name}"))
                for name, content in (rows or {}).items():
                    with connection.connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                        copy.write(content)
            break
        except OperationalError:  # a deadlock with the relay or a worker, which the database broke off
            if not attempts_left:
                raise


def rows_of(postgres: Postgres, database: str) -> dict[str, bytes]:
    """What every table but the reference data holds."""
    with postgres.connect(Role.ADMIN, database) as connection:
        rows = {}
        for table in TABLES:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                rows[table] = b"".join(bytes(block) for block in copy)
    return rows


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What `once` keeps between the tests of a module."""
    return {}


@pytest.fixture
def once(app: Flask, postgres: Postgres, kept: dict[str, Any]) -> Callable[[Callable[[], Any]], Any]:
    """once(build): what build() returned at the module's first test, with the rows it made put back for each other."""

    def built(build: Callable[[], Any]) -> Any:
        if kept:
            empty_tables(postgres, "tests", kept["rows"])
        else:
            kept.update(result=build(), rows=rows_of(postgres, "tests"))
        return kept["result"]

    return built


@pytest.fixture
def settings(app: Flask) -> Callable[..., Settings]:
    """Change settings for one test: settings(allow_synthetic_id=False)."""
    before = app.extensions["settings"]

    def change(**changes: Any) -> Settings:
        app.extensions["settings"] = replace(before, **changes)
        return app.extensions["settings"]

    yield change
    app.extensions["settings"] = before


@pytest.fixture
def context(app: Flask) -> Iterator[Any]:
    """An app context for tests of services; use db.session and commit as a view or job would."""
    with app.app_context():
        yield db.session


@pytest.fixture
def make(app: Flask) -> Builders:
    return Builders(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser nobody has signed in to."""
    return app.test_client()


@pytest.fixture
def client_for(app: Flask) -> Callable[..., FlaskClient]:
    """client_for(account, role=…, organisation=…): a browser with a real, open session."""

    def sign_in(
        account: Any, role: ActingRole = ActingRole.SUBMITTER, organisation: Any = None, **when: timedelta
    ) -> FlaskClient:
        client = app.test_client()
        with app.app_context():
            token, row = sessions.open_for(
                account,
                role,
                organisation_id=organisation.id if organisation is not None else None,
                issuer=app.extensions["settings"].idporten_issuer,
                provider_session_id=f"sid-{account.id}",
                authenticated_at=clock.now() - when.get("signed_in_ago", timedelta(0)),
                acr="idporten-loa-high",
            )
            db.session.commit()
        with client.session_transaction() as session:
            session["_user_id"] = token
            session["_fresh"] = True
        client.login_session_id = row.id  # type: ignore[attr-defined]
        return client

    return sign_in


@pytest.fixture
def submit() -> Callable[..., TestResponse]:
    """submit(client, path, button={…}, **fields): open the page, take its form with hidden and filled-in fields, change
    `fields`, and send it, as a person would."""

    def send(client: FlaskClient, path: str, form: int = 0, to: str | None = None, **fields: Any) -> TestResponse:
        response = client.get(path)
        assert response.status_code in (200, 422), f"{path}: {response.status_code} {response.headers.get('Location')}"
        page = Page(response.text)
        target = page.form(form) if to is None else page.form_to(to)
        data = {**target.values, **{name: value for name, value in fields.items() if value is not None}}
        for name in [name for name, value in fields.items() if value is None]:
            data.pop(name, None)
        return client.post(target.action or path, data=data)

    return send


@pytest.fixture
def run_jobs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Relay and worker in this process until nothing is due, one job after another in the order they were asked for;
    run_jobs(schedule=True) lets the schedule offer first."""
    job.bind(app)
    monkeypatch.setattr(commands, "AT_ONCE", {})
    monkeypatch.setattr(JobWorker, "_install_signal_handlers", lambda worker: None)  # the test process keeps its own

    def until_done(*, schedule: bool = False) -> int:
        done = 0
        with app.app_context():
            if schedule:
                Schedule().offer_due()
                db.session.commit()
            while offered := relay.offer_due_rows():
                JobWorker(list(queues().values()), connection=connection(), serializer=SERIALIZER).work(
                    burst=True, logging_level="WARNING"
                )
                done += offered
        return done

    return until_done
