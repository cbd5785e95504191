"""Who the people of `flask demo people` are to HPR: the command stores it, and HPR's stand-in answers the same.

All of it follows from the national identity number, so that nobody keeps a list of a million. Needs nothing of the
product, so that the stand-in stays free of it.
"""

import csv
import random
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent.parent / "reference"
DAYS, MONTHS, YEARS, INDIVIDUALS = 28, 12, 45, 100
FIRST_YEAR, FIRST_INDIVIDUAL = 55, 900
"""Born 1955–1999, by the individual numbers 900–999, which none of the other made-up people have."""
PLACES = DAYS * MONTHS * YEARS * INDIVIDUALS
FIRST_HPR_NUMBER = 80_000_000
AUTHORISATION, LICENCE = "1", "4"
GIVEN = (
    *("Anne", "Inger", "Kari", "Marit", "Ingrid", "Liv", "Eva", "Berit", "Astrid", "Bjørg", "Hilde", "Anna"),
    *("Marianne", "Randi", "Ida", "Nina", "Maria", "Elisabeth", "Sara", "Kristin", "Silje", "Áile", "Elle", "Jan"),
    *("Per", "Bjørn", "Ole", "Lars", "Kjell", "Knut", "Arne", "Svein", "Thomas", "Hans", "Geir", "Tor", "Morten"),
    *("Terje", "Odd", "Erik", "Martin", "Andreas", "John", "Anders", "Nils", "Ánte", "Máhtte", "Ahmed"),
    *("Olena", "Piotr"),
)
FAMILY = (
    *("Bjørkelia", "Furumo", "Granås", "Havdal", "Isfjell", "Jordheim", "Kvitnes", "Lyngvær", "Myrbakk", "Nordvåg"),
    *("Ospelund", "Pilskog", "Rognhaug", "Vierud", "Seljebrekk", "Tindeland", "Ulvedal", "Ytterstad", "Ærlandsen"),
    *("Østfjord", "Åkermo", "Bruskerud", "Dalsberget", "Einerhaug", "Fossebakken", "Gautdalen", "Hyttebråten"),
    *("Ŋielasj", "Krokvoll", "Lindesve", "Moltemyr", "Nøttestad", "Olderskog", "Rypedal", "Skarvhei"),
    *("Vassfaret", "Tyttebærhaug"),
)


@dataclass(frozen=True)
class Weighted:
    """Values with weights, to pick from."""

    values: Sequence[Any]
    sums: Sequence[float]

    @classmethod
    def of(cls, pairs: Iterable[tuple[Any, float]]) -> "Weighted":
        values, weights = zip(*pairs, strict=True)
        return cls(values, list(accumulate(weights)))

    def pick(self, rng: random.Random) -> Any:
        return self.values[bisect(self.sums, rng.random() * self.sums[-1])]


PROFESSIONS = Weighted.of(
    (
        *(("SP", 41), ("HF", 24), ("LE", 11), ("VP", 5), ("FT", 4), ("HP", 3), ("BI", 2), ("HE", 2), ("PS", 2)),
        *(("AA", 2), ("JO", 1.2), ("RA", 1), ("ET", 1.5), ("TL", 0.8), ("TP", 0.4), ("FA1", 0.6), ("KE", 0.2)),
        ("OP", 0.3),
    )
)
"""Shares in percent, roughly those of the register of 2020 and of HPR."""


@dataclass(frozen=True)
class Entry:
    """What HPR has of one of them. A licence ends next year, whichever year it is asked for; some have run out."""

    number: int
    born: date
    given_name: str
    family_name: str
    profession: str
    kind: str
    specialities: tuple[str, ...]
    valid_from: date
    valid_to: date


def start_of(place: int) -> str:
    """The first nine digits of the national identity number in this place, below PLACES (month + 80: synthetic)."""
    rest, day = divmod(place, DAYS)
    rest, month = divmod(rest, MONTHS)
    individual, year = divmod(rest, YEARS)
    return f"{1 + day:02d}{81 + month:02d}{FIRST_YEAR + year:02d}{FIRST_INDIVIDUAL + individual:03d}"


def place_of(national_id: str) -> int | None:
    """The place of a number among those that `start_of` gives; None for anybody else's."""
    day, month, year = (int(national_id[at : at + 2]) for at in (0, 2, 4))
    day, month, year, individual = day - 1, month - 81, year - FIRST_YEAR, int(national_id[6:9]) - FIRST_INDIVIDUAL
    if not (0 <= day < DAYS and 0 <= month < MONTHS and 0 <= year < YEARS and individual >= 0):
        return None
    return ((individual * YEARS + year) * MONTHS + month) * DAYS + day


def entry_of(national_id: str, today: date) -> Entry | None:
    """What HPR says of one of the made-up people; None for anybody else."""
    place = place_of(national_id)
    if place is None:
        return None
    rng = random.Random(int(national_id))
    day, month, year = 1 + place % DAYS, 1 + place // DAYS % MONTHS, 1900 + int(national_id[4:6])
    profession = PROFESSIONS.pick(rng)
    of_profession = specialities().get(profession)
    chosen = (rng.choice(of_profession),) if of_profession and rng.random() < 0.4 else ()
    started = year + 22 + int(3 * rng.random())
    fate = rng.random()
    if fate < 0.03:
        ends = date(2025, month, day)
    elif fate < 0.07:
        ends = date(today.year + 1, month, day)
    else:
        ends = date(year + 80, month, day)
    return Entry(
        number=FIRST_HPR_NUMBER + place,
        born=date(year, month, day),
        given_name=rng.choice(GIVEN),
        family_name=rng.choice(FAMILY),
        profession=profession,
        kind=LICENCE if 0.03 <= fate < 0.07 else AUTHORISATION,
        specialities=chosen,
        valid_from=date(started, 6, 20),
        valid_to=ends,
    )


@cache
def specialities() -> Mapping[str, Sequence[str]]:
    """The codes of the specialities in force by profession (reference/specialties.csv)."""
    found: dict[str, list[str]] = {}
    with (REFERENCE / "specialties.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["status"] == "gjeldende":
                found.setdefault(row["profesjon_kode"], []).append(row["kode"])
    return found
