"""No number under 5 can be read from a masked table, or computed from it: tried by a solver that sees only what is
published, and by one who knows the procedure too."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product, zip_longest
from typing import Any

import highspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.masking import FEW, LIMIT, NOBODY, Cell, Table, Total, mask

Counts = Mapping[Cell, int]
Groups = Mapping[str, str]
MOST = LIMIT - 1


class Attacker:
    """A solver that knows the published table, and that a line which is there has somebody in it. In small tables it
    also minds that people are whole; in large ones that takes long, and matters only if masking is wrong about
    networks."""

    def __init__(self, table: Table, groups: Groups) -> None:
        self._solver = highspy.Highs()
        self._solver.silent()
        types = highspy.HighsVarType
        whole = types.kInteger if len(table.cells) < 10 else types.kContinuous
        self._people = {
            cell: self._solver.addVariable(told.low, told.high, type=whole) for cell, told in table.cells.items()
        }
        self.told: list[tuple[Total, list[Cell]]] = [(table.total, list(table.cells))]
        for totals, part in ((table.row_totals, 0), (table.column_totals, 1)):
            self.told += [
                (total, [cell for cell in table.cells if cell[part] == name]) for name, total in totals.items()
            ]
        for name, total in table.group_totals.items():
            self.told.append((total, [cell for cell in table.cells if groups[cell[0]] == name]))
        for _total, line in self.told:
            self._solver.addConstr(self._sum(line) >= 1)
        for (name, column), total in table.group_cells.items():
            self.told.append((total, [cell for cell in table.cells if (groups[cell[0]], cell[1]) == (name, column)]))
        for total, line in self.told:
            self._solver.addConstr(self._sum(line) >= total.low)
            self._solver.addConstr(self._sum(line) <= total.high)

    def _sum(self, line: Iterable[Cell]) -> Any:
        return sum(self._people[cell] for cell in line)

    def range(self, *line: Cell) -> tuple[int, int]:
        ends = []
        for search in (self._solver.minimize, self._solver.maximize):
            search(self._sum(line))
            assert self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            ends.append(round(self._solver.getObjectiveValue()))
        return ends[0], ends[1]


def attack(counts: Counts, groups: Groups, most: int = 60) -> None:
    rows, columns = sorted({row for row, _ in counts}), sorted({column for _, column in counts})
    table = mask(counts, rows, columns, groups)
    for cell, told in table.cells.items():
        number = counts.get(cell, 0)
        assert told == (Total(number, number) if number >= LIMIT else FEW)
    if not table.cells:
        return
    attacker = Attacker(table, groups)
    chance = random.Random(1)
    hidden = [cell for cell, told in table.cells.items() if told == FEW]
    for cell in chance.sample(hidden, min(most, len(hidden))):
        low, high = attacker.range(cell)
        assert low <= 1 and high == MOST, (cell, low, high)
    for total, line in chance.sample(attacker.told, min(4 * most, len(attacker.told))):
        low, high = attacker.range(*line)
        lacking = [counts.get(cell, 0) for cell in line if table.cells[cell] == FEW]
        assert (total.low, total.high) == (low, high), "what is told is all that can be computed"
        assert low <= sum(counts.get(cell, 0) for cell in line) <= high
        assert sum(lacking) >= LIMIT or not lacking or high > low, (line, low, high)


def a_table(numbers: list[list[int]]) -> Counts:
    return {
        (f"row {row}", f"column {column}"): number
        for row, line in enumerate(numbers)
        for column, number in enumerate(line)
    }


NUMBERS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 9, 1_000])
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(NUMBERS, min_size=width, max_size=width), max_size=4)
)


def in_groups(counts: Counts, *sizes: int) -> Groups:
    """The rows in groups of these sizes, the rest in one."""
    names = [f"group {number}" for number, size in enumerate(sizes) for _ in range(size)]
    return dict(zip_longest(sorted({row for row, _ in counts}), names, fillvalue="the rest"))


@settings(max_examples=60, deadline=None)
@given(TABLES, st.lists(st.integers(1, 3), max_size=3))
def test_nothing_small_can_be_computed(numbers: list[list[int]], sizes: list[int]) -> None:
    counts = a_table(numbers)
    attack(counts, in_groups(counts, *sizes))


@pytest.mark.parametrize(
    "numbers",
    [
        [[1]],
        [[4]],
        [[5]],
        [[5, 1]],
        [[4] * 5],
        [[1] * 5],
        [[4] * 3] * 4,
        [[1, 7], [7, 1]],
        [[1, 7, 7], [7, 1, 7], [7, 7, 1]],
        [[4, 4, 0], [0, 4, 4], [4, 0, 4]],
        [[100, 1, 100], [100, 100, 100], [100, 100, 2]],
        [[0, 0, 5], [0, 0, 1], [9, 0, 0]],
        [[2, 0], [0, 0], [3, 0]],
        [[1], [1], [1], [900]],
        [[50, 50, 3], [1, 1, 1]],
    ],
)
def test_tables_that_tempt(numbers: list[list[int]]) -> None:
    counts = a_table(numbers)
    for sizes in ((), (1, 1, 1, 1), (2,), (1, 2)):
        attack(counts, in_groups(counts, *sizes))


def some_people(places: int, professions: int, people: int) -> Counts:
    """As people are spread: most of them in some large places and professions."""
    chance = random.Random(4)
    rows, columns = ([chance.paretovariate(0.8) for _ in range(number)] for number in (places, professions))
    counts: dict[Cell, int] = defaultdict(int)
    for _ in range(people):
        row, column = chance.choices(range(places), rows)[0], chance.choices(range(professions), columns)[0]
        counts[f"row {row}", f"column {column}"] += 1
    return counts


def test_a_table_of_many_people() -> None:
    counts = some_people(12, 10, 600)
    attack(counts, in_groups(counts, 1, 5), most=20)


def test_readers_still_learn_something() -> None:
    counts = some_people(40, 25, 3_000)
    groups = in_groups(counts, 10, 10, 1)
    table = mask(counts, sorted({row for row, _ in counts}), sorted({column for _, column in counts}), groups)
    sums = [*table.row_totals.values(), *table.column_totals.values(), *table.group_totals.values()]
    assert table.total == Total(3_000, 3_000)
    assert sum(total.high - total.low < LIMIT for total in sums) > 0.95 * len(sums)
    large = [told for told in table.group_cells.values() if told.low >= 10]
    assert sum(told.is_exact for told in large) > 0.6 * len(large)


def tables(height: int, width: int, most: int) -> Iterator[Counts]:
    for numbers in product(range(most + 1), repeat=height * width):
        yield a_table([list(numbers[row * width : (row + 1) * width]) for row in range(height)])


@pytest.mark.parametrize(
    ("height", "width", "most", "sizes"),
    [(1, 2, 7, ()), (1, 3, 6, ()), (2, 2, 5, ()), (2, 2, 5, (1, 1)), (3, 1, 6, (2,))],
)
def test_who_knows_the_procedure_is_never_sure_of_somebody(
    height: int, width: int, most: int, sizes: tuple[int, ...]
) -> None:
    """Make every table, see which look alike once masked: among those no cell held back always has the same people in
    it. That there is nobody may be known, and is of nobody."""
    alike: dict[str, dict[Cell, set[int]]] = {}
    for counts in tables(height, width, most):
        names = [f"row {row}" for row in range(height)], [f"column {column}" for column in range(width)]
        table = mask(counts, *names, in_groups(counts, *sizes))
        seen = alike.setdefault(repr(table), {cell: set() for cell, told in table.cells.items() if told == FEW})
        for cell, numbers in seen.items():
            numbers.add(counts[cell])
    known = {
        look: cells
        for look, cells in alike.items()
        for numbers in cells.values()
        if len(numbers - {0}) == len(numbers) == 1
    }
    assert not known


def test_lines_without_anybody_are_left_out_and_what_is_large_is_told() -> None:
    counts = {("a", "x"): 12, ("a", "y"): 7, ("b", "x"): 0, ("c", "y"): 9, ("c", "x"): 5}
    table = mask(counts, "abc", "xyz", {"a": "one", "b": "two", "c": "one"})
    assert list(table.rows) == ["a", "c"] and list(table.columns) == ["x", "y"] and table.is_whole
    assert table.row_totals["a"] == Total(19, 19) and table.total == Total(33, 33)
    assert table.group_totals == {"one": Total(33, 33)}
    assert table.group_cells == {("one", "x"): Total(17, 17), ("one", "y"): Total(16, 16)}
    empty = mask({}, "ab", "x", {"a": "one", "b": "one"})
    assert not empty.rows and empty.total == NOBODY and not NOBODY.is_small


def test_a_sum_says_what_it_lies_between() -> None:
    table = mask({("a", "x"): 50, ("b", "x"): 3}, "ab", "x", {"a": "one", "b": "two"})
    assert table.cells == {("a", "x"): Total(50, 50), ("b", "x"): FEW}
    assert table.row_totals["b"] == table.group_totals["two"] == Total(1, MOST) and table.row_totals["b"].is_small
    assert table.column_totals["x"] == table.total == Total(51, 54)


def test_a_group_of_many_small_numbers_has_its_sum() -> None:
    rows = [f"row {number}" for number in range(40)]
    counts = {(row, column): 2 for row in rows for column in "xy"} | {("far", "x"): 30, ("far", "y"): 9}
    table = mask(counts, [*rows, "far"], "xy", dict.fromkeys(rows, "near") | {"far": "far"})
    assert table.group_cells["near", "x"] == Total(80, 80) and not table.is_whole
