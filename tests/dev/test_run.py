"""`make run` itself, in a folder and on ports of its own: from nothing to the table of people, and down again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from dev.environment import STUBS
from dev.processes import ROOT, born
from stubs.people import people

PORTS = 1 + len(STUBS)


def free_ports() -> int:
    """The first of so many ports in a row that nobody listens on."""
    for first in range(20_000 + os.getpid() % 10_000, 32_000, PORTS):
        sockets = [socket.socket() for _ in range(PORTS)]
        try:
            for offset, probe in enumerate(sockets):
                probe.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return first
        finally:
            for probe in sockets:
                probe.close()
    raise AssertionError("no free ports")


def test_the_product_comes_up_from_nothing_and_goes_down_without_a_trace(tmp_path: Path):
    port = free_ports()
    chosen = {"VAR_FOLDER": str(tmp_path), "PORT": str(port), "STUBS_PORT_BASE": str(port + 1), "WEB_CONCURRENCY": "1"}
    output = tmp_path / "output"
    with open(output, "wb") as file:
        popen = subprocess.Popen(
            [sys.executable, "-m", "dev.run"],
            stdout=file,
            stderr=file,
            cwd=ROOT,
            env={**os.environ, **chosen},
        )
    try:
        deadline = time.monotonic() + 90
        while "Ready after" not in output.read_text():
            assert popen.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        said = output.read_text()
        assert all(person.name in said and person.national_id in said for person in people())
        for address in (f"http://localhost:{port}/", f"http://localhost:{port + 5}/"):  # front page, captured mail
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert answer.status == 200
        pids = {file.stem: int(file.read_text().split()[0]) for file in (tmp_path / "log").glob("*.pid")}
        assert pids.keys() == {"postgres", "valkey", "stubs", "relay", "worker", "web"}
        asked = time.monotonic()
        popen.send_signal(signal.SIGTERM)
        assert popen.wait(10) == 0
        assert time.monotonic() - asked < 10
        assert not [name for name, pid in pids.items() if born(pid)]
        assert {oct(file.stat().st_mode & 0o777) for file in (tmp_path / "keys").iterdir()} == {"0o600"}
    finally:
        if popen.poll() is None:
            popen.terminate()
            popen.wait(20)
        moved = tmp_path / "postgres" / "moved-to"  # for root, whose temporary folder the database's user cannot enter
        if moved.exists():
            shutil.rmtree(moved.read_text())
