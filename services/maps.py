"""Maps of the country's counties and of each county's municipalities as SVG paths, drawn from
reference/kommuner.geojson (ux.md D8): for choosing areas and getting an overview, not for measuring."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import cos, log, pi, radians, sin, tan
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "reference" / "kommuner.geojson"
COUNTRY_SIZE, COUNTY_SIZE = 420, 700
"""Units across a map. A border is rounded to whole units, so that neighbours keep their common one."""
TALLEST = 1.3
"""How much taller than wide a map may be."""


def _slope(latitude: float) -> float:
    return tan(pi / 4 + latitude / 2)


# Lambert's conic projection, true along two parallels: Norway as it is seen on wall maps.
SOUTH, NORTH, CENTRE = radians(60), radians(70), radians(15)
CONE = log(cos(SOUTH) / cos(NORTH)) / log(_slope(NORTH) / _slope(SOUTH))
REACH = cos(SOUTH) * _slope(SOUTH) ** CONE / CONE

Point = tuple[float, float]
Spot = tuple[int, int]
Line = list[Spot]


@dataclass(frozen=True)
class Map:
    """A drawing: how large it is, and the path of each area by number."""

    width: int
    height: int
    paths: dict[str, str]


@cache
def of_country() -> Map:
    """The counties, each as one piece of land and its islands."""
    width, height, lines = _placed(_outlines(), COUNTRY_SIZE)
    counties: dict[str, list[Line]] = defaultdict(list)
    for number in sorted(lines):
        counties[number[:2]] += lines[number]
    return Map(width, height, {number: _path(_united(rings)) for number, rings in counties.items()})


@cache
def of_county(county: str) -> Map:
    """The municipalities of a county."""
    mine = {number: rings for number, rings in _outlines().items() if number.startswith(county)}
    width, height, lines = _placed(mine, COUNTY_SIZE)
    return Map(width, height, {number: _path(rings) for number, rings in lines.items()})


@cache
def _outlines() -> dict[str, list[list[Point]]]:
    """The projected rings of every municipality."""
    features = json.loads(FILE.read_text(encoding="utf-8"))["features"]
    return {feature["id"]: list(_rings(feature["geometry"])) for feature in features}


def _rings(geometry: dict[str, Any]) -> Iterator[list[Point]]:
    polygons = geometry["coordinates"]
    for polygon in polygons if geometry["type"] == "MultiPolygon" else [polygons]:
        for ring in polygon:
            yield [_projected(longitude, latitude) for longitude, latitude in ring]


def _projected(longitude: float, latitude: float) -> Point:
    distance = REACH / _slope(radians(latitude)) ** CONE
    turn = CONE * (radians(longitude) - CENTRE)
    return distance * sin(turn), distance * cos(turn)


def _placed(outlines: dict[str, list[list[Point]]], size: int) -> tuple[int, int, dict[str, list[Line]]]:
    """Width, height, and the rings in whole units from the upper left corner."""
    points = [point for rings in outlines.values() for ring in rings for point in ring]
    left, right = min(x for x, _y in points), max(x for x, _y in points)
    top, bottom = min(y for _x, y in points), max(y for _x, y in points)
    unit = max(right - left, (bottom - top) / TALLEST) / size
    lines = {
        number: [[(round((x - left) / unit), round((y - top) / unit)) for x, y in ring] for ring in rings]
        for number, rings in outlines.items()
    }
    return round((right - left) / unit), round((bottom - top) / unit), lines


def _united(rings: list[Line]) -> list[Line]:
    """One outline for neighbours: the borders between them, which two of them walk, are gone."""
    borders: set[tuple[Spot, Spot]] = set()
    for step in (step for ring in rings for step in pairwise(ring) if step[0] != step[1]):
        borders ^= {(min(step), max(step))}
    onward: dict[Spot, list[Spot]] = defaultdict(list)
    for start, end in sorted(borders):
        onward[start].append(end)
        onward[end].append(start)
    outline = []
    for start, ways in onward.items():
        while ways:  # as many borders lead to a spot as away from it, so that every walk comes back
            line = [start]
            while onward[line[-1]]:
                end = onward[line[-1]].pop()
                onward[end].remove(line[-1])
                line.append(end)
            outline.append(line)
    return outline


def _path(rings: list[Line]) -> str:
    """Closed lines, each point told by its distance from the one before."""
    path = []
    for ring in rings:
        steps = [(x - from_x, y - from_y) for (from_x, from_y), (x, y) in pairwise(ring) if (x, y) != (from_x, from_y)]
        if len(steps) > 2:
            path.append(f"M{ring[0][0]} {ring[0][1]}l{' '.join(f'{x} {y}' for x, y in steps[:-1])}z")
    return "".join(path)
