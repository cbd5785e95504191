"""B3: asking for more, with ready texts, deadlines, withdrawal and the way back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.application import AccessApplication, Question
from models.enums import ApplicationStatus, Language, MessageKind, QuestionStatus, Role
from models.message import Message
from services import letters


@pytest.fixture
def path(case):
    return f"/sak/{case.id}/sporsmal"


def in_days(days):
    return (clock.today() + timedelta(days=days)).isoformat()


def only_question(app):
    with app.app_context():
        return db.session.scalars(select(Question)).one()


def reload(app, application):
    with app.app_context():
        return db.session.get_one(AccessApplication, application.id)


def mails(app, kind=MessageKind.MORE_INFORMATION):
    with app.app_context():
        return db.session.scalars(select(Message).where(Message.kind == kind)).all()


def test_a_question_makes_the_case_wait_and_writes_to_the_organisation(app, desk, submit, case, path):
    answer = submit(desk, path, text="Hvorfor trenger Nora tilgang?", opened_steps=["personer"], lagre="1")
    assert answer.status_code == 303
    question = only_question(app)
    assert question.text == "Hvorfor trenger Nora tilgang?" and question.opened_steps == ["personer"]
    assert question.due_on == clock.today() + timedelta(days=14)
    after = reload(app, case)
    assert after.status is ApplicationStatus.WAITING
    assert after.due_on == case.due_on + timedelta(days=14)
    (mail,) = mails(app)
    assert mail.recipient == "innsender@kommune.example" and mail.facts == {"due_on": question.due_on.isoformat()}
    assert "Venter på svar fra virksomheten innen" in desk.get(f"/sak/{case.id}").text


def test_both_submitter_and_contact_person_get_the_mail(app, make, desk, submit, worker):
    application = make.application("in_review", nominees=0, caseworker_id=worker.id, contact_kind="nominee")
    contact = make.nominee(application, email="kontakt@kommune.example")
    with app.app_context():
        db.session.get_one(AccessApplication, application.id).contact_nominee_id = contact.id
        db.session.commit()
    submit(desk, f"/sak/{application.id}/sporsmal", text="Hva?", lagre="1")
    assert sorted(mail.recipient for mail in mails(app)) == ["innsender@kommune.example", "kontakt@kommune.example"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": " "}, "Skriv hva du trenger svar på."),
        ({"text": "a" * 2001}, "» er 1 tegn for lang."),
        ({"text": "Gjelder 16899142350"}, "ser ut til å inneholde et fødselsnummer"),
        ({"text": "Hva?", "due_on": in_days(2)}, "Fristen må være minst 3 dager fram."),
        ({"text": "Hva?", "due_on": "31.12.9999"}, "Fristen kan være inntil ett år fram."),
        ({"text": "Hva?", "due_on": ""}, "Velg datoen."),
        ({"text": "Hva?", "due_on": "i morgen"}, "Skriv datoen slik: 05.06.2027."),
        ({"text": "Hva?", "due_on": "31.02.2027"}, "Skriv datoen slik: 05.06.2027."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(app, desk, submit, path, fields, message):
    answer = submit(desk, path, lagre="1", **fields)
    assert answer.status_code == 422 and message in answer.text and "<title>Feil:" in answer.text
    assert not mails(app)


def test_a_part_that_does_not_exist_cannot_be_opened(app, desk, submit, path):
    assert submit(desk, path, text="Hva?", opened_steps=["virksomhet"], lagre="1").status_code == 422
    assert not mails(app)


def test_three_days_is_enough_and_norwegian_dates_are_understood(app, desk, submit, path):
    day = clock.today() + timedelta(days=3)
    assert submit(desk, path, text="Hva?", due_on=f"{day.day}.{day.month}.{day.year}", lagre="1").status_code == 303
    assert only_question(app).due_on == day


def test_ready_texts_in_both_written_standards_own_first(make, desk, submit, worker, case, path):
    nynorsk = make.application("in_review", language=Language.NYNORSK, caseworker_id=worker.id)
    page = desk.get(f"/sak/{nynorsk.id}/sporsmal").text
    assert page.index('label="Nynorsk"') < page.index('label="Bokmål"')
    page = desk.get(path).text
    assert "kommune. Virksomheten bruker bokmål." in page
    assert page.index('label="Bokmål"') < page.index('label="Nynorsk"')
    keys = [(ready.key, ready.language) for ready in letters.ready_questions()]
    assert {key for key, _ in keys} == {key for key, language in keys if language == "nn"} and len(set(keys)) == len(
        keys
    )


def test_fetching_a_ready_text_keeps_what_is_typed(app, desk, submit, path):
    page = submit(desk, path, text="Hei Kari", ready="need.nn", fetch="1")
    assert page.status_code == 200
    assert "Hei Kari\n\nVi treng å vite meir" in page.text
    assert 'value="personer" checked' not in page.text and not mails(app)


@pytest.mark.parametrize("ready", ["private_address.nb", "level.nn"])
def test_a_ready_text_opens_what_it_asks_to_have_changed(desk, submit, path, ready):
    page = submit(desk, path, text="", ready=ready, opened_steps=["kontaktperson"], fetch="1").text
    for step, is_open in (("innsender", False), ("personer", True), ("kontaktperson", True)):
        assert (f'value="{step}" checked' in page) is is_open, step


@pytest.mark.parametrize("page", ["sporsmal", "vedtak"])
def test_a_case_nobody_has_taken_is_taken_first(make, desk, submit, page):
    untaken = make.application("submitted")
    answer = desk.get(f"/sak/{untaken.id}/{page}")
    assert answer.status_code == 409 and "Noen andre" not in answer.text
    assert "Ta saken først" in answer.text and f'action="/sak/{untaken.id}/ta"' in answer.text


def test_there_is_one_open_question_at_a_time(desk, submit, path):
    submit(desk, path, text="Hva?", lagre="1")
    assert desk.get(path).status_code == 409


def test_withdrawing_gives_the_deadline_back(app, desk, submit, case, path):
    submit(desk, path, text="Hva?", lagre="1")
    assert submit(desk, f"/sak/{case.id}/meldinger", to="/trekk").status_code == 303
    after = reload(app, case)
    assert after.status is ApplicationStatus.IN_REVIEW and after.due_on == case.due_on
    assert only_question(app).status is QuestionStatus.WITHDRAWN


def test_a_question_that_was_answered_meanwhile_is_not_withdrawn(app, desk, submit, case, path):
    submit(desk, path, text="Hva?", lagre="1")
    page = desk.get(f"/sak/{case.id}/meldinger")
    with app.app_context():
        application = db.session.get_one(AccessApplication, case.id)
        question = application.questions[0]
        question.answer, question.answered_at, question.answered_by_name = "Svar", clock.now(), "Kari"
        question.move_to(QuestionStatus.ANSWERED)
        application.move_to(ApplicationStatus.IN_REVIEW)
        application.has_new_answer = True
        db.session.commit()
    from tests.pages import Page

    form = Page(page.text).form_to("/trekk")
    answer = desk.post(form.action, data=form.values)
    assert answer.status_code == 409
    shown = desk.get(f"/sak/{case.id}/meldinger").text
    assert "Svar fra Kari" in shown and "Besvart" in shown and "Nytt svar" in shown


def test_extending_tells_the_organisation_and_moves_the_deadline(app, desk, submit, case, path):
    submit(desk, path, text="Hva?", lagre="1")
    later = f"/sak/{case.id}/sporsmal/frist"
    assert "Fristen må være senere enn" in submit(desk, later, due_on=in_days(14)).text
    assert submit(desk, later, due_on=in_days(20)).status_code == 303
    assert only_question(app).due_on == clock.today() + timedelta(days=20)
    assert reload(app, case).due_on == case.due_on + timedelta(days=20)
    assert len(mails(app)) == 2


def test_a_second_press_asks_once(app, desk, case, path):
    from tests.pages import Page

    form = Page(desk.get(path).text).form(0)
    data = {**form.values, "text": "Hva?", "lagre": "1"}
    first, second = desk.post(path, data=data), desk.post(path, data=data)
    assert first.status_code == second.status_code == 303 and first.location == second.location
    assert len(mails(app)) == 1


def test_what_was_typed_survives_an_ended_session(app, make, client_for, worker, case, path):
    from services import sessions
    from tests.pages import Page

    desk = client_for(worker, Role.CASEWORKER)
    form = Page(desk.get(path).text).form(0)
    with app.app_context():
        sessions.end_all(make.actor(worker, Role.CASEWORKER))
        db.session.commit()
    answer = desk.post(path, data={**form.values, "text": "Lang tekst", "lagre": "1"})
    assert answer.status_code == 303 and "/logg-inn" in answer.location
    held = desk.get_cookie("held")
    again = client_for(worker, Role.CASEWORKER)
    again.set_cookie("held", held.value)
    assert "Lang tekst" in again.get(path).text
    assert not mails(app)
