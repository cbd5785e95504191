"""Uploading a CV in a browser: with and without scripts, and with the keyboard alone (ux.md D5)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from models.professional import Professional
from stubs.clamav import TEST_STRING
from stubs.people import by_key
from tests import papers
from tests.builders import Builders
from tests.e2e.conftest import Visitor, count

PAGE = "/min-side/cv"


@pytest.fixture
def nurse(clean_site: object, own_app: Flask) -> Professional:
    """Somebody whose registration is finished."""
    make, person = Builders(own_app), by_key("professional_nurse")
    return make.professional(make.account(person.name, person.national_id))


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """pdf(name, content): a file on the person's machine."""

    def write(name: str = "Min CV.pdf", content: bytes | None = None) -> Path:
        (tmp_path / name).write_bytes(content or papers.pdf())
        return tmp_path / name

    return write


def arrive(visitor: Callable[..., Visitor], *, scripts: bool = True, width: int = 1280) -> Visitor:
    person = visitor(scripts=scripts, width=width)
    person.sign_in("professional_nurse", PAGE)
    return person


def test_with_scripts(visitor: Callable[..., Visitor], nurse: Professional, pdf: Callable[..., Path]) -> None:
    person = arrive(visitor)
    page = person.page
    person.looks_right("cv, tom")
    page.get_by_role("button", name="Last opp").click()
    expect(page.locator("#feil")).to_contain_text("Velg hvem som kan se CV-en.")
    expect(page.locator("#feil")).to_contain_text("Velg en fil.")
    person.looks_right("cv, feil")
    person.choose("Virksomheter jeg har samtykket til")
    page.get_by_label("Fil", exact=True).set_input_files(pdf("stor.pdf", b"%PDF" + b"x" * 11_000_000))
    expect(page.get_by_text("Filen er 10,5 MB. Den kan være inntil 10 MB.")).to_be_visible()
    status = page.locator("[data-upload-status]")
    page.get_by_label("Fil", exact=True).set_input_files(pdf(content=papers.pdf(size=2_000_000)))
    expect(status).to_have_text("Valgt fil: Min CV.pdf (2,0 MB)")
    person.site.stubs.control("clamav", "slow", count=1, seconds=2)
    page.get_by_role("button", name="Last opp").click()
    expect(page.get_by_role("status").first).to_contain_text("Filen er lastet opp.")
    assert page.url.endswith(PAGE) and page.evaluate("document.activeElement.tagName") == "MAIN"
    person.looks_right("cv, sjekkes")
    expect(page.locator("#filer")).to_contain_text("Klar. Lastet opp", timeout=15_000)  # by itself
    person.looks_right("cv, klar")
    with page.expect_download() as download:
        page.get_by_role("link", name="Se", exact=True).click()
    assert download.value.suggested_filename == "Min CV.pdf"
    page.get_by_label("Fil", exact=True).set_input_files(pdf(content=download.value.path().read_bytes()))
    person.choose("Bare jeg")
    page.get_by_role("button", name="Last opp").click()
    expect(page.locator("#feil")).to_contain_text("Du har allerede lastet opp denne filen.")
    expect(page.locator("#feil")).to_be_focused()
    for name, heading in (
        ("Endre hvem som kan se den", "Hvem kan se CV-en?"),
        ("Bytt", "Bytt fil"),
        ("Slett", "Vil du slette filen?"),
    ):
        person.open(PAGE)
        person.press(name)
        assert person.heading() == heading
        person.looks_right(f"cv, {name.lower()}")
    person.press("Slett filen")
    assert "Min CV.pdf er slettet." in page.content()
    person.choose("Bare jeg")
    page.get_by_label("Fil", exact=True).set_input_files(pdf("smittet.pdf", papers.pdf(holding=TEST_STRING)))
    page.get_by_role("button", name="Last opp").click()
    expect(page.locator("#filer")).to_contain_text("Filen hadde skadelig innhold", timeout=15_000)
    person.looks_right("cv, avvist")


def test_dropping_and_stopping(visitor: Callable[..., Visitor], nurse: Professional) -> None:
    person = arrive(visitor)
    page = person.page
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["%PDF-1.7"], "sluppet.pdf"));
            const drop = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
            document.querySelector("[data-upload]").dispatchEvent(drop);
        }"""
    )
    expect(page.locator("[data-upload-status]")).to_have_text("Valgt fil: sluppet.pdf (0,1 MB)")
    person.choose("Bare jeg")
    page.route(f"**{PAGE}", lambda route: None)  # the line is dead
    page.get_by_role("button", name="Last opp").click()
    expect(page.get_by_role("button", name="Laster opp …")).to_be_visible()
    person.looks_right("cv, lastes opp")
    page.get_by_role("button", name="Avbryt opplastingen").click()
    expect(page.locator("[data-upload-status]")).to_have_text("Opplastingen er avbrutt.")
    page.unroute(f"**{PAGE}")
    page.route(f"**{PAGE}", lambda route: route.abort())
    page.get_by_role("button", name="Last opp").click()
    expect(page.locator("[data-upload-status]")).to_have_text("Vi fikk ikke lastet opp filen. Prøv igjen.")
    assert count(person.site, "SELECT count(*) FROM attachment") == 0


def test_without_scripts(visitor: Callable[..., Visitor], nurse: Professional, pdf: Callable[..., Path]) -> None:
    person = arrive(visitor, scripts=False, width=360)
    page = person.page

    def upload(file: Path) -> None:
        person.choose("Bare jeg")
        page.get_by_label("Fil", exact=True).set_input_files(file)
        person.press("Last opp")

    upload(pdf("stor.pdf", b"%PDF-1.7" + b"x" * 12_000_000))
    assert "Filen er 11,5 MB. Den kan være inntil 10 MB." in page.content()
    upload(pdf("smittet.pdf", papers.pdf(holding=TEST_STRING)))
    upload(pdf())
    until = page.locator("#filer")
    for _ in range(100):
        if "Klar. Lastet opp" in until.inner_text() and "skadelig" in until.inner_text():
            break
        person.press("Oppdater status")
    assert "Filen hadde skadelig innhold og er slettet. Last opp en ny fil." in until.inner_text()


def test_with_the_keyboard_alone(
    visitor: Callable[..., Visitor], nurse: Professional, pdf: Callable[..., Path]
) -> None:
    person = arrive(visitor)
    page = person.page
    page.on("filechooser", lambda chooser: None)  # the browser asks us from now on, not from the press on

    def tab_to(selector: str) -> None:
        for _ in range(60):
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    tab_to("input[name=visibility]")
    page.keyboard.press("Space")
    tab_to("input[type=file]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(pdf())
    tab_to("button[data-busy]")
    page.keyboard.press("Enter")
    expect(page.locator("#filer")).to_contain_text("Min CV.pdf")


def test_a_file_that_has_to_be_scanned_again(
    visitor: Callable[..., Visitor], nurse: Professional, pdf: Callable[..., Path]
) -> None:
    person = arrive(visitor)
    page = person.page
    person.choose("Bare jeg")
    page.get_by_label("Fil", exact=True).set_input_files(pdf())
    page.get_by_role("button", name="Last opp").click()
    expect(page.locator("#filer")).to_contain_text("Klar.", timeout=15_000)
    person.site.stubs.control("clamav", "signatures", version="27402")
    person.press("Se")
    assert person.heading() == "Vi sjekker filen på nytt"
    person.looks_right("cv, ny sjekk")
    person.press("Sjekk filen på nytt")
    expect(page.locator("#filer")).to_contain_text("Klar.", timeout=15_000)
    with page.expect_download():
        page.get_by_role("link", name="Se", exact=True).click()
