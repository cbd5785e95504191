"""E-mail."""

from uuid import UUID

from extensions.queue import QueueName
from services import mail_delivery
from workers.job import job


def give_up(message_id: str) -> None:
    mail_delivery.give_up(UUID(message_id))


@job(queue=QueueName.MAIL, gives_up=give_up)
def send_message(message_id: str) -> None:
    mail_delivery.send(UUID(message_id))
