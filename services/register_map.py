"""The map of the register: where those live whom an organisation may see (ux.md E2).

Its numbers are cells and sums of the table of the report (services/register_reports.py), of everybody or of one
profession. Nothing is counted anew, so the map tells no more than the report does. It names nobody: looking at it
leaves no row in the audit log (I5). Whoever wants to know more follows a link to the list, which names people and notes
each look.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from services import maps, register_reports
from services.masking import LIMIT, NOBODY, Total
from services.register_reports import OUTSIDE
from services.search import NotAllowed, Scope

STEPS = (1, LIMIT, 20, 100, 500)
"""Where each shade begins."""


@dataclass(frozen=True)
class Place:
    """A county or a municipality of the organisation's area."""

    number: str
    name: str
    count: Total

    @property
    def step(self) -> int:
        """Its shade, from 0 for nobody; of a range that of its middle."""
        return bisect_right(STEPS, (self.count.low + self.count.high) // 2)


@dataclass(frozen=True)
class Overview:
    """One map: the country with the counties of the area, or one county with its municipalities."""

    county: str | None
    drawing: maps.Map
    places: Sequence[Place]
    outside: Total | None
    """Those who live outside the area; not told on the page of one county among several."""
    total: Total
    professions: Sequence[str]
    """Every one that somebody has whom the organisation may see."""
    is_whole: bool
    """Whether nothing is held back."""


def overview(scope: Scope, profession: str | None = None, county: str | None = None) -> Overview:
    """The map of a county; without one that of all the area's counties, or of its only one. Raises NotAllowed for a
    county in which the organisation has no area."""
    counties = set(scope.municipalities.values())
    if county is not None and county not in counties:
        raise NotAllowed
    is_part = county is not None and len(counties) > 1
    if len(counties) == 1:
        [county] = counties
    _made_at, table = register_reports.table_of(scope)
    if profession is None:
        numbers, total = {**table.row_totals, **table.group_totals}, table.total
    else:
        crossed = {**table.cells, **table.group_cells}
        numbers = {place: number for (place, code), number in crossed.items() if code == profession}
        total = table.column_totals.get(profession, NOBODY)
    shown = [number for number, its in scope.municipalities.items() if its == county] if county else counties
    return Overview(
        county=county,
        drawing=maps.of_county(county) if county else maps.of_country(),
        places=[
            Place(number, register_reports.name_of(number), numbers.get(number, NOBODY))
            for number in sorted(shown, key=register_reports.in_order)
        ],
        outside=None if is_part else numbers.get(OUTSIDE, NOBODY),
        total=numbers.get(county, NOBODY) if county and is_part else total,
        professions=table.columns,
        is_whole=table.is_whole,
    )
