"""The report of the register, on a screen and to take along."""

from collections.abc import Callable

import pytest
from flask import Flask

from models.enums import OrganisationKind
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor


@pytest.fixture
def reader(app: Flask, make: Builders, visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody of a health trust, in whose area twelve people can work."""
    trust = make.organisation(
        "883974832", "St. Olavs hospital HF", kind=OrganisationKind.HEALTH_TRUST, form="ORGL", language="nb"
    )
    someone = by_key("reader")
    make.user(organisation=trust, account=make.account(someone.name, someone.national_id))
    for number in range(12):
        make.professional(municipality_number="5001" if number < 6 else "5031" if number < 11 else "0301")
    return visitor()


def test_numbers_charts_and_files(reader: Visitor) -> None:
    reader.sign_in("reader", "/register?yrke=SP")
    page = reader.page
    reader.follow(page.get_by_role("navigation", name="Visning").get_by_role("link", name="Rapport"))
    assert reader.heading() == "Helsepersonell i området deres"
    table = page.get_by_role("table", name="Antall etter bosted og yrke")
    assert table.get_by_role("row", name="Trondheim 6 6").is_visible()
    assert table.get_by_role("row", name="Utenfor området under 5 under 5").is_visible()
    chart = page.get_by_role("img", name="Antall i hver kommune")
    assert chart.locator("text", has_text="Malvik").is_visible()
    reader.looks_right("register, rapport")
    for name, ending in (("Last ned PDF", ".pdf"), ("Last ned CSV", ".csv")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename == f"rapport{ending}"
    reader.follow(page.get_by_role("navigation", name="Visning").get_by_role("link", name="Liste"))
    assert "yrke=SP" in page.url
