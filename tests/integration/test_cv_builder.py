"""A CV made on the pages (ux.md D6)."""

import io
import re
from datetime import timedelta
from typing import Any

import pikepdf
import pytest

from extensions import clock
from extensions.database import db
from models.cv import CvEntry
from models.enums import CvSection, Language, Role, Visibility
from models.listing import Listing
from models.professional import Professional
from services import cvs
from tests.builders import Builders
from tests.pages import Page

JOB = {
    "title": "Sykepleier",
    "place": "Ŋuorra sykehjem",
    "from_month": "3",
    "from_year": "2019",
    "to_month": "",
    "to_year": "",
    "is_current": "y",
    "text": "Nattevakt",
}


@pytest.fixture
def browser(make: Builders, client_for: Any) -> Any:
    person = make.professional()
    client = client_for(person.person, Role.PROFESSIONAL)
    client.professional_id = person.id
    return client


def test_sections_are_filled_moved_changed_and_removed(browser: Any, submit: Any, app: Any) -> None:
    assert submit(browser, "/min-side/cv/bygg/sammendrag", summary="Glad i nattevakter").status_code == 303
    for title in ("Første", "Andre"):
        assert submit(browser, "/min-side/cv/bygg/erfaring/ny", **(JOB | {"title": title})).status_code == 303
    page = browser.get("/min-side/cv/bygg/erfaring").text
    assert "03.2019–nå" in page
    assert _titles(page) == ["Første", "Andre"]
    assert submit(browser, "/min-side/cv/bygg/erfaring", to="/flytt").status_code == 303
    assert _titles(browser.get("/min-side/cv/bygg/erfaring").text) == ["Andre", "Første"]
    first = re.search(
        r'href="(/min-side/cv/bygg/erfaring/[0-9a-f-]{36})"', browser.get("/min-side/cv/bygg/erfaring").text
    )
    assert first
    assert submit(browser, first[1], title="Ledende").status_code == 303
    assert submit(browser, f"{first[1]}/fjern").status_code == 303
    assert _titles(browser.get("/min-side/cv/bygg/erfaring").text) == ["Første"]


@pytest.mark.parametrize("part", ["sammendrag", "erfaring"])
def test_two_who_change_a_part_at_once_see_both_versions(browser: Any, submit: Any, part: str) -> None:
    path, name = f"/min-side/cv/bygg/{part}", "summary"
    if part == "erfaring":
        submit(browser, f"{path}/ny", **JOB)
        found = re.search(rf'href="({path}/[0-9a-f-]{{36}})"', browser.get(path).text)
        assert found
        path, name = found[1], "text"
    first = Page(browser.get(path).text).form().values
    assert submit(browser, path, **{name: "Skrevet i den andre fanen"}).status_code == 303
    second = browser.post(path, data=first | {name: "Skrevet i den første"})
    assert second.status_code == 409
    assert "Skrevet i den første" in second.text and "Skrevet i den andre fanen" in second.text
    assert browser.post(path, data=Page(second.text).form().values).status_code == 303
    assert "Skrevet i den første" in browser.get(path).text


def _titles(page: str) -> list[str]:
    return re.findall(r'<h2 class="ds-heading" data-size="xs">([^<]+)</h2>', page)


_DAY = clock.today().replace(day=28) + timedelta(days=4)
NEXT_MONTH = {"from_month": str(_DAY.month), "from_year": str(_DAY.year)}
BAD = (
    ("erfaring", JOB | {"title": ""}, "Skriv stillingen."),
    ("erfaring", JOB | {"place": " "}, "Skriv arbeidsstedet."),
    ("erfaring", JOB | {"from_month": ""}, "Velg måned."),
    ("erfaring", JOB | {"from_year": "19"}, "Skriv året med fire siffer."),
    ("erfaring", JOB | {"from_year": "2999"}, "Startmåneden kan ikke være fram i tid."),
    ("erfaring", JOB | NEXT_MONTH, "Startmåneden kan ikke være fram i tid."),
    ("erfaring", JOB | {"from_year": "1939"}, "Året må være 1940 eller senere."),
    (
        "erfaring",
        JOB | {"is_current": None, "to_month": "2", "to_year": "2019"},
        "Sluttmåneden kan ikke være før startmåneden.",
    ),
    ("erfaring", JOB | {"is_current": None}, "Skriv måned og år du sluttet"),
    ("erfaring", JOB | {"text": "x" * 1001}, "» er 1 tegn for lang."),
    ("utdanning", {"title": "Bachelor", "place": "", "to_year": "2012"}, "Skriv lærestedet."),
    ("kurs", {"title": "A", "place": "B", "from_year": "2024", "to_year": "2020"}, "Kurset kan ikke utløpe før"),
    ("sprak", {"title": "de", "level": ""}, "Velg nivå."),
    ("referanser", {"title": "Ola", "place": "Lege", "text": "98765432"}, "avtalt det med referansen"),
)


def test_bad_input_is_told_beside_the_field_and_kept(browser: Any, submit: Any) -> None:
    for section, answers, message in BAD:
        answer = submit(browser, f"/min-side/cv/bygg/{section}/ny", **answers)
        assert answer.status_code == 422, message
        assert answer.text.count(message) == 2, message  # in the summary and beside the field
        assert all(str(value) in answer.text for value in answers.values() if value), message


def test_nobody_reaches_another_persons_entry(browser: Any, make: Builders, app: Any, client_for: Any) -> None:
    with app.app_context():
        entry = CvEntry(section=CvSection.EXPERIENCE, position=1, title="Andres jobb")
        other = make.professional()
        from models.cv import Cv

        db.session.add(Cv(professional_id=other.id, updated_at=clock.now(), entries=[entry]))
        db.session.commit()
        entry_id = entry.id
    assert browser.get(f"/min-side/cv/bygg/erfaring/{entry_id}").status_code == 404
    assert browser.get(f"/min-side/cv/bygg/erfaring/{entry_id}/fjern").status_code == 404


def test_the_pdf_is_tagged_and_holds_what_was_told_once(browser: Any, submit: Any, app: Any) -> None:
    submit(browser, "/min-side/cv/bygg/erfaring/ny", **(JOB | {"title": "Sykepleier #let x"}))
    for language in ("nb", "en"):
        answer = browser.get(f"/min-side/cv/bygg/cv.pdf?sprak={language}&last-ned=1")
        assert answer.headers["Content-Type"] == "application/pdf"
        with pikepdf.open(io.BytesIO(answer.data)) as document:
            assert document.Root.MarkInfo.Marked
            assert str(document.Root.Lang).startswith(language)
        with app.app_context():
            data = cvs._data(db.session.get_one(Professional, browser.professional_id), Language(language))
        titles = [section["title"] for section in data["sections"]]
        assert len(titles) == len(set(titles))


def test_the_pdf_holds_no_address_nobody_confirmed(browser: Any, app: Any) -> None:
    with app.app_context():
        person = db.session.get_one(Professional, browser.professional_id)
        for confirmed_at, labels in ((clock.now(), ["E-post", "Mobil", "Bosted"]), (None, ["Mobil", "Bosted"])):
            person.email_confirmed_at = confirmed_at
            contact = cvs._data(person, Language.BOKMAL)["sections"][0]
            assert [label for label, _value in contact["facts"]] == labels


def test_organisations_find_a_cv_only_when_the_person_says_so(browser: Any, submit: Any, app: Any) -> None:
    def has_cv() -> bool:
        with app.app_context():
            return db.session.get_one(Listing, browser.professional_id).has_cv

    submit(browser, "/min-side/cv/bygg/sammendrag", summary="Hei")
    assert not has_cv()
    assert submit(browser, "/min-side/cv/bygg", visibility=Visibility.CONSENTED.value).status_code == 303
    assert has_cv()
    submit(browser, "/min-side/cv/bygg", visibility=Visibility.ONLY_ME.value)
    assert not has_cv()
