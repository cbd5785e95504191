"""Open pages are kept in memory for visitors, and never anything else."""

import pytest

from blueprints.page_context import COLOUR_COOKIE
from extensions import page_cache
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


FOREIGN = ('cc={"v":1}', "OptanonConsent=a b", '_pk_ref.1=["","",1]', "path=1", "=", "a=okt", "æ=ø")
"""What consent banners and counters on a domain above ours set: no cookie by the book, and sent before ours."""


@pytest.mark.parametrize("foreign", FOREIGN)
def test_the_cookies_of_other_sites_hide_nobodys_session(app, make, client_for, foreign):
    client = client_for(make.account("Kari Prøve"))
    name = app.config["SESSION_COOKIE_NAME"]
    own = f"{name}={client.get_cookie(name).value}"
    for path in ("/", "/om", "/en/hjelp"):
        for both in (f"{foreign}; {own}", f"{own}; {foreign}"):
            answer = app.test_client(use_cookies=False).get(path, headers={"Cookie": both})
            assert "Kari Prøve" in answer.text
        visitor = app.test_client(use_cookies=False)
        assert "Kari Prøve" not in visitor.get(path).text
        assert "Kari Prøve" not in visitor.get(path, headers={"Cookie": foreign}).text


def test_a_page_that_knows_somebody_is_never_kept(app, make, client_for, monkeypatch):
    """Also when the cookie was not seen for what it is."""
    monkeypatch.setattr(page_cache.PageCache, "_key", lambda self, environ: (environ["PATH_INFO"], ""))
    client = client_for(make.account("Kari Prøve"))
    for _ in range(2):  # the first sets the secret of its forms in the cookie, and would not be kept for that alone
        assert "Kari Prøve" in client.get("/hjelp").text
    assert "Kari Prøve" not in app.test_client().get("/hjelp").text


def test_only_marked_pages_are_kept(app):
    environ: dict[str, object] = {}
    app.test_client().get("/driftsstatus", environ_overrides=environ)
    assert MARK not in environ
