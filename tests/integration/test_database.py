"""The database's connections: what the server closed is replaced before anybody notices (R16)."""

from sqlalchemy import text

from extensions.database import db
from tests.site import until


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
