"""Organisations are told when what they were shown of a person changes or is erased (GDPR article 19)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AccessLevel, GrantEnd, MessageKind, Role
from models.grant import Grant
from models.message import Message
from models.professional import Professional
from models.register import RecipientNotice
from services import erasure, grants, listing, people, recipient_notices
from tests.builders import Builders

PAGE, HOME = "/virksomhet/endringer", "/virksomhet"
TOLD = "Noen dere har hentet opplysninger om, har endret eller slettet dem."


@pytest.fixture
def person(make: Builders) -> Professional:
    return make.professional()


@pytest.fixture
def client_of(make: Builders, client_for: Any) -> Callable[[Grant], FlaskClient]:
    def client(grant: Grant) -> FlaskClient:
        return client_for(grant.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined,no-any-return]

    return client


@pytest.fixture
def change(client_for: Any, submit: Any, person: Professional) -> Callable[..., None]:
    """change(phone=…): the person changes something of «Om deg»."""

    def save(**fields: str) -> None:
        own = client_for(person.person, Role.PROFESSIONAL)  # type: ignore[attr-defined]
        assert submit(own, "/min-side/opplysninger", form=-1, **fields).status_code == 303

    return save


def shown(reader: FlaskClient, submit: Any, person: Professional) -> None:
    answer = submit(reader, f"/register/person/{person.id}", purpose="staff_now")
    assert reader.get(answer.location).status_code == 200


def notices(app: Flask) -> list[RecipientNotice]:
    with app.app_context():
        return list(db.session.scalars(select(RecipientNotice).order_by(RecipientNotice.changed_at)))


def mails(app: Flask) -> list[str]:
    with app.app_context():
        told = select(Message.recipient).where(Message.kind == MessageKind.DETAILS_CHANGED)
        return sorted(db.session.scalars(told))


def tell(app: Flask) -> None:
    with app.app_context():
        assert recipient_notices.tell() is False
        db.session.commit()


def test_whoever_was_shown_a_number_is_told_that_it_changed(
    app: Flask,
    make: Builders,
    client_of: Any,
    submit: Any,
    person: Professional,
    change: Any,
    run_jobs: Any,
    stubs: Any,
) -> None:
    grant = make.user()
    reader = client_of(grant)
    shown(reader, submit, person)
    assert TOLD not in reader.get(HOME).text and "Ingen opplysninger" in reader.get(PAGE).text
    change(street="Kongens gate 2")
    assert notices(app) == [], "an address was never shown"
    change(phone="99 88 77 66")
    assert TOLD in reader.get(HOME).text
    page = reader.get(PAGE).text
    assert "Hent dem på nytt" in page and person.name in page and "99 88" not in page
    with app.app_context():
        looks = select(AuditEvent.purpose).where(
            AuditEvent.action == "listing.shown", AuditEvent.facts["shown"].contains([str(person.account_id)])
        )
        assert db.session.scalars(looks).all() == ["put_right"]
    tell(app)
    tell(app)
    run_jobs()
    (mail,) = stubs.mail()
    assert mail["subject"] == "Opplysninger dere har hentet, er endret" and person.name not in mail["text"]
    shown(reader, submit, person)
    assert TOLD not in reader.get(HOME).text and "Ingen opplysninger" in reader.get(PAGE).text
    with clock.at(clock.now() + timedelta(days=1)):
        change(phone="99 88 77 55")
        tell(app)
    (one,) = notices(app)
    assert len(mails(app)) == 2 and one.told_at is not None


def test_only_those_who_were_shown_it_lately_and_those_who_manage_them(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional, change: Any
) -> None:
    reader, colleague = client_of(make.user()), client_of(make.user())
    administrator = client_of(make.user(AccessLevel.USER_ADMINISTRATOR))
    with clock.at(clock.now() - timedelta(days=91)):
        shown(colleague, submit, person)
    shown(reader, submit, person)
    change(email="ny@example.no")
    assert [TOLD in one.get(HOME).text for one in (reader, colleague, administrator)] == [True, False, True]
    page = administrator.get(PAGE).text
    assert "Berit Bruker" in page and person.name in page and "Bruker</th>" in page
    assert person.name not in colleague.get(PAGE).text
    other = make.organisation("940101808", "TROMSØ KOMMUNE")
    stranger = make.user(AccessLevel.USER_ADMINISTRATOR, organisation=other)
    with app.app_context():
        actor = make.actor(stranger.person, Role.ORGANISATION_USER, other, level=stranger.level)  # type: ignore[attr-defined]
        assert recipient_notices.of(actor).lines == []


def test_of_an_erased_person_nothing_but_the_time_is_left(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional, run_jobs: Any
) -> None:
    reader = client_of(make.user())
    shown(reader, submit, person)
    with app.app_context():
        erasure.ask(make.actor(person.person, Role.PROFESSIONAL))  # type: ignore[attr-defined]
        db.session.commit()
    run_jobs()
    (notice,) = notices(app)
    assert notice.professional_id is None and notice.told_at is None
    page = reader.get(PAGE).text
    assert "En person som har slettet profilen" in page and person.name not in page
    tell(app)
    assert len(mails(app)) == 1
    with clock.at(clock.now() + timedelta(days=91)), app.app_context():
        assert recipient_notices.forget_old() == 1
        db.session.commit()


def test_the_schedule_tells_and_forgets(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional, change: Any, run_jobs: Any
) -> None:
    shown(client_of(make.user()), submit, person)
    change(phone="99 88 77 66")
    run_jobs(schedule=True)
    assert len(mails(app)) == 1 and notices(app)[0].told_at is not None
    with clock.at(clock.now() + timedelta(days=91)):
        run_jobs(schedule=True)
        assert notices(app) == []


def test_a_person_who_is_hidden_now_is_not_named(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional, change: Any
) -> None:
    reader = client_of(make.user())
    shown(reader, submit, person)
    change(phone="99 88 77 66")
    with app.app_context():
        db.session.get_one(Professional, person.id).is_address_protected = True
        listing.refresh(person.id)
        db.session.commit()
    page = reader.get(PAGE).text
    assert "En person som ikke lenger er synlig" in page and person.name not in page and str(person.id) not in page


def test_whoever_has_looked_again_is_not_written_to(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional, change: Any
) -> None:
    reader = client_of(make.user())
    shown(reader, submit, person)
    change(phone="99 88 77 66")
    shown(reader, submit, person)
    tell(app)
    assert mails(app) == [] and notices(app)[0].told_at is not None


def test_others_are_told_when_the_user_has_left(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional, change: Any
) -> None:
    grant, administrator = make.user(), make.user(AccessLevel.USER_ADMINISTRATOR)
    shown(client_of(grant), submit, person)
    change(phone="99 88 77 66")
    with app.app_context():
        grants.end(None, db.session.get_one(Grant, grant.id), GrantEnd.ORGANISATION_ENDED, "sluttet")
        db.session.commit()
    tell(app)
    with app.app_context():
        assert mails(app) == [db.session.get_one(Grant, administrator.id).nominee.email]


def test_what_a_caseworker_mends_is_a_change_too(
    app: Flask, make: Builders, client_of: Any, submit: Any, person: Professional
) -> None:
    shown(client_of(make.user()), submit, person)
    worker = make.staff()
    with app.app_context():
        actor = make.actor(worker, Role.CASEWORKER)
        lookup = people.look_up(actor, "kari.prove@example.no", "Personen ringte og ba om det.")
        people.correct_email(actor, lookup, "rettet@example.no")
        db.session.commit()
    assert len(notices(app)) == 1
