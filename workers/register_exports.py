"""Files of people that organisations take out."""

from uuid import UUID

from extensions.queue import QueueName
from services import register_exports
from workers.job import job


def failed(export_id: str) -> None:
    register_exports.fail(UUID(export_id))


@job(queue=QueueName.BULK, gives_up=failed)
def make(export_id: str) -> None:
    register_exports.make(UUID(export_id))
