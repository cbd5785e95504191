"""Rights of the registered: erasing a profile, and making a copy of what we hold."""

from uuid import UUID

from extensions.queue import QueueName
from services import erasure, exports
from workers.job import job


@job
def erase_profile(erasure_id: str, by_person: bool) -> None:
    erasure.erase(UUID(erasure_id), by_person=by_person)


@job
def remember_erasure(erasure_id: str) -> None:
    erasure.remember(UUID(erasure_id))


def export_failed(export_id: str) -> None:
    exports.fail(UUID(export_id))


@job(queue=QueueName.BULK, gives_up=export_failed)
def make_export(export_id: str) -> None:
    exports.make(UUID(export_id))


@job
def forget_erasures() -> None:
    erasure.forget()
