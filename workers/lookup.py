"""Looking people up in HPR, and organisations in Enhetsregisteret."""

from uuid import UUID

from extensions.queue import QueueName
from services import authorisations, housekeeping, hpr_recheck
from workers.job import job


@job(queue=QueueName.LOOKUP)
def check(professional_id: str) -> None:
    authorisations.check(UUID(professional_id))


@job(queue=QueueName.LOOKUP)
def plan() -> None:
    hpr_recheck.plan()


@job(queue=QueueName.LOOKUP)
def recheck(professional_ids: list[str]) -> None:
    hpr_recheck.run([UUID(professional_id) for professional_id in professional_ids])


@job(queue=QueueName.LOOKUP)
def check_organisations() -> None:
    housekeeping.end_of_ended_organisations()
