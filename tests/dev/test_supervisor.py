"""A real supervisor of real, small processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.processes import ROOT, StartError, born, lock
from dev.supervisor import Service, Supervisor, error_in

SCRIPT = Path(__file__).with_name("supervised.py")


def eventually(holds: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def living(folder: Path) -> set[int]:
    """Process ids written in the folder that still run."""
    named = {int(file.name.rpartition("-")[2]) for file in folder.glob("stubborn-*")}
    noted = {int((file.read_text().split() or ["0"])[0]) for file in folder.glob("*.pid")}
    return {pid for pid in named | noted if born(pid)}


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A supervisor that has started everything, and the folder its processes write in."""
    with open(tmp_path / "output", "wb") as output:
        popen = subprocess.Popen(
            [sys.executable, SCRIPT, tmp_path], stdout=output, stderr=output, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
        )
    try:
        # The stubborn one and its child say so once they no longer listen to SIGTERM.
        assert eventually(lambda: len(list(tmp_path.glob("stubborn-*"))) == 2, 30)
        assert eventually(lambda: b"ready" in (tmp_path / "output").read_bytes(), 30)
        yield popen, tmp_path
    finally:
        popen.kill()
        popen.wait()
        for pid in living(tmp_path):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_every_process_within_ten_seconds(supervised: tuple[subprocess.Popen[bytes], Path], number: int):
    popen, folder = supervised
    pids = living(folder)
    asked = time.monotonic()
    popen.send_signal(number)
    assert popen.wait(10) == 0
    assert time.monotonic() - asked < 10
    assert {pid for pid in pids if born(pid)} == set()


def test_a_process_that_dies_is_started_again_and_its_errors_are_shown(
    supervised: tuple[subprocess.Popen[bytes], Path],
):
    _popen, folder = supervised
    assert eventually(lambda: (folder / "output").read_text().count("short ended unexpectedly") >= 2)
    output = (folder / "output").read_text()
    assert "starting it again in 0.5 s" in output
    assert "starting it again in 1 s" in output  # patience grows
    assert "short | ERROR it hurts" in output


def test_what_a_killed_supervisor_leaves_is_ended_at_once_or_by_the_next_start(
    supervised: tuple[subprocess.Popen[bytes], Path],
):
    popen, folder = supervised
    obedient, stubborn = (int((folder / f"{name}.pid").read_text().split()[0]) for name in ("obedient", "stubborn"))
    popen.kill()
    popen.wait()
    assert eventually(lambda: not born(obedient), 5)
    assert born(stubborn)
    successor = Service("stubborn", [sys.executable, "-c", ""], {}, folder=folder, ready=lambda _: True, patience=0.2)
    successor.launch()
    successor.stop()
    assert not born(stubborn)


def test_a_pid_that_went_to_another_process_is_left_alone(tmp_path: Path):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "web.pid").write_text(f"{bystander.pid} 1")
        service = Service("web", [sys.executable, "-c", ""], {}, folder=tmp_path, ready=lambda _: True)
        service.launch()
        service.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_process_that_ends_before_it_is_ready_shows_its_log(tmp_path: Path):
    supervisor = Supervisor()
    broken = Service(
        "web", [sys.executable, "-c", "raise SystemExit('no such setting')"], {}, folder=tmp_path, ready=lambda _: False
    )
    with pytest.raises(StartError, match="web ended before it was ready.\nno such setting"):
        supervisor.start(broken)
    supervisor.stop()


def test_two_cannot_hold_the_same_lock(tmp_path: Path):
    with lock(tmp_path / "run.lock"):
        other = subprocess.run(
            [sys.executable, "-c", "from dev.processes import *; lock(Path('run.lock'))"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert other.returncode == 1
    assert "Another program works in" in other.stderr


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"level": "info", "message": "request"}', None),
        (
            '{"level": "error", "message": "job failed", "exception": "Traceback …\\nKeyError: 1"}',
            "job failed KeyError: 1",
        ),
        ("2026-11-22 FATAL:  no such role", "2026-11-22 FATAL:  no such role"),
        ("sqlalchemy.exc.OperationalError: gone", "sqlalchemy.exc.OperationalError: gone"),
        ("Booting worker with pid 7", None),
    ],
)
def test_only_errors_of_a_log_are_repeated(line: str, shown: str | None):
    assert error_in(line) == shown
