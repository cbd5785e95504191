"""What HPR says, live: the page renews itself when the answer comes, says when HPR is silent, and can be contested."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from extensions import clock
from extensions.database import db
from models.professional import HprAlarm, HprRecord
from services import authorisations
from stubs.people import by_key
from tests.builders import Builders
from tests.e2e.conftest import Visitor

PLACE = "/min-side/autorisasjoner"


def test_the_answer_comes_while_one_looks(own_app: Flask, visitor: Callable[..., Visitor]) -> None:
    doctor = by_key("professional_doctor")
    make = Builders(own_app)
    row = make.professional(make.account(doctor.name, doctor.national_id), hpr=None, authorisations=[])
    person = visitor(width=360)
    person.sign_in(doctor.key, PLACE)
    assert person.heading() == "Autorisasjoner og lisenser"
    assert "Vi henter opplysningene dine fra HPR." in person.page.content()
    person.looks_right("autorisasjoner, venter")
    with own_app.app_context():
        authorisations.check(row.id)
        db.session.commit()
    person.page.get_by_text("Allmennmedisin, Geriatri").wait_for()
    person.looks_right("autorisasjoner")

    person.site.stubs.control("hpr", "http500")
    with own_app.app_context():
        db.session.execute(update(HprRecord).values(asked_at=clock.now() - timedelta(hours=1)))
        db.session.commit()
    person.press("Hent på nytt")
    assert "Vi får ikke kontakt med HPR nå." in person.page.content()
    person.looks_right("autorisasjoner, HPR svarer ikke")

    person.press("Dette stemmer ikke")
    person.press("Send")
    person.looks_right("autorisasjoner, dette stemmer ikke")
    person.fill(**{"Hva stemmer ikke?": "Spesialiteten i geriatri er fra i fjor."})
    person.press("Send")
    assert person.page.url.endswith(PLACE) and "Du har sagt fra" in person.page.content()


def test_the_directorates_page_of_held_back_changes(own_app: Flask, visitor: Callable[..., Visitor]) -> None:
    with own_app.app_context():
        db.session.add(HprAlarm(raised_at=clock.now(), checked=600, negative=64))
        db.session.commit()
    person = visitor()
    person.sign_in("caseworker_1", "/sak")
    person.press("Se over dem")
    person.looks_right("sak/hpr")
    person.press("Slipp endringene gjennom")
    assert "Ingen endringer fra HPR er stanset." in person.page.content()
