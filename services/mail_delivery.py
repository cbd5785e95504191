"""Sending a queued message, and what its fate means for the invitation it carries. Safe to repeat."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import joinedload

from adapters.errors import Rejected
from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from models.enums import InvitationStatus, MessageKind, MessageStatus
from models.grant import Grant, Invitation
from models.message import Message
from models.professional import Professional
from services import audit, messages, saved_searches

LIVE = frozenset({InvitationStatus.QUEUED, InvitationStatus.SENT})
CARRIES_LINK = frozenset({MessageKind.INVITATION, MessageKind.INVITATION_REMINDER})
FORGOTTEN = frozenset({MessageKind.PROFILE_ERASED})
"""Told to people we know nothing of any more: the row, with its address, goes when its fate is known (I8)."""
GAVE_UP = "gave_up"
_WHOLE = (joinedload(Message.invitation).joinedload(Invitation.grant).joinedload(Grant.organisation),)


def send(message_id: UUID) -> None:
    """Send one message if it is still queued; afterwards it is sent, undeliverable with the server's code, or cancelled
    because its invitation no longer stands, or nobody wants it any more. Raises Unavailable when the server gave no
    answer."""
    message = _locked(message_id)
    if message is None:
        return
    if not _still_wanted(message):
        message.move_to(MessageStatus.CANCELLED)
        return
    try:
        agencies().smtp.send(messages.compose(message))
    except Rejected as error:
        _mark_undeliverable(message, error.code)
    except messages.Unsendable as error:
        _mark_undeliverable(message, str(error))
    else:
        message.move_to(MessageStatus.SENT)
        message.sent_at = clock.now()
        message.attempts += 1
        _move_invitation(message, InvitationStatus.SENT, sent_at=message.sent_at)
        _forget(message)


def give_up(message_id: UUID) -> None:
    """Mark a message that could not be sent in two days as undeliverable."""
    message = _locked(message_id)
    if message is not None:
        _mark_undeliverable(message, GAVE_UP)


def _locked(message_id: UUID) -> Message | None:
    """The message as it is now, with its row lock; None when it is not queued any more."""
    message = db.session.get(
        Message, message_id, options=_WHOLE, with_for_update={"of": Message}, populate_existing=True
    )
    return message if message is not None and message.status is MessageStatus.QUEUED else None


def _still_wanted(message: Message) -> bool:
    if message.kind is MessageKind.NEW_PEOPLE:
        return saved_searches.wants_alerts(UUID(message.facts["grant_id"]))
    if message.link is not None:
        return message.link.expires_at > clock.now()
    if message.kind not in CARRIES_LINK or message.invitation is None:
        return True
    return message.invitation.status in LIVE and message.invitation.expires_at > clock.now()


def _mark_undeliverable(message: Message, code: str) -> None:
    message.move_to(MessageStatus.UNDELIVERABLE)
    message.refusal = code
    message.attempts += 1
    audit.record(None, "message.undeliverable", message, kind=message.kind.value, code=code)
    _move_invitation(message, InvitationStatus.UNDELIVERABLE)
    _mark_address(message)
    _forget(message)


def _mark_address(message: Message) -> None:
    """What a person is sent does not arrive: Min side says so, as long as the address is the same (ux.md section 6)."""
    if message.professional_id is not None:
        db.session.execute(
            update(Professional)
            .where(Professional.id == message.professional_id, Professional.email == message.recipient)
            .values(email_failed_at=clock.now())
        )


def _forget(message: Message) -> None:
    if message.kind in FORGOTTEN:
        db.session.delete(message)


def _move_invitation(message: Message, target: InvitationStatus, **columns: object) -> None:
    """Let the first mail of an invitation move it from queued. In one statement, without holding the row while the mail
    server thinks: the person may press the button, or somebody revoke it, meanwhile."""
    if message.kind is not MessageKind.INVITATION or message.invitation_id is None:
        return
    moved = db.session.scalar(
        update(Invitation)
        .where(Invitation.id == message.invitation_id, Invitation.status == InvitationStatus.QUEUED)
        .values(status=target, **columns)
        .returning(Invitation)
        .execution_options(populate_existing=True)
    )
    if moved is not None:
        audit.record(None, f"invitation.{target}", moved)
