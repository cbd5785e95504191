"""The map of the register: where those live whom an organisation may see and who fit a search (ux.md E2).

A map names nobody, so that looking at it leaves no row in the audit log (I5); for the same reason it tells of nobody
alone (I13). Each municipality is masked with its county, and what stands for a county, or for all, is the sum of what
is told below it and nothing else, so that the pages of one search say no more together than each by itself. Whoever
wants to know more follows a link to the list, which names the people and notes each look. Maps of two searches can be
subtracted, as the lists can (docs/decisions/0011-tables-without-small-numbers.md): they are not to be passed on.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import any_, case, false, func, literal, not_, or_, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical, show_number
from models.listing import Listing
from services import geography, maps, masking, search
from services.masking import LIMIT
from services.search import OUTSIDE, Condition, Filters, NotAllowed, Scope

STEPS = (1, LIMIT, 20, 100, 500)
"""Where each shade begins."""


@dataclass(frozen=True)
class Number:
    """How many, as far as it may be told."""

    low: int
    high: int | None
    """None for more than we count."""

    def __add__(self, other: "Number") -> "Number":
        high = None if self.high is None or other.high is None else self.high + other.high
        return Number(self.low + other.low, high)

    def __str__(self) -> str:
        if self.high is None:
            return str(_("over %(n)s", n=show_number(self.low)))
        if self.low == self.high:
            return show_number(self.low)
        if self.is_small:
            return str(_("under %(n)s", n=LIMIT))
        return str(_("%(fra)s–%(til)s", fra=show_number(self.low), til=show_number(self.high)))

    @property
    def is_small(self) -> bool:
        """Whether it is held back for being small; nobody at all is told."""
        return self.high is not None and 0 < self.high < LIMIT

    @property
    def step(self) -> int:
        """Its shade, from 0 for nobody; of a range that of its middle."""
        return bisect_right(STEPS, self.low if self.high is None else (self.low + self.high) // 2)


NOBODY = Number(0, 0)


@dataclass(frozen=True)
class Place:
    """A county or a municipality of the organisation's area."""

    number: str
    name: str
    count: Number


@dataclass(frozen=True)
class Overview:
    """One map: the country with the counties of the area, or one county with its municipalities."""

    county: str | None
    drawing: maps.Map
    places: Sequence[Place]
    outside: Number | None
    """Those who live outside the area; not told on the page of one county among several."""
    total: Number


def counties(scope: Scope) -> list[str]:
    """The counties an organisation's area lies in."""
    return sorted(set(scope.municipalities.values()))


def overview(scope: Scope, filters: Filters, county: str | None = None) -> Overview:
    """The map of a county; without one that of all the area's counties, or of its only one. Raises NotAllowed for a
    county in which the organisation has no area."""
    every = counties(scope)
    if county is not None and county not in every:
        raise NotAllowed
    shown = [county] if county else every
    by_name = sorted(scope.municipalities, key=lambda number: alphabetical(geography.name_of(number)))
    areas = {one: [number for number in by_name if scope.municipalities[number] == one] for one in shown}
    groups = list(areas.values()) if len(shown) != 1 else [[number] for number in areas[shown[0]]]
    counts = _living_in(scope, filters, groups, shown == every)
    if len(shown) == 1:
        [county] = shown
        drawing = maps.of_county(county)
        numbers, total = _masked({number: counts[number] for number in areas[county]})
        places = [Place(number, geography.name_of(number), count) for number, count in numbers.items()]
    else:
        drawing = maps.of_country()
        sums = {one: _masked_sum({number: counts[number] for number in area}) for one, area in areas.items()}
        places = [Place(one, geography.county_name(one), count) for one, count in sums.items()]
        total = sum(sums.values(), NOBODY)
    outside = _masked_sum({OUTSIDE: counts[OUTSIDE]}) if shown == every else None
    return Overview(
        county=county,
        drawing=drawing,
        places=places,
        outside=outside,
        total=total + (outside or NOBODY),
    )


def _living_in(scope: Scope, filters: Filters, groups: Sequence[Sequence[str]], has_outside: bool) -> Mapping[str, int]:
    """How many of those who fit live in each municipality of these groups, and outside the whole area when that is
    asked for. Few are counted in one go. When that meets more people than we tell of in all groups together, each group
    is asked for by itself, and no further than we count. So the work follows the number of groups on a page and not
    that of people in the register. Of a group that holds more than we tell the counts are of some of them."""
    conditions = search.fitting(scope, filters, clock.now())
    home = Listing.municipality_number
    theirs = [home == any_(literal(list(group), ARRAY(String))) for group in groups]
    own = home == any_(literal(list(scope.municipalities), ARRAY(String)))
    parts: list[tuple[Any, Condition]] = [(home, there) for there in theirs]
    everywhere: Condition = or_(false(), *theirs)
    if has_outside:
        parts.append((literal(OUTSIDE), or_(home.is_(None), not_(own))))
        everywhere = true()
    most = len(parts) * (search.MOST_COUNTED + 1)
    counts = _counted([(case((own, home), else_=OUTSIDE), everywhere)], conditions, most)
    return counts if counts.total() < most else _counted(parts, conditions, search.MOST_COUNTED + 1)


def _counted(parts: Iterable[tuple[Any, Condition]], conditions: Sequence[Condition], most: int) -> Counter[str]:
    """People by place, at most so many of each part. One statement."""
    statements = []
    for place, is_there in parts:
        some = select(place.label("place")).where(is_there, *conditions).limit(most).subquery()
        statements.append(select(some.c.place, func.count().label("total")).group_by(some.c.place))
    return Counter({row.place: row.total for row in db.session.execute(union_all(*statements))})


def _masked_sum(counts: Mapping[str, int]) -> Number:
    """What may be told of all in these places together, of whom no more were counted than we tell."""
    if sum(counts.values()) > search.MOST_COUNTED:
        return Number(search.MOST_COUNTED, None)
    return _masked(counts)[1]


def _masked(counts: Mapping[str, int]) -> tuple[dict[str, Number], Number]:
    """What may be told of each place and of all together."""
    told = {place: min(count, search.MOST_COUNTED) for place, count in counts.items()}
    table = masking.mask({(place, ""): count for place, count in told.items()}, list(told), [""])
    numbers = {}
    for place, count in counts.items():
        if count > search.MOST_COUNTED:
            numbers[place] = Number(search.MOST_COUNTED, None)
        elif count == 0:
            numbers[place] = NOBODY
        else:
            shown = table.cells[place, ""]
            numbers[place] = Number(1, LIMIT - 1) if shown is None else Number(shown, shown)
    return numbers, Number(table.total.low, None if max(counts.values()) > search.MOST_COUNTED else table.total.high)
