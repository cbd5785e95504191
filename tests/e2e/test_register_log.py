"""The organisation's home page and log, an access that is locked, and the Directorate's samples, in a browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import AccessLevel, AlertFrequency, Role
from models.grant import Grant
from models.listing import Listing
from models.organisation import Setting
from models.register import SavedSearch
from services import audit, log_reviews, reveals
from services.settings import Key
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor


@pytest.fixture
def person_of(make: Builders) -> Callable[[str], Account]:
    """person_of(key): the account one of the made-up people signs in to."""
    return lambda key: make.account(by_key(key).name, by_key(key).national_id)


def test_an_administrator_sees_today_and_what_the_users_did(
    app: Flask, make: Builders, visitor: Callable[..., Visitor], person_of: Callable[[str], Account]
) -> None:
    organisation = make.organisation("983658776", "Helse Midt-Norge RHF", kind="health_trust", form="SÆR")
    administrator = make.user(
        AccessLevel.USER_ADMINISTRATOR, organisation=organisation, account=person_of("user_administrator")
    )
    reader = make.user(organisation=organisation, account=person_of("reader"))
    shown, hidden = make.professional(given_name="Synne"), make.professional(given_name="Borte")
    now = clock.now()
    with app.app_context():
        actor = make.actor(reader.person, Role.ORGANISATION_USER, organisation)  # type: ignore[attr-defined]
        for person in (shown, hidden):
            reveals.profile(actor, person.id)
        db.session.add(
            SavedSearch(
                organisation_id=organisation.id,
                account_id=administrator.account_id,
                name="Nattevakter i Trondheim",
                filters={},
                frequency=AlertFrequency.DAILY,
                created_at=now,
                told_until=now - timedelta(days=1),
            )
        )
        db.session.get_one(Grant, reader.id).locked_at = now
        db.session.commit()
    make.professional(make.account("Ny Person"))
    with app.app_context():
        db.session.delete(db.session.get_one(Listing, hidden.id))
        db.session.commit()
    person = visitor()
    person.sign_in("user_administrator", "/virksomhet")
    text = person.page.inner_text("main")
    assert "2 tilgjengelige i området i dag" in text and "1 må bekreftes" in text
    person.looks_right("virksomhet, hjem")
    person.press("Logg over bruken")
    rows = person.page.inner_text("tbody")
    assert "Synne Prøve" in rows and "En person som ikke lenger er synlig" in rows and "Borte" not in rows
    person.looks_right("virksomhet, logg")
    person.open("/virksomhet/logg?hva=cv.downloaded")
    person.looks_right("virksomhet, logg, tom")
    person.open("/virksomhet/brukere")
    person.looks_right("virksomhet, brukere, låst")
    person.page.get_by_label("Nora Nominert").first.check()
    person.press("Bekreft tilgangene")
    assert "Du bekreftet 1 bruker." in person.page.inner_text("main")


def test_who_is_locked_out_is_told_why(
    app: Flask, make: Builders, visitor: Callable[..., Visitor], person_of: Callable[[str], Account]
) -> None:
    grant = make.user(organisation=make.organisation(name="Trondheim kommune"), account=person_of("reader"))
    with app.app_context():
        db.session.get_one(Grant, grant.id).locked_at = clock.now()
        db.session.commit()
    person = visitor()
    person.sign_in("reader", "/velkommen")
    assert "Tilgangen din for Trondheim kommune er låst" in person.page.inner_text("main")
    person.looks_right("velkommen, låst tilgang")
    person.open("/virksomhet/velg")
    person.looks_right("velg, låst tilgang")


def test_a_sample_is_gone_over(app: Flask, make: Builders, visitor: Callable[..., Visitor]) -> None:
    worker, registered = make.staff(name="Per Papirlund"), make.professional(family_name="Papirlund")
    person = visitor()
    person.sign_in("case_lead", "/logg")
    with app.app_context():
        lead = db.session.scalars(select(Account).where(Account.name == by_key("case_lead").name)).one()
        share = db.session.get_one(Setting, Key.SAMPLED_PERCENT.value)
        share.value = 100
        for account, role in ((worker, Role.CASEWORKER), (lead, Role.CASE_LEAD)):
            audit.record(
                make.actor(account, role),
                "person.looked_up",
                subject_id=registered.account_id,
                purpose="Ringte og kom ikke inn på Min side",
            )
        db.session.commit()
        assert log_reviews.draw() == 2
        share.value = 10
        db.session.commit()
    person.looks_right("logg, leder")
    person.press("Stikkprøver")
    person.looks_right("stikkprøver")
    person.press("Gå gjennom", exact=False)
    person.looks_right("stikkprøve")
    person.press("Lagre vurderingen")
    person.looks_right("stikkprøve, feil")
    person.choose("Følges opp")
    person.fill(Begrunnelse="Samme etternavn. Tas opp med Per.")
    person.press("Lagre vurderingen")
    assert "1 stikkprøve venter." in person.page.inner_text("main")
    person.press("Vis dem som er gått gjennom")
    person.looks_right("stikkprøver, ferdige")
    person.open("/sak/grenser")
    person.looks_right("grenser")
