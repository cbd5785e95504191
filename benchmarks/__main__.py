"""`make bench`: pages beside a bare Flask app on the same server, in rounds that alternate; a table, and a profile
where a goal is missed.

Only ratios mean anything: machines differ, and are shared.
"""

import cProfile
import http.client
import io
import logging
import pstats
import secrets
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import Flask

from app import create_app
from benchmarks import load
from config import Settings
from dev.environment import make_keys
from dev.supervisor import Service
from extensions import clock
from extensions.database import db
from models.enums import Role
from services import reference_data, sessions
from stubs.people import by_key
from tests.builders import Builders
from tests.conftest import migrate
from tests.pages import Page
from tests.site import BIN, Site, free_port, listens, running_site
from tests.statements import counted

ROUNDS = 5
SECONDS = 2.0
ORGANISATION = "942110464"


@dataclass(frozen=True)
class Target:
    """One page: how to ask for it, what it answers, and the share of the bare app's rate it should reach (design
    goals)."""

    name: str
    request: Callable[[], bytes]
    status: int
    goal: float
    path: str
    method: str = "GET"
    body: Callable[[], dict[str, str]] | None = None


def main() -> int:
    with product_and_bare_app() as (site, app, bare_port):
        targets, cookie = prepare(site, app)
        return report(site, app, bare_port, targets, cookie)


@contextmanager
def product_and_bare_app() -> Iterator[tuple[Site, Flask, int]]:
    """The product as it runs, an app of its own for this process, and the port of the bare app."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_keys(folder / "keys")
        with (
            running_site(folder, migrate, folder / "keys", WEB_MAX_REQUESTS="0") as site,
            bare_app(folder, site) as bare_port,
        ):
            app = create_app(Settings.from_environment(site.environment))
            logging.disable()
            yield site, app, bare_port


@contextmanager
def bare_app(folder: Path, site: Site) -> Iterator[int]:
    """The baseline, on the same server with the same settings."""
    port = free_port()
    command = [str(BIN / "gunicorn"), "-c", "gunicorn.conf.py", "benchmarks.bare:create_app()"]
    environment = {**site.environment, "BIND": f"127.0.0.1:{port}"}
    service = Service("bare", command, environment, folder=folder, ready=lambda _: listens(port))
    service.start()
    try:
        yield port
    finally:
        service.stop()


def prepare(site: Site, app: Flask) -> tuple[list[Target], str]:
    """A draft with its submitter signed in; the requests a browser would send for it."""
    make = Builders(app)
    with app.app_context():
        reference_data.load()
        db.session.commit()
    person = by_key("submitter_municipality")
    account = make.account(person.name, person.national_id)
    organisation = make.organisation(ORGANISATION, "TRONDHEIM KOMMUNE")
    draft = make.application(submitter=account, organisation=organisation, nominees=2)
    path = f"/soknad/{draft.id}/innsender"
    cookie = sign_in(app, account)
    cookie, fields = open_form(site, path, cookie)

    def body() -> dict[str, str]:
        return {**fields, "form_key": str(uuid4())}

    targets = [
        Target("Front page", lambda: request(site, "GET", "/"), 200, 0.5, "/"),
        Target("Form step, signed in (GET)", lambda: request(site, "GET", path, cookie), 200, 0.10, path),
        Target(
            "Form step saved (POST)", lambda: request(site, "POST", path, cookie, body()), 303, 0.05, path, "POST", body
        ),
    ]
    return targets, cookie


def sign_in(app: Flask, account: object, role: Role = Role.SUBMITTER, organisation_id: UUID | None = None) -> str:
    """The cookie of an open session."""
    with app.app_context():
        token, _row = sessions.open_for(
            account,  # type: ignore[arg-type]
            role,
            organisation_id=organisation_id,
            issuer=app.extensions["settings"].idporten_issuer,
            provider_session_id="bench",
            authenticated_at=clock.now(),
        )
        db.session.commit()
    with app.test_client() as client:
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
            session["csrf_token"] = secrets.token_hex(20)  # which a browser has since its first page
        name = app.config["SESSION_COOKIE_NAME"]
        held = client.get_cookie(name)
        assert held is not None
        return f"{name}={held.value}"


def open_form(site: Site, path: str, cookie: str) -> tuple[str, dict[str, str]]:
    """Open the page as a browser: the cookie with its CSRF secret, and what the form would send."""
    host = site.url.removeprefix("http://")
    connection = http.client.HTTPConnection("127.0.0.1", int(host.split(":")[1]))
    connection.request("GET", path, headers={"Host": host, "Cookie": cookie})
    answer = connection.getresponse()
    html = answer.read().decode()
    assert answer.status == 200, f"{path}: {answer.status}"
    renewed = answer.getheader("Set-Cookie", cookie).split(";")[0]
    fields = {name: value for name, value in Page(html).form().values.items() if isinstance(value, str)}
    return renewed, fields


def request(site: Site, method: str, path: str, cookie: str = "", fields: dict[str, str] | None = None) -> bytes:
    """An HTTP request as bytes."""
    body = urlencode(fields).encode() if fields is not None else b""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {site.url.removeprefix('http://')}"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def report(site: Site, app: Flask, bare_port: int, targets: list[Target], cookie: str) -> int:
    port = int(site.url.rsplit(":", 1)[1])
    baseline = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for target in targets:  # warm up: first connections, templates, Altinn's answer
        load.run(port, target.request, target.status, 0.5)
    load.run(bare_port, lambda: baseline, 200, 0.5)
    print("| Page | requests/s | of bare Flask | goal | p50 ms | p95 ms | queries |")
    print("|---|---|---|---|---|---|---|")
    missed: list[Target] = []
    bare_rates: list[float] = []
    for target in targets:
        rounds = []
        for _ in range(ROUNDS):
            bare = load.run(bare_port, lambda: baseline, 200, SECONDS)
            mine = load.run(port, target.request, target.status, SECONDS)
            rounds.append((mine.per_second / bare.per_second, mine))
            bare_rates.append(bare.per_second)
        ratio = statistics.median(share for share, _ in rounds)
        middle = sorted(rounds, key=lambda pair: pair[0])[len(rounds) // 2][1]
        print(
            f"| {target.name} | {middle.per_second:.0f} | {ratio:.3f} | ≥ {target.goal}"
            f" | {middle.p50:.1f} | {middle.p95:.1f} | {count_queries(app, target, cookie)} |"
        )
        if ratio < target.goal:
            missed.append(target)
    print(f"| Bare Flask | {statistics.median(bare_rates):.0f} | 1 | | | | 0 |")
    print(f"\nMemory of the web worker afterwards: {resident_megabytes(site):.0f} MB")
    for target in missed:
        print(f"\n{target.name} missed its goal. Where the time goes, in one process:\n{profile(app, target, cookie)}")
    return 0


def send(app: Flask, target: Target, cookie: str) -> int:
    client = app.test_client()
    name, _, value = cookie.partition("=")
    client.set_cookie(name, value, domain="localhost")
    base = app.extensions["settings"].base_url
    if target.body is None:
        return client.get(
            target.path, base_url=base, headers={"Cookie": cookie} if target.path != "/" else {}
        ).status_code
    return client.post(target.path, base_url=base, data=target.body()).status_code


def count_queries(app: Flask, target: Target, cookie: str) -> int:
    """Statements sent to the database for one request, without BEGIN and COMMIT."""
    send(app, target, cookie)
    with counted(app) as statements:
        assert send(app, target, cookie) == target.status
    return len(statements)


def profile(app: Flask, target: Target, cookie: str) -> str:
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(100):
        send(app, target, cookie)
    profiler.disable()
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("cumulative").print_stats(45)
    return text.getvalue()


def resident_megabytes(site: Site) -> float:
    """The largest resident memory among the web server's processes (Linux)."""
    assert site.web.popen is not None
    children = Path(f"/proc/{site.web.popen.pid}/task/{site.web.popen.pid}/children").read_text().split()
    sizes = [
        int(line.split()[1]) / 1024
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    return max(sizes, default=0.0)


if __name__ == "__main__":
    sys.exit(main())
