"""Organisations, what Enhetsregisteret says of them, and the country's counties, municipalities and health trusts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasId
from models.enums import Language, OrganisationKind


class Organisation(HasId, Base):
    """A municipality or health trust that has applied or has access; always the top unit (design.md D5)."""

    __tablename__ = "organisation"
    number: Mapped[str] = mapped_column(String(9), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    kind: Mapped[OrganisationKind]
    form: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(500))
    language: Mapped[Language | None]
    """The written standard it has decided (kommuner.csv or Enhetsregisteret's maalform); None is neutral."""
    needs_check: Mapped[bool] = mapped_column(default=False)
    """A health trust by its name only, not on the list: the caseworker must look (D5)."""
    verified_at: Mapped[datetime | None]
    """When Enhetsregisteret last confirmed the facts; None or old means the caseworker re-verifies before granting."""


class RegistryUnit(Base):
    """Enhetsregisteret's answer for one number, kept so that we live through its absence (integrations.md 5.3)."""

    __tablename__ = "registry_unit"
    number: Mapped[str] = mapped_column(String(9), primary_key=True)
    is_known: Mapped[bool]
    is_removed: Mapped[bool] = mapped_column(default=False)
    """Taken out of the register for legal reasons (410): known to have been there, nothing is told."""
    name: Mapped[str | None] = mapped_column(String(300))
    form: Mapped[str | None] = mapped_column(String(10))
    address: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    postal_code: Mapped[str | None] = mapped_column(String(10))
    postal_place: Mapped[str | None] = mapped_column(String(100))
    municipality_number: Mapped[str | None] = mapped_column(String(4))
    parent_number: Mapped[str | None] = mapped_column(String(9))
    language: Mapped[Language | None]
    is_bankrupt: Mapped[bool] = mapped_column(default=False)
    is_winding_up: Mapped[bool] = mapped_column(default=False)
    deleted_on: Mapped[date | None]
    fetched_at: Mapped[datetime]


class County(Base):
    """A county (fylke), by its number."""

    __tablename__ = "county"
    number: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Municipality(Base):
    """A municipality (kommune), by its number of 2024."""

    __tablename__ = "municipality"
    number: Mapped[str] = mapped_column(String(4), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    official_name: Mapped[str] = mapped_column(String(200))
    county_number: Mapped[str] = mapped_column(ForeignKey("county.number"), index=True)
    organisation_number: Mapped[str] = mapped_column(String(9), unique=True)
    language: Mapped[Language | None]


class HealthTrust(Base):
    """A unit on the maintained list of health trusts (D5)."""

    __tablename__ = "health_trust"
    organisation_number: Mapped[str] = mapped_column(String(9), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(20))
    owner_number: Mapped[str | None] = mapped_column(String(9))


class HealthTrustArea(Base):
    """A municipality in a health trust's catchment area (D6)."""

    __tablename__ = "health_trust_area"
    organisation_number: Mapped[str] = mapped_column(
        ForeignKey("health_trust.organisation_number", ondelete="CASCADE"), primary_key=True
    )
    municipality_number: Mapped[str] = mapped_column(
        ForeignKey("municipality.number", ondelete="CASCADE"), primary_key=True
    )


class Setting(Base):
    """One number an authorised person may change without a new release: retention, deadlines, limits (design.md
    D12)."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20))
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
