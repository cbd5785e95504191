"""E-mails as values: a state change asks for one here, in its own transaction; workers send them."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.application import AccessApplication
from models.enums import Language, MessageKind
from models.message import Message
from services import outbox


def queue(
    kind: MessageKind,
    key: object,
    recipient: str,
    language: Language,
    *,
    application_id: UUID | None = None,
    invitation_id: UUID | None = None,
    professional_id: UUID | None = None,
    link_id: UUID | None = None,
    **facts: Any,
) -> Message | None:
    """Queue one e-mail; the same kind, key and recipient is sent once (I11). Returns None when it was queued before.

    `facts` fill the template (ux.md section 6): public facts only, never a national identity number, the reason of
    a decision or a name of a person.
    """
    unique = f"{key}|{hashlib.sha256(recipient.encode()).hexdigest()[:32]}"
    if db.session.scalar(select(Message.id).where(Message.kind == kind, Message.key == unique)):
        return None
    message = Message(
        kind=kind,
        key=unique,
        recipient=recipient,
        language=language,
        facts={name: _plain(value) for name, value in facts.items()},
        application_id=application_id,
        invitation_id=invitation_id,
        professional_id=professional_id,
        link_id=link_id,
        created_at=clock.now(),
    )
    db.session.add(message)
    db.session.flush()  # the job needs the id
    outbox.add(outbox.Job.SEND_MESSAGE, message_id=message.id)
    return message


def queue_about(
    application: AccessApplication, kind: MessageKind, key: object, addresses: Iterable[str] | None = None, **facts: Any
) -> int:
    """Queue the same e-mail about an application for each address, in the language of the application: for the
    submitter and the contact person when none are given (ux.md section 6). Returns how many were not queued before."""
    if addresses is None:
        addresses = application.submitter_email, application.contact_details.email
    return sum(
        queue(kind, key, address, application.language, application_id=application.id, **facts) is not None
        for address in dict.fromkeys(addresses)
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
