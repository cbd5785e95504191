"""Files when a process dies or the queue is emptied at the worst moment (security.md R2, R4, R7, R10)."""

import socket
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from adapters.storage import Storage
from blueprints.uploads import AT_ONCE
from extensions import clock
from extensions.database import db
from models.attachment import Attachment
from models.enums import Role
from services import file_sweep, files
from tests import papers
from tests.fault.conftest import UPLOAD_SILENCE, Faults
from tests.pages import Page
from tests.site import until

HUNDRED = 100


@pytest.fixture
def storage(faults: Faults) -> Storage:
    """The store, empty."""
    found: Storage = faults.app.extensions["agencies"].storage
    for one in list(found.list("files")):
        found.delete(one.key)
    return found


def are_all_clean(faults: Faults, count: int) -> bool:
    return bool(faults.value("SELECT count(*) FROM attachment WHERE status = 'clean'") == count)


def scans(faults: Faults) -> int:
    return len(faults.site.stubs.log("clamav"))


def opened(faults: Faults) -> list[bytes]:
    """Every file as it comes out of the store, in the order of uploading."""
    with faults.app.app_context():
        rows = db.session.scalars(select(Attachment).order_by(Attachment.uploaded_at))
        return [b"".join(files.read(row)) for row in rows]


def test_a_worker_killed_while_scanning_is_taken_over_from(faults: Faults) -> None:
    faults.site.stubs.control("clamav", "slow", count=1, seconds=60)
    contents = faults.files(1)
    until(lambda: faults.value("SELECT status FROM attachment") == "scanning", "the scan to begin")
    until(lambda: scans(faults) == 1, "the scanner to have the file")
    faults.kill(faults.site.worker)
    faults.site.worker.start()
    faults.wait_until_done()
    assert are_all_clean(faults, 1) and opened(faults) == contents


def test_a_hundred_waiting_scans_survive_an_emptied_redis(faults: Faults) -> None:
    faults.site.worker.stop()
    redis = faults.site.valkey.client()
    contents = faults.files(HUNDRED)
    until(lambda: redis.llen("rq:queue:scan") == HUNDRED, "all to stand in line")
    redis.flushall()
    faults.site.worker.start()
    until(lambda: scans(faults) > HUNDRED // 4, "some to be scanned")
    redis.flushall()
    faults.wait_until_done(60)
    assert are_all_clean(faults, HUNDRED) and opened(faults) == contents


def test_the_web_process_dies_between_the_store_and_the_commit(faults: Faults, storage: Storage) -> None:
    person = faults.make.registration()
    browser = faults.browser(person.person, Role.PROFESSIONAL)
    fields = Page(browser.get("/min-side/cv").text).form(0).values
    outcome: list[Any] = []

    def send() -> httpx.Response:
        file = {"file": ("cv.pdf", papers.pdf(), "application/pdf")}
        return browser.post("/min-side/cv", data={**fields, "visibility": "only_me"}, files=file)

    def press() -> None:
        try:
            outcome.append(send())
        except httpx.TransportError as error:
            outcome.append(error)

    with faults.unwritable("attachment"):
        sender = Thread(target=press)
        sender.start()
        until(lambda: list(storage.list("files")), "the bytes to be stored")
        faults.kill(faults.site.web)
        sender.join()
    assert isinstance(outcome[0], httpx.TransportError)
    faults.site.web.start()
    assert faults.value("SELECT count(*) FROM attachment") == 0
    with faults.app.app_context():
        (orphan,) = [one.key for one in storage.list("files")]
        assert file_sweep.sweep() == file_sweep.Swept()
        with clock.at(clock.now() + file_sweep.YOUNG * 1.1):
            assert file_sweep.sweep() == file_sweep.Swept(orphans=[orphan])
        assert list(storage.list("files")) == []
    assert send().status_code == 303
    faults.wait_until_done()
    assert are_all_clean(faults, 1)


def uploading(faults: Faults) -> tuple[httpx.Client, httpx.Request]:
    """Somebody about to upload a file: the browser, and what it would send."""
    browser = faults.browser(faults.make.registration().person, Role.PROFESSIONAL)
    fields = Page(browser.get("/min-side/cv").text).form(0).values
    request = browser.build_request(
        "POST",
        "/min-side/cv",
        data={**fields, "visibility": "only_me"},
        files={"file": ("cv.pdf", papers.pdf(size=400_000), "application/pdf")},
    )
    return browser, request


def test_a_half_sent_file_is_no_file(faults: Faults, storage: Storage) -> None:
    browser, request = uploading(faults)
    faults.send_half(request).close()
    until(lambda: '"status": 400' in faults.site.logs(), "the web process to notice")
    assert faults.value("SELECT count(*) FROM attachment") == 0
    assert list(storage.list("files")) == []
    assert browser.send(request).status_code == 303


def status_of(connection: socket.socket) -> int:
    """What a connection is answered, after waiting for it."""
    with connection:
        return int(connection.recv(12).split()[1])


def test_slow_senders_are_given_up_and_hold_nobody_up(faults: Faults) -> None:
    requests = [uploading(faults)[1] for _ in range(10)]
    senders = [faults.send_half(request) for request in requests]
    began = monotonic()
    httpx.get(f"{faults.site.url}/helse/klar").raise_for_status()  # eight threads, and ten slow senders
    assert monotonic() - began < UPLOAD_SILENCE
    answers = [status_of(sender) for sender in senders]
    assert answers.count(400) == AT_ONCE and answers.count(429) == 10 - AT_ONCE
    assert faults.value("SELECT count(*) FROM attachment") == 0


def test_a_trickle_is_given_up_too(faults: Faults) -> None:
    with faults.send_half(uploading(faults)[1]) as connection:
        began = monotonic()
        connection.settimeout(0.5)
        answer = b""
        while not answer and monotonic() - began < 20:
            connection.sendall(b"x")
            with suppress(TimeoutError):
                answer = connection.recv(12)
    assert answer.startswith(b"HTTP/1.1 400") and monotonic() - began < 10
