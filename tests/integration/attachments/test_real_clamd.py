"""The whole way with a real clamd: the right state each time, and nothing infected or unscanned is ever served."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask import Flask

from adapters.clamav import Clamav, NotScanned
from adapters.storage import Storage
from dev.clamav import Clamd
from models.enums import AttachmentStatus
from services.file_checks.verdicts import MAX_BYTES
from stubs.clamav import TEST_STRING
from tests import papers
from tests.integration.attachments.conftest import Uploader
from tests.integration.attachments.test_scanning import let_pauses_pass


@pytest.fixture(scope="module")
def running_clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    with Clamd(tmp_path_factory.mktemp("clamd")) as clamd:
        yield clamd


@pytest.fixture
def clamd(running_clamd: Clamd, app: Flask) -> Iterator[Clamd]:
    """The scanner of the app is a real one."""
    agencies = app.extensions["agencies"]
    before, agencies.clamav = agencies.clamav, Clamav(running_clamd.address, timeout=10)
    if not running_clamd.is_running:
        running_clamd.start()
    yield running_clamd
    agencies.clamav = before


def attached() -> bytes:
    """A PDF with the test virus as an attachment, which clamd does not look into."""
    document = pikepdf.open(io.BytesIO(papers.pdf()))
    document.attachments["cv.txt"] = TEST_STRING
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def test_every_kind_of_file_gets_its_verdict(uploader: Uploader, run_jobs: Any, clamd: Clamd, stubs: Any) -> None:
    clean, infected = AttachmentStatus.CLEAN, AttachmentStatus.INFECTED
    taken = {
        "clean.pdf": (papers.pdf(), clean),
        "clean.docx": (papers.docx(), clean),
        "plain.pdf": (papers.pdf(holding=TEST_STRING), infected),
        "inside.docx": (papers.docx(TEST_STRING.decode()), infected),
    }
    refused = {
        "plain test string": (TEST_STRING, "cv.pdf"),
        "in a ZIP": (papers.zipped(TEST_STRING), "cv.zip"),
        "a ZIP called a document": (papers.zipped(TEST_STRING), "cv.docx"),
        "attached to a PDF": (attached(), "cv.pdf"),
        "oversized": (b"%PDF-1.7" + TEST_STRING + b"x" * MAX_BYTES, "cv.pdf"),
    }
    for what, (content, name) in refused.items():
        assert uploader.upload(content, name).status_code == 422, what
    assert uploader.files() == []
    for name, (content, _status) in taken.items():
        assert uploader.upload(content, name).status_code == 303, name
        run_jobs()
        (file,) = uploader.files()
        assert file.status is taken[name][1], name
        opened = uploader.open(file.id)
        assert (opened.status_code, opened.data == content) == ((200, True) if file.status is clean else (409, False))
        uploader.submit(uploader.browser, f"/min-side/cv/{file.id}/slett")
    assert [mail["recipients"] for mail in stubs.mail()] == [[uploader.professional.email]] * 2


def test_the_daemon_dies_in_the_middle_of_a_scan_and_comes_back(
    uploader: Uploader, run_jobs: Any, clamd: Clamd, app: Flask, storage: Storage
) -> None:
    class Murderous(Storage):
        def get(self, key: str) -> Iterator[bytes]:
            pieces = super().get(key)

            def one_by_one() -> Iterator[bytes]:
                clamd.kill()  # the command has been given, and the first piece is on its way
                yield from pieces

            return one_by_one()

    uploader.upload(papers.pdf(size=600_000))
    app.extensions["agencies"].storage = Murderous(storage._store)
    run_jobs()
    app.extensions["agencies"].storage = storage
    (file,) = uploader.files()
    assert (file.status, file.attempts) == (AttachmentStatus.UNSCANNABLE, 1)
    assert uploader.open(file.id).status_code == 409
    let_pauses_pass(uploader)
    run_jobs()  # nobody answers: that is no try
    (file,) = uploader.files()
    assert (file.status, file.attempts) == (AttachmentStatus.STORED, 1)
    clamd.start()
    let_pauses_pass(uploader)
    run_jobs()
    (file,) = uploader.files()
    assert (file.status, file.attempts) == (AttachmentStatus.CLEAN, 0)


def test_a_stream_limit_below_ours_is_no_verdict(tmp_path: Path, uploader: Uploader, run_jobs: Any, app: Flask) -> None:
    agencies = app.extensions["agencies"]
    with Clamd(tmp_path, stream_limit="100K") as strict:
        before, agencies.clamav = agencies.clamav, Clamav(strict.address)
        with pytest.raises(NotScanned, match="size limit"):
            agencies.clamav.scan([os.urandom(50_000)] * 4)
        uploader.upload(papers.pdf(size=200_000))
        for attempt in (1, 2, 3):
            run_jobs()
            (file,) = uploader.files()
            assert (file.status, file.attempts) == (AttachmentStatus.UNSCANNABLE, attempt)
            assert uploader.open(file.id).status_code == 409
            let_pauses_pass(uploader)
        agencies.clamav = before
