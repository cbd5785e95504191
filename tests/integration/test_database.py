"""The database's connections: what the server closed is replaced before anybody notices (R16). Its upgrade."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from dev.postgres import Role
from extensions.database import db
from tests.conftest import migrate
from tests.site import until

EVENTS = """INSERT INTO audit_event (at, action, object_type, fields, facts)
SELECT now() - make_interval(years => n), 'a.thing', 'none', '{}', '{}' FROM unnest(ARRAY[7, 6, 4, 6]) n"""
SEALS = "INSERT INTO audit_seal SELECT id, id, sha256('a'), sha256('b'), now() FROM audit_event"


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
