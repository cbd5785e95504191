"""The map of the register: where those live whom an organisation may see and who fit a search (ux.md E2).

A map names nobody, so that looking at it leaves no row in the audit log (I5); for the same reason it tells of nobody
alone (I13). Each municipality is masked with its county, and what stands for a county, or for all, is the sum of what
is told below it and nothing else, so that the pages of one search say no more together than each by itself. Whoever
wants to know more follows a link to the list, which names the people and notes each look. Maps of two searches can be
subtracted, as the lists can (docs/decisions/0011-tables-without-small-numbers.md): they are not to be passed on.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from extensions.language import alphabetical
from services import geography, maps, masking, search
from services.masking import LIMIT
from services.search import OUTSIDE, Filters, NotAllowed, Scope

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
            return _("over %(n)s", n=self.low)
        if self.low == self.high:
            return str(self.low)
        return _("under %(n)s", n=LIMIT) if self.is_small else _("%(fra)s–%(til)s", fra=self.low, til=self.high)

    @property
    def is_small(self) -> bool:
        """Whether it is held back for being small; nobody at all is told."""
        return self.high is not None and 0 < self.high < LIMIT

    @property
    def step(self) -> int:
        """Its shade, from 0 for nobody."""
        return 1 if self.is_small else bisect_right(STEPS, self.low)


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
    counts = search.living_in(scope, filters, [number for area in areas.values() for number in area], shown == every)
    masked = {one: _masked({number: counts[number] for number in area}) for one, area in areas.items()}
    outside = _masked({OUTSIDE: counts[OUTSIDE]})[1] if shown == every else None
    if len(shown) == 1:
        [county] = shown
        drawing = maps.of_county(county)
        places = [Place(number, geography.name_of(number), count) for number, count in masked[county][0].items()]
    else:
        drawing = maps.of_country()
        places = [Place(one, geography.county_name(one), total) for one, (_numbers, total) in masked.items()]
    return Overview(
        county=county,
        drawing=drawing,
        places=places,
        outside=outside,
        total=sum((total for _numbers, total in masked.values()), outside or NOBODY),
    )


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
