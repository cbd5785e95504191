"""Open pages are kept in memory for visitors, and never anything else."""

from blueprints.page_context import COLOUR_COOKIE
from extensions.page_cache import MARK


def test_a_second_visitor_is_answered_from_memory(app, monkeypatch):
    first = app.test_client().get("/om")
    monkeypatch.setattr(app, "full_dispatch_request", None)  # whoever gets this far fails
    second = app.test_client().get("/om")
    assert second.status_code == 200
    assert second.data == first.data
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_language_and_colours_have_pages_of_their_own(app):
    client = app.test_client()
    plain = client.get("/om").text
    client.set_cookie(COLOUR_COOKIE, "dark")
    dark = client.get("/om").text
    assert '<html lang="nb" data-color-scheme="dark"' in dark and '<html lang="nb" data-color-scheme="auto"' in plain
    assert '<html lang="en"' in app.test_client().get("/en/om").text


def test_somebody_signed_in_gets_a_page_of_their_own(app, make, client_for):
    app.test_client().get("/om")
    assert "Kari Prøve" in client_for(make.account("Kari Prøve")).get("/om").text
    assert "Kari Prøve" not in app.test_client().get("/om").text


def test_only_marked_pages_are_kept(app):
    environ: dict[str, object] = {}
    app.test_client().get("/driftsstatus", environ_overrides=environ)
    assert MARK not in environ
