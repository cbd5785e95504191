"""Tables of people in which no number under 5 can be read or computed (design.md I13, security.md C29;
docs/decisions/0011-tables-without-small-numbers.md says why this is enough)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, pairwise

LIMIT = 5
MOST = LIMIT - 1

Cell = tuple[str, str]
"""A row and a column."""
Arc = tuple[int, int]


@dataclass(frozen=True)
class Total:
    """How many, as far as it may be told: exact when both are the same, else between them."""

    low: int
    high: int

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def is_small(self) -> bool:
        """Whether it is held back for being small; nobody at all is told."""
        return 0 < self.high < LIMIT


NOBODY = Total(0, 0)
FEW = Total(0, MOST)


@dataclass(frozen=True)
class Table:
    """What may be published. Lines in which there is nobody are left out; a cell that is not exact has under 5, perhaps
    nobody. Two tables of the same people can be subtracted from one another: what shows parts of this one takes its
    cells and sums, and is not counted and masked anew."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[Cell, Total]
    group_cells: Mapping[Cell, Total]
    """The sum of each group in each column."""
    row_totals: Mapping[str, Total]
    group_totals: Mapping[str, Total]
    column_totals: Mapping[str, Total]
    total: Total

    @property
    def is_whole(self) -> bool:
        """Whether nothing is held back."""
        return all(cell.is_exact for cell in self.cells.values())


def mask(counts: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str], groups: Mapping[str, str]) -> Table:
    """The table of these counts and of their sums in groups of rows, with every number under 5 held back, and every sum
    that would say more of one. `groups`: the one group of each row. What is told follows the order of rows and columns,
    so that who asks again must give the same.

    Sums are given exactly to begin with, where what is held back in the line comes to 5 or more. Then each number held
    back is tried as by a reader who adds and subtracts: a cell must be able to be 1 and able to be 4, and what a line
    lacks, where that is under 5, must be able to be more than one number. Where it is not, sums give way until it is,
    and are told by what everything else says of them.
    """
    kept_rows = [row for row in rows if any(counts.get((row, column)) for column in columns)]
    kept_columns = [column for column in columns if any(counts.get((row, column)) for row in kept_rows)]
    numbers = {(row, column): counts.get((row, column), 0) for row in kept_rows for column in kept_columns}
    kept_groups = dict.fromkeys(groups[row] for row in kept_rows)
    reading = _Reading(numbers, groups)
    reading.protect()
    return Table(
        rows=kept_rows,
        columns=kept_columns,
        cells={cell: Total(number, number) if number >= LIMIT else FEW for cell, number in numbers.items()},
        group_cells={
            (group, column): reading.total(reading.part(group, column))
            for group in kept_groups
            for column in kept_columns
        },
        row_totals={row: reading.total(reading.row(row)) for row in kept_rows},
        group_totals={group: reading.total(reading.group(group)) for group in kept_groups},
        column_totals={column: reading.total(reading.column(column)) for column in kept_columns},
        total=reading.total(WHOLE),
    )


SOURCE, SINK = 0, 1
WHOLE: Arc = (SINK, SOURCE)


class _Reading:
    """What a reader can know of the cells held back: a network in which every unit runs from the source by its group,
    its row, its group's part of its column and its column to the sink and back, each arc within the bounds that are
    published. Whatever may flow is a table that agrees with everything published, and in a network with whole bounds
    every arc takes all whole numbers between its least and its most."""

    def __init__(self, numbers: Mapping[Cell, int], groups: Mapping[str, str]) -> None:
        self._groups = groups
        self._nodes: defaultdict[tuple[str, ...], int] = defaultdict(count(2).__next__)
        self._arcs: defaultdict[int, list[Arc]] = defaultdict(list)
        """Those that begin or end in each node."""
        self._held: dict[Arc, int] = {}
        self._shown: dict[Arc, int] = {}
        """Of lines alone."""
        self._flow: dict[Arc, int] = {}
        self._bounds: dict[Arc, tuple[int, int]] = {}
        self._widest: dict[Arc, tuple[int, int]] = {}
        self._seen: dict[Arc, tuple[int, int]] = {}
        """The least and the most that each has been in a table that agrees; what lies between can be too."""
        self._ways: defaultdict[int, int] = defaultdict(int)
        self._into: defaultdict[int, int] = defaultdict(int)
        """From each node the nodes that more can go to, as bits; and to each those it can come from."""
        lines: dict[Arc, list[int]] = {WHOLE: []}
        parts: dict[Arc, list[int]] = {}
        for (row, column), number in numbers.items():
            part = self.part(groups[row], column)
            parts.setdefault(part, []).append(number)
            for line in (WHOLE, self.group(groups[row]), self.row(row), self.column(column)):
                lines.setdefault(line, []).append(number)
            if number < LIMIT:
                self._add((self.row(row)[1], part[0]), number, (0, MOST), (0, MOST))
        for line, members in lines.items():
            self._add_line(line, members, least=1)  # where nobody is, there is no line
        for part, members in parts.items():
            self._add_line(part, members, least=0)

    def group(self, group: str) -> Arc:
        return SOURCE, self._nodes["group", group]

    def row(self, row: str) -> Arc:
        return self._nodes["group", self._groups[row]], self._nodes["row", row]

    def part(self, group: str, column: str) -> Arc:
        """Of a column, a group's part."""
        return self._nodes["part", group, column], self._nodes["column", column]

    def column(self, column: str) -> Arc:
        return self._nodes["column", column], SINK

    def total(self, line: Arc) -> Total:
        """What is published of the sum of a line: all that it can be."""
        for end in self._bounds[line]:
            self._can_be(line, end)
        low, high = self._seen[line]
        return Total(self._shown[line] + low, self._shown[line] + high)

    def protect(self) -> None:
        """Let sums give way until each cell can be 1 and can be 4, and what each line lacks, where that is under 5, can
        be more than one number."""
        for arc, number in self._held.items():
            if number >= LIMIT or self._widest[arc] == (0, 0):
                continue
            if arc not in self._shown:
                for end in (MOST, 1):
                    self._can_be(arc, end, is_yielding=True)
            elif not (self._can_be(arc, number + 1) or self._can_be(arc, number - 1)):
                self._can_be(arc, number + 1 if number < MOST else number - 1, is_yielding=True)

    def _add_line(self, line: Arc, members: Sequence[int], least: int) -> None:
        held = [number for number in members if number < LIMIT]
        self._shown[line] = sum(members) - sum(held)
        if self._shown[line] or not held:
            least = 0
        widest = least, MOST * len(held)
        few = least, min(widest[1], MOST)
        self._add(line, sum(held), few if sum(held) < LIMIT else (sum(held), sum(held)), widest)

    def _add(self, arc: Arc, held: int, bounds: tuple[int, int], widest: tuple[int, int]) -> None:
        for node in arc:
            self._arcs[node].append(arc)
        self._held[arc], self._widest[arc], self._seen[arc] = held, widest, (held, held)
        self._set(arc, held, bounds)

    def _can_be(self, arc: Arc, number: int, *, is_yielding: bool = False) -> bool:
        """Whether some table that agrees has this number there: move towards it for as long as the others can follow,
        or sums give way, the whole before any other. Moves are kept, for what is reached is as good a table as the one
        before."""
        while not self._seen[arc][0] <= number <= self._seen[arc][1]:
            start, end = reversed(arc) if number > self._flow[arc] else arc
            way = self._way(start, end) if self._room(end, start) else None
            if way is None and is_yielding:
                self._set(WHOLE, self._flow[WHOLE], self._widest[WHOLE])
                way = self._way(start, end) or self._opened(start, end)
            if way is None:
                return False
            steps = [*pairwise(way), (end, start)]
            units = min(abs(number - self._flow[arc]), *(self._room(*step) for step in steps))
            for step in steps:
                self._move(*step, units)
        return True

    def _way(self, start: int, end: int) -> list[int] | None:
        """A shortest way there with room, not straight along the arc between the two; sought from both ends."""
        first, last = 1 << start, 1 << end
        onward, backward = [first, self._ways[start] & ~last], [last, self._into[end] & ~first]
        unseen = [~(first | last | layers[1]) for layers in (onward, backward)]
        while onward[-1] and backward[-1]:
            if onward[-1] & backward[-1]:
                way = [_lowest(onward.pop() & backward.pop())]
                while onward:
                    way.insert(0, _lowest(onward.pop() & self._into[way[0]]))
                while backward:
                    way.append(_lowest(backward.pop() & self._ways[way[-1]]))
                return way
            is_back = onward[-1].bit_count() > backward[-1].bit_count()
            layers, steps = (backward, self._into) if is_back else (onward, self._ways)
            nodes, ahead = layers[-1], 0
            while nodes:
                ahead |= steps[_lowest(nodes)]
                nodes &= nodes - 1
            layers.append(ahead & unseen[is_back])
            unseen[is_back] &= ~ahead
        return None

    def _opened(self, start: int, end: int) -> list[int]:
        """The way there on which the fewest sums have to give way, the longest lines rather than short ones; they give
        way now. There always is one: with all its sums wide a cell can be whatever a number under 5 can be."""
        came_from: dict[int, int] = {}
        ahead: list[tuple[float, int, int]] = [(0, start, start)]
        while end not in came_from:
            cost, node, before = heappop(ahead)
            if node not in came_from:
                came_from[node] = before
                for arc in self._arcs[node]:
                    other, (low, high) = sum(arc) - node, self._widest[arc]
                    can_move = self._flow[arc] < high if arc[0] == node else self._flow[arc] > low
                    if can_move and other not in came_from and {node, other} != {start, end}:
                        heappush(ahead, (cost if self._room(node, other) else cost + 1 + 1 / high, other, node))
        way = [end]
        while way[0] != start:
            arc = step = came_from[way[0]], way[0]
            if arc not in self._flow:
                arc = arc[::-1]
            if not self._room(*step):
                self._set(arc, self._flow[arc], self._widest[arc])
            way.insert(0, step[0])
        return way

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
