"""The provisional reply (forvaltningsloven § 11 a): asked for from day 20, sent by the system on day 28, once."""

from datetime import datetime, time, timedelta
from threading import Thread

import pytest
from sqlalchemy import select, text

from extensions import clock
from extensions.database import db
from models.application import AccessApplication
from models.audit import AuditEvent
from models.enums import ApplicationStatus, DelayReason, MessageKind, Role
from models.message import Message
from services import applications, casework, provisional_replies
from services.errors import Conflict
from tests.pages import Page

S = ApplicationStatus


@pytest.fixture
def waited(make, worker):
    """waited(days, status): a case handed in so many days ago, in Oslo."""

    def make_one(days, status=S.IN_REVIEW, **facts):
        sent = clock.now() - timedelta(days=days)
        caseworker = None if status is S.SUBMITTED else worker.id
        return make.application(status, submitted_at=sent, caseworker_id=caseworker, **facts)

    return make_one


@pytest.fixture
def overdue(waited):
    return waited(21)


def in_days(days):
    return (clock.today() + timedelta(days=days)).isoformat()


def path(case):
    return f"/sak/{case.id}/forelopig-svar"


def reload(app, case):
    with app.app_context():
        return db.session.get_one(AccessApplication, case.id)


def replies(app):
    with app.app_context():
        return db.session.scalars(select(Message).where(Message.kind == MessageKind.PROVISIONAL_REPLY)).all()


def events(app):
    with app.app_context():
        return db.session.scalars(select(AuditEvent).where(AuditEvent.action == "application.provisional_reply")).all()


def send_due(app):
    with app.app_context():
        sent = provisional_replies.send_due()
        db.session.commit()
        return sent


# -- when


@pytest.mark.parametrize("status", [S.SUBMITTED, S.IN_REVIEW, S.WAITING])
def test_the_days_are_counted_in_oslo(app, context, make, worker, status):
    """Handed in late in the evening: the 20th day begins at midnight, not 24 hours later."""
    first = datetime.combine(clock.today() - timedelta(days=50), time(23, 30), clock.OSLO)
    case = make.application(status, submitted_at=first)
    actor = make.actor(worker, Role.CASEWORKER)
    for day, asked, sent in (
        (0, False, 0),
        (19, False, 0),
        (20, True, 0),
        (27, True, 0),
        (28, True, 1),
        (29, False, 0),
    ):
        with clock.at(datetime.combine(first.date() + timedelta(days=day), time(0, 5), clock.OSLO)):
            db.session.expire_all()
            found = casework.find(actor, case.id, lock=True)
            assert found.reply_on == (first.date() + timedelta(days=28) if asked else None), day
            row = next(row for row in casework.queue(actor, casework.QueueFilter())[0] if row.id == case.id)
            assert row.needs_reply == asked, day
            assert provisional_replies.send_due() == sent, day
            db.session.commit()


@pytest.mark.parametrize("status", [S.DRAFT, S.GRANTED, S.PARTLY_GRANTED, S.DECLINED, S.WITHDRAWN])
def test_what_is_no_longer_waiting_gets_none(app, waited, status):
    waited(40, status)
    assert send_due(app) == 0 and not replies(app)


def test_a_case_opened_again_after_an_appeal_was_answered_once(app, waited):
    waited(40, decided_at=clock.now() - timedelta(days=30))
    assert send_due(app) == 0


def test_who_changes_the_application_and_sends_it_again_waits_anew(app, context, make, waited, monkeypatch):
    case = waited(28, S.SUBMITTED)
    assert send_due(app) == 1
    db.session.expire_all()
    application = db.session.get_one(AccessApplication, case.id)
    monkeypatch.setattr(applications, "require", lambda *_: None)
    applications.reopen(make.actor(application.submitter), application)
    db.session.commit()
    assert (application.provisional_reply_at, application.delay_reason, application.expected_on) == (None, None, None)
    application.move_to(S.SUBMITTED)
    application.submitted_at = clock.now()
    db.session.commit()
    assert send_due(app) == 0
    with clock.at(clock.now() + timedelta(days=28)):
        assert send_due(app) == 1
    assert len(replies(app)) == 2


# -- by the system


def test_the_schedule_sends_it(app, waited, run_jobs):
    waited(30)
    run_jobs(schedule=True)
    assert len(replies(app)) == 1


def test_the_system_tells_why_once_also_long_after(app, make, waited, client_for, worker):
    waiting, new, ancient = waited(28, S.WAITING), waited(30, S.SUBMITTED), waited(100)
    make.question(waiting, worker)
    waited(27)
    assert send_due(app) == 3
    assert send_due(app) == 0
    reasons = {case.id: reload(app, case).delay_reason for case in (waiting, new, ancient)}
    assert reasons == {
        waiting.id: DelayReason.AWAITS_ANSWER,
        new.id: DelayReason.MANY_CASES,
        ancient.id: DelayReason.MANY_CASES,
    }
    assert {event.object_id: (event.actor_id, event.facts["reason"]) for event in events(app)} == {
        case_id: (None, reason.value) for case_id, reason in reasons.items()
    }
    assert {mail.application_id for mail in replies(app)} == set(reasons)
    history = client_for(worker, Role.CASEWORKER).get(f"/sak/{new.id}/historikk").text
    assert "Foreløpig svar sendt" in history and "Systemet" in history


def test_both_submitter_and_contact_person_get_it_in_their_language(app, make, waited):
    case = waited(28, nominees=0, contact_kind="nominee", language="nn")
    contact = make.nominee(case, email="kontakt@kommune.example")
    with app.app_context():
        db.session.get_one(AccessApplication, case.id).contact_nominee_id = contact.id
        db.session.commit()
    send_due(app)
    assert sorted((mail.recipient, mail.language) for mail in replies(app)) == [
        ("innsender@kommune.example", "nn"),
        ("kontakt@kommune.example", "nn"),
    ]


def test_two_workers_at_once_send_one(app, waited):
    waited(28)
    with app.app_context():
        assert provisional_replies.send_due() == 1
        assert send_due(app) == 0, "the other leaves what is held"
        db.session.commit()
    assert send_due(app) == 0 and len(replies(app)) == 1


def test_who_presses_while_the_system_sends_is_told(app, waited, desk):
    case = waited(28)
    form = Page(desk.get(path(case)).text).form(0)
    answers = []
    pressing = Thread(
        target=lambda: answers.append(
            desk.post(path(case), data={**form.values, "reason": "examined", "expected_on": in_days(10)})
        )
    )
    with app.app_context():
        assert provisional_replies.send_due() == 1
        pressing.start()
        waits = "wait_event_type = 'Lock' AND datname = current_database()"
        blocked = text(f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {waits})")
        while pressing.is_alive() and not db.session.scalar(blocked):
            pass
        db.session.commit()
    pressing.join()
    assert answers[0].status_code == 409 and "Foreløpig svar er sendt" in answers[0].text
    assert reload(app, case).delay_reason is DelayReason.MANY_CASES and len(replies(app)) == 1


# -- by hand


def test_a_caseworker_sends_it_and_then_nobody_does(app, desk, submit, overdue, worker, client_for, make):
    page = desk.get(f"/sak/{overdue.id}").text
    assert "Systemet sender foreløpig svar" in page and path(overdue) in page
    assert 'data-color="warning">Foreløpig svar<' in desk.get("/sak").text
    expected = clock.today() + timedelta(days=10)
    answer = submit(desk, path(overdue), reason="examined", expected_on=expected.isoformat())
    assert answer.status_code == 303
    after = reload(app, overdue)
    assert (after.delay_reason, after.expected_on) == (DelayReason.EXAMINED, expected)
    assert clock.day(after.provisional_reply_at) == clock.today()
    (mail,) = replies(app)
    assert mail.facts == {"reason": "examined", "expected_on": expected.isoformat()}
    (event,) = events(app)
    assert event.actor_id == worker.id and event.facts == mail.facts
    page = desk.get(f"/sak/{overdue.id}").text
    assert "Foreløpig svar sendt" in page and "Vi må undersøke noe i søknaden nærmere." in page
    assert path(overdue) not in page and "Foreløpig svar<" not in desk.get("/sak").text
    assert desk.get(path(overdue)).status_code == 409
    with clock.at(clock.now() + timedelta(days=10)):
        assert send_due(app) == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"expected_on": in_days(0)}, "Datoen må være senere enn i dag."),
        ({"expected_on": in_days(-1)}, "Datoen må være senere enn i dag."),
        ({"expected_on": in_days(184)}, "Datoen kan ikke være senere enn"),
        ({"expected_on": ""}, "Velg datoen."),
        ({"expected_on": "31.02.2027"}, "Skriv datoen slik: 05.06.2027."),
        ({"reason": None}, "Velg hvorfor det tar tid."),
        ({"reason": "tired"}, "Velg hvorfor det tar tid."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost_or_sent(app, desk, submit, overdue, fields, message):
    good = {"reason": "examined", "expected_on": in_days(10)}
    answer = submit(desk, path(overdue), **good | fields)
    assert answer.status_code == 422 and message in answer.text and "<title>Feil:" in answer.text
    kept = Page(answer.text).form(0).values
    assert all(kept[name] == value for name, value in good.items() if name not in fields)
    assert not replies(app) and reload(app, overdue).provisional_reply_at is None


def test_not_before_day_20_and_not_for_everybody(app, desk, make, waited, overdue, client_for, worker, submit):
    early = waited(19)
    assert desk.get(path(early)).status_code == 409
    assert "foreløpig svar" not in desk.get(f"/sak/{early.id}").text
    auditor = client_for(make.staff(Role.AUDITOR, "Rita Revisor"), Role.AUDITOR)
    assert "Systemet sender foreløpig svar" in auditor.get(f"/sak/{overdue.id}").text
    assert path(overdue) not in auditor.get(f"/sak/{overdue.id}").text
    assert auditor.get(path(overdue)).status_code == 403
    own = waited(21, submitter=worker)
    assert path(own) not in desk.get(f"/sak/{own.id}").text
    assert desk.get(path(own)).status_code == 403, "a party"
    colleague = client_for(make.staff(name="Bjørn Stempelås"), Role.CASEWORKER)
    assert submit(colleague, path(overdue), reason="many_cases", expected_on=in_days(10)).status_code == 303


def test_the_service_keeps_the_rule_itself(app, context, make, worker, overdue):
    actor = make.actor(worker, Role.CASEWORKER)
    case = casework.find(actor, overdue.id, lock=True)
    for day in (clock.today(), clock.today() + timedelta(days=184)):
        with pytest.raises(ValueError):
            provisional_replies.write(actor, case, DelayReason.EXAMINED, day)
    tomorrow = clock.today() + timedelta(days=1)
    provisional_replies.write(actor, case, DelayReason.EXAMINED, tomorrow)
    with pytest.raises(Conflict):
        provisional_replies.write(actor, case, DelayReason.EXAMINED, tomorrow)


# -- what the organisation sees


def test_the_status_page_tells_why_and_when(app, client_for, waited, stubs, make):
    submitter = make.account(None, stubs.person("submitter_municipality").national_id)
    case = waited(28, submitter=submitter, organisation=make.organisation("942110464", "Trondheim kommune"))
    browser = client_for(submitter)
    assert "Foreløpig svar" not in browser.get(f"/soknad/{case.id}/status").text
    send_due(app)
    page = browser.get(f"/soknad/{case.id}/status").text
    for told in (
        f"Foreløpig svar sendt {clock.today().day}.",
        "Vi har mange søknader å behandle. Vi kan ikke si når dere får svar.",
        "Foreløpig svar er sendt",
    ):
        assert told in page
