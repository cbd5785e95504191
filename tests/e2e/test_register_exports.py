"""People taken out as a file, from the search to the download."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import delete

from extensions.database import db
from models.account import Account
from models.enums import ContactPurpose, ExportFormat, Role, Stoppable
from models.outbox import OutboxEntry
from services import alarms, register_exports
from services.outbox import Job
from services.register_columns import Column
from services.register_exports import Wanted
from services.search import Filters
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor

READER = by_key("reader")


@pytest.fixture
def account(make: Builders) -> Account:
    found: Account = make.user(account=make.account(READER.name, READER.national_id)).person  # type: ignore[attr-defined]
    for name in ("Nora", "Åse"):
        make.professional(given_name=name)
    return found


def waiting(app: Flask, make: Builders, account: Account) -> str:
    """The page of a file that is never made."""
    with app.app_context():
        actor = make.actor(account, Role.ORGANISATION_USER, make.organisation())
        wanted = Wanted(ContactPurpose.EXERCISE, ExportFormat.CSV, (Column.NAME,), Filters())
        export = register_exports.ask(actor, wanted)
        db.session.flush()  # the work that was asked for goes again
        db.session.execute(delete(OutboxEntry).where(OutboxEntry.job == Job.MAKE_REGISTER_EXPORT))
        db.session.commit()
        return f"/register/eksport/{export.id}"


def stop(app: Flask, make: Builders) -> None:
    lead = make.staff(Role.CASE_LEAD)
    with app.app_context():
        alarms.stop(make.actor(lead, Role.CASE_LEAD), Stoppable.EXPORTS, None, "Uvanlig bruk")
        db.session.commit()


def test_from_the_search_to_the_file(
    app: Flask, make: Builders, account: Account, visitor: Callable[..., Visitor]
) -> None:
    reader = visitor()
    page = reader.page
    reader.sign_in("reader", "/register/eksport")
    reader.looks_right("register, filer, ingen")
    reader.open("/register?yrke=SP")
    reader.follow(page.get_by_role("link", name="Ta ut som fil"))
    assert reader.heading() == "Ta ut som fil"
    reader.press("Lag filen")
    assert page.get_by_text("Velg hva filen skal brukes til.").count() == 2
    reader.looks_right("register, ny fil, feil")
    reader.choose("Bemanne nå")
    reader.choose("E-post")
    reader.press("Lag filen")
    expect(page).to_have_title(re.compile("Filen er klar"), timeout=20_000)  # the page renews itself
    reader.looks_right("register, fil, klar")
    with page.expect_download() as download:
        page.get_by_role("link", name="Last ned").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    reader.open(waiting(app, make, account))
    assert reader.heading() == "Vi lager filen"
    reader.press("Oppdater status")
    reader.looks_right("register, fil, lages")
    reader.open("/register/eksport")
    assert page.get_by_role("row").filter(has_text="Bemanne nå").is_visible()
    reader.looks_right("register, filer")
    reader.open("/register/kontaktliste")
    assert page.get_by_label("Mobil").is_checked()
    stop(app, make)
    reader.open("/register/eksport/ny")
    assert page.get_by_text("Helsedirektoratet har stoppet dette inntil videre.").is_visible()
