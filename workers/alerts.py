"""Telling users of new people in the searches they have saved, and of what they have to put right."""

from uuid import UUID

from extensions.queue import QueueName
from services import outbox, recipient_notices, saved_searches
from services.outbox import Job
from workers.job import job


@job(queue=QueueName.BULK)
def send(after_grant_id: str | None = None) -> None:
    """Queue the e-mails of one round, and ask for the next in the same transaction."""
    last = saved_searches.tell_of_new(UUID(after_grant_id) if after_grant_id else None)
    if last is not None:
        outbox.add(Job.SEND_ALERTS, after_grant_id=last)


@job(queue=QueueName.BULK)
def tell_recipients() -> None:
    if recipient_notices.tell():
        outbox.add(Job.TELL_RECIPIENTS)
