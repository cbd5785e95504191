"""Jobs of applications."""

from uuid import UUID

from services import provisional_replies, receipts
from workers.job import job


@job
def make_receipt(application_id: str) -> None:
    receipts.make(UUID(application_id))


@job
def reply_provisionally() -> None:
    provisional_replies.send_due()
