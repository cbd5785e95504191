"""Uploaded files: a row for each, the encrypted bytes in the store (security.md C50–C58)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasFile, HasStatus
from models.enums import AttachmentKind, AttachmentStatus, Visibility


class Attachment(HasFile, HasStatus, Base):
    """A CV or another document (vedlegg). Only clean ones are ever served (I7); an infected one has lost its bytes."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("status <> 'clean' OR scanned_at IS NOT NULL", name="clean_was_scanned"),
        CheckConstraint("status = 'infected' OR storage_key IS NOT NULL", name="bytes_unless_infected"),
        Index("ix_attachment_waiting", "uploaded_at", postgresql_where="status IN ('stored', 'scanning')"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        AttachmentStatus.STORED: frozenset({AttachmentStatus.SCANNING}),
        AttachmentStatus.SCANNING: frozenset(
            {
                AttachmentStatus.STORED,
                AttachmentStatus.CLEAN,
                AttachmentStatus.INFECTED,
                AttachmentStatus.UNSCANNABLE,
            }
        ),
        AttachmentStatus.CLEAN: frozenset({AttachmentStatus.SCANNING}),
        AttachmentStatus.UNSCANNABLE: frozenset({AttachmentStatus.STORED}),
    }
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    kind: Mapped[AttachmentKind]
    name: Mapped[str] = mapped_column(String(150))
    """As it is shown and downloaded (C57)."""
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the plain bytes: the same file twice is one, and what comes out of the store is what went in."""
    visibility: Mapped[Visibility]
    status: Mapped[AttachmentStatus] = mapped_column(default=AttachmentStatus.STORED)
    uploaded_at: Mapped[datetime]
    scanned_at: Mapped[datetime | None]
    signatures: Mapped[str | None] = mapped_column(String(60))
    """The scanner's database at the last scan."""
    finding: Mapped[str | None] = mapped_column(String(100))
    """What the scanner found, by its name for it."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Scans that did not come to an answer."""
