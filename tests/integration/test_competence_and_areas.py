"""Competence and areas (ux.md D4 and D8): what may be chosen, what is kept, and the map as another view of the form."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import FieldOfWork, HprStatus, ProfessionalStatus, Role
from models.listing import Listing
from models.organisation import County, Municipality
from models.professional import Professional
from services import areas, maps
from tests.builders import authorisation
from tests.pages import Page
from tests.rules.test_queries import counted

STARTED = {"status": ProfessionalStatus.STARTED, "completed_at": None}
COMPETENCE = {
    "professions": ["SP"], "fields": ["acute", "home_care"], "experience": "over_10", "last_practised": "2025",
    "languages": ["no", "sma", "nsl"], "has_driving_licence": "False", "record_systems": ["Gerica"],
    "other": "Kan jobbe natt.",
}  # fmt: skip


@pytest.fixture
def arrive(make, client_for):
    """arrive(…): a person as builders make it, and her browser."""

    def sign_in(**facts):
        person = make.professional(**facts)
        return person, client_for(person.person, Role.PROFESSIONAL)

    return sign_in


@pytest.fixture
def stored(app):
    """stored(person, part): the row as it is now."""

    def look(person, part):
        with app.app_context():
            return getattr(db.session.get_one(Professional, person.id), part)

    return look


def listing_of(app, person):
    with app.app_context():
        return db.session.get(Listing, person.id)


def errors(response):
    assert response.status_code == 422
    return re.findall(r'<p class="ds-validation-message"[^>]*>(.*?)</p>', response.text)


class TestCompetence:
    PAGE = "/min-side/kompetanse"

    def test_what_is_told_is_kept_and_found_by(self, app, arrive, submit, stored):
        person, browser = arrive()
        assert submit(browser, self.PAGE, **COMPETENCE).headers["Location"] == "/min-side"
        row = stored(person, "competence")
        assert (row.fields, row.last_practised, row.has_driving_licence) == (
            [FieldOfWork.ACUTE, FieldOfWork.HOME_CARE], 2025, False,
        )  # fmt: skip
        assert listing_of(app, person).languages == ["no", "sma", "nsl"]
        with app.app_context():
            event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "competence.changed")).one()
            assert {"fields", "other"} <= set(event.fields) and "professions" not in event.fields
        shown = Page(browser.get(self.PAGE).text).form().values
        assert shown["languages"] == ["no", "sma", "nsl"] and shown["has_driving_licence"] == "False"

    def test_each_answer_that_is_missing_or_wrong(self, arrive, submit):
        _person, browser = arrive()
        next_year = str(clock.today().year + 1)
        for changes, wrong in [
            ({"professions": None}, "Velg minst ett yrke."),
            ({"fields": None}, "Velg minst ett fagområde."),
            ({"experience": "lenge"}, "Velg hvor lenge du har jobbet i yrket."),
            ({"last_practised": ""}, "Skriv året med fire siffer."),
            ({"last_practised": "25"}, "Skriv året med fire siffer."),
            ({"last_practised": next_year}, "Året kan ikke være fram i tid."),
            ({"languages": None}, "Velg minst ett språk."),
            ({"languages": ["tlh"]}, "Velg ett av svarene."),
            ({"has_driving_licence": "kanskje"}, "Velg ja eller nei."),
            ({"other": "a" * 501}, "Teksten i «Annet virksomheten bør vite» er 1 tegn for lang."),
            ({"professions": ["LE"]}, "Velg ett av svarene."),
        ]:
            assert errors(submit(browser, self.PAGE, **(COMPETENCE | changes))) == [wrong]

    def test_only_valid_professions_are_offered(self, app, make, arrive, submit, stored):
        person, browser = arrive()
        with app.app_context():
            for code, ends, is_active in (
                ("JO", None, True),
                ("LE", clock.today() - timedelta(days=1), True),
                ("PS", None, False),
            ):
                held = authorisation(code, valid_to=ends, is_active=is_active, professional_id=person.id)
                db.session.add(held)
            db.session.commit()
        page = browser.get(self.PAGE).text
        assert re.findall(r'name="professions" value="(\w+)"', page) == ["JO", "SP"]
        assert submit(browser, self.PAGE, **(COMPETENCE | {"professions": ["JO", "SP"]})).status_code == 303
        assert listing_of(app, person).professions == ["JO", "SP"]

    def test_before_hpr_has_answered_one_may_go_on_and_choose_later(self, arrive, submit, stored):
        silent = {"status": HprStatus.NOT_CHECKED, "checked_at": None}
        person, browser = arrive(
            **STARTED, competence=None, authorisations=[], **{f"hpr__{name}": value for name, value in silent.items()}
        )
        step = "/min-side/registrer/kompetanse"
        page = browser.get(step).text
        assert "Vi venter på svar fra HPR." in page and 'name="professions"' not in page
        answers = {name: value for name, value in COMPETENCE.items() if name != "professions"}
        assert submit(browser, step, go="next", **answers).headers["Location"].endswith("/tilgjengelighet")
        assert stored(person, "competence").professions == []

    def test_without_a_valid_authorisation_the_page_says_so(self, arrive):
        _person, browser = arrive(authorisations=[], hpr__status=HprStatus.EXPIRED)
        assert "Vi finner ingen gyldig autorisasjon eller lisens." in browser.get(self.PAGE).text


class TestAreas:
    PAGE, MAP, STEP = "/min-side/omrader", "/min-side/omrader/kart", "/min-side/registrer/omrader"
    ANSWERS = {"travel": "one_hour", "housing": "depends"}  # noqa: RUF012

    def test_the_list_holds_the_whole_country_and_is_quick(self, app, arrive):
        _person, browser = arrive()
        browser.get(self.PAGE)
        with counted(app) as statements:
            page = browser.get(self.PAGE).text
        assert len(statements) <= 6, "\n".join(statements)
        with app.app_context():
            places = db.session.scalar(select(func.count()).select_from(Municipality))
            counties = db.session.scalar(select(func.count()).select_from(County))
        assert page.count('name="municipalities"') == places - 1 == 356, "Oslo is a county of one"
        assert page.count('name="counties"') == counties == 15
        assert "Trondheim – Tråante" in page and re.search(r"Trøndelag <span class=\"antall\">1 valgt", page)
        assert len(page) < 110_000

    def test_what_is_chosen_is_kept_and_found_by(self, app, arrive, submit, stored):
        person, browser = arrive()
        chosen = {"counties": ["50"], "municipalities": ["5001", "0301", "5501"], "travel": "stay_away"}
        assert submit(browser, self.PAGE, **(self.ANSWERS | chosen)).headers["Location"] == "/min-side"
        assert listing_of(app, person).areas == ["50", "0301", "5501"], "the county holds its municipalities"
        assert submit(browser, self.PAGE, whole_country="y").status_code == 303
        assert listing_of(app, person).areas == ["NO"]
        assert submit(browser, self.PAGE, whole_country=None).status_code == 303
        assert listing_of(app, person).areas == ["50", "0301", "5501"], "what was chosen before is still there"

    def test_what_is_missing_or_unknown(self, arrive, submit):
        _person, browser = arrive()
        nothing = {"whole_country": None, "counties": None, "municipalities": None}
        assert errors(submit(browser, self.PAGE, **nothing)) == ["Velg minst ett område."]
        assert errors(submit(browser, self.PAGE, travel="langt", housing="hus")) == [
            "Velg hvor langt du kan reise.",
            "Velg om du trenger bolig.",
        ]
        for forged in ({"municipalities": ["9999"]}, {"counties": ["99", "50"]}):
            assert submit(browser, self.PAGE, **forged).status_code == 422

    def test_the_map_is_the_same_form_a_county_at_a_time(self, app, arrive, submit, stored):
        person, browser = arrive(reach__municipalities=["0301", "5001", "5006"], reach__counties=["11"])
        overview = browser.get(self.MAP).text
        assert "© Kartverket, CC BY 4.0" in overview
        assert re.search(r'href="/min-side/omrader/kart/50">Trøndelag</a> <span class="antall">2 valgt', overview)
        assert overview.count("<path d=") == 16, "fifteen, and the mark of the header"
        county = f"{self.MAP}/50"
        page = browser.get(county).text
        assert page.count('name="municipalities"') == page.count("<path d=") - 1 == 38
        assert submit(browser, county, municipalities=["5001", "5007"]).headers["Location"] == self.MAP
        row = stored(person, "reach")
        assert (row.municipalities, row.counties) == (["0301", "5001", "5007"], ["11"]), "the rest stays"
        assert submit(browser, county, whole="y").status_code == 303
        row = stored(person, "reach")
        assert (row.municipalities, row.counties) == (["0301"], ["11", "50"])
        assert listing_of(app, person).areas == ["11", "50", "0301"]
        assert submit(browser, f"{self.MAP}/11", whole=None).status_code == 303
        for number in ("03", "50"):
            answer = submit(browser, f"{self.MAP}/{number}", whole=None, municipalities=None)
        assert errors(answer) == ["Velg minst ett område."], "somebody who is listed is listed somewhere"
        assert submit(browser, county, municipalities=["0301"]).status_code == 422, "of another county"
        assert browser.get(f"{self.MAP}/99").status_code == 404

    def test_two_maps_of_one_county(self, arrive, submit, stored):
        _person, browser = arrive()
        county = f"{self.MAP}/50"
        old = Page(browser.get(county).text).form().values
        submit(browser, county, municipalities=["5001", "5007"])
        conflict = browser.post(county, data=old | {"municipalities": ["5014"]})
        assert conflict.status_code == 409 and "Frøya" in conflict.text and "Namsos" in conflict.text

    def test_while_one_registers_the_map_and_the_list_share_what_is_chosen(self, arrive, submit, stored):
        person, browser = arrive(**STARTED, reach=None)
        assert re.search(r"<details class=\"ds-details\" open><summary>Trøndelag", browser.get(self.STEP).text)
        to_map = submit(browser, self.STEP, go="map", municipalities=["5001"])
        assert to_map.headers["Location"] == self.MAP
        assert submit(browser, f"{self.MAP}/50", municipalities=["5001", "5014"]).status_code == 303
        assert browser.get("/min-side/registrer/se-over").headers["Location"].endswith("/registrer/omrader")
        assert Page(browser.get(self.STEP).text).form().values["municipalities"] == ["5014", "5001"]
        assert len(errors(submit(browser, self.STEP, go="next"))) == 2
        assert submit(browser, self.STEP, go="next", **self.ANSWERS).headers["Location"].endswith("/se-over")
        assert stored(person, "reach").municipalities == ["5001", "5014"]

    def test_the_map_is_not_reached_before_its_page(self, arrive):
        _person, browser = arrive(**STARTED, competence=None)
        for path in (self.MAP, f"{self.MAP}/50"):
            assert browser.get(path).headers["Location"].endswith("/registrer/kompetanse")


def test_every_area_is_drawn(app):
    country = maps.of_country()
    with app.app_context():
        known = areas.regions()
    assert set(country.paths) == {region.number for region in known}
    assert sum(map(len, country.paths.values())) < 60_000
    for region in known:
        drawing = maps.of_county(region.number)
        assert set(drawing.paths) == {place.number for place in region.places}
        for path in drawing.paths.values():
            assert re.fullmatch(r"(M\d+ \d+l-?\d+ -?\d+( -?\d+ -?\d+)+z)+", path)
