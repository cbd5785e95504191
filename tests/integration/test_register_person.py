"""One person in the register: what is shown, for what reason, how often, and to whom never (ux.md E4, C12–C26)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AlarmKind, ContactPurpose, Role, Stoppable
from models.listing import Listing
from models.organisation import Setting
from models.register import Alarm, Reveal
from services import alarms, reveals
from services.access import Actor
from services.errors import Forbidden
from services.reveals import QuotaReached
from services.settings import Key
from tests.builders import Builders, authorisation
from tests.pages import Page


@pytest.fixture
def reader(make: Builders, client_for: Any) -> FlaskClient:
    grant = make.user()
    client: FlaskClient = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
    client.account = grant.person  # type: ignore[attr-defined]
    return client


def test_contact_is_behind_a_reason_and_each_look_is_noted(
    reader: FlaskClient, make: Builders, submit: Any, app: Flask
) -> None:
    person = make.professional(competence__other="Helst natt.\nKan ikke jobbe i påsken")
    path = f"/register/person/{person.id}"
    profile = reader.get(path).text
    assert "Sykepleier" in profile and "Kan ikke jobbe i påsken" not in profile
    assert (
        profile.index('href="#kontakt"') < profile.index('id="tilgjengelighet"') < profile.index('id="autorisasjoner"')
    )
    english = reader.get(f"/en{path}").text
    assert "Authorisation" in english and "Autorisasjon" not in english
    assert "kari.prove@example.no" not in profile and "98 76 54 32" not in profile and "7013" not in profile
    refused = submit(reader, path)
    assert refused.status_code == 422 and refused.text.count("Velg hvorfor du trenger kontaktinformasjonen.") == 2
    shown = submit(reader, path, purpose="staff_now")
    assert shown.status_code == 303
    page = reader.get(shown.location).text
    assert 'href="tel:+4798765432"' in page and "kari.prove@example.no" in page and "påsken" in page
    assert re.search(r'<dd class="linjer">Helst natt.\s+Kan ikke', page)
    with app.app_context():
        looks = db.session.execute(
            select(AuditEvent.action, AuditEvent.purpose).where(AuditEvent.subject_id == person.person.id)
        ).all()
        assert ("contact.revealed", "staff_now") in looks and ("profile.opened", None) in looks
    assert submit(reader, shown.location, outcome="interested").status_code == 303
    assert "Interessert" in reader.get(path).text
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert reader.get(shown.location).status_code == 404


def test_a_refused_form_shows_its_page_and_leaves_the_same_trace(
    reader: FlaskClient, make: Builders, submit: Any, app: Flask
) -> None:
    person = make.professional()
    path = f"/register/person/{person.id}"
    submit(reader, path)  # a look before the form, and one with its refusal
    location = submit(reader, path, purpose="staff_now").location
    assert "98 76 54 32" in submit(reader, location).text
    with app.app_context():
        actions = db.session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == person.person.id)).all()
    assert (actions.count("profile.opened"), actions.count("contact.revealed")) == (3, 2)


def test_a_profession_without_an_authorisation_in_force_is_not_shown(reader: FlaskClient, make: Builders) -> None:
    ended = authorisation("LE", valid_to=clock.today() - timedelta(days=1))
    person = make.professional(competence__professions=["LE", "SP"], authorisations=[authorisation("SP"), ended])
    page = reader.get(f"/register/person/{person.id}").text
    assert "Sykepleier" in page and "Lege" not in page


def test_no_date_tells_when_somebody_was_born(reader: FlaskClient, make: Builders) -> None:
    """An authorisation ends on the eightieth birthday (integrations.md 6.3), unknown to readers (security.md 3)."""
    for_life = authorisation("SP", valid_to=date(2070, 5, 5))
    licence = authorisation("LE", kind="2", kind_name="Lisens", valid_to=date(2070, 5, 6))
    person = make.professional(competence__professions=["SP", "LE"], authorisations=[for_life, licence])
    page = reader.get(f"/register/person/{person.id}").text
    assert "5. mai 2070" not in page and page.count("20. juni 2013") == 2
    assert "fra 20. juni 2013 til 6. mai 2070" in page, "a licence is given for a time"


def test_an_address_nobody_confirmed_is_not_shown(reader: FlaskClient, make: Builders, submit: Any, app: Flask) -> None:
    person = make.professional(email_confirmed_at=None)
    page = reader.get(submit(reader, f"/register/person/{person.id}", purpose="staff_now").location).text
    assert "98 76 54 32" in page and "kari.prove@example.no" not in page
    with app.app_context():
        looks = select(AuditEvent.fields).where(AuditEvent.action == "contact.revealed")
        assert db.session.scalars(looks).one() == ["phone"]


def test_what_hpr_says_at_a_reveal_hides_at_once(reader: FlaskClient, make: Builders, submit: Any, app: Flask) -> None:
    """HPR's stand-in does not know this person."""
    person = make.professional(hpr__checked_at=clock.now() - timedelta(hours=30))
    assert submit(reader, f"/register/person/{person.id}", purpose="staff_now").status_code == 404
    with app.app_context():
        assert db.session.get(Listing, person.id) is None
        assert db.session.scalar(select(func.count()).select_from(Reveal)) == 0


def test_unseen_people_look_like_nobody(
    reader: FlaskClient, make: Builders, app: Flask, client_for: Any, submit: Any
) -> None:
    person = make.professional()
    location = submit(reader, f"/register/person/{person.id}", purpose="staff_now").location
    other = make.user(organisation=make.organisation("940101808", "TROMSØ KOMMUNE"))
    stranger = client_for(other.person, Role.ORGANISATION_USER, make.organisation("940101808"))
    assert stranger.get(location).status_code == 404
    unknown = _without_keys(reader.get(f"/register/person/{uuid4()}").text)
    hidden = (
        make.professional(listed=False),
        make.professional(reach__municipalities=["0301"]),
        make.professional(is_address_protected=True),
        make.professional(hpr__checked_at=clock.now() - timedelta(hours=80)),
    )
    for one in hidden:
        answer = reader.get(f"/register/person/{one.id}")
        assert answer.status_code == 404 and _without_keys(answer.text) == _without_keys(
            unknown.replace(_id_in(unknown), str(one.id))
        )


def _id_in(page: str) -> str:
    return re.search(r"/register/person/([0-9a-f-]{36})", page)[1]  # type: ignore[index]


def _without_keys(page: str) -> str:
    return re.sub(r'(name="(?:csrf_token|form_key)" value=)"[^"]*"', r"\1", page)


def test_the_quota_holds_for_fifty_at_once(app: Flask, make: Builders) -> None:
    grant, person = make.user(), make.professional()
    organisation = make.organisation()
    with app.app_context():
        db.session.get_one(Setting, Key.REVEALS_PER_HOUR.value).value = 7
        db.session.commit()

    def one(_number: int) -> bool:
        with app.app_context():
            now = clock.now()
            actor = Actor(
                *(grant.person.id, uuid4(), None, Role.ORGANISATION_USER, now, now, now, now), organisation.id
            )
            try:
                reveals.reveal(actor, person.id, ContactPurpose.STAFF_NOW)
            except QuotaReached as error:
                db.session.rollback()
                reveals.note_quota(actor, error)
                db.session.commit()
                return False
            db.session.commit()
            return True

    try:
        with ThreadPoolExecutor(10) as pool:
            assert sum(pool.map(one, range(50))) == 7
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(Reveal)) == 7
            assert [alarm.kind for alarm in db.session.scalars(select(Alarm))] == [AlarmKind.QUOTA]
    finally:
        with app.app_context():
            db.session.get_one(Setting, Key.REVEALS_PER_HOUR.value).value = 60
            db.session.commit()


def test_the_quota_of_a_user_holds_across_organisations(app: Flask, make: Builders) -> None:
    """Who acts for two at once is one reader all the same."""
    person, account = make.professional(reach__whole_country=True), make.account()
    both = [make.organisation(), make.organisation("940101808", "TROMSØ KOMMUNE")]
    with app.app_context():
        db.session.get_one(Setting, Key.REVEALS_PER_HOUR.value).value = 1
        db.session.commit()
    together = Barrier(2)

    def one(organisation_id: UUID) -> bool:
        with app.app_context():
            now = clock.now()
            actor = Actor(*(account.id, uuid4(), None, Role.ORGANISATION_USER, now, now, now, now), organisation_id)
            together.wait()
            try:
                reveals.reveal(actor, person.id, ContactPurpose.STAFF_NOW)
                sleep(0.2)  # the other one asks meanwhile
            except QuotaReached:
                return False
            db.session.commit()
            return True

    try:
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, [organisation.id for organisation in both])) == [False, True]
    finally:
        with app.app_context():
            db.session.get_one(Setting, Key.REVEALS_PER_HOUR.value).value = 60
            db.session.commit()


def test_a_quota_that_is_reached_is_told_of_for_each_organisation(app: Flask, make: Builders) -> None:
    account, now = make.account(), clock.now()
    places = [make.organisation(), make.organisation("940101808", "TROMSØ KOMMUNE")]
    with app.app_context():
        for key in (Key.REVEALS_PER_DAY, Key.EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY):
            for place in (*places, *places):
                actor = Actor(*(account.id, uuid4(), None, Role.ORGANISATION_USER, now, now, now, now), place.id)
                reveals.note_quota(actor, QuotaReached(key, "Vent litt."))
        db.session.commit()
        told = db.session.scalars(select(Alarm.organisation_id)).all()
        assert sorted(told) == sorted([place.id for place in places] * 2)


def test_a_canary_and_an_unusual_day_raise_one_alarm_each(
    reader: FlaskClient, make: Builders, submit: Any, app: Flask
) -> None:
    canary = make.professional(is_canary=True)
    location = submit(reader, f"/register/person/{canary.id}", purpose="exercise").location
    reader.get(location)
    reader.get(location)
    person = make.professional()
    with app.app_context():
        organisation = make.organisation()
        for days, times in ((0, 12), (1, 2), (2, 2)):
            for _number in range(times):
                db.session.add(
                    Reveal(
                        professional_id=person.id,
                        organisation_id=organisation.id,
                        account_id=reader.account.id,  # type: ignore[attr-defined]
                        what="contact",
                        purpose=ContactPurpose.STAFF_NOW,
                        at=clock.now() - timedelta(days=days),
                    )
                )
        db.session.commit()
        assert alarms.watch_rates() == 1 and alarms.watch_rates() == 0
        db.session.commit()
        assert sorted(db.session.scalars(select(Alarm.kind))) == [AlarmKind.CANARY, AlarmKind.HIGH_RATE]


def test_the_days_of_a_rate_are_those_of_oslo(app: Flask, make: Builders) -> None:
    person, grant = make.professional(), make.user()
    night = datetime(2027, 2, 2, 0, 30, tzinfo=clock.OSLO)
    with app.app_context(), clock.at(night):
        organisation = make.organisation()
        for number in range(12):
            db.session.add(
                Reveal(
                    professional_id=person.id,
                    organisation_id=organisation.id,
                    account_id=grant.person.id,
                    what="contact",
                    purpose=ContactPurpose.STAFF_NOW,
                    at=night - timedelta(minutes=20 if number < 7 else 40),
                )
            )
        db.session.commit()
        assert alarms.watch_rates() == 0, "seven after midnight, and five before"
        for reveal in db.session.scalars(select(Reveal)):
            reveal.at = night - timedelta(minutes=20)
        assert alarms.watch_rates() == 1


def test_a_stop_works_at_once_and_is_lifted(reader: FlaskClient, make: Builders, submit: Any, app: Flask) -> None:
    person, caseworker = make.professional(), make.staff()
    path = f"/register/person/{person.id}"
    now = clock.now()
    actor = Actor(caseworker.id, uuid4(), None, Role.CASEWORKER, now, now, now, now)
    shown = submit(reader, path, purpose="staff_now").location
    for number in ("942110464", None):
        with app.app_context():
            alarms.stop(actor, Stoppable.REVEALS, number, "Uvanlig mange oppslag")
            db.session.commit()
        assert submit(reader, path, purpose="staff_now").status_code == 403
        assert reader.get(shown).status_code == 403
        with app.app_context():
            alarms.lift(actor, alarms.stops()[0].id)
            db.session.commit()
        assert submit(reader, path, purpose="staff_now").status_code == 303


def test_caseworkers_see_close_stop_and_lift(
    reader: FlaskClient, make: Builders, submit: Any, client_for: Any, app: Flask
) -> None:
    canary = make.professional(is_canary=True)
    submit(reader, f"/register/person/{canary.id}", purpose="exercise")
    staff = client_for(make.staff(), Role.CASEWORKER)
    page = staff.get("/sak/varsler").text
    assert "Noen har hentet en kontrollprofil" in page
    with app.app_context():  # it names who it was
        assert db.session.scalar(select(AuditEvent.facts["count"]).where(AuditEvent.action == "alarm.viewed")) == 1
    alarm = re.search(r'href="(/sak/varsler/[0-9a-f-]{36})"', page)
    assert alarm and submit(staff, alarm[1]).status_code == 422
    late = client_for(make.staff(), Role.CASEWORKER)
    fields = Page(late.get(alarm[1]).text).form(0).values
    assert submit(staff, alarm[1], note="Øvelse, avtalt på forhånd").status_code == 303
    assert late.post(alarm[1], data={**fields, "note": "Ringte og spurte"}).status_code == 409
    assert "Øvelse, avtalt" in (closed := late.get(alarm[1]).text) and "Ringte og spurte" in closed
    assert "Ingen åpne varsler." in staff.get("/sak/varsler").text
    for answers, wrong in (
        ({}, "Velg hvem det skal stoppes for."),
        ({"whom": "en"}, "Organisasjonsnummeret må ha 9 siffer."),
        ({"whom": "en", "organisation_number": "123456785"}, "Vi finner ingen virksomhet"),
        ({"whom": "alle", "organisation_number": "942 110 464"}, "Kryss av hvis du vil stoppe det for alle."),
    ):
        refused = submit(staff, "/sak/stopp", what="reveals", reason="Feil", **answers)
        assert refused.status_code == 422 and refused.text.count(wrong) == 2, wrong
    everybody = {"what": "reveals", "whom": "alle", "for_all": "y", "reason": "Øvelse"}
    assert submit(staff, "/sak/stopp", **everybody).status_code == 303
    assert "Visning av kontaktinformasjon og CV, alle virksomheter." in staff.get("/sak/varsler").text
    again = submit(staff, "/sak/stopp", **everybody)
    assert again.status_code == 422 and again.text.count("Dette er allerede stoppet.") == 2
    assert submit(reader, f"/register/person/{canary.id}", purpose="exercise").status_code == 403
    assert submit(staff, "/sak/varsler", to="/opphev").status_code == 303
    assert "Ingenting er stoppet." in staff.get("/sak/varsler").text
    assert submit(staff, "/sak/stopp", **everybody | {"whom": "en", "organisation_number": "942 110 464"}).location
    assert "CV, KOMMUNE 942110464." in staff.get("/sak/varsler").text


def test_an_alarm_about_ones_own_use_is_left_to_another(app: Flask, make: Builders, client_for: Any) -> None:
    caseworker = make.staff()
    reader = make.actor(caseworker, Role.ORGANISATION_USER, make.organisation())
    with app.app_context():
        alarms.raise_once(AlarmKind.HIGH_RATE, "rate", reader, today=12, usual=1.0)
        db.session.commit()
        alarm_id = db.session.scalars(select(Alarm.id)).one()
        with pytest.raises(Forbidden):
            alarms.close(make.actor(caseworker, Role.CASEWORKER), alarm_id, "Min egen")
    path = f"/sak/varsler/{alarm_id}"
    assert client_for(caseworker, Role.CASEWORKER).get(path).status_code == 403
    assert client_for(make.staff(), Role.CASEWORKER).get(path).status_code == 200
