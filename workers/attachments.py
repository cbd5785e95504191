"""Uploaded files: scanned for viruses, removed when nobody owns them, and looked for when lost."""

from extensions.queue import QueueName
from services import files
from workers.job import job


@job(queue=QueueName.SCAN)
def remove(storage_key: str) -> None:
    files.remove(storage_key)
