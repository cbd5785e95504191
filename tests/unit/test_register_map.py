"""No number of the map, alone or by subtraction, tells of fewer than five people (design.md I13)."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from extensions.language import show_number
from services import register_map, search
from services.masking import LIMIT
from services.register_map import NOBODY, Number, Overview
from services.search import OUTSIDE, Filters, NotAllowed, Scope

AREA = {"5001": "50", "5006": "50", "5007": "50", "5014": "50", "1505": "15", "1506": "15", "0301": "03"}
SCOPE = Scope("883974832", "5001", AREA)


@pytest.fixture
def drawn(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """drawn(counts, county): the map when so many live in each place."""

    def draw(counts: Mapping[str, int], county: str | None = None) -> Overview:
        monkeypatch.setattr(register_map, "_living_in", lambda *_asked: Counter(counts))
        return register_map.overview(SCOPE, Filters(), county)

    with app.test_request_context():
        yield draw


def test_what_is_told_of_a_number(drawn: Any) -> None:
    numbers = (NOBODY, Number(1, 4), Number(5, 5), Number(12, 16), Number(1000, None))
    assert [str(number) for number in numbers] == ["0", "under 5", "5", "12–16", "over 1\u00a0000"]
    assert [number.step for number in numbers] == [0, 1, 2, 2, 5] and Number(2, 8).step == 2
    assert Number(5, 5) + Number(1, 4) == Number(6, 9) and (Number(5, 5) + Number(1000, None)).high is None


def test_counties_of_the_area_and_the_municipalities_of_one(drawn: Any) -> None:
    counts = {"5001": 30, "5006": 7, "5007": 2, "1505": 3, OUTSIDE: 9}
    country, county = drawn(counts), drawn(counts, "50")
    assert {place.name: str(place.count) for place in country.places} == {
        "Oslo": "0",
        "Møre og Romsdal": "under 5",
        "Trøndelag": "38–41",
    }
    assert str(country.outside) == "9" and country.county is None
    assert [(place.name, str(place.count)) for place in county.places] == [
        ("Frøya", "0"),
        ("Namsos", "under 5"),
        ("Steinkjer", "7"),
        ("Trondheim", "30"),
    ]
    assert county.outside is None and str(county.total) == "38–41"
    with pytest.raises(NotAllowed):
        drawn(counts, "11")


def test_numbers_that_are_not_counted_further_say_so(drawn: Any) -> None:
    most = search.MOST_COUNTED
    country = drawn({"5001": most + 1, "5006": 6, "5007": most})
    assert str(country.places[-1].count) == str(country.total) == f"over {show_number(most)}"
    county = drawn({"5001": most + 1, "5006": most}, "50")
    assert [str(place.count) for place in county.places if place.count.low] == [
        show_number(most),
        f"over {show_number(most)}",
    ]


def test_nobody_can_compute_a_small_number(drawn: Any) -> None:
    """Every table that agrees with what all pages say: each small number is 1 in one of them and 4 in another."""
    chance = random.Random(5)
    for _round in range(60):
        counts = {place: chance.choice((0, 1, 2, 3, 4, 5, 6, 40)) for place in [*AREA, OUTSIDE]}
        country = drawn(counts)
        for county, its in zip(("03", "15", "50"), country.places, strict=True):
            page = drawn(counts, county)
            assert its.count == page.total
            small = [place for place in page.places if place.count.is_small]
            known = sum(counts[place.number] for place in page.places if not place.count.is_small)
            shown = [place for place in page.places if place not in small]
            assert all(str(place.count) == str(counts[place.number]) for place in shown)
            fits = [
                numbers
                for numbers in product(range(1, LIMIT), repeat=len(small))
                if page.total.low <= known + sum(numbers) <= (page.total.high or 0)
            ]
            for place in range(len(small)):
                assert {1, LIMIT - 1} <= {numbers[place] for numbers in fits}, counts
        assert country.total == sum((place.count for place in country.places), country.outside)
