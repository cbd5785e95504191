"""The audit log: rows inserted with the act, sealed afterwards into a hash chain (design.md D16, security.md C80)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, HasId
from models.enums import ReviewVerdict, Role


class AuditEvent(Base):
    """Who did what to what, when and why. Ids only: no name, number or text of a person. Never changed, and deleted
    by nothing but time (forget_audit_events in the database)."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_object", "object_type", "object_id"),
        Index("ix_audit_event_subject", "subject_id"),
        Index("ix_audit_event_actor", "actor_id", "id"),
        Index("ix_audit_event_organisation", "organisation_id", "id", postgresql_where="organisation_id IS NOT NULL"),
        Index(
            "ix_audit_event_shown",
            text("(facts -> 'shown')"),
            postgresql_using="gin",
            postgresql_where="action = 'listing.shown'",
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[UUID | None]
    """The account; None is the system itself."""
    actor_role: Mapped[Role | None]
    organisation_id: Mapped[UUID | None]
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    """The person whose data it was about."""
    purpose: Mapped[str | None] = mapped_column(Text)
    fields: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    """Names of the fields that were shown or changed, never values."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    request_id: Mapped[str | None] = mapped_column(String(32))


class AuditSeal(Base):
    """The place of one event in the chain: hash = SHA-256(previous hash + the event's canonical form)."""

    __tablename__ = "audit_seal"
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey("audit_event.id"), unique=True)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]


class AuditBeginning(Base):
    """Where the chain begins when what stood before is forgotten: the last seal that went. Written by the database."""

    __tablename__ = "audit_beginning"
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    forgotten_at: Mapped[datetime]


class AuditMonth(Base):
    """What is left of events that are forgotten: how often something was done in a month. Written by the database."""

    __tablename__ = "audit_month"
    month: Mapped[date] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class LogReview(HasId, Base):
    """One look by the Directorate's own people, drawn for somebody else to go over (stikkprøve, C27)."""

    __tablename__ = "log_review"
    __table_args__ = (
        CheckConstraint(
            "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NOT NULL OR reviewed_by_id IS NULL)",
            name="reviewed_has_verdict",
        ),
        Index("ix_log_review_open", "drawn_at", postgresql_where="verdict IS NULL"),
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("audit_event.id"), unique=True)
    drawn_at: Mapped[datetime]
    verdict: Mapped[ReviewVerdict | None]
    note: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    event: Mapped[AuditEvent] = relationship()
    reviewed_by: Mapped[Account | None] = relationship()
