"""`python -m benchmarks.search`: the register's pages beside a bare Flask app, with ever more people in it.

    python -m benchmarks.search --people 10000 100000 1000000

The register grows within one run, and the bare app is asked between the rounds, so that all that is compared was
measured on the same machine in the same minutes. A million takes five minutes more to make, and 10 GB under TMPDIR.
"""

import argparse
import html
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import Any

import httpx
from flask import Flask
from sqlalchemy import event, text

from benchmarks import load
from benchmarks.__main__ import product_and_bare_app, request, resident_megabytes, sign_in
from commands import population
from extensions.database import db
from models.enums import AccessLevel, OrganisationKind, Role
from services import reference_data
from tests.builders import Builders
from tests.site import Site

ROUNDS = 3
SECONDS = 1.5
SHARE_OF_BARE, SHARE_OF_FIRST, MOST_QUERIES = 0.08, 0.8, 6
HAMAR, OSLO = "970540008", "958935420"
ST_OLAV, SOUTH_EAST = "883974832", "991324968"
ORGANISATIONS = (
    (HAMAR, "Hamar", OrganisationKind.MUNICIPALITY),
    (OSLO, "Oslo", OrganisationKind.MUNICIPALITY),
    (ST_OLAV, "St. Olavs hospital", OrganisationKind.HEALTH_TRUST),
    (SOUTH_EAST, "Helse Sør-Øst", OrganisationKind.HEALTH_TRUST),
)
TYPICAL = (
    "",
    "yrke=SP",
    "yrke=HF&tid=night&tid=weekend",
    "yrke=SP&prosent=100&prosent=80&start=within_week",
    "yrke=LE&bekreftet=alle",
    "yrke=VP&sprak=en&bekreftet=14",
)
"""Searches as readers make them."""
RARE = ("yrke=KE&sprak=se", "yrke=JO&sprak=so&prosent=on_call", "yrke=LE&spesialitet=5", "sprak=se&sprak=so&yrke=OP")
"""Searches that few or none fit."""
DEEP = 20
COLUMNS = (
    "People",
    "Page",
    "requests/s",
    "of bare Flask",
    "of the first",
    "p50 ms",
    "p95 ms",
    "alone ms",
    "queries",
    "the database's own ms",
)


@dataclass(frozen=True)
class Page:
    """One kind of page: the addresses that are asked for in turn by one signed-in reader."""

    name: str
    cookie: str
    paths: Sequence[str]
    is_search: bool = True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000])
    sizes = sorted(parser.parse_args().people)
    with product_and_bare_app() as (site, app, bare_port):
        site.relay.stop()
        site.worker.stop()
        cookies = readers(app)
        first: dict[str, float] = {}
        print(f"| {' | '.join(COLUMNS)} |")
        print("|---" * len(COLUMNS) + "|")
        for size in sizes:
            grow(site, app, size)
            for page in pages(site, cookies):
                report(site, app, bare_port, size, page, first)
            print(f"\nMemory of the web worker with {size}: {resident_megabytes(site):.0f} MB\n", flush=True)
    return 0


def readers(app: Flask) -> dict[str, str]:
    """The cookie of a signed-in reader for each organisation."""
    with app.app_context():
        reference_data.load()
        db.session.commit()
    make, cookies = Builders(app), {}
    for number, name, kind in ORGANISATIONS:
        organisation = make.organisation(number, name, kind=kind)
        account = make.user(AccessLevel.READER, organisation=organisation).person  # type: ignore[attr-defined]
        cookies[number] = sign_in(app, account, Role.ORGANISATION_USER, organisation.id)
    return cookies


def grow(site: Site, app: Flask, size: int) -> None:
    """People up to `size`, and the database put in order as its own housekeeping does in time."""
    began = perf_counter()
    with app.app_context():
        made = sum(new for _covered, new in population.fill(size, processes=2))
    print(f"\n{made} people made in {perf_counter() - began:.0f} s\n", file=sys.stderr, flush=True)
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


def pages(site: Site, cookies: dict[str, str]) -> Iterator[Page]:
    for number, name, _kind in ORGANISATIONS:
        yield Page(f"{name}, by confirmation", cookies[number], [f"/register?{query}" for query in TYPICAL])
        by_distance = [f"/register?sorter=avstand&{query}" for query in TYPICAL]
        yield Page(f"{name}, by distance", cookies[number], by_distance)
        yield Page(f"{name}, what few fit", cookies[number], [f"/register?{query}" for query in RARE])
    yield Page(f"Oslo, page {DEEP}", cookies[OSLO], [deep(site, cookies[OSLO], "/register?yrke=SP")])
    found = re.findall('(/register/person/[0-9a-f-]+)"', body(site, cookies[OSLO], "/register"))
    yield Page("One person", cookies[OSLO], found, is_search=False)
    yield Page("Report, Helse Sør-Øst", cookies[SOUTH_EAST], ["/register/rapport"], is_search=False)
    yield Page("Map, Helse Sør-Øst", cookies[SOUTH_EAST], ["/register/kart"], is_search=False)


def deep(site: Site, cookie: str, path: str) -> str:
    """The address of the last page one may turn to."""
    for _ in range(DEEP - 1):
        following = re.search(r'href="([^"]*etter=[^"]*)"', body(site, cookie, path))
        if following is None:
            break
        path = html.unescape(following[1])
    return path


def body(site: Site, cookie: str, path: str) -> str:
    answer = httpx.get(site.url + path, headers={"Cookie": cookie}, timeout=60)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.text


def report(site: Site, app: Flask, bare_port: int, size: int, page: Page, first: dict[str, float]) -> None:
    port = int(site.url.rsplit(":", 1)[1])
    paths = cycle([request(site, "GET", path, page.cookie) for path in page.paths])

    def following() -> bytes:
        return next(paths)

    load.run(port, following, 200, 0.5)
    rounds = []
    for _ in range(ROUNDS):
        bare = load.run(bare_port, lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, SECONDS / 2)
        mine = load.run(port, following, 200, SECONDS)
        rounds.append((mine.per_second / bare.per_second, mine))
    alone = load.run(port, following, 200, SECONDS, connections=1)
    ratio, middle = sorted(rounds, key=lambda pair: pair[0])[ROUNDS // 2]
    share = ratio / first.setdefault(page.name, ratio)
    statements(app, page.cookie, page.paths[0])  # what a process learns once is not counted
    sent = [statements(app, page.cookie, path) for path in page.paths]
    own = statistics.mean(time_of(app, each) for each in sent)
    queries = max(map(len, sent))
    missed = page.is_search and (ratio < SHARE_OF_BARE or share < SHARE_OF_FIRST or queries > MOST_QUERIES)
    print(
        f"| {size} | {page.name} | {middle.per_second:.0f} | {ratio:.3f} | {share:.2f} | {middle.p50:.1f}"
        f" | {middle.p95:.1f} | {alone.p50:.1f} | {queries} | {1000 * own:.1f} |{' missed' if missed else ''}",
        flush=True,
    )


def statements(app: Flask, cookie: str, path: str) -> list[tuple[str, Any]]:
    """What one request asks the database, without BEGIN and COMMIT."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        found.append((statement, parameters))

    engine = app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", note)
    client, base = app.test_client(use_cookies=False), app.extensions["settings"].base_url
    answer = client.get(path, base_url=base, headers={"Cookie": cookie})
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return found


def time_of(app: Flask, sent: Sequence[tuple[str, Any]]) -> float:
    """Seconds the database needs for the questions of a page, when asked nothing else: the median of five times."""
    questions = [(statement, parameters) for statement, parameters in sent if statement.startswith(("SELECT", "WITH"))]
    times = []
    with app.app_context(), db.engine.connect() as connection:
        for _ in range(5):
            began = perf_counter()
            for statement, parameters in questions:
                connection.exec_driver_sql(statement, parameters).all()
            times.append(perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
