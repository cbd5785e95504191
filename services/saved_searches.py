"""Searches a user comes back to, and the e-mails that tell of new people in them (lagrede søk og varsler).

A search belongs to one user in one organisation: whoever acts for two has each one's own. It is kept as codes, and read
anew each time by what there is to choose and what the organisation may see. A code that is gone is left out as long as
others of its kind remain; when none does, the search finds nobody, as without that filter it would find more than was
asked for.

New are those who came since the user was told last. Whoever takes a pause and comes back is new again: that is what
somebody who needs people wants to know. Whoever only changes the profile, stops hiding from the organisation, or, once
told of to everybody, was hidden by time alone, as all are while HPR is silent, is not.

E-mails go at seven in the morning. They hold how many, and nothing of anybody: neither who, nor the name of the search,
which is the user's own text and may hold a person's name, while e-mail is read on the way and on locked screens.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import Select, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from models.application import Nominee
from models.enums import AlertFrequency, MessageKind, StartSpeed, TimeOfDay, Workload
from models.grant import IN_USE, Grant
from models.listing import Listing
from models.register import SavedSearch
from services import audit, languages, links, mailbox, professions, search, settings
from services.access import Actor
from services.errors import DomainError, NotFound, Unfit
from services.search import MOST_COUNTED, Condition, Filters, Scope
from services.settings import Key

log = logging.getLogger("alarm")

SENT_AT = time(7)
SETTLED = timedelta(minutes=10)
"""An e-mail tells of those listed until so long before: what was being written at that moment is written by then."""
PAGE = 10
"""Searches on a page: in each of them people are counted."""
BATCH = 20
"""Users a round, so that no transaction is long."""
FAILURES = (SQLAlchemyError, DomainError, LookupError, AttributeError, TypeError, ValueError)
"""Of one user's search; not that the time of the whole round is up."""
_IS_USERS = and_(SavedSearch.account_id == Grant.account_id, SavedSearch.organisation_id == Grant.organisation_id)


@dataclass(frozen=True)
class Reading:
    """A kept search as it can be used now."""

    filters: Filters
    dropped: tuple[str, ...]
    """The filters that have lost a code."""
    is_void: bool
    """One of them has lost all it had: nobody fits any more."""


@dataclass(frozen=True)
class Standing:
    """A kept search and how many fit it now, each number at most one above MOST_COUNTED."""

    row: SavedSearch
    reading: Reading
    new: int
    all: int
    """Zero where only what is new was asked for."""


@dataclass(frozen=True)
class Content:
    """One page of a user's searches."""

    searches: list[Standing]
    page: int
    pages: int


def of(actor: Actor, page: int = 1) -> Content:
    """One page of the user's searches for the organisation, by name, with their counts. Four queries at most."""
    pages = max(1, ceil(_count(actor) / PAGE))
    page = min(page, pages)
    by_name = _own(actor).order_by(func.lower(SavedSearch.name), SavedSearch.created_at, SavedSearch.id)
    return Content(
        _standings(actor, by_name.limit(PAGE).offset((page - 1) * PAGE), only_new=False), page=page, pages=pages
    )


def newest(actor: Actor, most: int) -> list[Standing]:
    """Those of the searches that were saved last, each with who is new: to count who fits in all takes most of the time
    in a large register, and many searches take many times as much."""
    return _standings(actor, _own(actor).order_by(SavedSearch.created_at.desc()).limit(most), only_new=True)


def _standings(actor: Actor, query: Select[SavedSearch], *, only_new: bool) -> list[Standing]:
    now, scope = clock.now(), search.scope_of(actor)
    rows = db.session.scalars(query).all()
    readings = [read(row.filters, scope) for row in rows]
    asked = [
        [] if reading.is_void else _counted(row, search.fitting(scope, reading.filters, now), now, only_new)
        for row, reading in zip(rows, readings, strict=True)
    ]
    totals = iter(search.count_each([conditions for counts in asked for conditions in counts]))
    counted = [[next(totals) for _ in counts] for counts in asked]
    return [
        Standing(row, reading, new=counts[0] if counts else 0, all=sum(counts[1:]))
        for row, reading, counts in zip(rows, readings, counted, strict=True)
    ]


def _counted(row: SavedSearch, fits: list[Condition], now: datetime, only_new: bool) -> list[list[Condition]]:
    """What is counted of a search: who is new and, unless `only_new`, everybody."""
    new = [*fits, *_new_in(row, now)]
    return [new] if only_new else [new, fits]


def read(codes: Mapping[str, Any], scope: Scope) -> Reading:
    """What is left of a kept search, by what can be chosen now."""
    chosen = professions.human() & set(codes.get("professions", ()))
    offered: dict[str, Any] = {
        "professions": professions.human(),
        "specialities": {code for one in chosen for code, _name in professions.specialities().get(one, ())},
        "municipalities": scope.municipalities,
        "homes": scope.municipalities,
        "available_on": [codes.get("available_on")],  # any day
        "workloads": set(Workload),
        "times": set(TimeOfDay),
        "languages": {*languages.FIRST, *languages.OTHERS},
        "start_speed": set(StartSpeed),
        "confirmed_within": search.CONFIRMED_WITHIN,
    }
    kept, dropped, is_void = {}, [], False
    for name, value in codes.items():
        several = isinstance(value, list | tuple)
        asked = value if several else [value]
        valid = [code for code in asked if code in offered.get(name, ())]
        if len(valid) < len(asked):
            dropped.append(name)
        if valid:
            kept[name] = valid if several else value
        else:
            is_void = True
    return Reading(Filters.of_codes(kept), tuple(dropped), is_void)


def find(actor: Actor, search_id: UUID) -> SavedSearch:
    """One of the user's own for the organisation; raises NotFound for every other."""
    row = db.session.scalar(_own(actor).where(SavedSearch.id == search_id))
    if row is None:
        raise NotFound
    return row


def save(actor: Actor, filters: Filters, name: str, frequency: AlertFrequency) -> SavedSearch:
    """Keep a search. Raises Unfit when the user has as many as one may have."""
    most = settings.value(Key.SAVED_SEARCHES)
    # Two presses at once count right: those of one user wait for one another.
    own_lock = func.hashtextextended(f"{actor.account_id}|{actor.organisation_id}", 5)
    db.session.execute(select(func.pg_advisory_xact_lock(own_lock)))
    if _count(actor) >= most:
        raise Unfit("name", _("Du har allerede %(n)s lagrede søk. Slett først et du ikke trenger.", n=most))
    now = clock.now()
    row = SavedSearch(
        id=uuid4(),
        organisation_id=actor.organisation_id,
        account_id=actor.account_id,
        name=name,
        filters=filters.codes(),
        frequency=frequency,
        created_at=now,
        told_until=now,
    )
    db.session.add(row)
    audit.record(actor, "search.saved", row, frequency=frequency.value, filters=list(filters.active))
    return row


def change(actor: Actor, row: SavedSearch, name: str, frequency: AlertFrequency) -> None:
    """Another name, or e-mails more or less often. Who asks for e-mails anew hears of those who come from now on."""
    changed = [column for column, value in (("name", name), ("frequency", frequency)) if getattr(row, column) != value]
    if row.frequency is AlertFrequency.NEVER and frequency is not AlertFrequency.NEVER:
        row.told_until = clock.now()
    row.name, row.frequency = name, frequency
    audit.record(actor, "search.changed", row, fields=changed, frequency=frequency.value)


def remove(actor: Actor, row: SavedSearch) -> None:
    db.session.delete(row)
    audit.record(actor, "search.deleted", row)


def _own(actor: Actor) -> Select[SavedSearch]:
    return select(SavedSearch).where(
        SavedSearch.account_id == actor.account_id, SavedSearch.organisation_id == actor.organisation_id
    )


def _count(actor: Actor) -> int:
    return db.session.scalar(select(func.count()).select_from(_own(actor).subquery())) or 0


# -- the e-mails


def tell_of_new(after: UUID | None = None) -> UUID | None:
    """Queue the e-mails that are due: one for each user and organisation with something new in any of the searches that
    are due, and what they tell of is told, in one transaction.

    Takes the next BATCH of users after that grant, and returns the last when there may be more. Safe to repeat: who has
    been told is not due. One whose search fails is told by a later run, and holds up nobody.
    """
    now = clock.now()
    until = _last(now)
    is_due = or_(
        and_(SavedSearch.frequency == AlertFrequency.DAILY, SavedSearch.told_until < until),
        and_(SavedSearch.frequency == AlertFrequency.WEEKLY, SavedSearch.told_until < _last_monday(until)),
    )
    grants = db.session.scalars(
        select(Grant)
        .where(IN_USE, exists().where(_IS_USERS, is_due), *([Grant.id > after] if after else []))
        .order_by(Grant.id)
        .limit(BATCH)
        .options(joinedload(Grant.organisation), joinedload(Grant.nominee).joinedload(Nominee.application))
    ).all()
    users = [(grant.account_id, grant.organisation_id) for grant in grants]
    rows = db.session.scalars(  # asked again behind the lock: another worker may have told them meanwhile
        select(SavedSearch)
        .where(tuple_(SavedSearch.account_id, SavedSearch.organisation_id).in_(users), is_due)
        .order_by(SavedSearch.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for grant, user in zip(grants, users, strict=True):
        try:
            with db.session.begin_nested():
                _tell(grant, [row for row in rows if (row.account_id, row.organisation_id) == user], until, now)
        except FAILURES:
            log.exception("alert failed", extra={"event": "alert_failed", "account_id": grant.account_id})
    return grants[-1].id if len(grants) == BATCH else None


def _tell(grant: Grant, rows: Sequence[SavedSearch], until: datetime, now: datetime) -> None:
    scope = search.scope_of_organisation(grant.organisation_id)
    readings = [read(row.filters, scope) for row in rows]
    totals = search.count_each(
        [
            [*search.fitting(scope, reading.filters, now), *_new_in(row, until)]
            for row, reading in zip(rows, readings, strict=True)
            if not reading.is_void
        ]
    )
    if any(totals) and not _queue(grant, sum(totals), min(row.told_until for row in rows), until):
        return  # had one today, and hears of these in the next
    for row in rows:
        row.told_until = until


def _queue(grant: Grant, count: int, since: datetime, until: datetime) -> bool:
    queued = mailbox.queue(
        MessageKind.NEW_PEOPLE,
        f"{grant.account_id}|{grant.organisation_id}|{until.astimezone(clock.OSLO):%Y%m%d}",
        grant.nominee.email,
        grant.nominee.application.language,
        grant_id=str(grant.id),
        organisation=grant.organisation.name,
        count=min(count, MOST_COUNTED),
        is_more=count > MOST_COUNTED,
        since=clock.day(since),
    )
    return queued is not None


def _new_in(row: SavedSearch, until: datetime) -> list[Condition]:
    return [Listing.listed_since > row.told_until, Listing.listed_since <= until]


def _last(now: datetime) -> datetime:
    """Until when the e-mails of the last morning tell: the same whenever they are made that day."""
    today = clock.day(now)
    mornings = (datetime.combine(day, SENT_AT, clock.OSLO) for day in (today, today - timedelta(days=1)))
    return next(morning for morning in mornings if morning <= now) - SETTLED


def _last_monday(until: datetime) -> datetime:
    """The same for the last morning of a Monday."""
    day = clock.day(until)
    return datetime.combine(day - timedelta(days=day.weekday()), SENT_AT, clock.OSLO) - SETTLED


def wants_alerts(grant_id: UUID) -> bool:
    """Whether the user of a grant may have e-mails still, and has not stopped them."""
    wanted = exists().where(_IS_USERS, SavedSearch.frequency != AlertFrequency.NEVER)
    return bool(db.session.scalar(select(exists().where(Grant.id == grant_id, IN_USE, wanted))))


def has_alerts(grant: Grant) -> bool:
    """Whether any search of the grant's user for this organisation asks for e-mails: also while the access is locked or
    has ended, as it may be open again, or be followed by another one."""
    wanted = exists().where(*_asking_for_alerts(grant))
    with db.across_organisations():  # whoever presses the link may act for another one
        return bool(db.session.scalar(select(wanted)))


def find_grant(grant_id: UUID, token: str) -> Grant | None:
    """The grant whose user's alerts the link of an e-mail stops, also when it has ended; None for any other token."""
    if not links.stops_alerts_of(grant_id, token):
        return None
    return db.session.get(Grant, grant_id, options=[joinedload(Grant.organisation)])


def stop_alerts(grant: Grant) -> None:
    """No more e-mails of any of the user's searches for this organisation; they stand as they are. Safe to repeat."""
    stop = update(SavedSearch).where(*_asking_for_alerts(grant)).values(frequency=AlertFrequency.NEVER)
    with db.across_organisations():
        stopped = db.session.scalars(stop.returning(SavedSearch.id)).all()
    if stopped:
        audit.record(None, "alert.stopped", grant, subject_id=grant.account_id, count=len(stopped))


def _asking_for_alerts(grant: Grant) -> list[Condition]:
    return [
        SavedSearch.account_id == grant.account_id,
        SavedSearch.organisation_id == grant.organisation_id,
        SavedSearch.frequency != AlertFrequency.NEVER,
    ]


def forget_ended() -> int:
    """Delete the searches of those whose access ended so long ago; whoever has access anew meanwhile finds them again.
    The caller commits; returns how many."""
    limit = clock.now() - timedelta(days=settings.value(Key.SAVED_SEARCH_DAYS))
    has_or_had = exists().where(_IS_USERS, or_(Grant.ended_at.is_(None), Grant.ended_at > limit))
    return int(db.session.execute(delete(SavedSearch).where(~has_or_had)).rowcount)  # type: ignore[attr-defined]
