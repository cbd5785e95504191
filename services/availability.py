"""Availability: said on a page, confirmed or paused by one press, asked for by the schedule (ux.md D7, design.md D10).

Whatever is changed here, the status and the search row follow in the same transaction.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from extensions import clock
from extensions.database import db
from extensions.language import show_date
from models.enums import (
    AvailabilityKind,
    CapacityPeriod,
    CapacityUnit,
    ConsentPurpose,
    Language,
    LinkPurpose,
    MessageKind,
    ProfessionalStatus,
    StartSpeed,
    TimeOfDay,
    Workload,
)
from models.professional import Availability, Link, Professional
from services import audit, consents, links, listing, mailbox, professionals, words
from services.access import Actor
from services.errors import Conflict, NotFound
from services.settings import Key, values

POSTPONED = timedelta(days=14)
"""«Ikke nå, men om to uker»"""
STOP_LINK_DAYS = 180
"""How long the link that stops the reminders works after the last e-mail with one."""
BATCH = 500
"""Persons a round, so that no transaction is long; the next round takes the rest."""
ASKED_FOR_GOOD = 2
"""Reminders, after which nobody is asked until something is said anew."""
DATES = {
    AvailabilityKind.NOW: ("to_date",),
    AvailabilityKind.FROM_DATE: ("from_date", "to_date"),
    AvailabilityKind.PAUSED: ("paused_until",),
}
"""The dates that belong to each answer."""
ALL_DATES = frozenset(name for names in DATES.values() for name in names)
PROMISE = ("capacity_count", "capacity_unit", "capacity_period", "capacity_until")


@dataclass(frozen=True)
class Answers:
    """What the page shows: the row as of today, when a date that has come is «now» and a promise may be over."""

    kind: AvailabilityKind | None = None
    from_date: date | None = None
    to_date: date | None = None
    paused_until: date | None = None
    workload: Workload | None = None
    times: list[TimeOfDay] = field(default_factory=list)
    start_speed: StartSpeed | None = None
    capacity_count: int | None = None
    capacity_unit: CapacityUnit | None = None
    capacity_period: CapacityPeriod | None = None
    capacity_until: date | None = None

    @classmethod
    def of(cls, row: Availability | None) -> "Answers":
        if row is None:
            return cls()
        kind = row.kind if row.kind is AvailabilityKind.PAUSED else _awake(row)
        shown = {name: getattr(row, name) for name in cls.__dataclass_fields__}
        gone = {*ALL_DATES} - {*DATES[kind]} | ({*PROMISE} if is_promise_over(row) else set())
        return cls(**(shown | dict.fromkeys(gone) | {"kind": kind}))


@dataclass(frozen=True)
class Standing:
    """How fresh a person's word is. `asks_on` is None when we ask no more; `hidden_on` is the day on which the word is
    too old."""

    row: Availability
    confirmed_on: date
    asks_on: date | None
    hidden_on: date
    is_fresh: bool
    is_over: bool
    """The last day the person could work has passed."""
    gets_reminders: bool

    @property
    def is_paused(self) -> bool:
        return self.row.kind is AvailabilityKind.PAUSED

    @property
    def starts_on(self) -> date | None:
        """The day from which the person can work, when it is still to come."""
        return self.row.from_date if not self.is_paused and _awake(self.row) is AvailabilityKind.FROM_DATE else None

    @property
    def can_be_postponed(self) -> bool:
        return _postponed(self.row) is not None


def standing(professional: Professional) -> Standing | None:
    """How fresh the person's word is now; None before the page was answered."""
    row = professional.availability
    if row is None:
        return None
    numbers = values(Key.ASK_DAYS, Key.ASK_AGAIN_DAYS, Key.FRESH_DAYS)
    asks = [row.confirmed_at + timedelta(days=numbers[key]) for key in (Key.ASK_DAYS, Key.ASK_AGAIN_DAYS)]
    hidden = row.confirmed_at + timedelta(days=numbers[Key.FRESH_DAYS])
    gets_reminders = professional.reminders_stopped_at is None
    return Standing(
        row=row,
        confirmed_on=clock.day(row.confirmed_at),
        asks_on=next((clock.day(moment) for moment in asks if moment > clock.now()), None) if gets_reminders else None,
        hidden_on=clock.day(hidden),
        is_fresh=hidden > clock.now(),
        is_over=row.to_date is not None and row.to_date < clock.today(),
        gets_reminders=gets_reminders,
    )


def is_promise_over(row: Availability) -> bool:
    return row.capacity_until is not None and row.capacity_until < clock.today()


def promise(row: Availability) -> str | None:
    """A promise of capacity in plain words: «2 helger i måneden til 30. juni 2027»; None when nothing is promised, or
    no longer."""
    if not row.capacity_count or not row.capacity_unit or not row.capacity_period or is_promise_over(row):
        return None
    number = row.capacity_count
    counted = {
        CapacityUnit.SHIFTS: ngettext("%(num)s vakt", "%(num)s vakter", number),
        CapacityUnit.DAYS: ngettext("%(num)s dag", "%(num)s dager", number),
        CapacityUnit.WEEKENDS: ngettext("%(num)s helg", "%(num)s helger", number),
        CapacityUnit.WEEKS: ngettext("%(num)s uke", "%(num)s uker", number),
    }[row.capacity_unit]
    sentence = f"{counted} {words.CAPACITY_PERIOD[row.capacity_period]}"
    if row.capacity_until is None:
        return sentence
    return str(_("%(lofte)s til %(dato)s", lofte=sentence, dato=show_date(row.capacity_until)))


def save(actor: Actor, answers: dict[str, Any]) -> None:
    """Keep the page's answers, which also confirms them.

    Dates that belong to another answer are dropped; but a pause leaves them, so that it ends where it began.
    """
    professional = professionals.own(actor, lock=True)
    others = dict.fromkeys(ALL_DATES - {*DATES[answers["kind"]]})
    told = {name: value for name, value in answers.items() if name not in others}
    if answers["kind"] is not AvailabilityKind.PAUSED:
        told |= others
    row = professional.availability
    if row is None:
        row = professional.availability = Availability(professional_id=professional.id)
    changed = sorted(name for name, value in told.items() if getattr(row, name) != value)
    for name, value in told.items():
        setattr(row, name, value)
    _confirm(professional, row)
    audit.record(actor, "availability.changed", professional, subject_id=professional.account_id, fields=changed)
    listing.refresh(professional.id)


def press(actor: Actor, answer: AvailabilityKind) -> Standing:
    """One press on Min side: «ja» confirms what stands and ends a pause, «fra en dato» means in two weeks, and a pause
    hides at once. Raises NotFound before the page was answered, and Conflict when two weeks are more than the person
    can wait."""
    professional = professionals.own(actor, lock=True)
    return _answer(actor, professional, answer)


def answer_link(link: Link, answer: AvailabilityKind, *, again: bool) -> bool:
    """The same presses from an e-mail, by whoever holds the link. One answer counts; another takes `again`, that is
    «Endre svaret». Returns False when there was an answer, and nothing was changed. Raises NotFound when the person
    left meanwhile, or has another address, and Conflict as press() does."""
    professional = db.session.get(
        Professional, link.professional_id, with_for_update={"of": Professional}, populate_existing=True
    )
    if professional is None or professional.status is ProfessionalStatus.LEAVING or professional.email != link.email:
        raise NotFound
    db.session.refresh(link)  # two presses at once: the second one sees the first one's answer
    if link.used_at is not None and not again:
        return False
    link.used_at, link.answer = clock.now(), answer
    professionals.note_use(professional.account_id)
    _answer(None, professional, answer, link_id=link.id)
    return True


def _answer(actor: Actor | None, professional: Professional, answer: AvailabilityKind, **facts: Any) -> Standing:
    row = professional.availability
    if row is None:
        raise NotFound
    was_paused = row.kind is AvailabilityKind.PAUSED
    match answer:
        case AvailabilityKind.NOW:
            _wake(row)
            action = "availability.resumed" if was_paused else "availability.confirmed"
        case AvailabilityKind.FROM_DATE:
            day = _postponed(row)
            if day is None:
                assert row.to_date is not None
                raise Conflict(_("Du har sagt at du bare kan jobbe til %(dato)s.", dato=show_date(row.to_date)))
            row.kind, row.from_date, row.paused_until = answer, day, None
            action = "availability.postponed"
        case AvailabilityKind.PAUSED:
            row.kind, row.paused_until = answer, None
            action = "availability.paused"
    if row.to_date is not None and row.to_date < clock.today():
        row.to_date = None  # a period that is over says nothing of the one that begins
    _confirm(professional, row)
    audit.record(actor, action, professional, subject_id=professional.account_id, **facts)
    listing.refresh(professional.id)
    found = standing(professional)
    assert found is not None
    return found


def _confirm(professional: Professional, row: Availability) -> None:
    row.confirmed_at, row.reminders = clock.now(), 0
    settle(professional)


def settle(professional: Professional) -> None:
    """Bring the status in line with the availability: a finished registration is active or paused."""
    row = professional.availability
    is_paused = row is not None and row.kind is AvailabilityKind.PAUSED
    wanted = ProfessionalStatus.PAUSED if is_paused else ProfessionalStatus.ACTIVE
    if professional.status in (ProfessionalStatus.ACTIVE, ProfessionalStatus.PAUSED) and professional.status != wanted:
        professional.move_to(wanted)


def _awake(row: Availability) -> AvailabilityKind:
    """What a row says when it is no pause: the date, as long as it is to come."""
    is_to_come = row.from_date is not None and row.from_date > clock.today()
    return AvailabilityKind.FROM_DATE if is_to_come else AvailabilityKind.NOW


def _postponed(row: Availability) -> date | None:
    """The day «Ikke nå, men om to uker» means: no earlier than what was said; None when the last day comes before."""
    day = max(clock.today() + POSTPONED, row.from_date or date.min)
    return None if row.to_date is not None and clock.today() <= row.to_date < day else day


def _wake(row: Availability) -> None:
    row.kind, row.paused_until = _awake(row), None
    if row.kind is AvailabilityKind.NOW:
        row.from_date = None


def end_pauses() -> int:
    """End the pauses whose day has come: the person is listed again, when what was said is still fresh. Returns how
    many."""
    over = db.session.scalars(
        select(Professional)
        .join(Professional.availability)
        .where(Professional.status == ProfessionalStatus.PAUSED, Availability.paused_until <= clock.today())
        .options(contains_eager(Professional.availability))
        .order_by(Availability.paused_until)
        .limit(BATCH)
        .with_for_update(of=Professional, skip_locked=True)
    ).all()
    for professional in over:
        assert professional.availability is not None
        _wake(professional.availability)
        settle(professional)
        audit.record(None, "availability.pause_ended", professional, subject_id=professional.account_id)
        listing.refresh(professional.id)
    return len(over)


def ask() -> int:
    """E-mail 8 to those whose word is thirty or forty-four days old; one link at a time. Returns how many rows were
    handled. Whoever was paused meanwhile is asked once, however old the word is."""
    numbers = values(Key.ASK_DAYS, Key.ASK_AGAIN_DAYS, Key.FRESH_DAYS, Key.AVAILABILITY_LINK_DAYS)
    now = clock.now()
    first, second = (now - timedelta(days=numbers[key]) for key in (Key.ASK_DAYS, Key.ASK_AGAIN_DAYS))
    due = db.session.scalars(
        select(Professional)
        .join(Professional.availability)
        .where(
            Professional.status == ProfessionalStatus.ACTIVE,
            Professional.restricted_at.is_(None),
            Professional.reminders_stopped_at.is_(None),
            Professional.email_failed_at.is_(None),
            or_(
                and_(Availability.confirmed_at <= first, Availability.reminders == 0),
                and_(Availability.confirmed_at <= second, Availability.reminders < ASKED_FOR_GOOD),
            ),
        )
        .options(
            contains_eager(Professional.availability),
            joinedload(Professional.competence),
            joinedload(Professional.reach),
            joinedload(Professional.hpr),
            selectinload(Professional.consents),
        )
        .order_by(Availability.confirmed_at)
        .limit(BATCH)
        .with_for_update(of=Professional, skip_locked=True)
    ).all()
    for professional in due:
        row = professional.availability
        assert row is not None
        row.reminders = ASKED_FOR_GOOD if row.confirmed_at <= second else 1
        if professionals.is_registered(professional, now):
            hidden = row.confirmed_at + timedelta(days=numbers[Key.FRESH_DAYS])
            _write(professional, row, numbers[Key.AVAILABILITY_LINK_DAYS], hidden if hidden > now else None)
    return len(due)


def _write(professional: Professional, row: Availability, days: int, hidden: datetime | None) -> None:
    assert professional.email is not None
    link = links.create(professional, LinkPurpose.AVAILABILITY, days)
    links.lasting(professional, LinkPurpose.UNSUBSCRIBE, STOP_LINK_DAYS)
    mailbox.queue(
        MessageKind.AVAILABILITY_CHECK,
        link.id,
        professional.email,
        professional.language or Language.BOKMAL,
        professional_id=professional.id,
        link_id=link.id,
        confirmed_on=clock.day(row.confirmed_at),
        hidden_on=clock.day(hidden) if hidden else None,
        is_only_counted=not _may_be_shown(professional),
    )
    audit.record(None, "availability.asked", professional, subject_id=professional.account_id, link_id=link.id)


def _may_be_shown(professional: Professional) -> bool:
    """Whether a fresh word is what shows the person; others are in the register to be counted alone."""
    shown = ConsentPurpose.SHOWN_TO_ORGANISATIONS in consents.in_force(professional, clock.now())
    return shown and not professional.is_address_protected


def stop_reminders(link: Link) -> None:
    """No more e-mails that ask; without a confirmation the person is hidden all the same. Safe to repeat."""
    professional = link.professional
    if professional.reminders_stopped_at is None:
        professional.reminders_stopped_at = clock.now()
        audit.record(None, "reminders.stopped", professional, subject_id=professional.account_id, link_id=link.id)


def resume_reminders(actor: Actor) -> None:
    """Ask by e-mail again."""
    professional = professionals.own(actor, lock=True)
    if professional.reminders_stopped_at is not None:
        professional.reminders_stopped_at = None
        audit.record(actor, "reminders.resumed", professional, subject_id=professional.account_id)
