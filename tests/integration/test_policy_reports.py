"""What browsers tell that the content security policy stopped, and what is kept of it (security.md C62, C72)."""

import json
import logging

import pytest

from app import create_app
from extensions.limits import limiter

REPORT = {
    "effective-directive": "script-src-elem",
    "blocked-uri": "https://evil.example/steal.js?token=hemmelig",
    "document-uri": "http://localhost/i/hemmelig",
}


def send(client, report, **more):
    """As a browser sends it: from our own page, without a token."""
    body = report if isinstance(report, bytes) else json.dumps({"csp-report": {**REPORT, **report}}).encode()
    return client.post("/csp-rapport", data=body, content_type="application/csp-report", **more)


def test_the_policy_says_where(client):
    assert client.get("/").headers["Content-Security-Policy"].endswith("; report-uri /csp-rapport")


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        ("https://evil.example/steal.js?token=hemmelig", "https://evil.example"),
        ("https://evil.example:8443", "https://evil.example:8443"),
        ("inline", "inline"),
        ("https://hemmelig:hemmelig@evil.example/", "other"),
        ("/min-side/hemmelig", "other"),
        ("data:text/html,hemmelig", "other"),
        ("", "other"),
        ("inline\nhemmelig", "other"),
    ],
)
def test_what_was_stopped_is_kept_without_addresses(client, caplog, blocked, kept):
    assert send(client, {"blocked-uri": blocked}).status_code == 204
    (line,) = [record for record in caplog.records if record.name == "security"]
    assert (line.levelno, line.event, line.reason) == (logging.WARNING, "csp_report", f"script-src-elem {kept}")
    assert "hemmelig" not in str(vars(line)) and client.get_cookie("okt") is None


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b'{"csp-report": 1}', b"[" * 16_000, b"\xff"])
def test_nonsense_is_refused_and_not_kept(client, caplog, body):
    assert send(client, body).status_code == 400
    assert send(client, {"blocked-uri": 1}).status_code == 400
    assert send(client, {"x": "y" * 16_384}).status_code == 413
    assert not [record for record in caplog.records if record.name == "security"]


def test_nobody_fills_the_log(app, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    limited = create_app(app.extensions["settings"])
    assert [send(limited.test_client(), {}).status_code for _ in range(11)] == [204] * 10 + [429]
    limited.extensions["engine"].dispose()
