"""`python -m benchmarks.upload`: from upload to «Klar», beside what clamd itself reaches on the same files.

The files are PDFs of 1 MB, the scanner a real clamd with a tiny signature database: with a full one it is slower, and
our share of the time smaller.
"""

import logging
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import httpx
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import text

from adapters.clamav import Clamav
from app import create_app
from config import Settings
from dev.clamav import Clamd
from dev.environment import make_keys
from dev.supervisor import Service
from extensions import clock
from extensions.database import db
from models.enums import Role
from services import reference_data, sessions
from tests import papers
from tests.builders import Builders
from tests.conftest import empty_tables, migrate
from tests.pages import Page
from tests.site import DATABASE, Site, running_site, until

SIZE = 1_000_000
PEOPLE, FILES_EACH = 40, 3
ROUNDS = 3
SENDERS = 4
"""Browsers that upload at the same time: as many files as one web process takes in at once."""
PIECE = 256 * 1024


def main() -> int:
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        make_keys(folder / "keys")
        clamd = running.enter_context(Clamd(folder / "clamd"))
        site = running.enter_context(running_site(folder, migrate, folder / "keys", CLAMAV_ADDRESS=clamd.address))
        app = create_app(Settings.from_environment(site.environment))
        logging.disable()
        with app.app_context():
            reference_data.load()
            db.session.commit()
        second = Service("worker2", site.worker.command(), site.environment, folder=folder)
        report(site, app, Clamav(clamd.address), second)
    return 0


def report(site: Site, app: Flask, scanner: Clamav, second: Service) -> None:
    contents = [papers.pdf(size=SIZE) for _ in range(PEOPLE * FILES_EACH)]
    uploads: list[float] = []
    scans: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers in (1, 2):
            own = scanned_alone(scanner, contents, workers)
            uploads.append(upload_all(site, app, contents))
            rate = scanned_by_workers(site, [site.worker, second][:workers], len(contents))
            again = scanned_alone(scanner, contents, workers)
            scans[workers].append((rate, (own + again) / 2))
    print("| 1 MB PDFs | files/s | clamd itself | share | goal |")
    print("|---|---|---|---|---|")
    for workers, rounds in scans.items():
        share = statistics.median(rate / own for rate, own in rounds)
        rate, own = (statistics.median(column) for column in zip(*rounds, strict=True))
        name = "one worker" if workers == 1 else "two workers, two clients of clamd"
        print(f"| waiting → clean, {name} | {rate:.0f} | {own:.0f} | {share:.2f} | ≥ 0.8 |")
    print(f"| taken in by one web process, {SENDERS} at a time | {statistics.median(uploads):.0f} | | | |")
    print(f"\nOne file, from the press to clean: {one_by_one(site, app, contents[:10]) * 1000:.0f} ms (median)")


def scanned_alone(scanner: Clamav, contents: list[bytes], clients: int) -> float:
    """Files a second when clamd does nothing but read them."""

    def scan(content: bytes) -> None:
        scanner.scan(content[start : start + PIECE] for start in range(0, len(content), PIECE))

    with ThreadPoolExecutor(clients) as pool:
        began = perf_counter()
        list(pool.map(scan, contents))
        return len(contents) / (perf_counter() - began)


def upload_all(site: Site, app: Flask, contents: list[bytes]) -> float:
    """Have many people upload the files while no worker runs; files a second."""
    start_empty(site, app)
    people = [Person(site, app) for _ in range(PEOPLE)]
    shares = [contents[start : start + FILES_EACH] for start in range(0, len(contents), FILES_EACH)]
    with ThreadPoolExecutor(SENDERS) as pool:
        began = perf_counter()
        list(pool.map(lambda pair: [pair[0].upload(content) for content in pair[1]], zip(people, shares, strict=True)))
        return len(contents) / (perf_counter() - began)


def start_empty(site: Site, app: Flask) -> None:
    site.worker.stop()
    empty_tables(site.postgres, DATABASE)
    site.valkey.client().flushall()
    storage = app.extensions["agencies"].storage
    for one in list(storage.list("files")):
        storage.delete(one.key)


def scanned_by_workers(site: Site, workers: list[Service], count: int) -> float:
    """Files a second from the first verdict to the last, as the rows tell it."""
    until(lambda: site.valkey.client().llen("rq:queue:scan") == count, "all to stand in line", 60)
    for worker in workers:
        worker.launch()
    until(lambda: clean(site) == count, "all to be clean", 120)
    for worker in workers:
        worker.stop()
    with site.engine.connect() as connection:
        seconds = connection.execute(
            text("SELECT extract(epoch FROM max(scanned_at) - min(scanned_at)) FROM attachment")
        ).scalar_one()
    return (count - 1) / float(seconds)


def one_by_one(site: Site, app: Flask, contents: list[bytes]) -> float:
    """Seconds from the press of the button until a file is clean, nothing else going on."""
    start_empty(site, app)
    site.worker.start()
    times = []
    for number, content in enumerate(contents, 1):
        person = Person(site, app)
        began = perf_counter()
        person.upload(content)
        until(lambda number=number: clean(site) == number, "the file to be clean")  # type: ignore[misc]
        times.append(perf_counter() - began)
    return statistics.median(times)


def clean(site: Site) -> int:
    with site.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM attachment WHERE status = 'clean'")).scalar_one())


class Person:
    """Somebody with a registration under way, at a browser with the page open."""

    def __init__(self, site: Site, app: Flask) -> None:
        account = Builders(app).registration().person  # type: ignore[attr-defined]
        with app.app_context():
            token, _row = sessions.open_for(
                account,
                Role.PROFESSIONAL,
                organisation_id=None,
                issuer=site.environment["IDPORTEN_ISSUER"],
                provider_session_id=None,
                authenticated_at=clock.now(),
            )
            db.session.commit()
            signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        self._browser = httpx.Client(base_url=site.url, timeout=30)
        cookie = signer.dumps({"_user_id": token, "_fresh": True})
        self._browser.cookies.set(app.config["SESSION_COOKIE_NAME"], cookie, domain="localhost.local", path="/")
        self._fields = Page(self._browser.get("/min-side/cv").text).form(0).values

    def upload(self, content: bytes) -> None:
        """Choose a file and press the button."""
        answer = self._browser.post(
            "/min-side/cv",
            data={**self._fields, "visibility": "only_me"},
            files={"file": ("cv.pdf", content, "application/pdf")},
        )
        assert answer.status_code == 303, f"{answer.status_code} {answer.text[:500]}"


if __name__ == "__main__":
    sys.exit(main())
