"""Quotas, canary and stop switch over two web processes of their own (security.md C23, C25, section 10)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import httpx
import pytest

from dev.supervisor import Service
from models.enums import Role
from tests.fault.conftest import Faults
from tests.pages import Form, Page
from tests.site import free_port, listens

AT_ONCE = 50
QUOTA = 7


@pytest.fixture
def processes(faults: Faults) -> Iterator[list[str]]:
    """The addresses of two web processes on one database."""
    port = free_port()
    web = faults.site.web
    second = Service(
        "web-2",
        web._command,
        web._environment | {"BIND": f"127.0.0.1:{port}"},
        folder=web.log.parent,
        ready=lambda _: listens(port),
    )
    second.start()
    faults.others.append(second)
    yield [faults.site.url, f"http://localhost:{port}"]


@pytest.fixture
def browsers(faults: Faults, processes: list[str]) -> list[httpx.Client]:
    """One reader in Trondheim, at both processes, in one session."""
    first = faults.browser(faults.make.user().person, Role.ORGANISATION_USER, faults.make.organisation())  # type: ignore[attr-defined]
    host = first.base_url.netloc.decode()
    second = httpx.Client(base_url=processes[1], timeout=30, cookies=first.cookies, headers={"Host": host})
    return [first, second]


def form_of(browser: httpx.Client, path: str) -> dict[str, Any]:
    page = browser.get(path)
    assert page.status_code == 200, page.text
    return {**own_form(page).values, "purpose": "staff_now"}


def own_form(page: httpx.Response) -> Form:
    """The form that is sent to the page it stands on."""
    return next(form for form in Page(page.text).forms if not form.action)


def press_at_once(browsers: list[httpx.Client], path: str, form: dict[str, Any], times: int) -> list[httpx.Response]:
    """The answers to a form of the first browser that is sent so often at the same moment, by turns to each process."""
    for browser in browsers[1:]:
        browser.cookies.update(browsers[0].cookies)
    turns = cycle(browsers)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda browser: browser.post(path, data=form), [next(turns) for _ in range(times)]))


def test_a_quota_holds_for_fifty_at_once(faults: Faults, browsers: list[httpx.Client]) -> None:
    person = faults.make.professional()
    path = f"/register/person/{person.id}"
    form = form_of(browsers[0], path)
    form.pop("form_key")  # so that each press is one of its own
    faults.change(f"UPDATE setting SET value = {QUOTA} WHERE key = 'reveals_per_hour'")
    try:
        answers = press_at_once(browsers, path, form, AT_ONCE)
    finally:
        faults.change("UPDATE setting SET value = 60 WHERE key = 'reveals_per_hour'")
    assert sorted(answer.status_code for answer in answers) == [303] * QUOTA + [429] * (AT_ONCE - QUOTA)
    assert all("/kontakt/" in answer.headers["location"] for answer in answers if answer.status_code == 303)
    assert faults.value("SELECT count(*) FROM reveal") == QUOTA
    assert faults.value("SELECT string_agg(kind, ',') FROM alarm") == "quota"


def test_a_canary_raises_one_alarm_however_often_it_is_pressed(faults: Faults, browsers: list[httpx.Client]) -> None:
    person = faults.make.professional(is_canary=True)
    path = f"/register/person/{person.id}"
    answers = press_at_once(browsers, path, form_of(browsers[0], path), 10)
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert faults.value("SELECT count(*) FROM reveal") == 1
    assert faults.value("SELECT string_agg(kind, ',') FROM alarm") == "canary"


def test_a_stop_works_at_once_on_every_process(faults: Faults, browsers: list[httpx.Client]) -> None:
    """The very next request of each is refused."""
    person, caseworker = faults.make.professional(), faults.make.staff()
    path = f"/register/person/{person.id}"
    shown = [browser.post(path, data=form_of(browser, path)).headers["location"] for browser in browsers]
    for browser, location in zip(browsers, shown, strict=True):
        assert browser.get(location).status_code == 200
    forms = [form_of(browser, path) for browser in browsers]
    desk = faults.browser(caseworker, Role.CASEWORKER)
    stop = own_form(desk.get("/sak/stopp")).values
    assert (
        desk.post(
            "/sak/stopp", data={**stop, "what": "reveals", "whom": "alle", "for_all": "y", "reason": "Øvelse"}
        ).status_code
        == 303
    )
    for browser, location, form in zip(browsers, shown, forms, strict=True):
        assert browser.get(location).status_code == 403
        assert browser.post(path, data=form).status_code == 403
    lift = Page(desk.get("/sak/varsler").text).form_to("/opphev")
    assert desk.post(lift.action, data=lift.values).status_code == 303
    for browser in browsers:
        assert browser.post(path, data=form_of(browser, path)).status_code == 303
