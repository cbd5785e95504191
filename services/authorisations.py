"""What HPR says of the people registered: asked, judged, kept, told to the person (ux.md D3, security.md C26).

Silence changes nothing but when we ask again; services/listing.py hides those HPR has said nothing of for too long.
Why something is not valid is neither read nor kept.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload, selectinload

from adapters import http
from adapters.errors import Unavailable
from adapters.hpr import NotInHpr
from extensions import clock
from extensions.agencies import agencies, settings
from extensions.database import db
from extensions.language import current_language
from extensions.log import security
from models.account import Account
from models.enums import HprStatus, MessageKind, ProfessionalStatus
from models.professional import HprAlarm, HprRecord, Professional, ProfessionalAuthorisation
from services import audit, hpr_rules, listing, mailbox, national_ids, professionals, professions, recipient_notices
from services.access import Actor
from services.errors import NotFound
from services.hpr_rules import NOBODY, Held, Judgement
from services.listing import Hidden

PATIENCE = 4.0
"""Seconds a person waits for HPR, with what the page itself takes under five (ux.md D3)."""
FRESH = timedelta(hours=24)
"""How old an answer may be when a profile is opened."""
SOONEST, LATEST = timedelta(hours=20), timedelta(hours=23)
"""When an answer is asked for again: spread, and always within the day that is promised."""
RETRY = timedelta(minutes=10)
"""When HPR is asked again after silence."""
HELD_RETRY = timedelta(hours=2)
"""When it is asked again about somebody whose loss is held back: they may be many, and others are due too."""
BETWEEN_REQUESTS = timedelta(minutes=1)
"""How often a person may have it fetched anew."""
ENDS_SOON = timedelta(days=60)
"""How long before its end an authorisation is warned of (ux.md D3)."""

NEWEST, FEWEST, SHARE = 400, 20, 0.05
"""Among the newest answers: with so many losses, and more than this share, no more are believed (C26)."""

COLUMNS = {"profession": 10, "profession_name": 100, "kind": 10, "kind_name": 100}
"""How much of HPR's codes and names there is room for."""


@dataclass(frozen=True)
class Answer:
    """What HPR said of one person at a moment, as judged; number and name are empty when it knows nobody."""

    at: datetime
    judgement: Judgement
    number: str | None = None
    given_name: str = ""
    family_name: str = ""


class State(StrEnum):
    """How one authorisation stands on a day, in the person's own table."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    INACTIVE = "inactive"
    NOT_COUNTED = "not_counted"
    """Of a profession or kind that gives no place in the register."""


WORDS: Mapping[State, tuple[Any, str]] = {
    State.VALID: (_l("Gyldig"), "success"),
    State.NOT_YET: (_l("Gjelder ikke ennå"), "info"),
    State.EXPIRED: (_l("Utløpt"), "warning"),
    State.INACTIVE: (_l("Ikke aktiv i HPR"), "warning"),
    State.NOT_COUNTED: (_l("Gir ikke plass i registeret"), "neutral"),
}
"""What a state is called, and the colour of its tag."""


@dataclass(frozen=True)
class Overview:
    """The person's own page: what HPR last said and when, each row as it stands today, and those that end soon.

    `is_waiting`: HPR has not been asked yet; `is_silent`: it was, and has not answered since.
    """

    status: HprStatus
    checked_at: datetime | None
    is_waiting: bool
    is_silent: bool
    rows: tuple[tuple[ProfessionalAuthorisation, State], ...]
    ends_soon: tuple[ProfessionalAuthorisation, ...]


def ask(national_id: str) -> Answer:
    """What HPR says of the person with this number today. Raises Unavailable."""
    now = clock.now()
    today = clock.day(now)
    try:
        entry = agencies().hpr.by_national_id(national_id, today)
    except NotInHpr:
        return Answer(now, NOBODY)
    if entry.national_id != national_id:
        security.warning("hpr answered about somebody else", extra={"event": "hpr_other_person"})
        return Answer(now, NOBODY)
    judgement = hpr_rules.judge(entry, today, professions.human(), settings().hpr_kinds)
    return Answer(now, judgement, entry.number, entry.given_name, entry.family_name)


def accounts_of(professional_ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Who they are, whose numbers are asked with; without those whose registration is gone or being erased."""
    found = db.session.execute(
        select(Professional.id, Account)
        .join(Account, Account.id == Professional.account_id)
        .where(Professional.id.in_(professional_ids), Professional.status != ProfessionalStatus.LEAVING)
    )
    return dict(found.all())


def check(professional_id: UUID, patience: float | None = None) -> bool:
    """Ask about one person and keep the answer; returns whether there was one. `patience` are the seconds it may take.

    Safe to repeat. Nobody's row is locked while HPR thinks.
    """
    account = accounts_of([professional_id]).get(professional_id)
    number = national_ids.read(account) if account is not None else None
    if number is None:
        return False
    try:
        if patience is None:
            answer = ask(number)
        else:
            with http.within(patience):
                answer = ask(number)
    except Unavailable:
        note_silence([professional_id])
        return False
    keep({professional_id: answer})
    return True


def look_up_now(actor: Actor) -> bool:
    """The person wants to see it: ask while he or she waits, and in the background when HPR is slower than that.

    Returns whether there is an answer; within a minute HPR is not asked again. Raises NoRegistration.
    """
    professional = professionals.own(actor)
    record = professional.hpr
    if record and record.asked_at and clock.now() - record.asked_at < BETWEEN_REQUESTS:
        return record.checked_at is not None and record.checked_at >= record.asked_at
    audit.record(actor, "hpr.asked", professional, subject_id=actor.account_id)
    return check(professional.id, PATIENCE)


def ensure_fresh(professional_id: UUID) -> None:
    """Ask again when the last answer is older than a day, before somebody else sees the person. Silence is no answer:
    what was known stands, for as long as services/listing.py lets it."""
    checked_at = db.session.scalar(select(HprRecord.checked_at).where(HprRecord.professional_id == professional_id))
    if checked_at is None or clock.now() - checked_at > FRESH:
        check(professional_id, PATIENCE)


def hold(professional_ids: Iterable[UUID]) -> None:
    """Lock these registrations in the order everybody locks several in."""
    wanted = select(Professional.id).where(Professional.id.in_(professional_ids)).order_by(Professional.id)
    db.session.execute(wanted.with_for_update())


def note_silence(professional_ids: Iterable[UUID], asked: bool = True) -> None:
    """HPR gave no answer about these: what is known stays, and we ask again soon."""
    now = clock.now()
    for professional in _locked(professional_ids):
        record = professional.hpr = professional.hpr or HprRecord(status=HprStatus.NOT_CHECKED)
        record.next_check_at = now + RETRY
        if asked:
            record.asked_at = now


def keep(answers: Mapping[UUID, Answer]) -> None:
    """Store answers, list or hide the people, and tell those who are no longer shown. When too many lose theirs at once
    the losses are held back, and the Directorate is alarmed."""
    people = {one.id: one for one in _locked(answers) if not _is_overtaken(one.hpr, answers[one.id])}
    is_alarmed = open_alarm() is not None
    losses = {
        id_
        for id_, person in people.items()
        if _is_loss(person.hpr, answers[id_]) and (is_alarmed or not _was_released(person.hpr))
    }
    hold = bool(losses) and (is_alarmed or _alarm_when_too_many(len(losses), list(people)))
    could_be_shown = {id_ for id_, professional in people.items() if _could_be_shown(professional)}
    for id_, professional in people.items():
        if hold and id_ in losses:
            _hold_back(professional.hpr, answers[id_])
        else:
            _store(professional, answers[id_])
    for id_, verdict in listing.refresh_many(people).items():
        if id_ in could_be_shown and verdict.hidden == (Hidden.NO_AUTHORISATION,):
            _tell_of_loss(people[id_], answers[id_].at)


def _locked(professional_ids: Iterable[UUID]) -> Sequence[Professional]:
    """The registrations as they are now, locked, with what HPR said before; without those that are gone or leaving."""
    return db.session.scalars(
        select(Professional)
        .where(Professional.id.in_(professional_ids), Professional.status != ProfessionalStatus.LEAVING)
        .order_by(Professional.id)
        .options(
            joinedload(Professional.hpr),
            joinedload(Professional.competence),
            selectinload(Professional.authorisations),
        )
        .with_for_update(of=Professional)
        .execution_options(populate_existing=True)
    ).all()


def _is_overtaken(record: HprRecord | None, answer: Answer) -> bool:
    """Whether somebody got a newer answer meanwhile."""
    return record is not None and record.checked_at is not None and record.checked_at > answer.at


def _is_loss(record: HprRecord | None, answer: Answer) -> bool:
    """Whether the answer takes away what the one before would have left standing: not when it ran out by itself."""
    return (
        record is not None
        and record.status is HprStatus.VALID
        and answer.judgement.status is not HprStatus.VALID
        and (record.valid_until is None or record.valid_until >= clock.day(answer.at))
    )


def _was_released(record: HprRecord | None) -> bool:
    return record is not None and record.held_back_at is not None


def open_alarm() -> HprAlarm | None:
    """The alarm nobody has closed yet."""
    return db.session.scalar(select(HprAlarm).where(HprAlarm.closed_at.is_(None)).limit(1))


def _alarm_when_too_many(losses: int, answered: list[UUID]) -> bool:
    """Whether so many losses among those just answered for, with the newest answers before them, are too many to be
    true; raises the alarm then."""
    newest = db.session.scalars(
        select((HprRecord.lost_at == HprRecord.checked_at) & HprRecord.held_back_at.is_(None))
        .join(Professional, Professional.id == HprRecord.professional_id)
        .where(
            HprRecord.checked_at > clock.now() - FRESH,
            HprRecord.professional_id.not_in(answered),
            ~Professional.is_canary,
        )
        .order_by(HprRecord.checked_at.desc())
        .limit(NEWEST - len(answered))
    ).all()
    lost, counted = losses + sum(bool(one) for one in newest), len(answered) + len(newest)
    if lost < FEWEST or lost <= SHARE * counted:
        return False
    alarm = HprAlarm(id=uuid4(), raised_at=clock.now(), checked=counted, negative=lost)
    db.session.add(alarm)
    audit.record(None, "hpr.alarm_raised", alarm, checked=counted, negative=lost)
    security.error("too many lose their authorisation", extra={"event": "hpr_mass_negatives", "count": lost})
    return True


def _hold_back(record: HprRecord | None, answer: Answer) -> None:
    """Leave everything as it was, also the time of the last answer: without a new one the person is hidden in time."""
    assert record is not None
    record.held_back_at = record.held_back_at or answer.at
    record.asked_at = answer.at
    record.next_check_at = answer.at + HELD_RETRY


def _store(professional: Professional, answer: Answer) -> None:
    record = professional.hpr = professional.hpr or HprRecord(status=HprStatus.NOT_CHECKED)
    judgement = answer.judgement
    if _is_loss(record, answer):
        record.lost_at = answer.at
    else:
        record.held_back_at = None
    if record.status is not judgement.status:
        audit.record(
            None,
            "hpr.status_changed",
            professional,
            subject_id=professional.account_id,
            before=record.status.value,
            after=judgement.status.value,
        )
    record.status = judgement.status
    record.number = answer.number
    record.checked_at = record.asked_at = answer.at
    record.valid_until = judgement.valid_until
    record.next_check_at = _next_check(answer)
    _store_authorisations(professional, judgement.held)
    if answer.given_name and answer.family_name:  # HPR's name takes the place of the typed one (design.md D7)
        name = answer.given_name[:100], answer.family_name[:100]
        if name != (professional.given_name, professional.family_name):
            professional.given_name, professional.family_name = name
            recipient_notices.note(professional)


def _could_be_shown(professional: Professional) -> bool:
    """Whether HPR's last answer, while its days lasted, let the person be shown with a chosen profession."""
    chosen = set(professional.competence.professions if professional.competence else [])
    held = {one.profession for one in professional.authorisations if one.is_active}
    return professional.hpr is not None and professional.hpr.status is HprStatus.VALID and bool(chosen & held)


def _store_authorisations(professional: Professional, held: Iterable[Held]) -> None:
    """The rows as the answer has them; written only when something changed."""
    new = [_columns(one) for one in held]
    names = list(_columns_of(ProfessionalAuthorisation))
    old = [{name: getattr(row, name) for name in names} for row in professional.authorisations]
    if sorted(map(repr, new)) != sorted(map(repr, old)):
        professional.authorisations = [ProfessionalAuthorisation(**columns) for columns in new]


def _columns_of(table: type[ProfessionalAuthorisation]) -> Iterable[str]:
    return (column.key for column in table.__table__.columns if column.key not in ("id", "professional_id"))


def _columns(held: Held) -> dict[str, object]:
    approval = held.approval
    codes = {
        "profession": approval.profession.value,
        "profession_name": approval.profession.name,
        "kind": approval.kind.value,
        "kind_name": approval.kind.name,
    }
    return {
        **{name: text[: COLUMNS[name]] for name, text in codes.items()},
        "specialities": [code.value[:10] for code in held.specialities],
        "speciality_names": [code.name[:100] for code in held.specialities],
        "valid_from": held.valid_from,
        "valid_to": held.valid_to,
        "is_active": held.is_active,
        "has_conditions": approval.has_conditions,
    }


def _next_check(answer: Answer) -> datetime:
    """Within the day, at a time of its own, and at once when time alone may have changed the answer."""
    later = answer.at + random.uniform(SOONEST / LATEST, 1) * LATEST
    change = answer.judgement.changes_on
    return min(later, listing.end_of(change - timedelta(days=1))) if change else later


def _tell_of_loss(professional: Professional, at: datetime) -> None:
    """«Du vises ikke lenger for virksomheter»: that, and never why (C37)."""
    if professional.email:
        mailbox.queue(
            MessageKind.LISTING_LOST,
            f"{professional.id}|{at:%Y-%m-%d}",
            professional.email,
            professional.language or current_language(),
            professional_id=professional.id,
        )


def overview(professional: Professional) -> Overview:
    """What the person is shown of it."""
    record, today = professional.hpr, clock.today()
    rows = [(one, state_of(one, today)) for one in professional.authorisations]
    order = list(State)
    return Overview(
        status=record.status if record else HprStatus.NOT_CHECKED,
        checked_at=record.checked_at if record else None,
        is_waiting=record is None or record.asked_at is None,
        is_silent=record is not None
        and record.asked_at is not None
        and (record.checked_at is None or record.checked_at < record.asked_at),
        rows=tuple(sorted(rows, key=lambda row: order.index(row[1]))),
        ends_soon=tuple(
            one for one, state in rows if state is State.VALID and one.valid_to and one.valid_to <= today + ENDS_SOON
        ),
    )


def pass_by(professional: Professional) -> None:
    """The person goes on without an answer: the page counts as seen, and HPR is asked at the next round."""
    if professional.hpr is None:
        professional.hpr = HprRecord(status=HprStatus.NOT_CHECKED, next_check_at=clock.now())


def state_of(one: ProfessionalAuthorisation, today: date) -> State:
    """How an authorisation stands, in words a person understands."""
    if one.profession not in professions.human() or one.kind not in settings().hpr_kinds:
        return State.NOT_COUNTED
    if not one.is_active:
        return State.INACTIVE
    if one.valid_from is not None and today < one.valid_from:
        return State.NOT_YET
    return State.EXPIRED if one.valid_to is not None and one.valid_to < today else State.VALID


def held_back() -> int:
    """How many losses wait for somebody to look."""
    waiting = HprRecord.held_back_at.is_not(None) & (HprRecord.status == HprStatus.VALID)
    return db.session.scalar(select(func.count()).where(waiting)) or 0


def release(actor: Actor, alarm_id: UUID) -> None:
    """Somebody at the Directorate has looked: what was held back, and what was lost around then, is asked for again at
    once, and from now on believed. Releasing twice is the same as once. Raises NotFound."""
    now = clock.now()
    alarm = db.session.get(HprAlarm, alarm_id, with_for_update=True, populate_existing=True)
    if alarm is None:
        raise NotFound
    if alarm.closed_at is not None:
        return
    alarm.closed_at, alarm.closed_by_id = now, actor.account_id
    doubtful = HprRecord.held_back_at.is_not(None) | (HprRecord.lost_at > alarm.raised_at - FRESH)
    db.session.execute(update(HprRecord).where(doubtful).values(next_check_at=now))
    audit.record(actor, "hpr.alarm_closed", alarm)
