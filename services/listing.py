"""Who is listed: decided by one function, kept as one row in the search table in the transaction of whatever changed it
(design.md section 4, D17, I4)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from extensions import clock
from extensions.database import db
from models.enums import (
    AttachmentKind,
    AttachmentStatus,
    AvailabilityKind,
    ConsentPurpose,
    HprStatus,
    ProfessionalStatus,
    Visibility,
)
from models.listing import Listing
from models.professional import Availability, Professional, ProfessionalAuthorisation
from services import consents, professionals, register_files
from services.settings import Key, values

WHOLE_COUNTRY = "NO"
NEEDED = (ConsentPurpose.REGISTER, ConsentPurpose.SHOWN_TO_ORGANISATIONS)
BATCH = 500


class Hidden(StrEnum):
    """Why a person is not listed, the most important first."""

    LEAVING = "leaving"
    RESTRICTED = "restricted"
    NOT_FINISHED = "not_finished"
    NO_CONSENT = "no_consent"
    ADDRESS_PROTECTED = "address_protected"
    PAUSED = "paused"
    NOT_CHECKED = "not_checked"
    NO_AUTHORISATION = "no_authorisation"
    HPR_SILENT = "hpr_silent"
    NOT_CONFIRMED = "not_confirmed"
    PERIOD_OVER = "period_over"


BY_TIME = frozenset({Hidden.HPR_SILENT, Hidden.NOT_CONFIRMED})
"""What hides a person who offers the same as before: coming back, he or she is not new to anybody."""
TOLD_WITHIN = timedelta(days=8)
"""Whoever was listed for so long is told of in every saved search, also those that tell once a week."""


@dataclass(frozen=True)
class Limits:
    """How old a confirmation and an answer from HPR may be."""

    confirmation: timedelta
    hpr: timedelta

    @classmethod
    def in_force(cls) -> "Limits":
        numbers = values(Key.FRESH_DAYS, Key.HPR_SILENT_HOURS)
        return cls(timedelta(days=numbers[Key.FRESH_DAYS]), timedelta(hours=numbers[Key.HPR_SILENT_HOURS]))


@dataclass(frozen=True)
class Verdict:
    """Whether a person is listed: the reasons against, and when there are none, the earliest moment at which one may
    come by time alone."""

    hidden: tuple[Hidden, ...]
    until: datetime

    @property
    def is_listed(self) -> bool:
        return not self.hidden


def judge(professional: Professional, now: datetime, limits: Limits) -> Verdict:
    """Whether the person is listed at `now` (aware), by every condition of design.md section 4."""
    hidden: list[Hidden] = []
    ends = [consents.FOR_EVER]
    if professional.status is ProfessionalStatus.LEAVING:
        hidden.append(Hidden.LEAVING)
    if professional.restricted_at is not None:
        hidden.append(Hidden.RESTRICTED)
    if not professionals.is_registered(professional, now):
        hidden.append(Hidden.NOT_FINISHED)
    consented = consents.ends_of(professional, now)
    if ConsentPurpose.SHOWN_TO_ORGANISATIONS not in consents.in_force(professional, now):
        hidden.append(Hidden.NO_CONSENT)
    ends += [consented[purpose] for purpose in NEEDED if purpose in consented]
    if professional.is_address_protected:
        hidden.append(Hidden.ADDRESS_PROTECTED)
    hidden += _hidden_by_hpr(professional, now, limits, ends)
    hidden += _hidden_by_availability(professional, now, limits, ends)
    order = list(Hidden)
    return Verdict(tuple(sorted(hidden, key=order.index)), min(ends))


def _hidden_by_hpr(professional: Professional, now: datetime, limits: Limits, ends: list[datetime]) -> list[Hidden]:
    record = professional.hpr
    if record is None or record.checked_at is None or record.status is HprStatus.NOT_CHECKED:
        return [Hidden.NOT_CHECKED]
    silent_from = record.checked_at + limits.hpr
    valid = valid_authorisations(professional, now)
    chosen = set(professional.competence.professions if professional.competence else [])
    ends += [silent_from, *(end_of(one.valid_to) for one in valid if one.valid_to and one.profession in chosen)]
    if record.status is not HprStatus.VALID or not chosen & {one.profession for one in valid}:
        return [Hidden.NO_AUTHORISATION]
    return [Hidden.HPR_SILENT] if silent_from <= now else []


def _hidden_by_availability(
    professional: Professional, now: datetime, limits: Limits, ends: list[datetime]
) -> list[Hidden]:
    availability = professional.availability
    if availability is None:
        return []  # not finished, which is said already
    if professional.status is ProfessionalStatus.PAUSED or availability.kind is AvailabilityKind.PAUSED:
        return [Hidden.PAUSED]
    stale_from = availability.confirmed_at + limits.confirmation
    ends.append(stale_from)
    hidden = [Hidden.NOT_CONFIRMED] if stale_from <= now else []
    if availability.to_date is not None:
        ends.append(end_of(availability.to_date))
        hidden += [Hidden.PERIOD_OVER] if end_of(availability.to_date) <= now else []
    return hidden


def valid_authorisations(professional: Professional, now: datetime) -> list[ProfessionalAuthorisation]:
    """The authorisations and licences that hold today, in Oslo."""
    today = clock.day(now)
    return [
        one
        for one in professional.authorisations
        if one.is_active
        and (one.valid_from is None or one.valid_from <= today)
        and (one.valid_to is None or today <= one.valid_to)
    ]


def end_of(day: date) -> datetime:
    """The first moment after a day, in Oslo."""
    return datetime.combine(day + timedelta(days=1), time(), clock.OSLO)


def has_shown_cv(professional: Professional) -> bool:
    """Whether there is a CV that organisations with the person's consent may open."""
    uploaded = any(
        file.kind is AttachmentKind.CV
        and file.status is AttachmentStatus.CLEAN
        and file.visibility is Visibility.CONSENTED
        for file in professional.attachments
    )
    made = professional.cv
    return uploaded or (made is not None and made.visibility is Visibility.CONSENTED)


def columns(professional: Professional, now: datetime, verdict: Verdict) -> dict[str, Any]:
    """The search row of a person who is listed, by column."""
    competence, availability, reach = professional.competence, professional.availability, professional.reach
    assert competence and availability and reach and professional.hpr
    valid = [one for one in valid_authorisations(professional, now) if one.profession in competence.professions]
    return {
        "account_id": professional.account_id,
        "listed_until": verdict.until,
        "name": professional.name,
        "municipality_number": professional.municipality_number,
        "professions": sorted({one.profession for one in valid}),
        "specialities": sorted({code for one in valid for code in one.specialities}),
        "fields": [field.value for field in competence.fields],
        "languages": competence.languages,
        "experience": competence.experience,
        "has_driving_licence": competence.has_driving_licence,
        "areas": [WHOLE_COUNTRY] if reach.whole_country else [*reach.counties, *reach.municipalities],
        "travel": reach.travel,
        "available_from": _available_from(availability),
        "available_to": availability.to_date,
        "workload": availability.workload,
        "times": [time_of_day.value for time_of_day in availability.times],
        "start_speed": availability.start_speed,
        "confirmed_at": availability.confirmed_at,
        "hpr_checked_at": professional.hpr.checked_at,
        "has_cv": has_shown_cv(professional),
        "hidden_from": sorted(block.organisation_number for block in professional.blocks),
        "for_external_recruiters": ConsentPurpose.EXTERNAL_RECRUITERS in consents.in_force(professional, now),
    }


def _available_from(availability: Availability) -> date:
    return availability.from_date or clock.day(availability.confirmed_at)


PARTS = (
    joinedload(Professional.competence),
    joinedload(Professional.availability),
    joinedload(Professional.reach),
    joinedload(Professional.hpr),
    joinedload(Professional.cv),
    selectinload(Professional.authorisations),
    selectinload(Professional.consents),
    selectinload(Professional.attachments),
    selectinload(Professional.blocks),
)
"""What a registration is judged by."""


def refresh(professional_id: UUID) -> Verdict:
    """Bring the search row in line with the registration, in this transaction; returns the verdict."""
    return refresh_many([professional_id])[professional_id]


def refresh_many(professional_ids: Collection[UUID]) -> dict[UUID, Verdict]:
    """Bring the search rows of several in line with their registrations, in this transaction; returns the verdicts.

    Locks the registrations and reads them anew, so that two who change different parts of one at once cannot leave a
    row that neither of them meant. Files that organisations have taken out go when they may see somebody in them no
    more.
    """
    db.session.flush()
    found = db.session.scalars(
        select(Professional)
        .where(Professional.id.in_(professional_ids))
        .order_by(Professional.id)
        .options(*PARTS)
        .with_for_update(of=Professional)
        .execution_options(populate_existing=True)
    ).all()
    rows = {
        row.professional_id: row
        for row in db.session.scalars(select(Listing).where(Listing.professional_id.in_(professional_ids)))
    }
    now, limits = clock.now(), Limits.in_force()
    verdicts = {professional.id: judge(professional, now, limits) for professional in found}
    fewer_see: list[UUID] = []
    for professional in found:
        verdict, row = verdicts[professional.id], rows.get(professional.id)
        if not verdict.is_listed:
            if row is not None:
                was_told_of = min(now, row.listed_until) - row.listed_since > TOLD_WITHIN
                professional.listed_since = row.listed_since if was_told_of else None
                db.session.delete(row)
                fewer_see.append(professional.id)
            if not BY_TIME.issuperset(verdict.hidden):
                professional.listed_since = None
            continue
        if row is None:
            row = Listing(professional_id=professional.id, listed_since=professional.listed_since or now)
            db.session.add(row)
        shown_as = columns(professional, now, verdict)
        if not set(shown_as["hidden_from"]) <= set(row.hidden_from or ()):
            fewer_see.append(professional.id)
        for name, value in shown_as.items():
            setattr(row, name, value)
    db.session.flush()  # as it is for whoever asks next in this transaction
    if fewer_see:
        register_files.withdraw(fewer_see)
    return verdicts


def refresh_ended(most: int = BATCH) -> int:
    """Judge again those whose time ran out: searches leave them out already, some remain listed by another
    authorisation. Returns how many; the caller repeats while it is `most`."""
    ids = db.session.scalars(
        select(Listing.professional_id).where(Listing.listed_until <= clock.now()).order_by("listed_until").limit(most)
    ).all()
    refresh_many(ids)
    return len(ids)


def all_ids() -> Iterator[list[UUID]]:
    """Every registration's id, in batches."""
    last: UUID | None = None
    while True:
        query = select(Professional.id).order_by(Professional.id).limit(BATCH)
        batch = list(db.session.scalars(query if last is None else query.where(Professional.id > last)))
        if not batch:
            return
        yield batch
        last = batch[-1]


def disagreeing() -> list[UUID]:
    """Registrations whose search row is not the one that follows from them: there should be none (I4)."""
    now, limits = clock.now(), Limits.in_force()
    found: list[UUID] = []
    for ids in all_ids():
        with db.new_session() as session:  # of its own: rows pass through, all as of one moment, and are let go of
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            query = select(Professional).where(Professional.id.in_(ids)).options(*PARTS)
            rows = {
                row.professional_id: row
                for row in session.scalars(select(Listing).where(Listing.professional_id.in_(ids)))
            }
            found += [
                person.id for person in session.scalars(query) if not _agrees(person, rows.get(person.id), now, limits)
            ]
    return found


def _agrees(professional: Professional, row: Listing | None, now: datetime, limits: Limits) -> bool:
    verdict = judge(professional, now, limits)
    if row is None:
        return not verdict.is_listed
    if row.listed_until <= now:
        return True  # searches leave it out, and refresh_ended() judges it within the minute
    wanted = columns(professional, now, verdict) if verdict.is_listed else None
    return wanted is not None and all(getattr(row, name) == value for name, value in wanted.items())
