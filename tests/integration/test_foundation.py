"""The app itself: health, headers, the transaction rule, the append-only audit log."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from extensions.database import db
from models.audit import AuditEvent
from services import audit


def test_ready_and_alive(client):
    assert client.get("/helse/lever").json == {"status": "ok"}
    assert client.get("/helse/klar").json == {"status": "ok"}


def test_every_answer_carries_the_strict_headers(client):
    for path in ("/helse/lever", "/finnes-ikke"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Server" not in headers


def test_another_host_name_is_refused(client):
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_the_application_cannot_change_the_audit_log(context, statement):
    audit.record(None, "profile.opened")
    db.session.commit()
    with pytest.raises(ProgrammingError):
        db.session.execute(text(statement))
    db.session.rollback()
    assert db.session.scalars(select(AuditEvent.action)).all() == ["profile.opened"]
