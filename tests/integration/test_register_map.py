"""The map of the register: own area alone, nobody who is hidden, nothing that tells of few (ux.md E2, design.md I4, I6,
I13)."""

import re
from typing import Any

import pytest

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, OrganisationKind, Role
from models.organisation import Organisation
from models.professional import Block, Professional
from services import listing, search
from tests.builders import Builders

TRONDHEIM, ST_OLAV, MID_NORWAY = "942110464", "883974832", "983658776"


@pytest.fixture
def reader_of(make: Builders, client_for: Any) -> Any:
    """reader_of(organisation): a client of one of its readers."""

    def sign_in(organisation: Organisation) -> Any:
        account = make.user(AccessLevel.READER, organisation=organisation).person
        return client_for(account, Role.ORGANISATION_USER, organisation)

    return sign_in


@pytest.fixture
def reader(make: Builders, reader_of: Any) -> Any:
    return reader_of(make.organisation(TRONDHEIM))


def rows(page: str) -> dict[str, str]:
    """The table beside the map."""
    table = page[page.index('id="bosted"') :]
    found = re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]*)(?:</a>)?</th><td class="tall">([^<]*)</td>', table)
    return dict(found)


def test_people_are_counted_where_they_live(reader: Any, make: Builders, app: Any) -> None:
    for _number in range(6):
        make.professional()
    make.professional(municipality_number="5031")
    make.professional(municipality_number=None)
    make.professional(listed=False)
    make.professional(reach__municipalities=["0301"])
    hiding = make.professional()
    with app.app_context():
        block = Block(organisation_number=TRONDHEIM, organisation_name="Trondheim", created_at=clock.now())
        found = db.session.get_one(Professional, hiding.id)
        found.blocks.append(block)
        db.session.flush()
        listing.refresh(found.id)
        db.session.commit()
    page = reader.get("/register/kart").text
    assert rows(page) == {"Trondheim": "6", "Bor utenfor området": "under 5"}
    assert 'aria-label="Trondheim: 6"' in page and "7–10 treff" in page
    assert page.count('<path class="utenfor"') == 37  # the rest of the county, without links
    with app.app_context():
        assert not [event for event in db.session.query(AuditEvent) if event.action == "listing.shown"]


def test_the_filters_hold_and_go_along_to_those_who_live_there(reader: Any, make: Builders) -> None:
    for number in range(12):
        make.professional(competence__professions=["SP"], municipality_number="5001" if number % 2 else "5031")
    assert rows(reader.get("/register/kart?yrke=LE").text)["Trondheim"] == "0"
    page = reader.get("/register/kart?yrke=SP&tid=night").text
    assert rows(page) == {"Trondheim": "6", "Bor utenfor området": "6"} and "12 treff" in page
    link = re.search(r'<a href="([^"]*bosted=5001[^"]*)" aria-label="Trondheim: 6"', page)
    assert link
    people = reader.get(link[1].replace("&amp;", "&")).text
    assert people.count('class="ds-card person"') == 6 and "Fjern filter:" in people and "tid=night" in link[1]


def test_counties_first_where_the_area_lies_in_several(reader_of: Any, make: Builders) -> None:
    trust = make.organisation(MID_NORWAY, kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
    reader = reader_of(trust)
    for home in ["5001"] * 6 + ["5031"] * 2 + ["1505"] * 5 + ["0301"] * 5:
        make.professional(municipality_number=home, reach__whole_country=True, reach__municipalities=[])
    page = reader.get("/register/kart").text
    assert rows(page) == {"Møre og Romsdal": "5", "Trøndelag": "7–10", "Bor utenfor området": "5"}
    link = re.search(r'<a href="([^"]*)" aria-label="Trøndelag: 7–10"', page)
    assert link
    county = reader.get(link[1].replace("&amp;", "&")).text
    numbers = rows(county)
    assert numbers["Trondheim"] == "6" and numbers["Malvik"] == "under 5" and numbers["Oppdal"] == "0"
    assert "Bor utenfor området" not in numbers and "7–10 treff i Trøndelag" in county
    assert reader.get("/register/kart?fylke=11").status_code == 400


@pytest.mark.parametrize("most", [6, 2])
def test_more_than_we_tell_are_not_counted(reader_of: Any, make: Builders, monkeypatch: Any, most: int) -> None:
    """Once when all is counted in one go, and once when each county is asked for by itself."""
    monkeypatch.setattr(search, "MOST_COUNTED", most)
    reader = reader_of(make.organisation(MID_NORWAY, kind=OrganisationKind.HEALTH_TRUST, form="ORGL"))
    for home in ["5001"] * 4 + ["5031"] * 3 + ["1505"] + ["0301"] * 3:
        make.professional(municipality_number=home, reach__whole_country=True, reach__municipalities=[])
    outside = "under 5" if most == 6 else "over 2"
    assert rows(reader.get("/register/kart").text) == {
        "Møre og Romsdal": "under 5",
        "Trøndelag": f"over {most}",
        "Bor utenfor området": outside,
    }
    county = rows(reader.get("/register/kart?fylke=50").text)
    assert county["Trondheim"] == county["Malvik"] == ("under 5" if most == 6 else "over 2")
    assert county["Oppdal"] == "0"


def test_a_trust_within_one_county_sees_its_municipalities_at_once(reader_of: Any, make: Builders) -> None:
    reader = reader_of(make.organisation("983974910", kind=OrganisationKind.HEALTH_TRUST, form="ORGL"))
    page = reader.get("/register/kart").text
    assert rows(page)["Bor utenfor området"] == "0" and "Ingen treff" in page


def test_nothing_in_the_address_widens_the_map(reader: Any, make: Builders) -> None:
    for query in ("kommune=0301", "bosted=0301", "fylke=03", "fylke=", "yrke=QQ", "bekreftet=9999"):
        assert reader.get(f"/register/kart?{query}").status_code == 400, query
    wrong_date = reader.get("/register/kart?fra=31.02.2027")
    assert wrong_date.status_code == 422 and "Skriv datoen slik: 05.06.2027." in wrong_date.text
