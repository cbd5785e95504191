"""A CV made on the pages (ux.md D6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasId
from models.enums import CvSection, LanguageLevel, Visibility


class Cv(Base):
    """The CV of one registration: a summary and its entries."""

    __tablename__ = "cv"
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), primary_key=True)
    summary: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[Visibility | None]
    """None until the person has chosen: nobody else sees it."""
    updated_at: Mapped[datetime]
    entries: Mapped[list["CvEntry"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="CvEntry.position"
    )


class CvEntry(HasId, Base):
    """One job, education, course, language or reference. Which columns are used follows from the section."""

    __tablename__ = "cv_entry"
    __table_args__ = (
        CheckConstraint("from_month BETWEEN 1 AND 12 AND to_month BETWEEN 1 AND 12", name="months"),
        CheckConstraint("NOT (is_current AND to_year IS NOT NULL)", name="current_has_no_end"),
    )
    cv_id: Mapped[UUID] = mapped_column(ForeignKey("cv.professional_id", ondelete="CASCADE"), index=True)
    section: Mapped[CvSection]
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    """Position, degree, course, language code, or the reference's name."""
    place: Mapped[str | None] = mapped_column(String(200))
    """Workplace, school, issuer, or the reference's workplace and position."""
    from_month: Mapped[int | None]
    from_year: Mapped[int | None]
    to_month: Mapped[int | None]
    to_year: Mapped[int | None]
    """For a course, the year it was taken is from_year and the year it expires to_year."""
    is_current: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str | None] = mapped_column(Text)
    """Tasks; for a reference, how to reach the person."""
    level: Mapped[LanguageLevel | None]
