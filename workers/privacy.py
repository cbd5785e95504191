"""Rights of the registered: erasing a profile."""

from uuid import UUID

from services import erasure
from workers.job import job


@job
def erase_profile(erasure_id: str, by_person: bool) -> None:
    erasure.erase(UUID(erasure_id), by_person=by_person)


@job
def remove_files(erasure_id: str, keys: list[str]) -> None:
    erasure.remove_files(UUID(erasure_id), keys)
