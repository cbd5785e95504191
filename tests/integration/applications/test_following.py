"""After submission: the status page in each state, answers, taking back, and who may what (ux.md A8–A10 and 5A)."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.application import AccessApplication, ContactPerson, Question
from models.enums import (
    AccessLevel,
    ApplicationStatus,
    ContactKind,
    GrantStatus,
    InvitationStatus,
    Language,
    MessageKind,
    NomineeOutcome,
    QuestionStatus,
)
from models.grant import Grant, Invitation
from models.message import Message
from services import national_ids, references, snapshots
from services.application_rules import Action, Side, may
from stubs.people import by_key
from tests.builders import synthetic_number
from tests.integration.applications.conftest import NOMINEE, TRONDHEIM
from tests.pages import Page

S = ApplicationStatus


@pytest.fixture
def case(app, make, person, row):
    """case(status): an application for Trondheim with two nominees; Turid is the contact person."""

    def build(status: S = S.SUBMITTED, **facts):
        organisation = make.organisation(TRONDHEIM, "Trondheim kommune")
        account = person("submitter_municipality")
        made = make.application(
            status,
            organisation=organisation,
            submitter=account,
            nominees=2,
            reference=references.new(),
            submitter_name="Kari Multeglans",
            contact_kind=ContactKind.OTHER,
            **facts,
        )
        contact = by_key("contact")
        with app.app_context():
            who = ContactPerson(
                id=uuid4(),
                application_id=made.id,
                given_name="Turid",
                family_name="Kaffekanne",
                email="turid@trondheim-kommune.example",
                mobile="+4791234567",
            )
            national_ids.put(who, contact.national_id)
            db.session.add(who)
            application = db.session.get_one(AccessApplication, made.id)
            if status is not S.DRAFT:
                snapshots.take(application)
            if status is S.WAITING:
                db.session.add(
                    Question(
                        application_id=made.id,
                        text="Hva er stillingen til Nora?\nSvar kort.",
                        opened_steps=list(build.opened),
                        due_on=clock.today() + timedelta(days=14),
                        asked_by_id=make.staff().id,
                        asked_at=clock.now(),
                    )
                )
            db.session.commit()
        return made

    build.opened = []
    return build


def granted(app, make, application, *outcomes):
    """Give each nominee an outcome: a grant status and its invitation's status, or None for declined."""
    staff = make.staff()
    now = clock.now()
    with app.app_context():
        nominees = db.session.get_one(AccessApplication, application.id).nominees
        for nominee, outcome in zip(nominees, outcomes, strict=True):
            nominee.outcome = NomineeOutcome.GRANTED if outcome else NomineeOutcome.DECLINED
            if outcome is None:
                continue
            status, invitation = outcome
            active = status is GrantStatus.ACTIVE
            grant = Grant(
                id=uuid4(),
                organisation_id=application.organisation_id,
                nominee_id=nominee.id,
                account_id=make.account().id if active else None,
                level=AccessLevel.READER,
                granted_level=AccessLevel.READER,
                status=status,
                created_at=now,
                confirmed_at=now,
                accepted_at=now if active else None,
                ended_at=now if status is GrantStatus.ENDED else None,
                ended_as="removed" if status is GrantStatus.ENDED else None,
            )
            db.session.add(grant)
            db.session.add(
                Invitation(
                    id=uuid4(),
                    grant=grant,
                    token_hash=uuid4().bytes * 2,
                    status=invitation,
                    language=Language.BOKMAL,
                    email=nominee.email,
                    created_at=now - timedelta(days=2),
                    created_by_id=staff.id,
                    expires_at=now + timedelta(days=12),
                    sent_at=now,
                    accepted_at=now if active else None,
                )
            )
        db.session.commit()


def status_page(browser, application, key="submitter_municipality"):
    response = browser(key).get(f"/soknad/{application.id}/status")
    assert response.status_code == 200
    return response.text


@pytest.mark.parametrize(
    ("status", "tag", "words"),
    [
        (S.DRAFT, "Utkast", "Ikke sendt ennå. Slettes "),
        (S.SUBMITTED, "Sendt inn", "Vi har mottatt søknaden."),
        (S.IN_REVIEW, "Under behandling", "En saksbehandler ser på søknaden."),
        (S.WAITING, "Venter på svar", "Vi trenger svar fra dere innen "),
        (S.GRANTED, "Innvilget", "2 personer har fått invitasjon."),
        (S.PARTLY_GRANTED, "Delvis innvilget", "1 person har fått invitasjon."),
        (S.DECLINED, "Avslått", "Se begrunnelsen i vedtaket. Dere kan klage innen "),
        (S.WITHDRAWN, "Trukket", "Dere trakk søknaden "),
    ],
)
def test_each_status_has_its_words(app, make, browser, case, status, tag, words):
    application = case(status)
    invited = (GrantStatus.INVITED, InvitationStatus.SENT)
    if status is S.GRANTED:
        granted(app, make, application, invited, invited)
    if status is S.PARTLY_GRANTED:
        granted(app, make, application, invited, None)
    page = status_page(browser, application)
    assert f"Søknad {references.grouped(application.reference)}</h1>" in page
    assert f">{tag}<" in page
    assert words in page


def test_a_declined_application_leads_to_the_decision_and_a_new_application(browser, case):
    application = case(S.DECLINED)
    page = status_page(browser, application)
    assert "Les vedtaket" in page and f'href="/soknad/{application.id}/vedtak"' in page
    assert "Ny søknad" in page
    contact = status_page(browser, application, "contact")
    assert "Les vedtaket" in contact and "Ny søknad" not in contact
    for key, is_secondary in (("submitter_municipality", False), ("contact", True)):
        button = re.search(r'<a class="ds-button" href="/soknad/ny"([^>]*)>Ny søknad', browser(key).get("/soknad").text)
        assert button and ("secondary" in button[1]) is is_secondary, "whoever may not apply is not led to it"


def test_the_persons_states(app, make, browser, case):
    application = case(S.PARTLY_GRANTED)
    granted(app, make, application, (GrantStatus.ACTIVE, InvitationStatus.ACCEPTED), None)
    page = status_page(browser, application)
    assert ">Tatt i bruk<" in page and ">Avslått<" in page
    assert "Send på nytt" not in page


@pytest.mark.parametrize(
    ("invitation", "word"),
    [
        (InvitationStatus.SENT, "Invitert"),
        (InvitationStatus.QUEUED, "Invitert"),
        (InvitationStatus.EXPIRED, "Utløpt"),
        (InvitationStatus.UNDELIVERABLE, "Kom ikke fram"),
    ],
)
@pytest.mark.parametrize("key", ["submitter_municipality", "contact"])
def test_an_invitation_is_sent_again(app, make, browser, submit, case, invitation, word, key):
    application = case(S.GRANTED)
    granted(app, make, application, (GrantStatus.INVITED, invitation), (GrantStatus.ENDED, InvitationStatus.REVOKED))
    client = browser(key)
    path = f"/soknad/{application.id}"
    page = client.get(f"{path}/status").text
    assert f">{word}<" in page and ">Stoppet<" in page
    assert page.count("Send på nytt") == 1
    response = submit(client, f"{path}/status", to="/personer/1/inviter")
    assert response.location == f"{path}/status"
    assert "Vi sender en ny invitasjon til Nora" in client.get(f"{path}/status").text
    with app.app_context():
        assert len(db.session.scalars(select(Invitation)).all()) == 3
        assert db.session.scalars(select(Message).where(Message.kind == MessageKind.INVITATION)).all()


def test_an_address_that_was_not_reached_is_told(app, make, browser, case):
    application = case()
    with app.app_context():
        for recipient, status in (("borte@k.example", "undeliverable"), ("her@k.example", "queued")):
            db.session.add(
                Message(
                    kind=MessageKind.APPLICATION_RECEIVED,
                    key=recipient,
                    recipient=recipient,
                    language=Language.BOKMAL,
                    facts={},
                    application_id=application.id,
                    status=status,
                    created_at=clock.now(),
                )
            )
        db.session.commit()
    page = status_page(browser, application)
    assert "E-posten til borte@k.example kom ikke fram." in page
    assert "her@k.example" not in page
    with app.app_context():
        db.session.add(
            Message(
                kind=MessageKind.INVITATION,
                key="senere",
                recipient="borte@k.example",
                language=Language.BOKMAL,
                facts={},
                application_id=application.id,
                status="sent",
                created_at=clock.now(),
                sent_at=clock.now(),
            )
        )
        db.session.commit()
    assert "kom ikke fram" not in status_page(browser, application)  # a later one came through


def test_the_timeline_tells_what_happened_and_who_did_it(journey):
    trip = journey().fill()
    trip.send()
    trip.post("endre")
    trip.send()
    trip.post("trekk")
    page = trip.get("status").text
    titles = [
        "Søknaden er påbegynt",
        "Søknaden er sendt inn",
        "Søknaden er åpnet for endring",
        "Søknaden er sendt inn",
        "Søknaden er trukket",
    ]
    places, at = [], 0
    for title in titles:
        at = page.index(title, at + 1)
        places.append(at)
    assert places == sorted(places)
    assert page.count("· Kari Multeglans") == 5
    assert "Dere trakk søknaden" in page


# -- answering


def question_of(app, application):
    with app.app_context():
        return db.session.scalars(select(Question).where(Question.application_id == application.id)).one()


@pytest.mark.parametrize("key", ["submitter_municipality", "submitter_colleague", "contact"])
def test_the_question_is_answered(app, browser, submit, case, row, key):
    application = case(S.WAITING)
    client = browser(key)
    path = f"/soknad/{application.id}"
    assert f'href="{path}/svar"' in client.get("/soknad").text
    page = client.get(f"{path}/svar").text
    assert "Hva er stillingen til Nora?\nSvar kort." in page and "Svarfrist: " in page
    empty = submit(client, f"{path}/svar", answer=" ", go="next")
    assert empty.status_code == 422 and empty.text.count("Skriv svaret.") == 2
    long = submit(client, f"{path}/svar", answer="x" * 2003, go="next")
    assert "Teksten i «Svaret ditt» er 3 tegn for lang." in long.text
    number = submit(client, f"{path}/svar", answer=f"Hun har {by_key('contact').national_id}.", go="next")
    assert "ser ut til å inneholde et fødselsnummer." in number.text
    assert submit(client, f"{path}/svar", answer="Rådgiver.\r\nSå enkelt.", go="next").location == f"{path}/status"
    status = client.get(f"{path}/status").text
    assert "Svaret er sendt." in status and "Spørsmålet er besvart" in status
    assert ("Rådgiver.\nSå enkelt." in status) == (key != "contact")  # under review it is the status alone
    found, question = row(application.id), question_of(app, application)
    assert found.status is S.IN_REVIEW and found.has_new_answer
    assert found.due_on == application.due_on - timedelta(days=14)  # what asking gave is given back, the unused days
    assert question.status is QuestionStatus.ANSWERED and question.answered_by_name
    assert client.get(f"{path}/svar").location == f"{path}/status"


def test_the_deadline_has_passed_but_one_may_still_answer(app, browser, submit, case):
    application = case(S.WAITING)
    with app.app_context():
        question = db.session.scalars(select(Question)).one()
        question.due_on = clock.today() - timedelta(days=1)
        db.session.commit()
    client = browser()
    assert "Du kan fortsatt svare." in client.get(f"/soknad/{application.id}/svar").text
    assert submit(client, f"/soknad/{application.id}/svar", answer="Ja.", go="next").status_code == 303


def test_only_opened_parts_are_changed(app, browser, submit, case, row):
    case.opened = ["personer"]
    application = case(S.WAITING)
    client, path = browser(), f"/soknad/{application.id}"
    page = client.get(f"{path}/svar").text
    assert "Endre personer" in page and "Endre innsender" not in page
    kept = submit(client, f"{path}/svar", answer="Et halvt svar", go="personer")
    assert kept.location == f"{path}/personer"
    assert client.get(f"{path}/innsender").location == f"{path}/status"
    assert client.get(f"{path}/kontaktperson").location == f"{path}/status"
    assert "Neste steg" not in client.get(f"{path}/personer").text
    before = row(application.id)
    changed = submit(client, f"{path}/personer/1", job_title="Seksjonsleder", lagre="1")
    assert changed.location == f"{path}/personer"
    new = submit(client, f"{path}/personer/ny", **{**NOMINEE, "national_id": synthetic_number(), "lagre": "1"})
    assert new.location == f"{path}/personer"
    after = row(application.id)
    assert snapshots.is_intact(after) and after.snapshot_sha256 != before.snapshot_sha256
    assert after.status is S.WAITING
    assert "Et halvt svar" in client.get(f"{path}/svar").text
    assert submit(client, f"{path}/svar", go="next").location == f"{path}/status"
    assert "Seksjonsleder" in client.get(f"{path}/status").text


def test_an_opened_part_cannot_be_left_empty(browser, submit, case, row):
    case.opened = ["personer"]
    application = case(S.WAITING)
    client, path = browser(), f"/soknad/{application.id}"
    assert submit(client, f"{path}/personer/1/fjern").status_code == 303
    assert submit(client, f"{path}/personer/2/fjern").status_code == 409
    assert len(row(application.id).nominees) == 1 and snapshots.is_intact(row(application.id))


def test_the_contact_person_answers_but_changes_nothing(browser, submit, case):
    case.opened = ["personer", "innsender"]
    application = case(S.WAITING)
    client, path = browser("contact"), f"/soknad/{application.id}"
    page = client.get(f"{path}/svar").text
    assert "Endre personer" not in page and "Kari Multeglans kan endre dette: personer, innsender." in page
    assert client.get(f"{path}/personer").location == f"{path}/status"
    hasty = submit(client, f"{path}/svar", answer="Ja.", go="next")
    assert hasty.status_code == 422 and hasty.text.count("Kryss av når innsenderen er ferdig med å endre.") == 2
    assert submit(client, f"{path}/svar", answer="Ja.", parts_done="y", go="next").location == f"{path}/status"


def test_an_answer_that_comes_second_is_not_lost(browser, submit, case):
    application = case(S.WAITING)
    first, second = browser("contact"), browser()
    path = f"/soknad/{application.id}/svar"
    values = Page(second.get(path).text).form(0).values
    submit(first, path, answer="Ja.", go="next")
    late = second.post(path, data={**values, "answer": "Nei.\nHun er vikar.", "go": "next"})
    assert late.status_code == 409 and "Turid Kaffekanne svarte" in late.text and "Nei.\nHun er vikar." in late.text
    assert second.post(path, data={**values, "answer": " "}).location == f"/soknad/{application.id}/status"


def test_an_answer_saves_itself(app, browser, case):
    application = case(S.WAITING)
    client, path = browser(), f"/soknad/{application.id}/svar"
    values = Page(client.get(path).text).form(0).values
    saved = client.post(path, data={**values, "answer": "Halvveis"}, headers={"X-Autosave": "1"})
    assert saved.status_code == 204
    question = question_of(app, application)
    assert (question.answer, question.status) == ("Halvveis", QuestionStatus.OPEN)
    assert "Halvveis" not in status_page(browser, application)


# -- taking it back


def test_withdrawing(app, browser, submit, case, row):
    application = case(S.WAITING)
    client, path = browser(), f"/soknad/{application.id}"
    page = client.get(f"{path}/trekk").text
    for words in ("Vil du trekke søknaden?", "Ingen får tilgang. Du kan søke på nytt senere.", "Behold søknaden"):
        assert words in page
    assert submit(client, f"{path}/trekk").location == f"{path}/status"
    assert row(application.id).status is S.WITHDRAWN
    assert question_of(app, application).status is QuestionStatus.WITHDRAWN


def test_deleting_a_draft(app, journey):
    trip = journey().fill()
    page = trip.get("slett").text
    assert "Vil du slette utkastet?" in page and "Behold utkastet" in page
    assert trip.post("slett").location == "/soknad"
    assert "Utkastet er slettet." in trip.client.get("/soknad").text
    assert trip.get("innsender").status_code == 404
    with app.app_context():
        assert db.session.get(AccessApplication, trip.id) is None


# -- the table, through the pages

PAGES = {
    Action.SEE_STATUS: ("get", "status"),
    Action.RECEIPT: ("get", "kvittering"),
    Action.EDIT: ("get", "innsender"),
    Action.DELETE: ("post", "slett"),
    Action.REOPEN: ("post", "endre"),
    Action.ANSWER: ("get", "svar"),
    Action.WITHDRAW: ("post", "trekk"),
    Action.RESEND: ("post", "personer/1/inviter"),
}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("key", ["submitter_municipality", "contact"])
def test_the_table_holds_through_the_pages(app, make, browser, case, row, status, key):
    application = case(status)
    if status in (S.GRANTED, S.PARTLY_GRANTED):
        invited = (GrantStatus.INVITED, InvitationStatus.SENT)
        granted(app, make, application, invited, invited)
    side = Side.CONTACT if key == "contact" else Side.APPLICANT
    client = browser(key)
    path = f"/soknad/{application.id}"
    overview = client.get("/soknad").text
    assert (references.grouped(application.reference) in overview) == may(side, Action.SEE_STATUS, status)
    token = Page(overview).form_to("/logg-ut").values["csrf_token"]
    for action, (method, page) in PAGES.items():
        if method == "get":
            response = client.get(f"{path}/{page}")
        else:
            response = client.post(f"{path}/{page}", data={"csrf_token": token, "form_key": str(uuid4())})
        opened = response.status_code == 200 or (response.status_code == 303 and "/status" not in response.location)
        if action is Action.RESEND:
            opened = response.status_code == 303
        if action is Action.WITHDRAW:
            opened = row(application.id).status is S.WITHDRAWN and status is not S.WITHDRAWN
        if not may(side, action, status):
            refused = response.status_code in (403, 404, 409) or response.status_code == 303
            assert refused and not (method == "post" and response.status_code == 303 and action is not Action.DELETE), (
                action
            )
            assert row(application.id).status is status
        else:
            assert opened, (action, response.status_code, response.location)
        with app.app_context():  # as it was, for the next action
            if db.session.get(AccessApplication, application.id) is None:
                return
            found = db.session.get_one(AccessApplication, application.id)
            found.status, found.due_on, found.withdrawn_at = status, application.due_on, application.withdrawn_at
            db.session.commit()


@pytest.mark.parametrize("status", [S.SUBMITTED, S.IN_REVIEW])
def test_a_contact_person_who_may_only_see_the_status_sees_no_persons(browser, case, status):
    page = status_page(browser, case(status), "contact")
    assert "Nora" not in page and "kommune.example" not in page
    assert "Dette har skjedd" in page


def test_a_nominee_as_contact_person(app, browser, case, make, row):
    application = case(S.WAITING)
    with app.app_context():
        found = db.session.get_one(AccessApplication, application.id)
        national_ids.put(found.nominees[0], by_key("nominee_municipality_1").national_id)
        found.contact_kind, found.contact_nominee = ContactKind.NOMINEE, found.nominees[0]
        db.session.commit()
    assert browser("nominee_municipality_1").get(f"/soknad/{application.id}/svar").status_code == 200
    assert browser("contact").get(f"/soknad/{application.id}/svar").status_code == 404


def test_the_contact_person_does_not_depend_on_altinn(browser, stubs, case):
    application = case(S.WAITING)
    stubs.control("altinn", "http503")
    assert browser("contact").get(f"/soknad/{application.id}/svar").status_code == 200
    away = browser().get(f"/soknad/{application.id}/svar")
    assert away.status_code == 503 and "Altinn" in away.text
    listed = browser("contact").get("/soknad").text
    assert references.grouped(application.reference) in listed and "Altinn svarer ikke nå" in listed
