"""Alarms about the use of the register, and the stops that caseworkers set (security.md C25, section 10)."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, Subquery, delete, distinct, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload

from extensions import clock
from extensions.database import db
from extensions.log import security
from models.account import LoginSession
from models.audit import AuditEvent
from models.enums import AlarmKind, Role, Stoppable
from models.organisation import Organisation
from models.register import Alarm, Reveal, Stop
from services import audit, settings
from services.access import Actor, Doer, require_not_own
from services.errors import Conflict, NotFound, Unfit
from services.settings import Key

UNUSUAL = 4
"""So many times the user's own median of the last thirty days."""
FEWEST, FEWEST_PROFILES = 8, 50
"""Fewer reveals than this in a day, or fewer people whose profile was opened, are never unusual."""
MONTH = timedelta(days=31)
OPENED = "profile.opened"


def raise_once(kind: AlarmKind, key: str, actor: Doer, **facts: Any) -> None:
    """Raise an alarm about what the actor does, unless the same event has raised it already."""
    if _add(kind, key, actor.organisation_id, actor.account_id, facts):
        security.error("alarm", extra={"event": f"alarm_{kind.value}", "account_id": actor.account_id})


def _add(kind: AlarmKind, key: str, organisation_id: UUID | None, account_id: UUID, facts: dict[str, Any]) -> bool:
    """Whether the alarm is new."""
    new = (
        insert(Alarm)
        .values(
            id=uuid4(),
            kind=kind,
            organisation_id=organisation_id,
            account_id=account_id,
            once_key=key,
            facts=facts,
            raised_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Alarm.once_key])
    )
    return db.session.scalar(new.returning(Alarm.id)) is not None


def watch_rates() -> int:
    """Raise a review task for each user who was shown far more today, in Oslo, than usual, or opened the profiles of
    far more people; returns how many are new (C25)."""
    return _watch(_reveals(), FEWEST, "rate") + _watch(_profiles(), FEWEST_PROFILES, "profiles", of="profiles")


def _watch(daily: Subquery, fewest: int, key: str, **facts: Any) -> int:
    today = clock.today()
    usual = func.percentile_cont(0.5).within_group(daily.c.times).filter(daily.c.day < today)
    of_today = func.max(daily.c.times).filter(daily.c.day == today)
    unusual = db.session.execute(
        select(daily.c.account_id, daily.c.organisation_id, of_today.label("today"), usual.label("usual"))
        .group_by(daily.c.account_id, daily.c.organisation_id)
        .having(of_today >= fewest, of_today > UNUSUAL * func.coalesce(usual, 1))
    ).all()
    return sum(
        _add(
            AlarmKind.HIGH_RATE,
            f"{key}|{account_id}|{organisation_id}|{today}",
            organisation_id,
            account_id,
            {"today": count, "usual": float(median or 0), **facts},
        )
        for account_id, organisation_id, count, median in unusual
    )


def _reveals() -> Subquery:
    """How many reveals each user had on each day."""
    day = _day(Reveal.at)
    return (
        select(Reveal.account_id, Reveal.organisation_id, day.label("day"), func.count().label("times"))
        .where(Reveal.at > clock.now() - MONTH)
        .group_by(Reveal.account_id, Reveal.organisation_id, "day")
        .subquery()
    )


def _profiles() -> Subquery:
    """How many people's profiles each user opened on each day; only of those who opened many today."""
    midnight = datetime.combine(clock.today(), time(), clock.OSLO)
    here = (
        select(LoginSession.account_id)
        .where(LoginSession.role == Role.ORGANISATION_USER, LoginSession.last_seen_at >= midnight)
        .distinct()
        .subquery()
    )
    of_today = profiles_opened(here.c.account_id, midnight).lateral()
    busy = (
        select(here.c.account_id)
        .join(of_today, true())
        .group_by(here.c.account_id)
        .having(func.count(distinct(of_today.c.subject_id)) >= FEWEST_PROFILES)
        .subquery()
    )
    opened = profiles_opened(busy.c.account_id, clock.now() - MONTH).lateral()
    people = func.count(distinct(opened.c.subject_id))
    return (
        select(busy.c.account_id, opened.c.organisation_id, _day(opened.c.at).label("day"), people.label("times"))
        .join(opened, true())
        .group_by(busy.c.account_id, opened.c.organisation_id, "day")
        .subquery()
    )


def profiles_opened(
    account_id: UUID | ColumnElement[UUID], since: datetime
) -> Select[UUID | None, UUID | None, datetime]:
    """Each time a user opened a profile since then: organisation, whose, and when. The log has no index by time: what
    the user did is read backwards, to the last before."""
    earlier = aliased(AuditEvent)
    last = (
        select(earlier.id)
        .where(earlier.actor_id == account_id, earlier.at < since)
        .order_by(earlier.id.desc())
        .limit(1)
        .correlate_except(earlier)
        .scalar_subquery()
    )
    return select(AuditEvent.organisation_id, AuditEvent.subject_id, AuditEvent.at).where(
        AuditEvent.actor_id == account_id,
        AuditEvent.id > func.coalesce(last, 0),
        AuditEvent.at >= since,
        AuditEvent.action == OPENED,
    )


def _day(at: ColumnElement[datetime] | InstrumentedAttribute[datetime]) -> ColumnElement[Any]:
    """The day of a moment, in Oslo."""
    return func.date(func.timezone(clock.OSLO.key, at))


def open_ones(actor: Actor) -> Sequence[Alarm]:
    """Alarms nobody has closed, the newest first; seeing whom they are about is noted."""
    found = db.session.scalars(
        select(Alarm)
        .where(Alarm.closed_at.is_(None))
        .options(joinedload(Alarm.organisation), joinedload(Alarm.account))
        .order_by(Alarm.raised_at.desc())
        .limit(200)
    ).all()
    audit.record(actor, "alarm.viewed", count=len(found))
    return found


def find(actor: Actor, alarm_id: UUID) -> Alarm:
    """One alarm; seeing it is noted. Raises NotFound, and Forbidden for one about the actor's own use, which somebody
    else must go over."""
    alarm = db.session.get(Alarm, alarm_id)
    if alarm is None:
        raise NotFound
    require_not_own(actor, alarm.account_id)
    audit.record(actor, "alarm.viewed", alarm, count=1)
    return alarm


def close(actor: Actor, alarm_id: UUID, note: str) -> None:
    """Close an alarm with what was found. Raises NotFound and Forbidden as find() does, and Conflict when somebody was
    first."""
    alarm = db.session.get(Alarm, alarm_id, with_for_update=True, populate_existing=True)
    if alarm is None:
        raise NotFound
    require_not_own(actor, alarm.account_id)
    if alarm.closed_at is not None:
        raise Conflict(_("En annen har lukket varselet."))
    alarm.closed_at, alarm.closed_by_id, alarm.note = clock.now(), actor.account_id, note
    audit.record(actor, "alarm.closed", alarm)


def stops() -> Sequence[Stop]:
    """The stops in force."""
    return db.session.scalars(
        select(Stop).where(Stop.lifted_at.is_(None)).options(joinedload(Stop.organisation)).order_by(Stop.set_at)
    ).all()


def stop(actor: Actor, what: Stoppable, organisation_number: str | None, reason: str) -> Stop:
    """Stop reveals or exports at once, for one organisation or, without one, for all. Raises Unfit for an organisation
    we do not know, and for what a caseworker has stopped already."""
    organisation = None
    if organisation_number is not None:
        organisation = db.session.scalar(select(Organisation).where(Organisation.number == organisation_number))
        if organisation is None:
            raise Unfit("organisation_number", _("Vi finner ingen virksomhet med dette nummeret i registeret."))
    if any((one.what, one.organisation) == (what, organisation) and one.set_by_id is not None for one in stops()):
        raise Unfit("whom", _("Dette er allerede stoppet."))
    row = Stop(
        id=uuid4(),
        what=what,
        organisation=organisation,
        reason=reason,
        set_at=clock.now(),
        set_by_id=actor.account_id,
    )
    db.session.add(row)
    audit.record(actor, "stop.set", row, what=what.value, organisation=organisation.id if organisation else None)
    return row


def lift(actor: Actor, stop_id: UUID) -> Stop:
    """Let it go on. Raises NotFound, and Conflict for what an operator set; lifting twice is once."""
    row = db.session.get(Stop, stop_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.set_by_id is None:
        raise Conflict(_("Driften har stengt virksomheten, og må selv åpne den igjen."))
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by_id = clock.now(), actor.account_id
        audit.record(actor, "stop.lifted", row, what=row.what.value)
    return row


def forget_over() -> int:
    """Remove alarms that were closed, and stops that were lifted, as long ago as other events of security. The caller
    commits; returns how many."""
    limit = clock.now() - func.make_interval(0, settings.value(Key.SECURITY_LOG_MONTHS))
    closed = delete(Alarm).where(Alarm.closed_at < limit).returning(Alarm.id)
    lifted = delete(Stop).where(Stop.lifted_at < limit).returning(Stop.id)
    return sum(len(db.session.scalars(over).all()) for over in (closed, lifted))
