"""One child process: started, asked until it answers, stopped with patience, and never left behind.

A child dies with the process that started it (Linux: PR_SET_PDEATHSIG), and a pid file lets the next start end one that
got away all the same. The signal follows the *thread* that started the child, so start children from the main thread.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_HAS_PROC = Path("/proc/self/stat").exists()

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534


class StartError(Exception):
    """A process did not start, or ended before it answered; the text holds the end of its log."""


class Process:
    """What every supervised process shares; a subclass says what to run and when it is ready."""

    stop_signal = signal.SIGTERM
    patience = 3.0  # seconds from the stop signal to the next, sterner step
    start_timeout = 30.0

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.pid_file = log.with_suffix(".pid")
        self.popen: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._is_asked = False

    # What a subclass fills in

    def command(self) -> list[str]:
        raise NotImplementedError  # pragma: no cover

    def environment(self) -> Mapping[str, str] | None:
        return None

    def user(self) -> int | None:
        return None

    def working_folder(self) -> Path:
        return ROOT

    def prepare(self) -> None:
        """Files and folders the process needs; runs under the lock, after leftovers are gone."""

    def answers(self) -> bool:
        """Whether the process does its work already: asked of the process itself, not guessed by time."""
        return True

    # What callers use

    def start(self) -> None:
        """Launch and wait until it answers; raises StartError."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process without waiting for it. Raises StartError when another program holds the same pid file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = lock(self.pid_file.with_suffix(".lock"))
        end_leftover(self.pid_file, self.stop_signal, self.patience)
        self.prepare()
        self._is_asked = False
        self.popen = spawn(
            self.command(),
            log=self.log,
            environment=self.environment(),
            folder=self.working_folder(),
            user=self.user(),
            on_parent_death=self.stop_signal,
        )
        self.pid_file.write_text(f"{self.popen.pid} {born(self.popen.pid)}")

    def wait_until_ready(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Ask until it answers. Raises StartError when it ends first or takes longer than start_timeout."""
        deadline = time.monotonic() + self.start_timeout
        while not (self.is_running and self.answers()):
            if not self.is_running:
                raise StartError(f"{self.name} ended before it was ready.\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} was not ready within {self.start_timeout:.0f} s.\n{tail(self.log)}")
            pause(0.02)

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal once, and do not wait."""
        if self.is_running and not self._is_asked and self.popen is not None:
            self._is_asked = True
            self.popen.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask it to end, then insist: its own signal, SIGTERM once more, SIGKILL for it and its group."""
        if self.popen is not None:
            self.ask_to_stop()
            end(self.popen, self.patience)
            self.popen = None
        self._forget()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL to the process alone); start() brings it back with what it had on disk."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()
            self.popen = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _forget(self) -> None:
        self.pid_file.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def spawn(
    command: list[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    user: int | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, writing to its log; it gets `on_parent_death` when we die."""

    def tie_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(on_parent_death))

    with open(log, "ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=tie_to_parent,
            **identity(user),
        )


def identity(user: int | None) -> dict[str, Any]:
    """Arguments of subprocess that run a command as this user, and as nothing more; None stays as we are."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def end(popen: subprocess.Popen[bytes], patience: float) -> None:
    """Wait for a child that was asked to end, then insist; its process group goes with it, and it is reaped."""
    for seconds, sterner in ((patience, signal.SIGTERM), (0.5, signal.SIGKILL), (5.0, signal.SIGKILL)):
        try:
            popen.wait(seconds)
            break
        except subprocess.TimeoutExpired:
            popen.send_signal(sterner)
    with suppress(ProcessLookupError, PermissionError):  # nothing left in the group (macOS says PermissionError)
        os.killpg(popen.pid, signal.SIGKILL)


def end_leftover(pid_file: Path, first: signal.Signals, patience: float) -> None:
    """End the process a pid file speaks of, if it is still the same one, and not just the same number."""
    try:
        pid_text, _, born_then = pid_file.read_text().partition(" ")
        pid = int(pid_text)
    except (OSError, ValueError):
        return
    end_process(pid, born_then, first, patience)
    pid_file.unlink(missing_ok=True)


def end_process(pid: int, born_then: str, first: signal.Signals, patience: float) -> None:
    """End a process that is not our child, as long as it is the one that started at `born_then`."""
    for stern, seconds in ((first, patience), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        if born(pid) == born_then != "":
            os.kill(pid, stern)
        while born(pid) == born_then != "" and time.monotonic() < deadline:
            time.sleep(0.02)


def born(pid: int) -> str:
    """When a process started, as text to compare; empty when it is gone or only waits to be reaped."""
    if _HAS_PROC:
        try:
            state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if state in "ZX" else fields[18]
    listed = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = listed.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def command_line(pid: int) -> str:
    """What a process was started as; empty when it is gone."""
    if _HAS_PROC:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def lock(file: Path) -> IO[str]:
    """Hold a lock file until it is closed; raises StartError when another process holds it."""
    handle = open(file, "a")  # noqa: SIM115 - open for as long as the lock is held
    deadline = time.monotonic() + 3  # a predecessor that is on its way out lets go soon
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                handle.close()
                raise StartError(f"Another program works in {file.parent} already: stop that one first.") from None
            time.sleep(0.05)
        else:
            return handle


def adopt_orphans() -> None:
    """From now on a grandchild whose parent dies becomes our child (Linux), so that end_orphans() finds it."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_orphans() -> None:
    """Kill every process that is still our child, until none is left."""
    while children := [pid for pid in _running() if _parent(pid) == os.getpid()]:
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def die_with_parent() -> None:
    """Ask for SIGTERM when the process that started us dies (Linux)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def _running() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")] if _HAS_PROC else []


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
