"""Helping a registered person: for a written reason, told to the person, and without telling who is registered (C27,
C28, B12, B22)."""

import statistics
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import PrivacyCaseKind, Role
from models.privacy import PersonLookup
from models.professional import Professional
from services import erasure, housekeeping, insight, people, privacy_cases, privacy_casework
from services.errors import Conflict, Forbidden, NotFound
from services.insight import Period
from tests.builders import synthetic_number
from tests.rules.test_queries import counted


@pytest.fixture
def person(make):
    account = make.account("Kari Prøve")
    row = make.professional(account, email_confirmed_at=None)
    row.person = account
    return row


@pytest.fixture
def worker(make):
    return make.staff(name="Saga Saksbehandler")


@pytest.fixture
def desk(worker, client_for):
    return client_for(worker, Role.CASEWORKER)


def lookups(app):
    with app.app_context():
        return db.session.scalars(select(PersonLookup).order_by(PersonLookup.made_at)).all()


@pytest.mark.parametrize("how", ["number", "e-mail", "phone"])
def test_found_seen_and_told(app, desk, person, make, submit, how):
    wanted = {"number": person.number, "e-mail": " KARI.prove@example.no ", "phone": "987 65 432"}[how]
    answer = submit(desk, "/sak/personer", wanted=wanted, reason="Kari Prøve ringte om e-posten")
    assert answer.status_code == 303
    assert person.number not in answer.headers["Location"]
    page = desk.get(answer.headers["Location"]).text
    for text in ("Kari Prøve", "kari.prove@example.no", "98 76 54 32", "Sykepleier", "Trondheim", "kan se deg"):
        assert text in page, text
    assert person.number not in page
    with app.app_context():
        looks, _more = insight.read(make.actor(person.person, Role.PROFESSIONAL), Period())
    assert {(look.organisation, look.role, look.purpose) for look in looks} == {
        ("Helsedirektoratet", "Saksbehandler", "personen personen ringte om e-posten")
    }, "the log keeps no name"
    assert {look.action for look in looks} == {"person.looked_up", "person.viewed"}


def test_the_way_is_the_same_whether_there_is_anybody_or_not(app, desk, person, submit):
    answers, queries = [], []
    for wanted in (person.number, synthetic_number()):
        with counted(app) as statements:
            answers.append(submit(desk, "/sak/personer", wanted=wanted, reason="Ringte oss"))
        queries.append(len(statements))
    assert {answer.status_code for answer in answers} == {303}
    assert (
        len({len(answer.headers["Location"]) for answer in answers})
        == len({len(answer.data) for answer in answers})
        == 1
    )
    assert queries[0] == queries[1]
    assert "Ingen registrert person" in desk.get(answers[1].headers["Location"]).text


def test_as_quick_whether_there_is_anybody_or_not(context, person, worker, make):
    actor = make.actor(worker, Role.CASEWORKER)
    numbers = {"known": person.number, "unknown": synthetic_number()}
    times = {name: [] for name in numbers}
    for _ in range(60):
        for name, number in numbers.items():
            began = time.perf_counter()
            people.look_up(actor, number, "Ringte oss")
            db.session.flush()
            times[name].append(time.perf_counter() - began)
    medians = [statistics.median(values) for values in times.values()]
    assert abs(medians[0] - medians[1]) < 0.005


@pytest.mark.parametrize(
    ("wanted", "reason", "text"),
    [
        ("", "Ringte", "Skriv fødselsnummeret, e-postadressen eller mobilnummeret."),
        ("12345678901", "Ringte", "Fødselsnummeret stemmer ikke."),
        ("kari", "Ringte", "Skriv 11 siffer, en e-postadresse eller et mobilnummer."),
        ("98765432", "", "Skriv hvorfor du må åpne personen."),
    ],
)
def test_what_is_missing_is_asked_for(app, desk, submit, wanted, reason, text):
    answer = submit(desk, "/sak/personer", wanted=wanted, reason=reason)
    assert answer.status_code == 422
    assert text in answer.text
    assert lookups(app) == []


def test_several_with_one_address(app, desk, person, make, submit):
    make.professional(make.account("Ola Prøve"))
    answer = submit(desk, "/sak/personer", wanted="kari.prove@example.no", reason="Ringte oss")
    assert "Flere personer" in desk.get(answer.headers["Location"]).text


def test_who_has_left_is_told_of(app, desk, person, make, submit, run_jobs):
    with app.app_context():
        reference = erasure.ask(make.actor(person.person, Role.PROFESSIONAL)).reference
        db.session.commit()
    run_jobs()
    answer = submit(desk, "/sak/personer", wanted=person.number, reason="Lurer på om profilen er slettet")
    page = desk.get(answer.headers["Location"]).text
    assert "om å få profilen slettet" in page
    assert reference[:4] in page


def test_a_reason_opens_for_one_and_for_an_hour(context, person, worker, make):
    actor = make.actor(worker, Role.CASEWORKER)
    lookup = people.look_up(actor, person.number, "Ringte oss")
    db.session.flush()
    assert people.find(actor, lookup.id) is lookup
    with pytest.raises(NotFound):
        people.find(make.actor(make.staff(name="En Annen"), Role.CASEWORKER), lookup.id)
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        with pytest.raises(NotFound):
            people.find(actor, lookup.id)
        housekeeping.discard_short_lived()
    assert db.session.scalar(select(func.count()).select_from(PersonLookup)) == 1
    with clock.at(clock.now() + timedelta(days=1, seconds=1)):
        housekeeping.discard_short_lived()
    assert db.session.scalar(select(func.count()).select_from(PersonLookup)) == 0


def test_not_oneself_and_not_an_auditor(context, person, make):
    with pytest.raises(Forbidden):
        people.look_up(make.actor(person.person, Role.CASEWORKER), person.number, "Nysgjerrig")
    with pytest.raises(Forbidden):
        people.look_up(make.actor(make.staff(Role.AUDITOR), Role.AUDITOR), person.number, "Revisjon")


def test_from_a_case_the_case_is_the_reason(context, person, worker, make):
    actor = make.actor(worker, Role.CASEWORKER)
    case = privacy_cases.open_case(make.actor(person.person, Role.PROFESSIONAL), PrivacyCaseKind.RECTIFY, "Feil")
    with pytest.raises(Forbidden):
        people.open_from(actor, case)
    privacy_casework.take(actor, case)
    lookup = people.open_from(actor, case)
    assert lookup.reason == f"Personvernsak {case.reference}"
    assert people.person(actor, lookup).id == person.id
    privacy_casework.answer(actor, case, "Rettet")
    with pytest.raises(Conflict):
        people.open_from(actor, case)


def test_the_reason_keeps_its_words_without_the_name(person):
    person.given_name = "Per"
    reason = "Personen ringte om Pers profil, og per@prove.example. Prøve nr. 2"
    assert (
        people.without_person(reason, person)
        == "Personen ringte om personens profil, og personen@prove.example. personen nr. 2"
    )


def test_help_with_the_address(app, desk, person, submit, run_jobs, stubs):
    where = submit(desk, "/sak/personer", wanted=person.number, reason="Ringte oss").headers["Location"]
    assert submit(desk, where, to="/bekreft").status_code == 303
    assert "sendt en ny lenke" in desk.get(where).text
    assert submit(desk, f"{where}/e-post", email="kari.prove@example.no").status_code == 422
    assert submit(desk, f"{where}/e-post", email="kari@ny.example").status_code == 303
    run_jobs()
    told = [(mail["recipients"][0], mail["subject"]) for mail in stubs.mail()]
    assert ("kari.prove@example.no", "E-postadressen din er endret") in told
    assert ("kari@ny.example", "E-postadressen din er endret") in told
    assert [subject for to, subject in told if to == "kari@ny.example"].count("E-postadressen din er endret") == 1
    with app.app_context():
        row = db.session.get_one(Professional, person.id)
        assert (row.email, row.email_confirmed_at) == ("kari@ny.example", None)
        actions = set(db.session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == person.account_id)))
    assert {"confirmation.resent", "contact.corrected"} <= actions
