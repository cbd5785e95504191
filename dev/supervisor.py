"""Keeps a handful of processes alive in one terminal, and ends all of them when asked to.

A process that dies is started again after a growing pause; errors in its log are repeated on the terminal. SIGINT,
SIGTERM or SIGHUP ends them in the opposite order of their start, each with its own patience.
"""

import json
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import FrameType

from dev.processes import (
    Process,
    StartError,
    end,
    end_orphans,
    spawn,
    tail,
)

STABLE_AFTER = 60.0  # seconds of life after which earlier deaths are forgotten
LONGEST_BACKOFF = 30.0
WORTH_SHOWING = re.compile(r"\b(ERROR|CRITICAL|FATAL|PANIC)\b|^\w[\w.]*(Error|Exception)\b")


class Stopped(Exception):
    """Somebody asked us to stop while we waited for something else."""


class Service(Process):
    """A process of the product: a command, the settings, and how to ask whether it is ready."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        folder: Path,
        ready: Callable[["Service"], bool] = lambda _service: True,
        patience: float = 2.0,
    ) -> None:
        super().__init__(name, folder / f"{name}.log")
        self._command = [str(part) for part in command]
        self._environment = environment
        self._ready = ready
        self.patience = patience

    def command(self) -> list[str]:
        return self._command

    def environment(self) -> Mapping[str, str]:
        return self._environment

    def answers(self) -> bool:
        return self._ready(self)


class Supervisor:
    """Keeps processes alive until told to stop; the stage started last is ended first."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.stages: list[tuple[Process, ...]] = []
        self._deaths: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._read: dict[Path, int] = {}

    def handle_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP ask for a stop; a second one changes nothing, for the stop has its own limit."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True

    def pause(self, seconds: float) -> None:
        """Sleep, or raise Stopped as soon as a stop is asked for."""
        deadline = time.monotonic() + seconds
        while True:
            if self.is_stopping:
                raise Stopped
            rest = deadline - time.monotonic()
            if rest <= 0:
                return
            time.sleep(min(rest, 0.1))

    def start(self, *stage: Process) -> None:
        """Start several at once and wait until all are ready; raises StartError, or Stopped."""
        self.launch(*stage)
        self.wait()

    def launch(self, *stage: Process) -> None:
        """Start several at once; wait() tells when they are ready."""
        self.stages.append(stage)
        for process in stage:
            if process.log.exists():
                process.log.replace(process.log.with_suffix(".old.log"))
            process.launch()
            self._started[process.name] = time.monotonic()

    def wait(self) -> None:
        """Wait until everything launched so far is ready; raises StartError, or Stopped."""
        for process in chain.from_iterable(self.stages):
            process.wait_until_ready(self.pause)
            self._read[process.log] = process.log.stat().st_size  # what it said while starting is past

    def run(self, title: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        """Run a command to its end; raises StartError when it fails, with the end of its log."""
        popen = spawn([str(part) for part in command], log=log, environment=environment)
        try:
            while popen.poll() is None:
                self.pause(0.02)
        except Stopped:
            popen.terminate()
            end(popen, 1.0)
            raise
        if popen.returncode:
            raise StartError(f"{title} ended with {popen.returncode}.\n{tail(log)}")

    def watch(self) -> None:
        """Start again what dies, with growing pauses, and repeat errors from the logs, until Stopped."""
        while True:
            self.pause(0.2)
            now = time.monotonic()
            for process in chain.from_iterable(self.stages):
                self._show_errors(process)
                if process.is_running:
                    continue
                if process.name not in self._due:
                    self._plan_restart(process, now)
                elif now >= self._due[process.name]:
                    self._bring_back(process, now)

    def _plan_restart(self, process: Process, now: float) -> None:
        if now - self._started[process.name] > STABLE_AFTER:
            self._deaths.pop(process.name, None)
        deaths = self._deaths[process.name] = self._deaths.get(process.name, 0) + 1
        wait = min(0.5 * 2 ** (deaths - 1), LONGEST_BACKOFF)
        self._due[process.name] = now + wait
        code = process.popen.returncode if process.popen else "?"
        say(f"{process.name} ended unexpectedly ({code}); starting it again in {wait:g} s. Log: {process.log}")

    def _bring_back(self, process: Process, now: float) -> None:
        del self._due[process.name]
        self._started[process.name] = now
        try:
            process.launch()
        except (StartError, OSError) as problem:
            say(f"{process.name}: {problem}")

    def _show_errors(self, process: Process) -> None:
        try:
            with open(process.log, "rb") as file:
                file.seek(self._read.get(process.log, 0))
                fresh = file.read(1_000_000)
        except OSError:
            return
        whole, newline, _rest = fresh.rpartition(b"\n")
        self._read[process.log] = self._read.get(process.log, 0) + len(whole) + len(newline)
        for line in whole.decode(errors="replace").splitlines():
            if error := error_in(line):
                say(error[:500], process.name)

    def stop(self) -> None:
        """End everything, the last stage first; in a stage all are asked at once, the last started first."""
        for stage in reversed(self.stages):
            for process in reversed(stage):
                process.ask_to_stop()
            for process in reversed(stage):
                process.stop()
        end_orphans()


def error_in(line: str) -> str | None:
    """What a line of a log says went wrong, whether plain text or one of our JSON lines; None when nothing did."""
    try:
        record = json.loads(line)
        level, message, exception = record["level"], record["message"], record.get("exception", "")
    except (ValueError, KeyError, TypeError):
        return line if WORTH_SHOWING.search(line) else None
    return " ".join([message, *exception.splitlines()[-1:]]) if level in ("error", "critical") else None


def say(text: str, who: str = "run") -> None:
    print(f"{who:>9} | {text}", flush=True)
