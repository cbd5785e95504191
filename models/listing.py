"""The search table: one row for each person who is listed, and none for anybody else (design.md section 4, D17)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.enums import Experience, StartSpeed, TravelTime, Workload


class Listing(Base):
    """What organisations find a person by. Derived from the registration by services/listing.py and by nothing else;
    `listed_until` is the earliest moment at which a timed condition ends, and every query asks for it."""

    __tablename__ = "listing"
    __table_args__ = (
        Index("ix_listing_codes", "areas", "professions", "specialities", "languages", postgresql_using="gin"),
        Index("ix_listing_listed_until", "listed_until"),
        Index("ix_listing_confirmed_at", "confirmed_at"),
        Index("ix_listing_listed_since", "listed_since"),
        Index("ix_listing_municipality", "municipality_number", "confirmed_at"),
    )
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID]
    """Whose looks are noted when the row is shown."""
    listed_since: Mapped[datetime]
    """When the person came: whoever asks for alerts is told of those who came since (services/listing.py)."""
    listed_until: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(201))
    municipality_number: Mapped[str | None] = mapped_column(String(4))
    professions: Mapped[list[str]] = mapped_column(ARRAY(String(10)))
    specialities: Mapped[list[str]] = mapped_column(ARRAY(String(10)))
    fields: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    languages: Mapped[list[str]] = mapped_column(ARRAY(String(5)))
    experience: Mapped[Experience]
    has_driving_licence: Mapped[bool]
    areas: Mapped[list[str]] = mapped_column(ARRAY(String(4)))
    """Municipality numbers, county numbers, and NO for the whole country: an organisation's area meets it when they
    share one."""
    travel: Mapped[TravelTime]
    available_from: Mapped[date]
    """A day in the past means now."""
    available_to: Mapped[date | None]
    workload: Mapped[Workload]
    times: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    start_speed: Mapped[StartSpeed]
    confirmed_at: Mapped[datetime]
    hpr_checked_at: Mapped[datetime]
    has_cv: Mapped[bool]
    hidden_from: Mapped[list[str]] = mapped_column(ARRAY(String(9)))
    """Organisation numbers that must not find the person."""
    for_external_recruiters: Mapped[bool]
