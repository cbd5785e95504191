"""Seen just when areas meet: municipality, county or the whole country against municipality, health trust or regional
trust (design.md D6, I6), said once more in this file's own words from the reference files alone."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.database import db
from models.enums import OrganisationKind, Role
from services import register_map, register_reports, search
from services.masking import Total
from services.search import Filters, Scope, Sort
from tests.builders import Builders

REFERENCE = Path(__file__).parents[2] / "reference"
PEOPLE = 40
EVERYBODY = Filters(confirmed_within=None)


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MUNICIPALITIES = {row["kommunenummer"]: row for row in rows("kommuner")}
COUNTY = {number: row["fylkesnummer"] for number, row in MUNICIPALITIES.items()}
TRUSTS = {
    row["organisasjonsnummer"]: row
    for row in rows("helseforetak")
    if row["type"] in ("RHF", "sykehus", "apotek", "stotte", "felleseid")
}
"""Those that are eligible (D5)."""
CATCHMENT = rows("helseforetak_kommuner")
CROWDED = ("5001", "5031", "0301", "4601", "5501", "1804", "3107", "1160")
"""Where many of our people want to work, so that areas meet often enough."""


@dataclass(frozen=True)
class Person:
    id: UUID
    home: str | None
    whole_country: bool
    counties: frozenset[str]
    municipalities: frozenset[str]

    def meets(self, area: Iterable[str]) -> bool:
        return self.whole_country or any(
            number in self.municipalities or COUNTY[number] in self.counties for number in area
        )


def area_of(organisation_number: str) -> set[str]:
    """D6: a municipality's own; a trust's catchment; a regional trust's and, for a trust without one, its owner's."""
    trust = TRUSTS.get(organisation_number)
    if trust is None:
        return {n for n, row in MUNICIPALITIES.items() if row["organisasjonsnummer"] == organisation_number}
    own = {row["kommunenummer"] for row in CATCHMENT if row["ansvarlig_organisasjonsnummer"] == organisation_number}
    owner = trust["eier_rhf_organisasjonsnummer"] or organisation_number
    return own or {row["kommunenummer"] for row in CATCHMENT if row["rhf_organisasjonsnummer"] == owner}


def population(app: Flask, make: Builders) -> list[Person]:
    """People who want to work here and there; the same ones each time."""
    chance, people = Random(4), []
    with app.app_context():
        for _ in range(PEOPLE):
            counties = set(chance.sample(sorted(set(COUNTY.values())), chance.choice((0, 0, 1, 2))))
            some = chance.sample(sorted(MUNICIPALITIES), chance.choice((0, 1, 3))) + chance.sample(CROWDED, 1)
            municipalities = {number for number in some if COUNTY[number] not in counties}
            whole_country = chance.random() < 0.08
            home = chance.choice((*CROWDED, None))
            row = make.professional(
                municipality_number=home,
                reach__whole_country=whole_country,
                reach__counties=sorted(counties),
                reach__municipalities=sorted(municipalities),
            )
            people.append(Person(row.id, home, whole_country, frozenset(counties), frozenset(municipalities)))
    return people


def organisation(make: Builders, number: str) -> Any:
    kind = OrganisationKind.HEALTH_TRUST if number in TRUSTS else OrganisationKind.MUNICIPALITY
    return make.organisation(number, kind=kind, form="SÆR" if number in TRUSTS else "KOMM")


def listed(scope: Scope, filters: Filters) -> tuple[set[UUID], int]:
    """Everybody on the pages of a search, and the count above them."""
    found: list[UUID] = []
    after = None
    while True:
        page = search.search(scope, filters, Sort.DISTANCE, after)
        found += [person.professional_id for person in page.people]
        after = page.next
        if after is None:
            assert len(found) == len(set(found))
            return set(found), page.counts.all


def holds(told: Total, number: int) -> bool:
    """Whether a number that may be held back a little is true."""
    return told.low <= number <= told.high


def test_seen_just_when_areas_meet(app: Flask, make: Builders, once: Callable[..., list[Person]]) -> None:
    people = once(lambda: population(app, make))
    crowded = [MUNICIPALITIES[number]["organisasjonsnummer"] for number in CROWDED]
    everywhere = [row["organisasjonsnummer"] for row in MUNICIPALITIES.values()]

    @settings(max_examples=30, deadline=None, derandomize=True)
    @given(st.one_of(*map(st.sampled_from, (crowded, everywhere, sorted(TRUSTS)))), st.data())
    def check(number: str, data: st.DataObject) -> None:
        area = area_of(number)
        meant = {person.id for person in people if person.meets(area)}
        scope = search.scope_for(organisation(make, number))
        assert set(scope.municipalities) == area
        assert listed(scope, EVERYBODY) == (meant, len(meant))
        person = data.draw(st.sampled_from(people))
        assert search.is_visible(scope, person.id) is (person.id in meant)
        if not area:
            return
        part = data.draw(st.sets(st.sampled_from(sorted(area)), min_size=1, max_size=3))
        there = {one.id for one in people if one.meets(part)}
        assert there <= meant
        assert listed(scope, Filters(municipalities=tuple(part), confirmed_within=None)) == (there, len(there))
        homes = [one.home for one in people if one.id in meant]
        drawn = register_map.overview(scope)
        assert drawn.outside is not None and holds(drawn.outside, sum(home not in area for home in homes))
        assert holds(drawn.total, len(homes)) and holds(register_reports.of(scope).total, len(homes))
        for place in drawn.places:
            there_now = [home for home in homes if home in area and place.number in (home, COUNTY[home])]
            assert holds(place.count, len(there_now)), place

    with app.app_context():
        check()
        db.session.commit()


def test_the_page_of_a_person_follows_the_same_rule(
    app: Flask, make: Builders, client_for: Any, once: Callable[..., list[Person]]
) -> None:
    people = once(lambda: population(app, make))
    for number in (MUNICIPALITIES["5001"]["organisasjonsnummer"], "883974832", "983658776"):
        who = organisation(make, number)
        reader = client_for(make.user(organisation=who).person, Role.ORGANISATION_USER, who)
        area = area_of(number)
        for person in people[:12]:
            status = reader.get(f"/register/person/{person.id}").status_code
            assert status == (200 if person.meets(area) else 404), (number, person)
