"""No number under 5 can be read from a masked table, or computed from it: tried by a solver that sees only what is
published, and by one who knows the procedure too."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product

import highspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.masking import LIMIT, Cell, Table, Total, mask

Counts = Mapping[Cell, int]
MOST = LIMIT - 1


class Attacker:
    """A solver that knows the published table, and that a line which is there has somebody in it. In small tables it
    also minds that people are whole; in large ones that takes long, and matters only if masking is wrong about
    networks."""

    def __init__(self, table: Table) -> None:
        self._solver = highspy.Highs()
        self._solver.silent()
        types = highspy.HighsVarType
        whole = types.kInteger if len(table.cells) < 10 else types.kContinuous
        self.cells = {
            cell: self._solver.addVariable(0 if shown is None else shown, MOST if shown is None else shown, type=whole)
            for cell, shown in table.cells.items()
        }
        self.rows = {row: [self.cells[row, column] for column in table.columns] for row in table.rows}
        self.columns = {column: [self.cells[row, column] for row in table.rows] for column in table.columns}
        self._is_told(table.total, list(self.cells.values()))
        for lines, totals in ((self.rows, table.row_totals), (self.columns, table.column_totals)):
            for name, line in lines.items():
                self._is_told(totals[name], line)
                self._solver.addConstr(sum(line) >= 1)

    def _is_told(self, total: Total, line: list[object]) -> None:
        self._solver.addConstr(sum(line) >= total.low)
        self._solver.addConstr(sum(line) <= total.high)

    def range(self, *line: object) -> tuple[int, int]:
        ends = []
        for search in (self._solver.minimize, self._solver.maximize):
            search(sum(line))
            assert self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            ends.append(round(self._solver.getObjectiveValue()))
        return ends[0], ends[1]


def attack(counts: Counts, most: int = 60) -> None:
    rows, columns = sorted({row for row, _ in counts}), sorted({column for _, column in counts})
    table = mask(counts, rows, columns)
    for cell, shown in table.cells.items():
        assert shown == (counts.get(cell, 0) if counts.get(cell, 0) >= LIMIT else None)
    if not table.cells:
        return
    attacker = Attacker(table)
    hidden = [cell for cell, shown in table.cells.items() if shown is None]
    for cell in random.Random(1).sample(hidden, min(most, len(hidden))):
        low, high = attacker.range(attacker.cells[cell])
        assert low <= 1 and high == MOST, (cell, low, high)
    for lines, totals in ((attacker.rows, table.row_totals), (attacker.columns, table.column_totals)):
        for name, line in lines.items():
            low, high = attacker.range(*line)
            true = sum(counts.get((row, column), 0) for row, column in table.cells if name in (row, column))
            held = true - sum(shown or 0 for cell, shown in table.cells.items() if name in cell)
            assert totals[name].low <= low <= true <= high <= totals[name].high
            has_hidden = any(name in cell for cell in hidden)
            assert held >= LIMIT or not has_hidden or high > low, (name, low, high)


def a_table(numbers: list[list[int]]) -> Counts:
    return {
        (f"row {row}", f"column {column}"): number
        for row, line in enumerate(numbers)
        for column, number in enumerate(line)
    }


FEW = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 9, 1_000])
TABLES = st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(FEW, min_size=width, max_size=width), max_size=4))


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_nothing_small_can_be_computed(numbers: list[list[int]]) -> None:
    attack(a_table(numbers))


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
    attack(a_table(numbers))


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
    attack(some_people(12, 10, 600), most=20)


def test_readers_still_learn_something() -> None:
    counts = some_people(40, 25, 3_000)
    table = mask(counts, sorted({row for row, _ in counts}), sorted({column for _, column in counts}))
    sums = [*table.row_totals.values(), *table.column_totals.values()]
    assert table.total == Total(3_000, 3_000)
    assert sum(total.high - total.low < LIMIT for total in sums) > 0.9 * len(sums)


def tables(height: int, width: int, most: int) -> Iterator[Counts]:
    for numbers in product(range(most + 1), repeat=height * width):
        yield a_table([list(numbers[row * width : (row + 1) * width]) for row in range(height)])


@pytest.mark.parametrize(("height", "width", "most"), [(1, 2, 7), (1, 3, 6), (2, 2, 5)])
def test_who_knows_the_procedure_is_never_sure_of_somebody(height: int, width: int, most: int) -> None:
    """Make every table, see which look alike once masked: among those no cell held back always has the same people in
    it. That there is nobody may be known, and is of nobody."""
    alike: dict[str, dict[Cell, set[int]]] = {}
    for counts in tables(height, width, most):
        names = [f"row {row}" for row in range(height)], [f"column {column}" for column in range(width)]
        table = mask(counts, *names)
        seen = alike.setdefault(repr(table), {cell: set() for cell, shown in table.cells.items() if shown is None})
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
    table = mask({("a", "x"): 12, ("a", "y"): 7, ("b", "x"): 0, ("c", "y"): 9, ("c", "x"): 5}, "abc", "xyz")
    assert list(table.rows) == ["a", "c"] and list(table.columns) == ["x", "y"] and table.is_whole
    assert table.row_totals["a"] == Total(19, 19) and table.total == Total(33, 33)
    empty = mask({}, "ab", "x")
    assert not empty.rows and empty.total == Total(0, 0)


def test_a_sum_says_what_it_lies_between() -> None:
    table = mask({("a", "x"): 50, ("b", "x"): 3}, "ab", "x")
    assert table.cells == {("a", "x"): 50, ("b", "x"): None}
    assert table.row_totals["b"] == Total(1, MOST) and table.row_totals["b"].is_small
    assert table.column_totals["x"] == table.total == Total(51, 54)
