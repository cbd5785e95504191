"""Accounts, how they sign in, and the sessions they have open (design.md sections 2 and D8)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasId, HasNationalId
from models.enums import Role


class Account(HasId, HasNationalId, Base):
    """One human. Found by issuer and subject, and by the national identity number; never by name or e-mail (C5)."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("national_id_index"),)
    name: Mapped[str | None] = mapped_column(String(210))
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]
    identities: Mapped[list["Identity"]] = relationship(back_populates="account", cascade="all, delete-orphan")


class Identity(HasId, Base):
    """One issuer's name for an account."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    hpr_number: Mapped[str | None] = mapped_column(String(9))
    """What HelseID said at the last sign-in; it fills in, and proves nothing (integrations.md 2.3)."""
    account: Mapped[Account] = relationship(back_populates="identities")


class StaffMember(HasId, HasNationalId, Base):
    """Somebody at the Directorate; found by number at sign-in, so that a person can be added before the first login."""

    __tablename__ = "staff_member"
    __table_args__ = (
        UniqueConstraint("national_id_index"),
        CheckConstraint("role IN ('caseworker', 'case_lead', 'auditor')", name="staff_role"),
    )
    name: Mapped[str] = mapped_column(String(210))
    role: Mapped[Role]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), unique=True)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """A sign-in under way: state, nonce and verifier, tied to the browser by a cookie, one use, ten minutes (C1)."""

    __tablename__ = "login_attempt"
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    secrets_box: Mapped[bytes] = mapped_column(LargeBinary)
    """Nonce, verifier and the wanted path, sealed: the path may hold the token of an invitation."""
    issuer: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class LoginSession(HasId, Base):
    """An open session: the cookie holds a random token, this row its hash (D8, C6–C9)."""

    __tablename__ = "login_session"
    __table_args__ = (
        Index("ix_login_session_open_account", "account_id", postgresql_where="ended_at IS NULL"),
        Index("ix_login_session_provider_session", "issuer", "provider_session_id"),
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    provider_session_id: Mapped[str | None] = mapped_column(String(255))
    acr: Mapped[str | None] = mapped_column(String(60))
    """How the person signed in, in the provider's own words for the level."""
    authenticated_at: Mapped[datetime]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


class HeldForm(HasId, Base):
    """What somebody had typed when the session, or an outside system, went away; kept sealed for half an hour (ux.md
    4.2)."""

    __tablename__ = "held_form"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    fields_box: Mapped[bytes] = mapped_column(LargeBinary)
    """The page, the reason and the fields, sealed."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FormKey(Base):
    """The first result of a form that was pressed once (ux.md rule 7); a second press is led to the same place."""

    __tablename__ = "form_key"
    key: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    location: Mapped[str | None] = mapped_column(String(2000))
    used_at: Mapped[datetime] = mapped_column(index=True)
