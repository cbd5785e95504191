"""E-mails: what they say, that each is sent once, and what becomes of those that cannot be."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.enums import InvitationStatus, Language, MessageKind, MessageStatus
from models.grant import Invitation
from models.message import Message
from models.outbox import OutboxEntry
from services import mail_delivery, mailbox, messages
from services.messages import Unsendable


@pytest.fixture
def invitation(make):
    return make.invitation(status=InvitationStatus.QUEUED)


def queue_invitation(invitation, recipient="invitert@kommune.example", language=Language.BOKMAL):
    return mailbox.queue(MessageKind.INVITATION, invitation.id, recipient, language, invitation_id=invitation.id)


def test_an_invitation_is_sent_once_and_says_what_the_guide_says(app, context, invitation, stubs, run_jobs):
    message = queue_invitation(invitation)
    db.session.commit()
    assert run_jobs() == 1
    assert run_jobs() == 0
    mail_delivery.send(message.id)
    (mail,) = stubs.mail()
    assert mail["subject"] == "Invitasjon til registeret"
    assert mail["recipients"] == ["invitert@kommune.example"]
    assert mail["links"] == [f"http://localhost/i/{invitation.token}"]
    db.session.expire_all()
    assert db.session.get_one(Message, message.id).status is MessageStatus.SENT
    sent = db.session.get_one(Invitation, invitation.id)
    assert sent.status is InvitationStatus.SENT and sent.sent_at is not None
