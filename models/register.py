"""What organisations do with the register: look, save, list, take out; and what watches over it (design.md 1, 4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, HasFile, HasId, HasStatus
from models.enums import (
    AlarmKind,
    AlertFrequency,
    ContactOutcome,
    ContactPurpose,
    ExportFormat,
    ExportStatus,
    Language,
    Revealed,
    Stoppable,
)
from models.organisation import Organisation
from models.professional import Professional


class Reveal(HasId, Base):
    """Contact details or a CV shown to one user of an organisation, with the reason given (C21, C23)."""

    __tablename__ = "reveal"
    __table_args__ = (
        Index("ix_reveal_organisation_at", "organisation_id", "at"),
        Index("ix_reveal_account_at", "account_id", "at"),
        Index("ix_reveal_professional_organisation", "professional_id", "organisation_id"),
    )
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    what: Mapped[Revealed]
    purpose: Mapped[ContactPurpose]
    at: Mapped[datetime]
    outcome: Mapped[ContactOutcome | None]
    outcome_at: Mapped[datetime | None]


class Shortlist(HasId, Base):
    """People an organisation keeps an eye on, shared by its users (kortliste, ux.md E5)."""

    __tablename__ = "shortlist"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)
    """The last change. Deleted some time after the last use, which may be a look (services/shortlists.py)."""
    warned_at: Mapped[datetime | None]
    """Counts until the list is used again."""
    created_by: Mapped[Account | None] = relationship()
    entries: Mapped[list["ShortlistEntry"]] = relationship(
        back_populates="shortlist",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="ShortlistEntry.added_at",
    )


class ShortlistEntry(HasId, Base):
    """One person on a list, and what the organisation notes of it; nobody else reads the note (I6)."""

    __tablename__ = "shortlist_entry"
    __table_args__ = (UniqueConstraint("shortlist_id", "professional_id"),)
    shortlist_id: Mapped[UUID] = mapped_column(ForeignKey("shortlist.id", ondelete="CASCADE"))
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    outcome: Mapped[ContactOutcome | None]
    note_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    added_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    added_at: Mapped[datetime]
    shortlist: Mapped[Shortlist] = relationship(back_populates="entries")
    professional: Mapped[Professional] = relationship()


class SavedSearch(HasId, Base):
    """A search one user comes back to, and may be told of new people in (lagret søk)."""

    __tablename__ = "saved_search"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Codes only; free text is never stored with a user."""
    frequency: Mapped[AlertFrequency]
    created_at: Mapped[datetime]
    told_until: Mapped[datetime]
    """People listed since this moment are new."""


class RegisterExport(HasFile, HasStatus, Base):
    """A file of people taken out for a purpose, made by a job and kept a day (C24, ux.md E6)."""

    __tablename__ = "register_export"
    __table_args__ = (
        CheckConstraint("status <> 'ready' OR storage_key IS NOT NULL", name="ready_has_file"),
        Index("ix_register_export_organisation_requested", "organisation_id", "requested_at"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        ExportStatus.QUEUED: frozenset({ExportStatus.READY, ExportStatus.FAILED}),
        ExportStatus.FAILED: frozenset({ExportStatus.QUEUED}),
        ExportStatus.READY: frozenset({ExportStatus.EXPIRED}),
    }
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    shortlist_id: Mapped[UUID | None] = mapped_column(ForeignKey("shortlist.id", ondelete="SET NULL"), index=True)
    filters: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The search, as codes; None for the people of a shortlist, and for nobody when that is deleted."""
    purpose: Mapped[ContactPurpose]
    format: Mapped[ExportFormat]
    columns: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    language: Mapped[Language]
    status: Mapped[ExportStatus] = mapped_column(default=ExportStatus.QUEUED)
    found: Mapped[int]
    """How many fitted; counted no further than a search is."""
    rows: Mapped[int]
    """How many are in the file; until it is made, how many there will be room for."""
    size: Mapped[int | None]
    requested_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    shortlist: Mapped[Shortlist | None] = relationship()


class RegisterExportPerson(Base):
    """Who is in a file that can be fetched, so that it goes when one of them does (I8)."""

    __tablename__ = "register_export_person"
    export_id: Mapped[UUID] = mapped_column(ForeignKey("register_export.id", ondelete="CASCADE"), primary_key=True)
    professional_id: Mapped[UUID] = mapped_column(
        ForeignKey("professional.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RecipientNotice(HasId, Base):
    """One user's organisation was shown a person's contact details or CV, which have changed since or are erased: told
    of, so that what it has kept is put right (GDPR article 19). Without a person it is an erasure."""

    __tablename__ = "recipient_notice"
    __table_args__ = (
        UniqueConstraint("professional_id", "organisation_id", "account_id"),
        Index("ix_recipient_notice_organisation_changed", "organisation_id", "changed_at"),
        Index("ix_recipient_notice_untold", "organisation_id", postgresql_where="told_at IS NULL"),
    )
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id", ondelete="SET NULL"))
    shown_at: Mapped[datetime]
    """When the user was last shown them."""
    changed_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class Alarm(HasId, Base):
    """Something in the use of the register that somebody at the Directorate must look at (C25)."""

    __tablename__ = "alarm"
    __table_args__ = (Index("ix_alarm_open", "raised_at", postgresql_where="closed_at IS NULL"),)
    kind: Mapped[AlarmKind]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    once_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    """The same event raises one alarm, however many see it at once."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    note: Mapped[str | None] = mapped_column(Text)
    organisation: Mapped[Organisation | None] = relationship()
    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])


class Stop(HasId, Base):
    """Reveals or exports are stopped, for one organisation or, without one, for all; until lifted."""

    __tablename__ = "stop"
    __table_args__ = (Index("ix_stop_in_force", "what", "organisation_id", postgresql_where="lifted_at IS NULL"),)
    what: Mapped[Stoppable]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    reason: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime]
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    """The caseworker; None for an operator, who shuts the whole organisation out (services/incidents.py)."""
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    organisation: Mapped[Organisation | None] = relationship()
