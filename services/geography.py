"""Distances between municipalities, and an estimate of the time it takes, from reference/kommuner.csv."""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from services.reference_data import FOLDER

EARTH_RADIUS_KM = 6371.0
DETOUR = 1.4
"""Roads and ferries are longer than the straight line."""
KM_PER_HOUR = 65


@dataclass(frozen=True)
class Spot:
    """A municipality: its name, its county, its centre and how many live there."""

    name: str
    county: str
    latitude: float
    longitude: float
    people: int


@cache
def spots() -> Mapping[str, Spot]:
    """Every municipality of 2024 by number."""
    with (FOLDER / "kommuner.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["kommunenummer"]: Spot(
                name=row["navn"],
                county=row["fylkesnummer"],
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
                people=int(row["folketall_2024"] or 0),
            )
            for row in csv.DictReader(file)
        }


@cache
def _counties() -> Mapping[str, str]:
    with (FOLDER / "fylker.csv").open(encoding="utf-8", newline="") as file:
        return {row["fylkesnummer"]: row["navn"] for row in csv.DictReader(file)}


def county_name(number: str) -> str:
    """A county by its name."""
    return _counties()[number]


def name_of(number: str | None) -> str:
    """A municipality by its name; an empty text for none, and for those who live outside every one."""
    spot = spots().get(number or "")
    return spot.name if spot else ""


@lru_cache(maxsize=400)
def minutes_from(home: str) -> Mapping[str, int]:
    """Estimated minutes from one municipality to each, the nearest first; nothing for an unknown one. An estimate from
    centre to centre, which pages must say that it is."""
    known = spots()
    if home not in known:
        return {}
    times = {
        number: round(60 * DETOUR * _kilometres(known[home], spot) / KM_PER_HOUR) for number, spot in known.items()
    }
    return dict(sorted(times.items(), key=lambda pair: (pair[1], pair[0])))


def within(home: str | None, minutes: int) -> list[str]:
    """The municipalities one reaches in so many minutes, by the estimate."""
    return [number for number, far in minutes_from(home).items() if far <= minutes] if home else []


def largest(numbers: Iterable[str]) -> str | None:
    """The one with most inhabitants."""
    known = spots()
    return max((number for number in numbers if number in known), key=lambda number: known[number].people, default=None)


def largest_first(numbers: Iterable[str]) -> list[str]:
    """Municipalities by their inhabitants, unknown ones last."""
    known = spots()
    return sorted(numbers, key=lambda number: (-known[number].people if number in known else 1, number))


def _kilometres(one: Spot, other: Spot) -> float:
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))
