"""Whom an organisation finds, in what order, and how many (ux.md E1)."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from extensions import clock
from models.enums import Experience, OrganisationKind, StartSpeed, Workload
from models.listing import Listing
from services import search
from services.search import Filters, NotAllowed, Sort
from tests.builders import Builders

TRONDHEIM, ST_OLAV = "942110464", "883974832"


def _names(scope: Any) -> list[str]:
    return [person.name.split()[0] for person in search.search(scope, Filters(), Sort.CONFIRMED).people]


def test_seen_when_areas_meet_and_never_by_those_one_hides_from(context: Any, make: Builders) -> None:
    scope = search.scope_for(make.organisation(TRONDHEIM))
    trust = search.scope_for(make.organisation(ST_OLAV, kind=OrganisationKind.HEALTH_TRUST, form="ORGL"))
    make.professional(given_name="Own", reach__municipalities=["5001"])
    make.professional(given_name="County", reach__municipalities=[], reach__counties=["50"])
    make.professional(given_name="Country", reach__municipalities=[], reach__whole_country=True)
    make.professional(given_name="Malvik", reach__municipalities=["5031"])
    make.professional(given_name="Oslo", reach__municipalities=["0301"])
    make.professional(given_name="Unlisted", listed=False)
    assert sorted(_names(scope)) == ["Country", "County", "Own"]
    assert sorted(_names(trust)) == ["Country", "County", "Malvik", "Own"]
    with pytest.raises(NotAllowed):
        search.search(scope, Filters(municipalities=("5031",)), Sort.CONFIRMED)


def test_order_and_pages_leave_nobody_out(context: Any, make: Builders) -> None:
    scope = search.scope_for(make.organisation(TRONDHEIM))
    now = clock.now()
    experience = {}
    for number in range(25):
        person = make.professional(
            given_name=f"P{number:02d}",
            availability__confirmed_at=now - timedelta(hours=number // 3),
            competence__experience=list(Experience)[number % 4],
            municipality_number=("5001", "5031", "0301", "1505")[number % 4],
        )
        experience[person.id] = person.competence.experience
    context.execute(update(Listing).where(Listing.municipality_number == "1505").values(municipality_number="9999"))
    for most in (search.MOST_COUNTED, 10):  # few: sorted; many: along the index
        for sort in Sort:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(search, "MOST_COUNTED", most)
                seen, after = [], None
                while True:
                    page = search.search(scope, Filters(), sort, after)
                    seen += [person.professional_id for person in page.people]
                    after = page.next
                    if after is None:
                        break
            assert len(seen) == len(set(seen)) == 25, (most, sort)
    by_experience = search.search(scope, Filters(), Sort.EXPERIENCE).people
    assert [experience[person.professional_id] for person in by_experience[:6]] == [Experience.OVER_10] * 6
    by_distance = search.search(scope, Filters(), Sort.DISTANCE).people
    assert {person.municipality_number for person in by_distance[:7]} == {"5001"}
    assert {person.municipality_number for person in by_distance[19:]} == {"9999"}, "an unknown place comes last"


def test_counts_and_what_a_dropped_filter_would_give(context: Any, make: Builders) -> None:
    scope = search.scope_for(make.organisation(TRONDHEIM))
    make.professional()
    make.professional(availability__confirmed_at=clock.now() - timedelta(days=40))
    make.professional(municipality_number="0301")
    assert search.search(scope, Filters(confirmed_within=None), Sort.CONFIRMED).counts == search.Counts(3, 2)
    nobody = Filters(professions=("JO",), languages=("se",))
    assert search.search(scope, nobody, Sort.CONFIRMED).counts == search.Counts(0, 0)
    assert search.counts_without(scope, nobody.without("languages")) == {"professions": 2, "confirmed_within": 0}
    assert search.able_to_start(scope, Filters(), clock.today(), 60) == 1
    assert search.able_to_start(scope, Filters(), clock.today() - timedelta(days=1), 600) == 0


def test_more_than_is_counted_is_remembered_and_fewer_never(
    context: Any, make: Builders, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = search.scope_for(make.organisation(TRONDHEIM))
    people = [make.professional() for _ in range(4)]
    filters = Filters(professions=("SP",), times=("night",))
    with monkeypatch.context() as patch:
        patch.setattr(search, "MOST_COUNTED", 2)
        assert search.search(scope, filters, Sort.CONFIRMED).counts == search.Counts(3, 3)
        context.execute(delete(Listing).where(Listing.professional_id != people[0].id))
        found = search.search(scope, filters, Sort.CONFIRMED)
        assert (found.counts, len(found.people)) == (search.Counts(3, 3), 1), "who is unlisted is not shown"
    for left in (1, 0):
        assert search.search(scope, filters, Sort.CONFIRMED).counts == search.Counts(left, left)
        context.execute(delete(Listing))


def test_a_kept_search_is_the_search_it_was() -> None:
    searches = (
        Filters(),
        Filters(confirmed_within=None),
        Filters(
            professions=("SP", "LE"),
            municipalities=("5001",),
            available_on=date(2027, 3, 1),
            workloads=(Workload.P100, Workload.ON_CALL),
            start_speed=StartSpeed.SAME_DAY,
            confirmed_within=7,
        ),
    )
    for asked in searches:
        assert Filters.of_codes(json.loads(json.dumps(asked.codes()))) == asked
