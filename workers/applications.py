"""Jobs of applications."""

from uuid import UUID

from services import receipts
from workers.job import job


@job
def make_receipt(application_id: str) -> None:
    receipts.make(UUID(application_id))
