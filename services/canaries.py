"""Canaries (kontrollprofiler): people who are nobody, listed like anybody, whose contact details no work calls for
(security.md C25, docs/decisions/0013-canaries.md).

Nobody signs in as one, and HPR does not know it: what time asks of a person is done for it here. Being shown it, or
taking it out, raises an alarm (services/reveals.py, services/register_exports.py). The caller commits.
"""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import (
    AvailabilityKind,
    ConsentAct,
    Experience,
    FieldOfWork,
    Housing,
    HprStatus,
    Language,
    ProfessionalStatus,
    StartSpeed,
    TimeOfDay,
    TravelTime,
    Workload,
)
from models.listing import Listing
from models.professional import (
    Availability,
    Competence,
    ConsentEvent,
    HprRecord,
    PostalCode,
    Professional,
    ProfessionalAuthorisation,
    Reach,
)
from services import audit, consents, erasure, geography, listing, professions, profile_cards
from services.authorisations import LATEST, RETRY, SOONEST
from services.errors import DomainError, NotFound
from services.settings import Key, value

CHANNEL = "command"
FIELDS = FieldOfWork.ACUTE, FieldOfWork.NURSING_HOME, FieldOfWork.HOME_CARE
"""Where people of most professions work."""
T = TypeVar("T")
_chance = random.SystemRandom()


class Impossible(DomainError):
    """A canary cannot be made of this; the text says why."""


@dataclass(frozen=True)
class Wanted:
    """What is chosen for a canary; the rest is drawn. The HPR number is one that HPR keeps for nobody, and the contact
    details reach nobody but the Directorate."""

    given_name: str
    family_name: str
    email: str
    phone: str
    hpr_number: str
    county: str
    professions: Sequence[str]


def add(wanted: Wanted) -> Professional:
    """Make one and list it. Raises Impossible."""
    homes = [number for number, spot in geography.spots().items() if spot.county == wanted.county]
    if not homes:
        raise Impossible(f"there is no county {wanted.county}")
    if unknown := sorted(set(wanted.professions) - professions.human()):
        raise Impossible(f"no profession of the register: {', '.join(unknown)}")
    if not (wanted.hpr_number.isdecimal() and 7 <= len(wanted.hpr_number) <= 9):
        raise Impossible("an HPR number has seven to nine digits")
    if db.session.scalar(select(HprRecord.number).where(HprRecord.number == wanted.hpr_number)):
        raise Impossible("somebody in the register has that HPR number")
    [home] = _chance.choices(homes, [geography.spots()[number].people or 1 for number in homes])
    now = clock.now()
    account = Account(id=uuid4(), name=f"{wanted.given_name} {wanted.family_name}", created_at=now)
    account.national_id_index = secrets.token_bytes(32)  # of no number: erasures are remembered by it
    experience = _chance.choice(list(Experience)[1:])
    person = Professional(
        id=uuid4(),
        account_id=account.id,
        is_canary=True,
        status=ProfessionalStatus.ACTIVE,
        started_at=now,
        completed_at=now,
        last_used_at=now,
        given_name=wanted.given_name,
        family_name=wanted.family_name,
        email=wanted.email,
        email_confirmed_at=now,
        reminders_stopped_at=now,
        phone=wanted.phone,
        postal_code=_chance.choice(_postal_codes(home)),
        municipality_number=home,
        citizenship="NO",
        language=Language.BOKMAL,
        competence=Competence(
            professions=list(wanted.professions),
            fields=_some_of(FIELDS),
            experience=experience,
            last_practised=clock.today().year,
            languages=["no", *_some_of(("en",), least=0)],
            has_driving_licence=_chance.random() < 0.9,
        ),
        availability=Availability(
            kind=AvailabilityKind.NOW,
            workload=_chance.choice(list(Workload)),
            times=_some_of(list(TimeOfDay)),
            start_speed=_chance.choice(list(StartSpeed)),
            confirmed_at=now,
        ),
        reach=Reach(
            counties=[wanted.county], travel=_chance.choice(list(TravelTime)), housing=_chance.choice(list(Housing))
        ),
        authorisations=_authorisations(wanted.professions, experience),
    )
    person.hpr = HprRecord(status=HprStatus.VALID, number=wanted.hpr_number)
    _note_answer(person.hpr, now)
    db.session.add(account)
    db.session.flush()
    db.session.add(person)
    _consent(person)
    audit.record(None, "canary.added", person, subject_id=account.id)
    listing.refresh(person.id)
    return person


def _some_of(values: Sequence[T], least: int = 1) -> list[T]:
    """Some of them, in their order."""
    return sorted(_chance.sample(values, _chance.randint(least, len(values))), key=values.index)


def _postal_codes(municipality: str) -> Sequence[str]:
    return db.session.scalars(select(PostalCode.code).where(PostalCode.municipality_number == municipality)).all()


def _authorisations(codes: Sequence[str], experience: Experience) -> list[ProfessionalAuthorisation]:
    """As HPR gives them: since the end of an education, until the eightieth birthday."""
    years = {Experience.FROM_2_TO_5: (3, 6), Experience.FROM_6_TO_10: (7, 11), Experience.OVER_10: (12, 25)}[experience]
    since = date(clock.today().year - _chance.randint(*years), _chance.choice((1, 6, 6, 6, 7)), _chance.randint(1, 30))
    return [
        ProfessionalAuthorisation(
            profession=code,
            profession_name=professions.known()[code].names[Language.BOKMAL],
            kind=profile_cards.AUTHORISATION,
            kind_name="Autorisasjon",
            valid_from=since,
            valid_to=since + timedelta(days=_chance.randint(20_000, 20_800)),
            is_active=True,
        )
        for code in codes
    ]


def everyone() -> list[tuple[Professional, bool]]:
    """Every canary that is not being erased, and whether it is listed now."""
    listed = exists().where(Listing.professional_id == Professional.id, Listing.listed_until > clock.now())
    return [(row[0], row[1]) for row in db.session.execute(_some().add_columns(listed))]


def remove(professional_id: UUID) -> None:
    """Take one out as a person who leaves; a job erases it. Raises NotFound for anybody who is no canary."""
    person = db.session.scalar(_some().where(Professional.id == professional_id).with_for_update())
    if person is None:
        raise NotFound
    erasure.begin(None, person)


def keep_fresh() -> None:
    """What a person would do and HPR would answer, for each: a word that is fresh, consent to the newest text, and an
    answer of the last day, while HPR answers about others."""
    now, asked_after = clock.now(), value(Key.ASK_DAYS)
    parts = joinedload(Professional.account), *listing.PARTS
    for person in db.session.scalars(_some().options(*parts).with_for_update(of=Professional, skip_locked=True)).all():
        assert person.hpr is not None and person.availability is not None
        if is_to_check := (person.hpr.next_check_at or now) <= now:
            _note_answer(person.hpr, _newest_answer())
        confirms_at = _next_word(person.account, person.availability.confirmed_at, asked_after)
        if is_to_confirm := confirms_at <= now:
            person.availability.confirmed_at, person.last_used_at = confirms_at, now
            _consent(person)
            audit.record(None, "availability.confirmed", person, subject_id=person.account_id)
        if is_to_check or is_to_confirm:
            listing.refresh(person.id)


def _next_word(account: Account, confirmed_at: datetime, asked_after: int) -> datetime:
    """When the word that was given last is given anew: on some day before a person is asked, when people are awake.
    Drawn from what no reader knows: who could work it out would know a canary by it."""
    chance = random.Random(f"{account.national_id_index!r}|{confirmed_at}")
    day = clock.day(confirmed_at) + timedelta(days=chance.randrange(asked_after // 4, asked_after))
    return datetime.combine(day, time(), clock.OSLO) + timedelta(seconds=chance.randrange(7 * 3600, 22 * 3600))


def _some() -> Select[Professional]:
    return (
        select(Professional)
        .where(Professional.is_canary, Professional.status != ProfessionalStatus.LEAVING)
        .order_by(Professional.id)
    )


def _newest_answer() -> datetime:
    """When HPR last said anything of a person: when it is silent of all, it is of these too."""
    newest = (
        select(HprRecord.checked_at)
        .join(Professional, Professional.id == HprRecord.professional_id)
        .where(HprRecord.checked_at.is_not(None), ~Professional.is_canary)
        .order_by(HprRecord.checked_at.desc())
        .limit(1)
    )
    return db.session.scalar(newest) or clock.now()


def _note_answer(record: HprRecord, at: datetime) -> None:
    record.checked_at = record.asked_at = max(at, record.checked_at or at)
    again = record.checked_at + _chance.uniform(SOONEST / LATEST, 1) * LATEST
    record.next_check_at = max(again, clock.now() + RETRY)


def _consent(person: Professional) -> None:
    """Consent to be listed, in the words of today, where that is not given yet."""
    version = consents.current(clock.today())
    for purpose in listing.NEEDED:
        if not consents.is_given_today(person, purpose):
            person.consents.append(
                ConsentEvent(
                    purpose=purpose,
                    act=ConsentAct.GIVEN,
                    text_version=version.name,
                    text_hash=version.hash_of(purpose, Language.BOKMAL),
                    language=Language.BOKMAL,
                    happened_at=clock.now(),
                    order=len(person.consents),
                    channel=CHANNEL,
                    login_level=CHANNEL,
                )
            )
