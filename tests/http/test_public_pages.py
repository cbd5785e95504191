"""The open pages: complete in each language, light, without cookies, and honest about what they link to."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blueprints.public import COLOUR_COOKIE
from config import Settings
from models.enums import Role

OPEN = (
    "/", "/for-virksomheter", "/for-helsepersonell", "/for-helsepersonell/sjekk", "/om", "/hjelp", "/kontakt",
    "/personvern", "/informasjonskapsler", "/tilgjengelighet", "/driftsstatus",
)  # fmt: skip
LARGEST_FRONT_PAGE = 60_000
MOST_REQUESTS = 6


class Elements(HTMLParser):
    """Start tags with their attributes, and the text of headings."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("prefix, language", [("", "nb"), ("/nn", "nn"), ("/en", "en")])
@pytest.mark.parametrize("path", OPEN)
def test_an_open_page_stands_on_its_own(client: FlaskClient, path: str, prefix: str, language: str) -> None:
    response = client.get(prefix + path)
    assert response.status_code == 200
    page = Elements(response.text)
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _attributes in page.found if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    ids = [attributes["id"] for _tag, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", OPEN)
def test_readers_get_no_cookie_and_no_inline_code(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert "Set-Cookie" not in response.headers
    page = Elements(response.text)
    assert not page.all("style")
    assert all(script.get("src", "").startswith("/static/") for script in page.all("script"))
    assert not [
        (tag, name) for tag, attributes in page.found for name in attributes if name == "style" or name.startswith("on")
    ]


def test_every_link_of_the_open_pages_leads_somewhere(client: FlaskClient) -> None:
    targets: dict[str, str] = {}
    for path in OPEN:
        for link in Elements(client.get(path).text).all("a"):
            href = link.get("href") or ""
            if href.startswith("/"):
                targets.setdefault(href.partition("#")[0], path)
    lost = {href: path for href, path in targets.items() if client.get(href).status_code in (404, 405, 500)}
    assert not lost


def test_links_within_a_page_have_their_target(client: FlaskClient) -> None:
    for path in OPEN:
        page = Elements(client.get(path).text)
        ids = {attributes.get("id") for _tag, attributes in page.found}
        assert {
            (link.get("href") or "")[1:] for link in page.all("a") if (link.get("href") or "").startswith("#")
        } <= ids


def test_the_front_page_is_light(client: FlaskClient) -> None:
    response = client.get("/")
    page = Elements(response.text)
    fetched = [link["href"] or "" for link in page.all("link")] + [script["src"] or "" for script in page.all("script")]
    files = [client.get(address, headers={"Accept-Encoding": "gzip"}) for address in fetched]
    assert all(file.status_code == 200 for file in files)
    weight = len(gzip.compress(response.data)) + sum(
        len(file.data) for file in files if not file.headers["Content-Type"].startswith("font/")
    )
    assert weight < LARGEST_FRONT_PAGE
    assert 1 + len(fetched) <= MOST_REQUESTS


def test_static_addresses_carry_no_language(client: FlaskClient) -> None:
    assert 'href="/static/css/app.' in client.get("/nn/").text


def test_the_privacy_page_shows_the_retention_in_force(client: FlaskClient) -> None:
    text = client.get("/personvern").text
    assert "Sikkerhetskopier" in text and "35 dager" in text


def test_the_operating_message_stands_above_the_heading(client: FlaskClient, settings: Callable[..., Settings]) -> None:
    settings(operating_message="Tjenesten er nede <fredag>.")
    text = client.get("/om?ny").text  # a query is never answered from memory
    assert text.index("Tjenesten er nede &lt;fredag&gt;.") < text.index("<h1")


@pytest.mark.parametrize("choice, scheme", [("lyst", "light"), ("mørkt", "dark")])
def test_the_colours_chosen_are_the_colours_served(client: FlaskClient, choice: str, scheme: str) -> None:
    response = client.post("/nn/utseende", data={"utseende": choice, "neste": "/nn/hjelp?a=1"})
    assert (response.status_code, response.location) == (303, "/nn/hjelp?a=1")
    assert f'data-color-scheme="{scheme}"' in client.get("/nn/hjelp").text
    client.post("/utseende", data={"utseende": "auto"})
    assert client.get_cookie(COLOUR_COOKIE) is None
    assert 'data-color-scheme="auto"' in client.get("/hjelp").text


@pytest.mark.parametrize(
    "target", ["https://ond.example/", "//ond.example", "/\\ond.example", "", "javascript:alert(1)"]
)
def test_the_choice_of_colours_leads_nowhere_else(client: FlaskClient, target: str) -> None:
    assert client.post("/utseende", data={"utseende": "lyst", "neste": target}).location == "/"


def test_an_unknown_colour_is_automatic(client: FlaskClient) -> None:
    client.post("/utseende", data={"utseende": '"><script>'})
    assert client.get_cookie(COLOUR_COOKIE) is None


def test_the_security_contact_is_valid(client: FlaskClient) -> None:
    response = client.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in response.text.strip().splitlines())
    assert response.content_type == "text/plain; charset=utf-8"
    assert fields["Contact"].startswith("mailto:")
    assert datetime.now(UTC) < datetime.fromisoformat(fields["Expires"])


@pytest.mark.parametrize("language", ["", "/nn", "/en"])
def test_search_engines_stay_on_the_open_pages(app: Flask, client: FlaskClient, language: str) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    closed = tuple(line.removeprefix("Disallow: ") for line in lines if line.startswith(f"Disallow: {language}/"))
    behind_doors = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and ("token" in rule.arguments or Role.ANYONE not in app.view_functions[rule.endpoint].open_to)  # type: ignore[attr-defined]
    ]
    assert len(behind_doors) > 80
    assert [rule for rule in behind_doors if not f"{language}{rule}".startswith(closed)] == []
    assert [path for path in OPEN if f"{language}{path}".startswith(closed)] == []


def test_an_unknown_page_shows_ways_on(client: FlaskClient) -> None:
    response = client.get("/finnes-ikke")
    assert response.status_code == 404
    assert "Vi finner ikke siden" in response.text and "/for-virksomheter" in response.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 429, 500, 503])
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_error_page_can_be_drawn(app: Flask, status: int, language: str) -> None:
    from blueprints import errors
    from extensions.language import ENVIRON_KEY
    from models.enums import Language

    with app.test_request_context("/x", environ_overrides={ENVIRON_KEY: Language(language)}):
        response = errors.page(status, system="altinn", retry_path="/x", message="Det er alt gjort.", reason="")
        page = Elements(response.get_data(as_text=True))
    assert response.status_code == status
    assert len(page.all("h1")) == 1


def test_a_conflict_shows_both_versions(app: Flask) -> None:
    from blueprints import errors

    versions = {"rows": [("E-post", "min@x.no", "andres@x.no")], "fields": [("email", "min@x.no")], "action": "/soknad"}
    with app.test_request_context("/x", method="POST"):
        text = errors.page(409, versions=versions).get_data(as_text=True)
    assert "<mark>min@x.no</mark>" in text and "andres@x.no" in text
    assert "Bruk min versjon" in text and "Behold den andre" in text
