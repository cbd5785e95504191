"""Alarms about the use of the register, and the stops that caseworkers set (security.md C25, section 10)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.log import security
from models.enums import AlarmKind, Stoppable
from models.organisation import Organisation
from models.register import Alarm, Reveal, Stop
from services import audit
from services.access import Actor, Doer, require_not_own
from services.errors import Conflict, DomainError, NotFound

UNUSUAL = 4
"""So many times the user's own median of the last thirty days."""
FEWEST = 8
"""Fewer reveals than this in a day are never unusual."""


class UnknownOrganisation(DomainError):
    """No organisation of the register has this number."""


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
    """Raise a review task for each user who was shown far more today, in Oslo, than usual; returns how many are new
    (C25)."""
    now = clock.now()
    day = func.date(func.timezone(clock.OSLO.key, Reveal.at)).label("day")
    daily = (
        select(Reveal.account_id, Reveal.organisation_id, day, func.count().label("reveals"))
        .where(Reveal.at > now - timedelta(days=31))
        .group_by(Reveal.account_id, Reveal.organisation_id, "day")
        .subquery()
    )
    today = clock.today()
    usual = func.percentile_cont(0.5).within_group(daily.c.reveals).filter(daily.c.day < today)
    of_today = func.max(daily.c.reveals).filter(daily.c.day == today)
    unusual = db.session.execute(
        select(daily.c.account_id, daily.c.organisation_id, of_today.label("today"), usual.label("usual"))
        .group_by(daily.c.account_id, daily.c.organisation_id)
        .having(of_today >= FEWEST, of_today > UNUSUAL * func.coalesce(usual, 1))
    ).all()
    return sum(
        _add(
            AlarmKind.HIGH_RATE,
            f"rate|{account_id}|{organisation_id}|{today}",
            organisation_id,
            account_id,
            {"today": count, "usual": float(median or 0)},
        )
        for account_id, organisation_id, count, median in unusual
    )


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


def stop(actor: Actor, what: Stoppable, organisation_number: str | None, reason: str) -> None:
    """Stop reveals or exports at once, for one organisation or, without one, for all. Raises UnknownOrganisation."""
    organisation = None
    if organisation_number is not None:
        organisation = db.session.scalar(select(Organisation).where(Organisation.number == organisation_number))
        if organisation is None:
            raise UnknownOrganisation
    row = Stop(
        id=uuid4(),
        what=what,
        organisation_id=organisation.id if organisation else None,
        reason=reason,
        set_at=clock.now(),
        set_by_id=actor.account_id,
    )
    db.session.add(row)
    audit.record(actor, "stop.set", row, what=what.value, organisation=row.organisation_id)


def lift(actor: Actor, stop_id: UUID) -> None:
    """Let it go on. Raises NotFound; lifting twice is once."""
    row = db.session.get(Stop, stop_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by_id = clock.now(), actor.account_id
        audit.record(actor, "stop.lifted", row, what=row.what.value)
