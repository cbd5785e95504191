"""E-mails as rows: queued, sent or undeliverable; unique by kind and key, so that an event never writes twice (I11)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.application import AccessApplication
from models.base import Base, HasId, HasStatus
from models.enums import Language, MessageKind, MessageStatus
from models.grant import Invitation
from models.professional import Link


class Message(HasId, HasStatus, Base):
    """One e-mail to one recipient. What it says is made from the row when it is sent; secrets are never in `facts`."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        Index("ix_message_queued", "created_at", postgresql_where="status = 'queued'"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        MessageStatus.QUEUED: frozenset({MessageStatus.SENT, MessageStatus.UNDELIVERABLE, MessageStatus.CANCELLED}),
        MessageStatus.UNDELIVERABLE: frozenset({MessageStatus.QUEUED}),
    }
    kind: Mapped[MessageKind]
    key: Mapped[str] = mapped_column(String(120))
    """What the event was, for example an invitation's id: the same kind and key is the same e-mail."""
    recipient: Mapped[str] = mapped_column(String(254))
    language: Mapped[Language]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    application_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("access_application.id", ondelete="CASCADE"), index=True
    )
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("link.id", ondelete="SET NULL"), index=True)
    status: Mapped[MessageStatus] = mapped_column(default=MessageStatus.QUEUED)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[str | None] = mapped_column(String(60))
    """Why it could not be delivered: the mail server's code, or gave_up."""
    application: Mapped[AccessApplication | None] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    link: Mapped[Link | None] = relationship()
