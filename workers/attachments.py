"""Uploaded files: scanned for viruses, removed when nobody owns them any more, and looked for when they are lost."""

import logging
from datetime import timedelta
from uuid import UUID

from extensions.queue import QueueName
from services import file_scans, file_sweep, files
from workers.job import job

log = logging.getLogger("alarm")

SOON = timedelta(minutes=5)
"""The longest pause while the scanner is away: people wait for the answer."""


def keep_waiting(attachment_id: str) -> None:
    file_scans.ask_again(UUID(attachment_id))


@job(queue=QueueName.SCAN, gives_up=keep_waiting, longest_pause=SOON)
def scan(attachment_id: str) -> None:
    file_scans.scan(UUID(attachment_id))


@job
def remove(storage_key: str) -> None:
    files.remove(storage_key)


@job
def sweep() -> None:
    """Remove bytes without a row, and raise an alarm for rows without bytes."""
    swept = file_sweep.sweep()
    if swept.orphans:
        log.info("bytes without a row were removed", extra={"event": "orphans", "count": len(swept.orphans)})
    if swept.lost:
        log.error(
            "rows without bytes: %s", ", ".join(swept.lost[:20]), extra={"event": "lost", "count": len(swept.lost)}
        )
