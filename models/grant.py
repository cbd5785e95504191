"""Granted access and the invitations that lead to it (design.md section 4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.application import Nominee
from models.base import Base, HasId, HasStatus
from models.enums import AccessLevel, GrantEnd, GrantStatus, InvitationStatus, Language
from models.organisation import Organisation


class Grant(HasId, HasStatus, Base):
    """One person's access to one organisation (innvilget tilgang)."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint(
            "status <> 'active' OR (account_id IS NOT NULL AND accepted_at IS NOT NULL)", name="active_has_account"
        ),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_has_time"),
        Index(
            "uq_access_grant_one_active",
            "organisation_id",
            "account_id",
            unique=True,
            postgresql_where="status = 'active'",
        ),
        Index("ix_access_grant_organisation_status", "organisation_id", "status"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        GrantStatus.INVITED: frozenset({GrantStatus.ACTIVE, GrantStatus.ENDED}),
        GrantStatus.ACTIVE: frozenset({GrantStatus.ENDED}),
    }
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    nominee_id: Mapped[UUID] = mapped_column(ForeignKey("nominee.id"), unique=True)
    """The nominee it was decided for: the name, the address and the number that may accept (D2, I3)."""
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    level: Mapped[AccessLevel]
    granted_level: Mapped[AccessLevel]
    """The level the Directorate decided: the organisation may lower and restore `level`, never pass this (C19)."""
    status: Mapped[GrantStatus] = mapped_column(default=GrantStatus.INVITED)
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    confidentiality_text: Mapped[str | None] = mapped_column(Text)
    """The statement on confidentiality that was ticked, word for word."""
    confirmed_at: Mapped[datetime]
    """When the organisation last said that the person still needs access; starts at the decision."""
    last_login_at: Mapped[datetime | None]
    """When the person last began to act by it: at a sign-in, or by choosing the organisation afterwards."""
    locked_at: Mapped[datetime | None]
    """Shut because nobody used it, until the organisation confirms it (C19), or by an operator, with all of them."""
    ended_at: Mapped[datetime | None]
    ended_as: Mapped[GrantEnd | None]
    end_reason: Mapped[str | None] = mapped_column(Text)
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)

    organisation: Mapped[Organisation] = relationship()
    nominee: Mapped[Nominee] = relationship()
    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])
    invitations: Mapped[list["Invitation"]] = relationship(
        back_populates="grant", cascade="all, delete-orphan", order_by="Invitation.created_at"
    )


IN_USE = and_(Grant.status == GrantStatus.ACTIVE, Grant.locked_at.is_(None))
"""The grants somebody may act on now."""


class Invitation(HasId, HasStatus, Base):
    """The personal link that lets one person take a grant into use (invitasjon). Only the token's hash is stored."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        CheckConstraint("status <> 'accepted' OR accepted_at IS NOT NULL", name="accepted_has_time"),
        Index(
            "uq_invitation_one_live",
            "grant_id",
            unique=True,
            postgresql_where="status IN ('queued', 'sent', 'undeliverable')",
        ),
        Index("ix_invitation_status_expires", "status", "expires_at"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        InvitationStatus.QUEUED: frozenset(
            {
                InvitationStatus.SENT,
                InvitationStatus.UNDELIVERABLE,
                InvitationStatus.ACCEPTED,
                InvitationStatus.EXPIRED,
                InvitationStatus.REVOKED,
            }
        ),
        InvitationStatus.UNDELIVERABLE: frozenset(
            {InvitationStatus.QUEUED, InvitationStatus.EXPIRED, InvitationStatus.REVOKED}
        ),
        InvitationStatus.SENT: frozenset(
            {InvitationStatus.ACCEPTED, InvitationStatus.EXPIRED, InvitationStatus.REVOKED}
        ),
    }
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("access_grant.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    status: Mapped[InvitationStatus] = mapped_column(default=InvitationStatus.QUEUED)
    language: Mapped[Language]
    email: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    renewal_requested_at: Mapped[datetime | None]
    grant: Mapped[Grant] = relationship(back_populates="invitations")
