"""Searching the register: whom an organisation may see, in what order, and how many (ux.md E1, design.md sections 4–5).

What shows people to an organisation starts from `Scope`: own area, listed at this moment, not hidden from it. Counts
stop at a thousand and the order follows an index, so that no page grows slower with the register.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import TTLCache
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    any_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import String

from extensions import clock
from extensions.database import db
from models.enums import Experience, StartSpeed, Workload
from models.listing import Listing
from models.organisation import Organisation
from services import geography, organisations
from services.access import Actor
from services.errors import DomainError, NotFound
from services.listing import WHOLE_COUNTRY

Condition = ColumnElement[bool]
PAGE = 20
MOST_COUNTED = 1_000
FRESH = timedelta(days=30)
"""What the counts call confirmed lately."""
CONFIRMED_WITHIN = (7, 14, 30)
RINGS = (0, 30, 60, 120, 240)
"""Estimated minutes that the order by distance goes by; the estimate is no finer."""


class Sort(StrEnum):
    CONFIRMED = "bekreftet"
    DISTANCE = "avstand"
    EXPERIENCE = "erfaring"


class NotAllowed(DomainError):
    """A search asks for something outside what the organisation may see, or for what does not exist."""


@dataclass(frozen=True)
class Filters:
    """What a reader asks for, in codes; empty means everything."""

    professions: tuple[str, ...] = ()
    specialities: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    """Where one can work."""
    homes: tuple[str, ...] = ()
    """Where one lives."""
    available_on: date | None = None
    workloads: tuple[Workload, ...] = ()
    times: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    start_speed: StartSpeed | None = None
    confirmed_within: int | None = 30

    def without(self, name: str) -> "Filters":
        """The same search with one filter dropped."""
        nothing: Any = () if isinstance(getattr(self, name), tuple) else None
        return replace(self, **{name: nothing})

    def codes(self) -> dict[str, Any]:
        """The search as it is kept: codes and days, no free text."""
        kept = {name: getattr(self, name) for name in self.active}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}

    @classmethod
    def of_codes(cls, codes: Mapping[str, Any]) -> "Filters":
        """What `codes` gave."""
        kinds: dict[str, Any] = {
            "workloads": lambda values: tuple(Workload(value) for value in values),
            "available_on": date.fromisoformat,
            "start_speed": StartSpeed,
            "confirmed_within": int,
        }
        kept = {name: kinds.get(name, tuple)(value) for name, value in codes.items()}
        return cls(**{"confirmed_within": None, **kept})

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the filters that leave somebody out."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) not in ((), None))


@dataclass(frozen=True)
class Scope:
    """Whom one organisation may see."""

    organisation_number: str
    home: str | None
    """The municipality that distances are counted from: its largest, where a trust's main hospital lies."""
    municipalities: Mapping[str, str]
    """The organisation's area: county number by municipality number."""

    def codes(self, chosen: Iterable[str] = ()) -> list[str]:
        """The codes a person's areas must share one of, for the whole area or the chosen part of it. Raises NotAllowed
        for a municipality outside it."""
        wanted = set(chosen) or set(self.municipalities)
        if not wanted <= set(self.municipalities):
            raise NotAllowed
        counties = {self.municipalities[number] for number in wanted}
        return [WHOLE_COUNTRY, *sorted(counties), *geography.largest_first(wanted)]  # the most common are tried first

    def conditions(self, now: datetime, chosen: Iterable[str] = ()) -> list[Condition]:
        """I4 and I6 in one place: in the area, listed now, and not hidden from this organisation."""
        return [
            _overlap(Listing.areas, self.codes(chosen)),
            Listing.listed_until > now,
            not_(_overlap(Listing.hidden_from, [self.organisation_number])),
        ]


@dataclass(frozen=True)
class Place:
    """Where a page begins: after this person."""

    group: int
    confirmed_at: datetime
    professional_id: UUID


@dataclass(frozen=True)
class Counts:
    """How many there are and how many of them were confirmed lately; each stops at MOST_COUNTED."""

    all: int
    fresh: int


@dataclass(frozen=True)
class Result:
    people: Sequence[Row[Any]]
    """Rows of the search table, at most a page."""
    next: Place | None
    counts: Counts


_scopes: TTLCache[UUID, Scope] = TTLCache(maxsize=2_000, ttl=600)
"""Areas follow from reference data alone, which change some times a year."""
_counted: TTLCache[tuple[str, Filters], Counts] = TTLCache(maxsize=20_000, ttl=600)
_lock = Lock()


def scope_of(actor: Actor) -> Scope:
    """The scope of the organisation the person acts for; raises NotFound for anybody else."""
    if actor.organisation_id is None:
        raise NotFound
    return scope_of_organisation(actor.organisation_id)


def scope_of_organisation(organisation_id: UUID) -> Scope:
    """Whom an organisation may see, whoever asks."""
    with _lock:
        known = _scopes.get(organisation_id)
    if known is None:
        known = scope_for(db.session.get_one(Organisation, organisation_id))
        with _lock:
            _scopes[organisation_id] = known
    return known


def scope_for(organisation: Organisation) -> Scope:
    area = organisations.area(organisation)
    return Scope(
        organisation_number=organisation.number,
        home=geography.largest(municipality.number for municipality in area),
        municipalities={municipality.number: municipality.county_number for municipality in area},
    )


def search(scope: Scope, filters: Filters, sort: Sort, after: Place | None = None) -> Result:
    """One page of the people who fit, and how many there are."""
    now = clock.now()
    conditions, groups = fitting(scope, filters, now), _groups(scope, sort)
    counts, found = _remembered(scope, filters), None
    if counts is None:
        counts, found = _counted_and_sorted(conditions, groups, after, now)
        if counts.all > MOST_COUNTED:
            counts, found = _counts(scope, filters, conditions, now), None
    if found is None:
        found = _group_by_group(conditions, groups, after)
    people = found[:PAGE]
    last = people[-1] if len(found) > PAGE else None
    return Result(
        people=people,
        next=Place(last.group, last.confirmed_at, last.professional_id) if last is not None else None,
        counts=counts,
    )


def counts(scope: Scope, filters: Filters) -> Counts:
    """How many fit, and how many of them confirmed lately."""
    now = clock.now()
    return _remembered(scope, filters) or _counts(scope, filters, fitting(scope, filters, now), now)


def counts_without(scope: Scope, filters: Filters) -> dict[str, int]:
    """For each active filter: how many there would be without it. One statement."""
    now = clock.now()
    totals = count_each([fitting(scope, filters.without(name), now) for name in filters.active])
    return dict(zip(filters.active, totals, strict=True))


def count_each(searches: Sequence[Sequence[Condition]]) -> list[int]:
    """For each list of conditions: how many meet it, at most one above MOST_COUNTED. One statement."""
    statements = [
        select(literal(number).label("number"), _capped(conditions).label("total"))
        for number, conditions in enumerate(searches)
    ]
    totals = {row.number: row.total for row in db.session.execute(union_all(*statements))} if statements else {}
    return [totals[number] for number in range(len(searches))]


def able_to_start(scope: Scope, filters: Filters, day: date, minutes: int) -> int:
    """How many of those who fit could start on a day and live within so many minutes, by an estimate from the distance
    between municipalities. Stops at MOST_COUNTED."""
    now = clock.now()
    near = geography.within(scope.home, minutes)
    conditions = fitting(scope, replace(filters, available_on=day), now)
    return db.session.scalar(select(_capped([*conditions, _lives_in(near)]))) or 0


def is_visible(scope: Scope, professional_id: UUID) -> bool:
    """Whether the organisation may see this person now."""
    conditions = scope.conditions(clock.now())
    return bool(db.session.scalar(select(exists().where(Listing.professional_id == professional_id, *conditions))))


def fitting(scope: Scope, filters: Filters, now: datetime) -> list[Condition]:
    """What a person in the search table must meet to be shown to the organisation for this search. The database tries
    them in this order where no index helps: what is quick first, and last the area, which may be a hundred codes."""
    return [*_asked_for(filters, now), *scope.conditions(now, filters.municipalities)]


def _asked_for(filters: Filters, now: datetime) -> list[Condition]:
    """What the filters ask for, as conditions on the search table."""
    found: list[Condition] = []
    if filters.homes:
        found.append(Listing.municipality_number.in_(filters.homes))
    if filters.available_on is not None:
        day = filters.available_on
        found.append(Listing.available_from <= day)
        found.append(or_(Listing.available_to.is_(None), Listing.available_to >= day))
    if filters.workloads:
        found.append(Listing.workload.in_(filters.workloads))
    if filters.start_speed is not None:
        quick_enough = list(StartSpeed)[: list(StartSpeed).index(filters.start_speed) + 1]
        found.append(Listing.start_speed.in_(quick_enough))
    if filters.confirmed_within is not None:
        found.append(Listing.confirmed_at > now - timedelta(days=filters.confirmed_within))
    for column, chosen in (
        (Listing.professions, filters.professions),
        (Listing.specialities, filters.specialities),
        (Listing.times, filters.times),
        (Listing.languages, filters.languages),
    ):
        if chosen:
            found.append(_overlap(column, chosen))
    return found


def _overlap(column: InstrumentedAttribute[list[str]], values: Sequence[str]) -> Condition:
    """Whether a column of codes holds one of these."""
    condition: Condition = column.overlap(literal(list(values), ARRAY(String)))
    return condition


def _lives_in(numbers: Sequence[str]) -> Condition:
    """Whether a person lives in one of these municipalities. One alone is compared with itself, so that the index keeps
    the order of confirmations; several are one value."""
    wanted = literal(numbers[0]) if len(numbers) == 1 else any_(literal(list(numbers), ARRAY(String)))
    return Listing.municipality_number == wanted


def _groups(scope: Scope, sort: Sort) -> list[Condition]:
    """The order as groups, one after another; inside a group the newest confirmation comes first."""
    if sort is Sort.EXPERIENCE:
        return [Listing.experience == band for band in reversed(Experience)]
    if sort is Sort.DISTANCE and scope.home is not None:
        minutes = geography.minutes_from(scope.home)
        rings = [
            _lives_in([number for number, far in minutes.items() if inner < far <= outer])
            for inner, outer in pairwise((-1, *RINGS, math.inf))
        ]
        elsewhere = or_(Listing.municipality_number.is_(None), not_(_lives_in(list(minutes))))
        return [*rings, elsewhere]
    return [true()]


def _counted_and_sorted(
    conditions: Sequence[Condition], groups: Sequence[Condition], after: Place | None, now: datetime
) -> tuple[Counts, Sequence[Row[Any]]]:
    """How many fit, and a page and one more of them, when they are no more than we count: the database sorts them all.
    Of more than that the page is worth nothing. One statement."""
    rank = case(*((group, number) for number, group in enumerate(groups)), else_=len(groups) - 1)
    some = _rows(rank).where(*conditions).limit(MOST_COUNTED + 1).cte("some")
    is_fresh = some.c.confirmed_at > now - FRESH
    totals = (
        select(func.count().label("all"), func.count().filter(is_fresh).label("fresh")).select_from(some).subquery()
    )
    is_later: Condition = true()
    if after:
        is_later = or_(some.c.group > after.group, and_(some.c.group == after.group, *_beyond(after, some.c)))
    rows = db.session.execute(
        select(totals, some)
        .select_from(totals.outerjoin(some, is_later))
        .order_by(some.c.group, some.c.confirmed_at.desc(), some.c.professional_id)
        .limit(PAGE + 1)
    ).all()
    return Counts(rows[0].all, rows[0].fresh), [row for row in rows if row.professional_id is not None]


def _group_by_group(
    conditions: Sequence[Condition], groups: Sequence[Condition], after: Place | None
) -> Sequence[Row[Any]]:
    """A page and one more of many: along the index of confirmations, group after group until the page is full. The
    first group fills most pages by itself; the others are one statement, whose parts the database runs in turn and no
    further than it must."""
    first = min(after.group, len(groups) - 1) if after else 0
    parts = []
    for number, group in enumerate(groups[first:], first):
        beyond = _beyond(after) if after and number == after.group else []
        part = _rows(literal(number)).where(*conditions, group, *beyond)
        parts.append(part.order_by(Listing.confirmed_at.desc(), Listing.professional_id).limit(PAGE + 1))
    found = [*db.session.execute(parts[0])]
    if len(found) <= PAGE and len(parts) > 1:
        following = parts[1] if len(parts) == 2 else union_all(*parts[1:]).limit(PAGE + 1)
        found += db.session.execute(following)
    return found


SHOWN: Sequence[Any] = (
    Listing.professional_id,
    Listing.account_id,
    Listing.name,
    Listing.municipality_number,
    Listing.professions,
    Listing.specialities,
    Listing.available_from,
    Listing.workload,
    Listing.times,
    Listing.confirmed_at,
    Listing.has_cv,
)
"""What a list shows of people, and what its order goes by."""


def _rows(rank: ColumnElement[Any]) -> Select[Any]:
    return select(*SHOWN, rank.label("group"))


def _beyond(place: Place, columns: Any = Listing) -> list[Condition]:
    same = and_(columns.confirmed_at == place.confirmed_at, columns.professional_id > place.professional_id)
    return [columns.confirmed_at <= place.confirmed_at, or_(columns.confirmed_at < place.confirmed_at, same)]


def _remembered(scope: Scope, filters: Filters) -> Counts | None:
    """The counts of a search that found more than we count in the last minutes: it is what takes longest to find out,
    and is asked for again with every page that is turned."""
    with _lock:
        known = _counted.get((scope.organisation_number, filters))
    return known if known is not None and known.fresh > MOST_COUNTED else None


def _counts(scope: Scope, filters: Filters, conditions: Sequence[Condition], now: datetime) -> Counts:
    if filters.confirmed_within is None:
        counts = Counts(*count_each([conditions, [*conditions, Listing.confirmed_at > now - FRESH]]))
    else:  # nobody fits who did not confirm lately
        (total,) = count_each([conditions])
        counts = Counts(total, total)
    if counts.fresh > MOST_COUNTED:
        with _lock:
            _counted[scope.organisation_number, filters] = counts
    return counts


def _capped(conditions: Sequence[Condition]) -> Any:
    """A count that stops one above the most we tell."""
    some = select(literal(1)).select_from(Listing).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
