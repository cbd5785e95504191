"""Registered health personnel (helsepersonell): what they say of themselves, what HPR says, and what they consent to.

One registration is a handful of rows, one for each page of it (design.md section 4, ux.md D1–D9).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, HasId, HasStatus
from models.enums import (
    AvailabilityKind,
    CapacityPeriod,
    CapacityUnit,
    ConsentAct,
    ConsentPurpose,
    Experience,
    FieldOfWork,
    Housing,
    HprStatus,
    Language,
    LinkPurpose,
    ProfessionalStatus,
    StartSpeed,
    TimeOfDay,
    TravelTime,
    Workload,
)
from models.organisation import Municipality

if TYPE_CHECKING:
    from models.attachment import Attachment
    from models.cv import Cv


def _many(kind: type[Any]) -> Any:
    """A column of several values of one enum, stored by value."""
    return mapped_column(
        ARRAY(
            Enum(
                kind,
                native_enum=False,
                create_constraint=False,
                length=40,
                values_callable=lambda members: [member.value for member in members],
            )
        ),
        default=list,
    )


class PostalCode(Base):
    """A postal code, its place and the municipality it lies in (reference/postnummer.csv)."""

    __tablename__ = "postal_code"
    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    place: Mapped[str] = mapped_column(String(60))
    municipality_number: Mapped[str | None] = mapped_column(ForeignKey("municipality.number"))
    """None on Svalbard and Jan Mayen."""


class Professional(HasId, HasStatus, Base):
    """One person's registration, and how to reach the person."""

    __tablename__ = "professional"
    __table_args__ = (
        CheckConstraint("status IN ('started', 'leaving') OR completed_at IS NOT NULL", name="complete_has_time"),
        Index("ix_professional_email", text("lower(email)")),
        Index("ix_professional_phone", "phone"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        ProfessionalStatus.STARTED: frozenset({ProfessionalStatus.ACTIVE, ProfessionalStatus.LEAVING}),
        ProfessionalStatus.ACTIVE: frozenset({ProfessionalStatus.PAUSED, ProfessionalStatus.LEAVING}),
        ProfessionalStatus.PAUSED: frozenset({ProfessionalStatus.ACTIVE, ProfessionalStatus.LEAVING}),
    }
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), unique=True)
    status: Mapped[ProfessionalStatus] = mapped_column(default=ProfessionalStatus.STARTED)
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime] = mapped_column(index=True)
    """When the person last signed in or answered a link; retention counts from here."""
    erasure_warned_at: Mapped[datetime | None]
    restricted_at: Mapped[datetime | None]
    """A privacy case restricts the use (article 18): kept, shown to nobody."""
    listed_since: Mapped[datetime | None]
    """Since when the person was listed, while nothing but time hides him or her: whoever comes back is not new."""

    given_name: Mapped[str | None] = mapped_column(String(100))
    family_name: Mapped[str | None] = mapped_column(String(100))
    """Typed; HPR's name takes its place when the person is found there (design.md D7)."""
    email: Mapped[str | None] = mapped_column(String(254))
    email_confirmed_at: Mapped[datetime | None]
    email_failed_at: Mapped[datetime | None]
    """The mail server refused the address."""
    reminders_stopped_at: Mapped[datetime | None]
    """The person wants no more e-mails that ask for a confirmation; without one they are hidden all the same."""
    phone: Mapped[str | None] = mapped_column(String(20))
    street_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Street and number, sealed; only the municipality is ever shown to others."""
    postal_code: Mapped[str | None] = mapped_column(ForeignKey("postal_code.code"))
    municipality_number: Mapped[str | None] = mapped_column(ForeignKey("municipality.number"))
    citizenship: Mapped[str | None] = mapped_column(String(2))
    """ISO 3166-1 alpha-2."""
    language: Mapped[Language | None]
    """The language of messages; None until chosen."""
    is_address_protected: Mapped[bool] = mapped_column(default=False)
    is_canary: Mapped[bool] = mapped_column(default=False)
    """Nobody real: whoever takes out this person's contact details takes out what he or she does not need (C25)."""
    employer: Mapped[str | None] = mapped_column(String(200))
    """Where the person works now, typed; never shown to organisations."""

    account: Mapped[Account] = relationship()
    municipality: Mapped[Municipality | None] = relationship()
    postal_place: Mapped[PostalCode | None] = relationship()
    competence: Mapped["Competence | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    availability: Mapped["Availability | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    reach: Mapped["Reach | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    hpr: Mapped["HprRecord | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    authorisations: Mapped[list["ProfessionalAuthorisation"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ProfessionalAuthorisation.valid_from"
    )
    consents: Mapped[list["ConsentEvent"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ConsentEvent.happened_at, ConsentEvent.order"
    )
    blocks: Mapped[list["Block"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Block.organisation_name"
    )
    attachments: Mapped[list["Attachment"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Attachment.uploaded_at"
    )
    cv: Mapped["Cv | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    @property
    def name(self) -> str:
        """The whole name, or an empty text before it is known."""
        return " ".join(part for part in (self.given_name, self.family_name) if part)


class _OfProfessional:
    """One row for each registration, gone with it."""

    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), primary_key=True)


class Competence(_OfProfessional, Base):
    """What the person can do (ux.md D4)."""

    __tablename__ = "competence"
    professions: Mapped[list[str]] = mapped_column(ARRAY(String(10)), default=list)
    """Codes of HPR's categories the person wants to work as, among the valid ones."""
    fields: Mapped[list[FieldOfWork]] = _many(FieldOfWork)
    experience: Mapped[Experience]
    last_practised: Mapped[int]
    """A year; the present one for those who practise now."""
    languages: Mapped[list[str]] = mapped_column(ARRAY(String(5)), default=list)
    """ISO 639; nsl is Norwegian sign language."""
    has_driving_licence: Mapped[bool]
    record_systems: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list)
    other: Mapped[str | None] = mapped_column(String(500))


class Availability(_OfProfessional, Base):
    """When and how much the person can work, and when that was last said (ux.md D7, design.md D10)."""

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint("kind <> 'from_date' OR from_date IS NOT NULL", name="from_date_is_given"),
        CheckConstraint("to_date IS NULL OR from_date IS NULL OR to_date >= from_date", name="ends_after_start"),
        CheckConstraint(
            "num_nulls(capacity_count, capacity_unit, capacity_period) IN (0, 3)",
            name="capacity_is_whole",
        ),
        Index("ix_availability_confirmed_at", "confirmed_at"),
    )
    kind: Mapped[AvailabilityKind]
    from_date: Mapped[date | None]
    to_date: Mapped[date | None]
    """The last day the person can work, when there is one."""
    paused_until: Mapped[date | None]
    """The first day after the pause."""
    workload: Mapped[Workload]
    times: Mapped[list[TimeOfDay]] = _many(TimeOfDay)
    start_speed: Mapped[StartSpeed]
    capacity_count: Mapped[int | None]
    capacity_unit: Mapped[CapacityUnit | None]
    capacity_period: Mapped[CapacityPeriod | None]
    capacity_until: Mapped[date | None]
    """«to helger i måneden til juni»: count, unit, period, and the last day of it."""
    confirmed_at: Mapped[datetime]
    """When the person last said that this is right."""
    reminders: Mapped[int] = mapped_column(default=0)
    """How many times we asked since: day 30 and 44."""


class Reach(_OfProfessional, Base):
    """Where the person can work (ux.md D8)."""

    __tablename__ = "reach"
    whole_country: Mapped[bool] = mapped_column(default=False)
    counties: Mapped[list[str]] = mapped_column(ARRAY(String(2)), default=list)
    municipalities: Mapped[list[str]] = mapped_column(ARRAY(String(4)), default=list)
    """Municipalities outside the whole counties."""
    travel: Mapped[TravelTime | None]
    housing: Mapped[Housing | None]
    """None while the page is half answered: areas may be chosen on the map first."""

    @property
    def is_answered(self) -> bool:
        """Whether the page is whole: somewhere to work, how far to travel, and whether a home is needed."""
        somewhere = self.whole_country or self.counties or self.municipalities
        return bool(somewhere and self.travel and self.housing)


class HprRecord(_OfProfessional, Base):
    """What Helsepersonellregisteret last said, and when we ask again (security.md C26)."""

    __tablename__ = "hpr_record"
    __table_args__ = (
        Index("ix_hpr_record_next_check_at", "next_check_at"),
        Index("ix_hpr_record_checked_at", "checked_at"),
    )
    status: Mapped[HprStatus] = mapped_column(default=HprStatus.NOT_CHECKED)
    number: Mapped[str | None] = mapped_column(String(9))
    checked_at: Mapped[datetime | None]
    """When HPR last answered."""
    asked_at: Mapped[datetime | None]
    """When we last asked; later than checked_at while HPR is silent."""
    next_check_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]
    """The last day on which an authorisation or licence is valid, as known now; None when there is no end or none."""
    lost_at: Mapped[datetime | None]
    """When an answer took away what was still valid by the one before; not when a licence just ran out."""
    held_back_at: Mapped[datetime | None]
    """Too many lost theirs at once: the answer waits for a caseworker (C26)."""


class HprAlarm(HasId, Base):
    """A re-check was stopped because it would have hidden too many; somebody at the Directorate must look (C26)."""

    __tablename__ = "hpr_alarm"
    raised_at: Mapped[datetime]
    checked: Mapped[int]
    negative: Mapped[int]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)


class ProfessionalAuthorisation(HasId, Base):
    """One authorisation or licence as HPR gave it (autorisasjon, lisens); replaced as a whole at each look-up."""

    __tablename__ = "professional_authorisation"
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"), index=True)
    profession: Mapped[str] = mapped_column(String(10))
    profession_name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    kind_name: Mapped[str] = mapped_column(String(100))
    specialities: Mapped[list[str]] = mapped_column(ARRAY(String(10)), default=list)
    speciality_names: Mapped[list[str]] = mapped_column(ARRAY(String(100)), default=list)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    is_active: Mapped[bool]
    """Neither ended nor under a reaction, and of a kind that counts; the dates say the rest."""
    has_conditions: Mapped[bool] = mapped_column(default=False)


class ConsentEvent(HasId, Base):
    """One consent given or withdrawn; the newest of each purpose is in force (security.md section 6)."""

    __tablename__ = "consent_event"
    __table_args__ = (Index("ix_consent_event_professional", "professional_id", "purpose", "happened_at"),)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"))
    purpose: Mapped[ConsentPurpose]
    act: Mapped[ConsentAct]
    text_version: Mapped[str] = mapped_column(String(20))
    text_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the text that was shown, in the language it was shown in."""
    language: Mapped[Language]
    happened_at: Mapped[datetime]
    order: Mapped[int] = mapped_column(default=0)
    """Events of one moment, in order."""
    channel: Mapped[str] = mapped_column(String(20))
    login_level: Mapped[str] = mapped_column(String(60))


class PageDraft(HasId, Base):
    """A page of the registration as it was left half done; its row is written when the page is whole."""

    __tablename__ = "page_draft"
    __table_args__ = (UniqueConstraint("professional_id", "step"),)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(20))
    fields_box: Mapped[bytes] = mapped_column(LargeBinary)
    """What was typed, sealed."""
    saved_at: Mapped[datetime]


class Block(HasId, Base):
    """An organisation the person hides from (ux.md D11): it finds neither the person nor that there is one."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("professional_id", "organisation_number"),)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"))
    organisation_number: Mapped[str] = mapped_column(String(9))
    """A number, as the organisation may come to the register later."""
    organisation_name: Mapped[str] = mapped_column(String(300))
    is_employer: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Link(HasId, Base):
    """A link in an e-mail that works without a sign-in, for one purpose (ux.md D7, security.md C30–C31)."""

    __tablename__ = "link"
    __table_args__ = (Index("ix_link_professional_purpose", "professional_id", "purpose"),)
    professional_id: Mapped[UUID] = mapped_column(ForeignKey("professional.id", ondelete="CASCADE"))
    purpose: Mapped[LinkPurpose]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    """The address a confirmation is about: another address since then, and the link confirms nothing."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    answer: Mapped[AvailabilityKind | None]

    professional: Mapped[Professional] = relationship()
