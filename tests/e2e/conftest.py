"""A browser against the running product; every page a journey stops at is looked at in four ways."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from sqlalchemy import text

from app import create_app
from config import Settings
from dev.browser import launch_options
from dev.postgres import Role as DatabaseRole
from extensions.database import db
from models.enums import Role
from services import reference_data, staff
from stubs.people import by_key, people
from tests import leaks
from tests.builders import Builders
from tests.conftest import empty_tables, migrate
from tests.pages import Page as Html
from tests.site import DATABASE, Site, running_site

VIEWS = ((320, "light", "all"), (320, "dark", "colours"), (1280, "dark", "colours"), (1280, "light", "shape"))
LOOK = """async ({known, rules}) => {
    const grounds = new Map([[null, ""]]);  // what shines through, from the outermost element inwards
    const ground = (node) => {
        if (!grounds.has(node)) {
            const style = getComputedStyle(node);
            const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter];
            const plain = own.join() === "rgba(0, 0, 0, 0),none,1,none";
            grounds.set(node, ground(node.parentElement) + (plain ? "" : own.join() + ";"));
        }
        return grounds.get(node);
    };
    const is_text = (node) => node.matches("input, select, textarea")
        || [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const look = (node) => {
        const {color, fontSize, fontWeight, textDecorationLine, textShadow} = getComputedStyle(node);
        const around = getComputedStyle(node.parentElement).color;
        return [ground(node), color, fontSize, fontWeight, textDecorationLine, textShadow, around].join();
    };
    const is_seen = (node) => node.checkVisibility({visibilityProperty: true}) && node.offsetWidth > 1;
    const texts = [...document.body.querySelectorAll("*")].filter((node) => is_text(node) && is_seen(node));
    const looks = new Map(texts.map((node) => [node, look(node)]));
    const fresh = texts.filter((node) => !known.includes(looks.get(node)));
    const run = async (context, options) =>
        (await axe.run(context, {resultTypes: ["violations"], ...options})).violations;
    const colours = ["color-contrast", "link-in-text-block"];
    return {
        violations: [
            ...(rules === "all" ? await run(document, {}) : []),
            ...(rules === "shape" ? await run(document, {rules: {"color-contrast": {enabled: false}}}) : []),
            ...(rules !== "all" && fresh.length ? await run({include: fresh}, {runOnly: colours}) : []),
        ],
        looks: [...new Set(looks.values())],
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    };
}"""
KNOWN: dict[str, set[str]] = {"light": set(), "dark": set()}
"""How texts look in each scheme (colours, ground, size) that were measured in this run: the same is not done again."""
SEEN: set[tuple[str, bool]] = set()
"""Pages and states that were looked at in this run, with scripts and without."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, secrets_folder: Path) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), migrate, secrets_folder) as running:
        yield running
        nothing_leaks(running)


@pytest.fixture(scope="session")
def own_app(site: Site) -> Flask:
    """An app of ours on the site's database, to prepare it through the services."""
    app = create_app(Settings.from_environment(site.environment))
    with app.app_context():
        reference_data.load()
        db.session.commit()
    return app


@pytest.fixture
def clean_site(site: Site, own_app: Flask) -> Iterator[Site]:
    """The running product with reference data and staff, and nothing else; faults and mail of another test are gone."""
    empty_tables(site.postgres, DATABASE)
    site.valkey.client().flushall()
    site.stubs.reset()
    with own_app.app_context():
        for key in ("caseworker_1", "caseworker_2", "case_lead", "auditor"):
            person = by_key(key)
            staff.add(person.name, person.national_id, Role(person.staff))
        db.session.commit()
    yield site


@pytest.fixture
def app(clean_site: Site, own_app: Flask) -> Iterator[Flask]:
    """An app of ours on the running product's database, for rows made by the builders and the services."""
    yield own_app
    own_app.extensions["engine"].dispose()


@pytest.fixture
def make(app: Flask) -> Builders:
    return Builders(app)


def nothing_leaks(site: Site) -> None:
    """Whatever was done so far: no number that anybody signed in with or typed is left in clear anywhere (I9)."""
    assert not leaks.find(
        [person.national_id for person in people()],
        database_url=site.postgres.url(DatabaseRole.ADMIN, DATABASE),
        logs=site.logs(),
        redis=site.valkey.client(),
        mails=site.stubs.mailbox.raw(),
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """One person at one browser of their own."""

    site: Site
    page: Page
    scripts: bool

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self, key: str, path: str = "/logg-inn") -> None:
        """Come to `path` as one of the made-up people: the whole protocol with ID-porten, without showing its pages."""
        browser = self.page.context.request
        page = browser.get(self.site.url + path)
        if not urlsplit(page.url).path.endswith("/logg-inn"):
            page = browser.get(f"{self.site.url}/logg-inn")
        started = browser.post(page.url, form=Html(page.text()).form().values, max_redirects=0)
        answer = browser.get(self.site.stubs.sign_in_as(started.headers["location"], key), max_redirects=0)
        self.page.goto(answer.headers["location"])

    def sign_in_by_hand(self, key: str, path: str = "/logg-inn") -> None:
        """The same as people do it, by the buttons of each page."""
        self.open(path)
        if not self.page.url.startswith(self.site.url + "/logg-inn"):
            self.open("/logg-inn")
        self.press("Logg inn med ID-porten")
        self.follow(self.page.get_by_role("button", name=by_key(key).name))
        self.page.wait_for_url(f"{self.site.url}/**")

    def press(self, name: str, exact: bool = True) -> None:
        """Press a button, or follow a link that looks like one."""
        target = self.page.get_by_role("button", name=name, exact=exact).or_(
            self.page.get_by_role("link", name=name, exact=exact)
        )
        self.follow(target.first)

    def follow(self, target: Locator) -> None:
        """Press what leads to another page and wait until it is there: what saves itself is sent a moment later."""
        with self.page.expect_navigation():
            target.click()

    def fill(self, **fields: str) -> None:
        """Fill fields by the start of their label, as a person reads them."""
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " ")).first.fill(value)

    def choose(self, text_of_choice: str) -> None:
        """Tick a radio button or checkbox by its text."""
        self.page.get_by_label(text_of_choice).first.check()

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def looks_right(self, name: str) -> None:
        """No axe violation and no sideways scroll, at 320 and 1280 px, light and dark; each page and state once a
        run."""
        if (name, self.scripts) in SEEN:
            return
        SEEN.add((name, self.scripts))
        with nullcontext() if self.scripts else self._timers_running():
            self._look(name)

    @contextmanager
    def _timers_running(self) -> Iterator[None]:
        """axe waits for timers, and where scripts are off they never fire. The page's own scripts do not start by
        this: they were passed over when it was loaded."""
        session = self.page.context.new_cdp_session(self.page)
        for off in (True, False):  # a session can only switch on what it has itself switched off
            session.send("Emulation.setScriptExecutionDisabled", {"value": off})
        yield
        session.send("Emulation.setScriptExecutionDisabled", {"value": True})

    def _look(self, name: str) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        before = self.page.viewport_size
        for width, scheme, rules in VIEWS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = self.page.evaluate(LOOK, {"known": [*KNOWN[scheme]], "rules": rules})
            assert not found["violations"], f"{name}, {width} px, {scheme}:\n{AxeResults(found).generate_report()}"
            assert found["overflow"] <= 0, f"{name} is {found['overflow']} px too wide at {width} px"
            KNOWN[scheme].update(found["looks"])
        if before:
            self.page.set_viewport_size(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """When a journey fails: what each visitor saw last."""
    report = yield
    funcargs = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "visitor" in funcargs:  # type: ignore[attr-defined]
        for number, page in enumerate(funcargs["visitor"].pages):
            report.sections.append((f"visitor {number}: {page.url}", page.evaluate("document.body.innerText")))  # type: ignore[attr-defined]
        errors = [line for line in funcargs["clean_site"].logs().splitlines() if '"exception"' in line]
        report.sections += [("logged", line.replace("\\n", "\n")[-3000:]) for line in errors[-1:]]  # type: ignore[attr-defined]
    return report


@pytest.fixture
def visitor(clean_site: Site, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """visitor(scripts=True): a new person at a browser."""
    contexts: list[BrowserContext] = []

    def arrive(*, scripts: bool = True, width: int = 1280) -> Visitor:
        context = browser.new_context(
            java_script_enabled=scripts, viewport={"width": width, "height": 900}, locale="nb-NO"
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        arrive.pages.append(context.new_page())  # type: ignore[attr-defined]
        return Visitor(clean_site, arrive.pages[-1], scripts)  # type: ignore[attr-defined]

    arrive.pages = []  # type: ignore[attr-defined]
    yield arrive
    for context in contexts:
        context.close()


def count(site: Site, sql: str) -> int:
    with site.engine.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())
