"""Work that follows from a state change: written in the same transaction, offered to the queue afterwards (design.md
section 6)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class OutboxEntry(Base):
    """One job to be done at least once. Arguments are ids only (C74)."""

    __tablename__ = "outbox_entry"
    __table_args__ = (
        Index("ix_outbox_entry_due", "due_at", postgresql_where="done_at IS NULL AND set_aside_at IS NULL"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    job: Mapped[str] = mapped_column(String(100))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    once_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    """Set by the schedule, so that a slot is queued once however many schedules run."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    offered_until: Mapped[datetime | None]
    """The lease: nobody else offers the row before this moment."""
    attempt: Mapped[int] = mapped_column(default=0)
    """How often it was offered; part of the queue's job id, so that a late worker is told apart."""
    failures: Mapped[int] = mapped_column(default=0)
    last_failure: Mapped[str | None] = mapped_column(String(200))
    done_at: Mapped[datetime | None]
    set_aside_at: Mapped[datetime | None]
    """A poison job: failed too often, shown to the operator, others pass (R18)."""
