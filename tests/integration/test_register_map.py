"""The map of the register: own area alone, nobody who is hidden, nothing that tells of few (ux.md E2, design.md I4, I6,
I13)."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, OrganisationKind, Role
from models.organisation import Organisation
from models.professional import Block, Professional
from services import listing
from tests.builders import Builders, authorisation
from tests.integration.test_register_report import rows_of

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
    make.professional(availability__confirmed_at=clock.now() - timedelta(days=40))
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
    assert rows(page) == {"Trondheim": "7", "Bor utenfor området": "under 5"}
    assert 'aria-label="Trondheim: 7"' in page and "Alle yrker: 8–11 personer, talt i hvert yrke de har</h2>" in page
    assert page.count('<path class="utenfor"') == 37  # the rest of the county, without links
    with app.app_context():
        assert not [event for event in db.session.query(AuditEvent) if event.action == "listing.shown"]


def test_one_profession_goes_along_to_those_who_live_there(reader: Any, make: Builders) -> None:
    for number in range(12):
        make.professional(competence__professions=["SP"], municipality_number="5001" if number % 2 else "5031")
    nobody = reader.get("/register/kart?yrke=LE").text
    assert rows(nobody) == {"Trondheim": "0", "Bor utenfor området": "0"} and "Lege: ingen</h2>" in nobody
    assert '<option value="LE" selected>Lege</option>' in nobody and "trinn-0" in nobody
    page = reader.get("/register/kart?yrke=SP").text
    assert rows(page) == {"Trondheim": "6", "Bor utenfor området": "6"} and "Sykepleier: 12 personer</h2>" in page
    link = re.search(r'<a href="([^"]*bosted=5001[^"]*)" aria-label="Trondheim: 6"', page)
    assert link
    people = reader.get(unescape(link[1])).text
    assert people.count('class="ds-card person"') == 6 and "yrke=SP" in link[1] and "bekreftet=alle" in link[1]
    everybody = re.search(r'href="([^"]*)">Vis treff på disse i listen', page)
    assert everybody and "12 treff" in reader.get(unescape(everybody[1])).text


def test_one_profession_goes_along_between_the_views(reader: Any) -> None:
    def views(path: str) -> dict[str, str]:
        page = reader.get(path).text
        found = re.findall(r'<a class="ds-button" href="([^"]*)"[^>]*>(Liste|Kart|Rapport)</a>', page)
        assert page.count('aria-current="page"') == 2, f"{path}: here, and in the breadcrumbs"
        return {name: unescape(address) for address, name in found}

    one, two = "bekreftet=alle&yrke=SP", "bekreftet=alle&yrke=SP&yrke=LE"
    for page in ("", "/rapport"):
        assert views(f"/register{page}?{one}&tid=night")["Kart"] == "/register/kart?yrke=SP"
        assert views(f"/register{page}?{two}")["Kart"] == "/register/kart"
    assert views("/register/kart?yrke=SP&fylke=50") == {
        "Liste": f"/register?{one}",
        "Kart": "/register/kart?yrke=SP",
        "Rapport": f"/register/rapport?{one}",
    }


def test_counties_first_where_the_area_lies_in_several(reader_of: Any, make: Builders) -> None:
    trust = make.organisation(MID_NORWAY, kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
    reader = reader_of(trust)
    for home in ["5001"] * 6 + ["5031"] * 2 + ["1505"] * 5 + ["0301"] * 5:
        make.professional(municipality_number=home, reach__whole_country=True, reach__municipalities=[])
    page = reader.get("/register/kart?yrke=SP").text
    assert rows(page) == {"Møre og Romsdal": "5", "Trøndelag": "7–10", "Bor utenfor området": "5"}
    link = re.search(r'<a href="([^"]*)" aria-label="Trøndelag: 7–10"', page)
    assert link
    county = reader.get(unescape(link[1])).text
    numbers = rows(county)
    assert numbers["Trondheim"] == "6" and numbers["Malvik"] == "under 5" and numbers["Oppdal"] == "0"
    assert "Bor utenfor området" not in numbers and "Sykepleier i Trøndelag: 7–10 personer</h2>" in county
    assert "Vis treff på disse" not in county and 'name="fylke" value="50"' in county
    assert reader.get("/register/kart?fylke=11").status_code == 400


def test_the_map_and_the_report_are_one_table(reader_of: Any, make: Builders) -> None:
    """Whatever the map shows of a profession stands in the report: there is nothing to subtract."""
    reader = reader_of(make.organisation(MID_NORWAY, kind=OrganisationKind.HEALTH_TRUST, form="ORGL"))
    for number in range(20):
        codes = ["SP"] if number % 3 else ["SP", "JO"]
        make.professional(
            municipality_number=("5001", "5031", "1505", "0301", "1506")[number % 7 % 5],
            competence__professions=codes,
            authorisations=[authorisation(code) for code in codes],
            reach__whole_country=True,
            reach__municipalities=[],
        )
    report = rows_of(reader.get("/register/rapport.csv").text)
    for column, asked in (("Sykepleier", "yrke=SP"), ("Jordmor", "yrke=JO"), ("Sum", "")):
        place = report[0].index(column, 2)
        told = {row[0]: row[place] for row in report if row[1] == "Sum"}
        country = rows(reader.get(f"/register/kart?{asked}").text)
        assert country.pop("Bor utenfor området") == told.pop("Utenfor området") and country == told
        for county, name in (("15", "Møre og Romsdal"), ("50", "Trøndelag")):
            lines = {row[1]: row[place] for row in report if row[0] == name and row[1] != "Sum"}
            places = rows(reader.get(f"/register/kart?{asked}&fylke={county}").text)
            assert {name: number for name, number in places.items() if number != "0"} == lines


def test_a_trust_within_one_county_sees_its_municipalities_at_once(reader_of: Any, make: Builders) -> None:
    reader = reader_of(make.organisation("983974910", kind=OrganisationKind.HEALTH_TRUST, form="ORGL"))
    page = reader.get("/register/kart").text
    assert rows(page)["Bor utenfor området"] == "0" and "Alle yrker: ingen</h2>" in page


def test_nothing_in_the_address_widens_the_map(reader: Any, make: Builders) -> None:
    for _number in range(5):
        make.professional(reach__whole_country=True, reach__municipalities=[], municipality_number="0301")
    for query in ("fylke=03", "fylke=", "yrke=QQ", "yrke=SP&yrke=QQ"):
        assert reader.get(f"/register/kart?{query}").status_code == 400, query
    plain = rows(reader.get("/register/kart").text)
    assert plain == {"Trondheim": "0", "Bor utenfor området": "5"}
    for query in ("kommune=0301", "bosted=0301", "tid=night", "fra=31.02.2027", "bekreftet=7", "yrke=SP&yrke=LE"):
        assert rows(reader.get(f"/register/kart?{query}").text) == plain, query
