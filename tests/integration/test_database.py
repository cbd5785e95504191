"""The database's connections: what the server closed is replaced before anybody notices (R16). Its upgrade."""

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from dev.postgres import Role
from extensions.database import db
from tests.conftest import migrate
from tests.site import until

EVENTS = """INSERT INTO audit_event (at, action, object_type, fields, facts)
SELECT now() - make_interval(years => n), 'a.thing', 'none', '{}', '{}' FROM unnest(ARRAY[7, 6, 4, 6]) n"""
SEALS = "INSERT INTO audit_seal SELECT id, id, sha256('a'), sha256('b'), now() FROM audit_event"
ROWS = """WITH
saga AS (INSERT INTO account (id, name, created_at) VALUES (gen_random_uuid(), 'Saga', now()) RETURNING id),
set AS (INSERT INTO alarm (id, kind, facts, raised_at, closed_at, closed_by_id, note)
    SELECT id, 'quota', '{}', now(), now(), id, 'Øvelse' FROM saga),
pia AS (INSERT INTO account (id, name, created_at) VALUES (gen_random_uuid(), 'Pia', now()) RETURNING id),
begun AS (INSERT INTO professional (id, account_id, status, started_at, last_used_at, is_canary, is_address_protected)
    SELECT id, id, 'started', now(), now(), false, false FROM pia)
INSERT INTO consent_event
    (id, professional_id, purpose, act, text_version, text_hash, language, happened_at, "order", channel, login_level)
SELECT id, id, 'register', 'given', '2026-11', '', 'nb', now(), 0, 'web', 'high' FROM pia"""


def test_a_closed_connection_is_replaced(app, client, postgres):
    assert client.get("/helse/klar").status_code == 200
    ours = "FROM pg_stat_activity WHERE datname = 'tests'"
    with postgres.connect() as admin:
        assert admin.execute(f"SELECT count(pg_terminate_backend(pid)) {ours}").fetchone()[0] >= 1
        until(lambda: admin.execute(f"SELECT count(*) {ours}").fetchone()[0] == 0, "the connections to end")
    for _ in range(3):
        assert client.get("/helse/klar").status_code == 200


def test_every_session_has_its_limits(context):
    def setting(name):
        return db.session.scalar(text("SELECT current_setting(:name)"), {"name": name})

    assert setting("statement_timeout") == "30s"
    assert setting("lock_timeout") == "10s"
    assert setting("idle_in_transaction_session_timeout") == "2min"
    assert setting("plan_cache_mode") == "force_custom_plan", "a plan kept for every search reads the whole register"
    assert setting("synchronous_commit") == "on"
    assert setting("TimeZone") == "UTC"


def test_what_the_release_before_wrote_is_there_after_the_upgrade_and_old_events_may_go(postgres):
    postgres.create_database("older")
    migrate(postgres, "older", "0004")
    engine = create_engine(postgres.url(Role.APP, "older"))
    with engine.begin() as application:
        application.execute(text(EVENTS))
        application.execute(text(SEALS))
    migrate(postgres, "older")
    with engine.begin() as application:
        assert application.scalar(text("SELECT forget_audit_events(0, NULL)")) == 2, "the oldest, in the chain's order"
        assert application.scalars(text("SELECT id FROM audit_event ORDER BY id")).all() == [3, 4]
        assert application.execute(text("SELECT action, sum(count) FROM audit_month GROUP BY 1")).all() == [
            ("a.thing", 2)
        ]
    for table in ("audit_event", "audit_seal"):
        with engine.begin() as application, pytest.raises(ProgrammingError):
            application.execute(text("SET LOCAL audit.forgets = 'on'"))
            application.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


def test_what_was_done_long_ago_outlives_who_did_it_and_a_consent_is_never_changed(postgres):
    postgres.create_database("previous")
    migrate(postgres, "previous", "0006")
    engine = create_engine(postgres.url(Role.APP, "previous"))
    with engine.begin() as application:
        application.execute(text(ROWS))
    migrate(postgres, "previous")
    with engine.begin() as application:
        assert application.scalar(text("SELECT count(*) FROM alarm WHERE closed_by_id IS NOT NULL")) == 1
        application.execute(text("DELETE FROM account WHERE name = 'Saga'"))
        assert application.execute(text("SELECT note, closed_by_id FROM alarm")).all() == [("Øvelse", None)]
    with engine.begin() as application, pytest.raises(ProgrammingError):
        application.execute(text("UPDATE consent_event SET act = 'withdrawn'"))
    with postgres.connect(database="previous") as owner, pytest.raises(InsufficientPrivilege, match="append-only"):
        owner.execute("UPDATE consent_event SET act = 'withdrawn'")
    with engine.begin() as application:
        application.execute(text("DELETE FROM professional"))
        assert application.scalar(text("SELECT count(*) FROM consent_event")) == 0
    engine.dispose()
