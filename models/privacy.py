"""Rights of the registered: cases, copies of one's data, and the ledger of what was erased (security.md section 7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, HasFile, HasId, HasStatus
from models.enums import ExportStatus, PrivacyCaseKind, PrivacyCaseStatus


class PrivacyCase(HasId, HasStatus, Base):
    """A request to correct, restrict or object, or a question, with its month to answer (personvernsak)."""

    __tablename__ = "privacy_case"
    __table_args__ = (
        CheckConstraint("(status = 'answered') = (answered_at IS NOT NULL)", name="answered_has_time"),
        CheckConstraint("extended_at IS NULL OR extension_reason IS NOT NULL", name="extension_has_reason"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        PrivacyCaseStatus.OPEN: frozenset({PrivacyCaseStatus.ANSWERED}),
    }
    reference: Mapped[str] = mapped_column(String(14), unique=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[PrivacyCaseKind]
    status: Mapped[PrivacyCaseStatus] = mapped_column(default=PrivacyCaseStatus.OPEN)
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    caseworker_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    is_restricting: Mapped[bool] = mapped_column(default=False)
    """The person is shown to nobody because of this case: while it is judged, and after an answer that says so."""
    extended_at: Mapped[datetime | None]
    extension_reason: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    caseworker: Mapped[Account | None] = relationship(foreign_keys=[caseworker_id])


class PersonLookup(HasId, Base):
    """A caseworker's written reason to open a registered person, or to ask whether there is one (C27). The pages about
    the person stay open to that caseworker for as long as services/people.py says."""

    __tablename__ = "person_lookup"
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    professional_id: Mapped[UUID | None] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    """None when nobody was found, or more than one."""
    hits: Mapped[int]
    erasure_id: Mapped[UUID | None] = mapped_column(ForeignKey("erasure_record.id", ondelete="SET NULL"), index=True)
    """Nobody was found by the number, but somebody with it has left."""
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(index=True)


class DataExport(HasFile, HasStatus, Base):
    """A copy of everything about one person, made by a job and kept for a week (articles 15 and 20)."""

    __tablename__ = "data_export"
    __table_args__ = (CheckConstraint("status <> 'ready' OR storage_key IS NOT NULL", name="ready_has_file"),)
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        ExportStatus.QUEUED: frozenset({ExportStatus.READY, ExportStatus.FAILED}),
        ExportStatus.FAILED: frozenset({ExportStatus.QUEUED}),
        ExportStatus.READY: frozenset({ExportStatus.EXPIRED}),
    }
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    status: Mapped[ExportStatus] = mapped_column(default=ExportStatus.QUEUED)
    requested_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    size: Mapped[int | None]


class ErasureRecord(HasId, Base):
    """That a registration was erased, so that it is erased again after a restore (C82): ids and a keyed index alone."""

    __tablename__ = "erasure_record"
    reference: Mapped[str] = mapped_column(String(14), unique=True)
    professional_id: Mapped[UUID] = mapped_column(unique=True)
    national_id_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    asked_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """None while files and copies are being removed."""
