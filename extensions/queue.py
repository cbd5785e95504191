"""The queues: Redis is the doorbell, the outbox the truth (design.md section 6). Only workers and relay speak to it."""

from enum import StrEnum

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue

from extensions.agencies import settings

SERIALIZER = "json"
JOB = "workers.job.run"
LONGEST_IN_LINE = 7 * 86400
"""Seconds; long past every lease. It clears what a worker that was killed had taken out of its line."""


class QueueName(StrEnum):
    """Separate lines, so that a mass mailing or an export never delays an invitation or a scan; in order of urgency."""

    MAIL = "mail"
    SCAN = "scan"
    LOOKUP = "lookup"
    DEFAULT = "default"
    BULK = "bulk"


def connection() -> Redis:
    """The queue's Redis; nothing is sent before the first command."""
    if "redis" not in current_app.extensions:
        current_app.extensions["redis"] = Redis.from_url(
            settings().redis_url, socket_connect_timeout=2, socket_timeout=10, retry=Retry(NoBackoff(), 0)
        )
    redis: Redis = current_app.extensions["redis"]
    return redis


def queues() -> dict[QueueName, Queue]:
    """Every queue."""
    return {
        name: Queue(name.value, connection=connection(), serializer=SERIALIZER, default_timeout=time_limit())
        for name in QueueName
    }


def time_limit() -> int:
    """Seconds a job may take: it is ended some time before its lease runs out, so that two never do the same work at
    once."""
    return max(1, settings().job_lease * 5 // 6)


def queue_id(outbox_id: int, attempt: int) -> str:
    """How one offer of an outbox row is called in the queue."""
    return f"outbox-{outbox_id}-{attempt}"


def row_of(queue_id: str) -> tuple[int, int]:
    """The outbox row and attempt that stand in line under this name."""
    _word, outbox_id, attempt = queue_id.split("-")
    return int(outbox_id), int(attempt)


def offer(queue: Queue, outbox_id: int, attempt: int) -> None:
    """Put one outbox row in line: ids only (C74). Raises DuplicateJobError when it stands there already, RedisError."""
    queue.enqueue(
        JOB,
        outbox_id,
        attempt,
        job_id=queue_id(outbox_id, attempt),
        unique=True,
        ttl=LONGEST_IN_LINE,
    )
