"""A worker asked to stop while Redis is away stops all the same, and the job it is in the middle of is not broken off
(security.md R19)."""

import logging
import os
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAway
from rq import Queue
from rq.worker import WorkerStatus, base

from extensions.queue import SERIALIZER, connection, queues
from workers.commands import JobWorker


@pytest.fixture
def worker(context: Any) -> Iterator[JobWorker]:
    """A worker of a process of its own, as far as it knows; ours gets its signals back."""

    class Ours(JobWorker):
        pass

    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield Ours(list(queues().values()), connection=connection(), serializer=SERIALIZER)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def away(*_arguments: Any, **_options: Any) -> None:
    raise RedisAway


def test_a_request_that_was_swallowed_is_kept(worker: JobWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal arrives while a line is written to the log: what its handler raises goes no further than that."""
    pauses: list[float] = []
    swallowed: list[logging.LogRecord] = []

    class Log(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            except Exception:
                swallowed.append(record)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert len(pauses) < 3, "it tries again as if nobody had asked"

    handler = Log()
    monkeypatch.setattr(Queue, "dequeue_any", away)
    monkeypatch.setattr(base, "time", SimpleNamespace(sleep=pause))
    monkeypatch.setattr(logging.getLogger("rq.worker"), "handlers", [handler])
    worker.work(logging_level="WARNING")
    assert [record.levelname for record in swallowed] == ["ERROR"]
    assert len(pauses) == 1


def test_a_job_is_not_broken_off_by_the_note_that_cannot_be_made(
    worker: JobWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.set_state(WorkerStatus.BUSY)
    monkeypatch.setattr(worker, "set_shutdown_requested_date", away)
    worker.request_stop(signal.SIGTERM, None)
    assert worker.is_asked_to_stop and worker._stop_requested
