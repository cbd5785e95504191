"""What a file can do to the process that looks into it, and what that process can do to us: nothing (C54)."""

import io
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.enums import AttachmentKind
from services.file_checks import isolation
from services.file_checks.verdicts import FileType, RefusalReason, Refused
from tests.files import packages, pdfs, pictures

MISBEHAVING = """
import ctypes, os, signal, socket, sys, time
from services.file_checks import inspection, server
from services.file_checks.verdicts import FileType, RefusalReason, Refused

server.CPU_SECONDS = 1
server.WALL_SECONDS = 1

def can(act):
    try:
        act()
    except (OSError, MemoryError):
        return FileType.PDF  # it could not
    raise Refused(RefusalReason.SCRIPT)

ACTS = {
    "crash": lambda: ctypes.string_at(0),
    "stop": os.abort,
    "work for ever": lambda: [None for _ in iter(int, 1)],
    "sleep for ever": lambda: time.sleep(1000),
    "exit": lambda: sys.exit(0),
    "grow": lambda: can(lambda: bytearray(512 * 1024 * 1024)),
    "read a file": lambda: can(lambda: open("/etc/hostname")),
    "open a socket": lambda: can(socket.socket),
    "write": lambda: can(lambda: os.write(os.memfd_create("a"), b"a")),
}
inspection.inspect = lambda file, name, kind: ACTS[name]()
server.main()
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(pdfs.made())
    return path


@pytest.fixture
def misbehaving(monkeypatch):
    """A helper that does as the file's name says."""
    monkeypatch.setattr(isolation, "_helper", isolation._Helper("-c", MISBEHAVING))


@pytest.mark.parametrize("act", ("crash", "stop", "work for ever", "sleep for ever", "exit"))
def test_a_file_that_ends_its_process_is_not_checked(misbehaving, file, act):
    with pytest.raises(Refused) as refused:
        isolation.inspect(file, act, AttachmentKind.CV)
    assert refused.value.reason is RefusalReason.UNCHECKED


def test_the_process_cannot_grow_read_write_or_connect(misbehaving, file):
    for act in ("grow", "read a file", "open a socket", "write"):
        assert isolation.inspect(file, act, AttachmentKind.CV) is FileType.PDF, act


def test_a_crash_harms_nobody_else(misbehaving, file):
    with ThreadPoolExecutor() as threads:
        acts = ("crash", "grow", "stop", "read a file", "crash", "write")
        waiting = [threads.submit(isolation.inspect, file, act, AttachmentKind.CV) for act in acts]
    assert [done.exception() is None for done in waiting] == [False, True, False, True, False, True]


def test_the_helper_is_started_again_when_it_is_gone(monkeypatch, file):
    helper = isolation._Helper("-m", "services.file_checks.server")
    monkeypatch.setattr(isolation, "_helper", helper)
    assert isolation.inspect(file, "cv.pdf", AttachmentKind.CV) is FileType.PDF
    os.kill(helper._process.pid, signal.SIGKILL)
    helper._process.wait()
    assert isolation.inspect(file, "cv.pdf", AttachmentKind.CV) is FileType.PDF


def test_the_helper_ends_with_the_last_that_speaks_to_it(file, monkeypatch):
    helper = isolation._Helper("-m", "services.file_checks.server")
    monkeypatch.setattr(isolation, "_helper", helper)
    isolation.inspect(file, "cv.pdf", AttachmentKind.CV)
    helper._control.close()
    assert helper._process.wait(10) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_helper_has_no_secrets_and_no_network(monkeypatch, file):
    monkeypatch.setenv("SECRET_KEY", "hemmelig")
    helper = isolation._Helper("-m", "services.file_checks.server")
    monkeypatch.setattr(isolation, "_helper", helper)
    with socket.socket():  # an open connection of ours is none of its own
        isolation.inspect(file, "cv.pdf", AttachmentKind.CV)
    own = Path(f"/proc/{helper._process.pid}")
    names = {line.partition(b"=")[0] for line in (own / "environ").read_bytes().split(b"\0") if line}
    assert names == {b"PYTHONPATH", b"LC_ALL"}
    targets = [os.readlink(descriptor) for descriptor in (own / "fd").iterdir()]
    assert sum(target.startswith("socket:") for target in targets) == 1, targets


def test_no_answer_within_patience_is_none(monkeypatch, misbehaving, file):
    monkeypatch.setattr(isolation, "PATIENCE", 0.01)
    with pytest.raises(Refused) as refused:
        isolation.inspect(file, "sleep for ever", AttachmentKind.CV)
    assert refused.value.reason is RefusalReason.UNCHECKED


def test_an_image_is_cleaned_in_the_process_too(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(pictures.telephone_jpeg())
    clean = isolation.cleaned_image(file, FileType.JPEG)
    assert pictures.Image.open(io.BytesIO(clean)).size == (60, 40)
    file.write_bytes(packages.docx())
    with pytest.raises(Refused):
        isolation.cleaned_image(file, FileType.JPEG)
