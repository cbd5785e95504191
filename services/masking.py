"""Tables of people in which no number under 5 can be read or computed (design.md I13, security.md C29;
docs/decisions/0011-tables-without-small-numbers.md says why this is enough)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LIMIT = 5
MOST = LIMIT - 1

Cell = tuple[str, str]
"""A row and a column."""
Arc = tuple[int, int]


@dataclass(frozen=True)
class Total:
    """The sum of a line: exact when both are the same, else between them."""

    low: int
    high: int

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def is_small(self) -> bool:
        return self.high < LIMIT


@dataclass(frozen=True)
class Table:
    """What may be published. Lines in which there is nobody are left out; a cell that is None has under 5, perhaps
    nobody. Two tables of the same people can be subtracted from one another: what shows parts of this one takes its
    cells and sums, and is not counted and masked anew."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[Cell, int | None]
    row_totals: Mapping[str, Total]
    column_totals: Mapping[str, Total]
    total: Total

    @property
    def is_whole(self) -> bool:
        """Whether nothing is held back."""
        return None not in self.cells.values()


def mask(counts: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]) -> Table:
    """The table of these counts, with every number under 5 held back, and every sum that would say more of one.

    Sums are given exactly to begin with, where what is held back in the line comes to 5 or more. Then each number held
    back is tried as by a reader who adds and subtracts: a cell must be able to be 1 and able to be 4, and what a line
    lacks, where that is under 5, must be able to be more than one number. Where it is not, sums give way until it is,
    and are told by what the shown cells alone say of them.
    """
    kept_rows = [row for row in rows if any(counts.get((row, column)) for column in columns)]
    kept_columns = [column for column in columns if any(counts.get((row, column)) for row in kept_rows)]
    numbers = {(row, column): counts.get((row, column), 0) for row in kept_rows for column in kept_columns}
    reading = _Reading(numbers, kept_rows, kept_columns)
    reading.protect()
    by_row = {row: reading.total(reading.row(row)) for row in kept_rows}
    by_column = {column: reading.total(reading.column(column)) for column in kept_columns}
    whole = reading.total(WHOLE)
    for lines in (by_row, by_column):
        whole = Total(max(whole.low, _sum(lines).low), min(whole.high, _sum(lines).high))
    return Table(
        rows=kept_rows,
        columns=kept_columns,
        cells={cell: number if number >= LIMIT else None for cell, number in numbers.items()},
        row_totals=_narrowed(by_row, whole),
        column_totals=_narrowed(by_column, whole),
        total=whole,
    )


def _sum(lines: Mapping[str, Total]) -> Total:
    return Total(sum(line.low for line in lines.values()), sum(line.high for line in lines.values()))


def _narrowed(lines: Mapping[str, Total], whole: Total) -> dict[str, Total]:
    """The lines with what the whole and the other lines say of them anyhow."""
    low, high = _sum(lines).low, _sum(lines).high
    return {
        name: Total(max(line.low, whole.low - (high - line.high)), min(line.high, whole.high - (low - line.low)))
        for name, line in lines.items()
    }


SOURCE, SINK = 0, 1
WHOLE: Arc = (SINK, SOURCE)


class _Reading:
    """What a reader can know of the cells held back: a network in which every unit runs from the source by its row and
    its column to the sink and back, each arc within the bounds that are published. Whatever may flow is a table that
    agrees with everything published, and in a network with whole bounds every cell takes all whole numbers between
    its least and its most."""

    def __init__(self, numbers: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]) -> None:
        self._rows = {row: (SOURCE, node) for node, row in enumerate(rows, 2)}
        self._columns = {column: (node, SINK) for node, column in enumerate(columns, 2 + len(rows))}
        self._held: dict[Arc, int] = {}
        self._shown: dict[Arc, int] = {}
        self._flow: dict[Arc, int] = {}
        self._bounds: dict[Arc, tuple[int, int]] = {}
        self._widest: dict[Arc, tuple[int, int]] = {}
        self._seen: dict[Arc, tuple[int, int]] = {}
        """The least and the most that each has been in a table that agrees; what lies between can be too."""
        self._ways, self._into = ([0] * (2 + len(rows) + len(columns)) for _ in range(2))
        """From each node the nodes that more can go to, as bits; and to each those it can come from."""
        lines: dict[Arc, list[int]] = {WHOLE: []}
        for (row, column), number in numbers.items():
            for line in (self.row(row), self.column(column), WHOLE):
                lines.setdefault(line, []).append(number)
            if number < LIMIT:
                self._add((self.row(row)[1], self.column(column)[0]), number, (0, MOST), (0, MOST))
        for line, members in lines.items():
            self._add_line(line, members)

    def row(self, row: str) -> Arc:
        return self._rows[row]

    def column(self, column: str) -> Arc:
        return self._columns[column]

    def total(self, line: Arc) -> Total:
        """What is published of the sum of a line."""
        low, high = self._bounds[line]
        return Total(self._shown[line] + low, self._shown[line] + high)

    def protect(self) -> None:
        """Let sums give way until each cell can be 1 and can be 4, and what each line lacks, where that is under 5, can
        be more than one number."""
        lines = {WHOLE, *self._rows.values(), *self._columns.values()}
        for arc, number in self._held.items():
            if number < LIMIT and self._widest[arc] != (0, 0):
                yielding = self._yielding(arc)
                while not (self._is_open(arc) if arc in lines else self._can_be(arc, MOST) and self._can_be(arc, 1)):
                    line = next(yielding)
                    self._set(line, self._flow[line], self._widest[line])

    def _is_open(self, line: Arc) -> bool:
        return self._can_be(line, self._held[line] + 1) or self._can_be(line, self._held[line] - 1)

    def _yielding(self, arc: Arc) -> Iterator[Arc]:
        """The sums that give way for a number, the smallest first: a cell's own; for a line its neighbours, then those
        across. With all of them it can be whatever a number under 5 can be."""
        rows, columns = list(self._rows.values()), list(self._columns.values())
        if arc in columns:
            rows, columns = columns, rows
        elif arc not in rows and arc != WHOLE:
            rows, columns = [(SOURCE, arc[0]), (arc[1], SINK)], []
        for lines in (rows, columns):
            yield from sorted(lines, key=self._held.__getitem__)
        yield WHOLE

    def _add_line(self, line: Arc, members: Sequence[int]) -> None:
        held = [number for number in members if number < LIMIT]
        self._shown[line] = sum(members) - sum(held)
        least = 0 if self._shown[line] or not held else 1  # a line without anybody is left out, as everybody knows
        widest = least, MOST * len(held)
        few = least, min(widest[1], MOST)
        self._add(line, sum(held), few if sum(held) < LIMIT else (sum(held), sum(held)), widest)

    def _add(self, arc: Arc, held: int, bounds: tuple[int, int], widest: tuple[int, int]) -> None:
        self._held[arc], self._widest[arc], self._seen[arc] = held, widest, (held, held)
        self._set(arc, held, bounds)

    def _can_be(self, arc: Arc, number: int) -> bool:
        """Whether some table that agrees has this number there: move towards it for as long as the others can follow.
        Moves are kept, for what is reached is as good a table as the one before."""
        while not self._seen[arc][0] <= number <= self._seen[arc][1]:
            start, end = reversed(arc) if number > self._flow[arc] else arc
            way = self._way(start, end) if self._room(end, start) else None
            if way is None:
                return False
            steps = [*pairwise(way), (end, start)]
            units = min(abs(number - self._flow[arc]), *(self._room(*step) for step in steps))
            for step in steps:
                self._move(*step, units)
        return True

    def _way(self, start: int, end: int) -> list[int] | None:
        """A shortest way there with room, not straight along the arc between the two."""
        came_from: dict[int, int] = {}
        unseen = ~(1 << start | 1 << end)
        line = [start]
        for node in line:
            ways = self._ways[node] & unseen
            if ways & self._into[end]:
                way = [end, _lowest(ways & self._into[end]), node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            unseen &= ~ways
            while ways:
                following = _lowest(ways)
                came_from[following] = node
                line.append(following)
                ways &= ways - 1
        return None

    def _room(self, start: int, end: int) -> int:
        """How much more can go from here to there, or less the other way."""
        if (start, end) in self._flow:
            return self._bounds[start, end][1] - self._flow[start, end]
        return self._flow[end, start] - self._bounds[end, start][0]

    def _move(self, start: int, end: int, units: int) -> None:
        if (start, end) in self._flow:
            self._set((start, end), self._flow[start, end] + units, self._bounds[start, end])
        else:
            self._set((end, start), self._flow[end, start] - units, self._bounds[end, start])

    def _set(self, arc: Arc, flow: int, bounds: tuple[int, int]) -> None:
        start, end = arc
        self._flow[arc], self._bounds[arc] = flow, bounds
        self._seen[arc] = min(flow, self._seen[arc][0]), max(flow, self._seen[arc][1])
        self._open(start, end, flow < bounds[1])
        self._open(end, start, flow > bounds[0])

    def _open(self, start: int, end: int, has_room: bool) -> None:
        self._ways[start] = self._ways[start] & ~(1 << end) | has_room << end
        self._into[end] = self._into[end] & ~(1 << start) | has_room << start


def _lowest(nodes: int) -> int:
    return (nodes & -nodes).bit_length() - 1
