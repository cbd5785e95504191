"""The report of the register: the area's people by profession and where they live, masked, on page, paper and in a file
(ux.md E3)."""

import csv
import io
from typing import Any

import pytest
from cachetools import TTLCache
from flask.testing import FlaskClient
from pypdf import PdfReader

from extensions import clock
from extensions.database import db
from extensions.language import in_language
from models.audit import AuditEvent
from models.enums import Language, OrganisationKind, Role
from models.professional import Block
from services import register_reports, search
from services.masking import NOBODY, Total
from tests.builders import Builders, authorisation

ST_OLAV = "883974832"


@pytest.fixture
def trust(make: Builders) -> Any:
    return make.organisation(ST_OLAV, kind=OrganisationKind.HEALTH_TRUST, form="ORGL", name="St. Olavs hospital HF")


@pytest.fixture
def reader_of(make: Builders, client_for: Any) -> Any:
    """reader_of(organisation): a client of one of its readers."""
    return lambda organisation: client_for(
        make.user(organisation=organisation).person, Role.ORGANISATION_USER, organisation
    )


@pytest.fixture
def reader(reader_of: Any, trust: Any) -> FlaskClient:
    client: FlaskClient = reader_of(trust)
    return client


def some(make: Builders, number: int, **changes: Any) -> None:
    for _ in range(number):
        make.professional(**changes)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))


def test_the_same_masked_numbers_on_page_paper_and_in_the_file(
    reader: FlaskClient, make: Builders, app: Any, trust: Any
) -> None:
    some(make, 6)
    some(make, 2, municipality_number="5031")
    some(make, 2, municipality_number="0301")
    make.professional(reach__municipalities=["0301"])  # wants to work elsewhere
    make.professional(listed=False)
    hidden = Block(organisation_number=trust.number, organisation_name=trust.name, created_at=clock.now())
    make.professional(blocks=[hidden])
    rows = rows_of(reader.get("/register/rapport.csv").text)
    assert rows == [
        ["Bosted", "Sykepleier", "Sum"],
        ["Malvik", "under 5", "under 5"],
        ["Trondheim", "6", "6"],
        ["Utenfor området", "under 5", "under 5"],
        ["Sum", "8–14", "8–14"],
    ]
    assert rows_of(reader.get("/register/rapport.csv?yrke=LE&kommune=5031&bekreftet=7").text) == rows, "no filters"
    page = reader.get("/register/rapport?yrke=LE").text
    assert page.count("under 5") >= 4 and "8–14" in page and "skjult for å verne enkeltpersoner" in page
    assert page.count('role="img"') == 2 and "yrke=LE" in page
    pdf = PdfReader(io.BytesIO(reader.get("/register/rapport.pdf").data))
    text = " ".join("".join(one.extract_text() for one in pdf.pages).split())
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"] and pdf.trailer["/Root"]["/Lang"] == "nb"
    for row in rows[1:]:
        assert " ".join([row[0], row[1]]) in text
    assert "St. Olavs hospital HF" in text and "Inneholder ingen personopplysninger" in text
    with app.app_context():
        assert not [event for event in db.session.query(AuditEvent) if event.action == "listing.shown"]


def test_counties_where_the_area_lies_in_several(reader_of: Any, make: Builders) -> None:
    midnorway = make.organisation("983658776", kind=OrganisationKind.HEALTH_TRUST, form="ORGL")
    reader = reader_of(midnorway)
    for home in ["5001"] * 6 + ["5031"] * 3 + ["5007"] * 4 + ["5006"] * 2 + ["1505"] * 5 + ["0301"] * 5:
        make.professional(municipality_number=home, reach__whole_country=True, reach__municipalities=[])
    assert rows_of(reader.get("/register/rapport.csv").text) == [
        ["Fylke", "Bosted", "Sykepleier", "Sum"],
        ["Møre og Romsdal", "Kristiansund", "5", "5"],
        ["Trøndelag", "Malvik", "under 5", "under 5"],
        ["Trøndelag", "Namsos", "under 5", "under 5"],
        ["Trøndelag", "Steinkjer", "under 5", "under 5"],
        ["Trøndelag", "Trondheim", "6", "6"],
        ["Utenfor området", "Utenfor området", "5", "5"],
        ["Møre og Romsdal", "Sum", "5", "5"],
        ["Trøndelag", "Sum", "15", "15"],
        ["Utenfor området", "Sum", "5", "5"],
        ["Sum", "", "25", "25"],
    ]
    page = reader.get("/register/rapport").text
    assert "Antall etter fylke og yrke" in page and "Antall i hvert fylke" in page and page.count('role="img"') == 2
    pdf = PdfReader(io.BytesIO(reader.get("/register/rapport.pdf").data))
    text = " ".join("".join(one.extract_text() for one in pdf.pages).split())
    assert "Fylker" in text and "Trøndelag 15" in text and "Yrke og fylke, del 1 av 1" in text


def test_who_has_two_professions_is_counted_in_both(context: Any, make: Builders) -> None:
    scope = search.scope_for(make.organisation())
    report = register_reports.of(scope)
    assert not report.professions and "Ingen helsepersonell" in report.summary
    assert register_reports.pdf_of(report, "Trondheim kommune", Language.ENGLISH)[:5] == b"%PDF-"
    for number in range(7):
        codes = ["SP", "JO"] if number < 6 else ["SP"]
        make.professional(competence__professions=codes, authorisations=[authorisation(code) for code in codes])
    report = register_reports.of(scope)
    assert [(line.name, register_reports.said(line.total)) for line in report.professions] == [
        ("Jordmor", "6"),
        ("Sykepleier", "7"),
    ]
    assert register_reports.said(report.total) == "13" and report.is_whole
    assert register_reports.said(Total(1234, 1234)) == "1\u00a0234" and register_reports.said(NOBODY) == "0"
    with in_language(Language.ENGLISH):
        assert register_reports.said(Total(1000, 1234)) == "1,000–1,234"
    assert [bar.name for bar in register_reports.bars(report.professions)] == ["Sykepleier", "Jordmor"]
    assert report.made_at <= clock.now()


def test_the_table_is_the_same_in_every_language(context: Any, make: Builders) -> None:
    """What is told depends on the order in which numbers are tried; two tables of the same people could be compared."""
    scope = search.scope_for(make.organisation())
    for code in ("LE", "SP", "JO", "FT"):
        make.professional(competence__professions=[code], authorisations=[authorisation(code)])
    told = {}
    for language in Language:
        with in_language(language):
            _made_at, told[language] = register_reports.table_of(scope)
            names = [line.name for line in register_reports.of(scope).professions]
            assert names == sorted(names), "as it is read"
    assert told[Language.BOKMAL] == told[Language.NYNORSK] == told[Language.ENGLISH]


def test_of_few_nobody_can_say_which_profession_has_most(reader: FlaskClient, make: Builders) -> None:
    some(make, 2)
    page = reader.get("/register/rapport").text
    assert "helsepersonell i tabellen." in page and "flest er i yrket" not in page


def test_a_table_of_many_is_kept_for_the_next_look_and_one_of_few_never(
    context: Any, make: Builders, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = search.scope_for(make.organisation())
    monkeypatch.setattr(register_reports, "_made", TTLCache(maxsize=1, ttl=60))
    some(make, 6)
    assert register_reports.of(scope).total == Total(6, 6)
    some(make, 1)
    monkeypatch.setattr(register_reports, "MOST_COUNTED", 6)
    many = register_reports.of(scope)
    assert many.total == Total(7, 7), "few are counted each time"
    some(make, 1)
    again = register_reports.of(scope)
    assert (again.total, again.made_at) == (many.total, many.made_at), "and says when they were counted"
