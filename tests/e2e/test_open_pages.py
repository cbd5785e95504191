"""The open pages in a real browser: axe and width on each, and what scripts may and may not be needed for."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Visitor
from tests.http.test_public_pages import OPEN


def test_the_open_pages_look_right(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    for path in (*OPEN, "/finnes-ikke", "/static/unavailable.html"):
        person.open(path)
        person.looks_right(path)


@pytest.mark.parametrize("scripts", [True, False])
def test_colours_are_chosen_with_and_without_scripts(visitor: Callable[..., Visitor], scripts: bool) -> None:
    person = visitor(scripts=scripts)
    person.open("/om")
    with person.page.expect_response("**/utseende"):
        person.page.get_by_role("button", name="Mørkt").click()
    assert person.page.locator("html").get_attribute("data-color-scheme") == "dark"
    person.open("/hjelp")
    assert person.page.locator("html").get_attribute("data-color-scheme") == "dark"


def test_the_first_tab_leads_past_the_header(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    person.open("/")
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")
    assert person.page.evaluate("document.activeElement.id") == "innhold"


def test_no_page_asks_another_site_for_anything(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    for path in OPEN:
        person.open(path)
    assert asked and all(url.startswith(person.site.url) for url in asked)


def test_texts_may_be_spread_and_nothing_is_lost(visitor: Callable[..., Visitor]) -> None:
    """WCAG 1.4.12: line height, letter, word and paragraph spacing set by the reader."""
    person = visitor(width=320)
    for path in OPEN:
        person.open(path)
        person.page.evaluate(
            """() => { const sheet = new CSSStyleSheet();
            sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; '
              + 'word-spacing: .16em !important }');
            document.adoptedStyleSheets = [sheet]; }"""
        )
        assert (
            person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        ), path
