"""Handing in: once, by one who still may, with snapshot, receipt and mails (ux.md A6, A7, security.md C16, C43)."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.application import AccessApplication
from models.audit import AuditEvent
from models.enums import AccessLevel, ApplicationStatus, MessageKind
from models.message import Message
from models.outbox import OutboxEntry
from services import references, snapshots
from stubs.people import by_key
from tests.builders import synthetic_number
from tests.integration.applications.conftest import NOMINEE, TRONDHEIM
from workers.applications import make_receipt


def mails(app):
    with app.app_context():
        return db.session.scalars(select(Message)).all()


def jobs(app, name="workers.applications.make_receipt"):
    with app.app_context():
        return db.session.scalars(select(OutboxEntry).where(OutboxEntry.job == name)).all()


def make_pdf(app, trip):
    with app.app_context():
        make_receipt(str(trip.id))
        db.session.commit()


def test_a_complete_application_is_handed_in(app, journey, row):
    trip = journey().fill(nominees=2)
    assert trip.send().location == f"{trip.path}/kvittering"
    found = row(trip.id)
    assert found.status is ApplicationStatus.SUBMITTED
    assert references.is_valid(found.reference)
    assert found.due_on == clock.today() + timedelta(days=5)
    assert found.right_confirmed_at == found.submitted_at
    assert found.registry_verified
    assert (
        found.declaration == "Jeg bekrefter at opplysningene er riktige, og at personene trenger tilgang i jobben sin."
    )
    [job] = jobs(app)
    assert job.arguments == {"application_id": str(trip.id)}
    page = trip.get("kvittering").text
    for text in (
        "Søknaden er sendt inn",
        references.grouped(found.reference),
        "Kari Multeglans",
        "Trondheim kommune",
        "Helsedirektoratet",
        "Vi behandler søknaden innen 5 dager.",
        "Vi kontakter Kari Multeglans hvis vi trenger mer.",
        "Vi lager kvitteringen. Oppdater siden om litt.",
    ):
        assert text in page


def test_submitter_and_contact_person_get_one_mail_each(app, journey):
    trip = journey().begin().fill_submitter().add()
    trip.choose_contact(
        "annen", given_name="Turid", family_name="Kaffekanne", email="turid@trondheim-kommune.example",
        mobile="91234567", national_id=synthetic_number(),
    )  # fmt: skip
    trip.send()
    sent = mails(app)
    assert {mail.recipient for mail in sent} == {"kari@trondheim-kommune.example", "turid@trondheim-kommune.example"}
    assert {mail.kind for mail in sent} == {MessageKind.APPLICATION_RECEIVED}
    assert len(jobs(app, "workers.mail.send_message")) == 2


def test_the_submitter_as_contact_person_gets_one(app, journey):
    journey().fill().send()
    assert len(mails(app)) == 1


def test_the_tick_is_needed(journey, row):
    trip = journey().fill()
    response = trip.post("kontroller")
    assert response.status_code == 422
    assert response.text.count("Kryss av for at du bekrefter opplysningene.") == 2
    assert row(trip.id).status is ApplicationStatus.DRAFT


def test_gaps_stop_it_and_are_shown(app, journey, row):
    trip = journey().fill()
    form = trip.form("kontroller").values
    with app.app_context():
        application = db.session.get_one(AccessApplication, trip.id)
        application.nominees.clear()
        application.contact_kind = None
        db.session.commit()
    response = trip.client.post(f"{trip.path}/kontroller", data={**form, "declaration": "y"})
    assert response.status_code == 422
    assert "Mangler" in response.text
    assert "Personer: Legg til minst én person som skal ha tilgang." in response.text
    assert "Kontaktperson: Velg hvem som er kontaktperson." in response.text
    assert row(trip.id).status is ApplicationStatus.DRAFT


# -- once


def test_pressed_twice(app, journey):
    trip = journey().fill()
    form = {**trip.form("kontroller").values, "declaration": "y"}
    first = trip.client.post(f"{trip.path}/kontroller", data=form)
    second = trip.client.post(f"{trip.path}/kontroller", data=form)
    assert first.location == second.location == f"{trip.path}/kvittering"
    assert len(mails(app)) == len(jobs(app)) == 1


def test_sent_from_two_tabs(app, journey, row):
    trip = journey().fill()
    one, two = trip.form("kontroller").values, trip.form("kontroller").values
    trip.client.post(f"{trip.path}/kontroller", data={**one, "declaration": "y"})
    reference = row(trip.id).reference
    late = trip.client.post(f"{trip.path}/kontroller", data={**two, "declaration": "y"})
    assert late.location == f"{trip.path}/kvittering"
    assert row(trip.id).reference == reference
    assert len(mails(app)) == len(jobs(app)) == 1


def test_by_two_people_at_once(app, journey, row, person):
    trip = journey().fill()
    form = trip.form("kontroller").values
    other = journey("submitter_colleague")
    other.id = trip.id
    form_of_other = other.form("kontroller").values
    trip.client.post(f"{trip.path}/kontroller", data={**form, "declaration": "y"})
    late = other.client.post(f"{trip.path}/kontroller", data={**form_of_other, "declaration": "y"})
    assert late.location == f"{trip.path}/kvittering"
    assert row(trip.id).submitter_id == person("submitter_municipality").id
    assert len(mails(app)) == 1


def test_back_after_submission_leads_to_the_status(journey):
    trip = journey().fill()
    trip.send()
    trip.get("kvittering")
    for page in ("kontroller", "innsender", "personer", "personer/ny", "kontaktperson", "slett"):
        back = trip.get(page)
        assert back.location == f"{trip.path}/status", page
        assert "Søknaden er allerede sendt inn." in trip.get("status").text


def test_a_lost_answer_is_found_again(app, journey, browser):
    trip = journey().fill()
    form = trip.form("kontroller").values
    with trip.client.session_transaction() as session:
        before = dict(session)
    trip.client.post(f"{trip.path}/kontroller", data={**form, "declaration": "y"})
    with trip.client.session_transaction() as session:  # the answer, and its cookie, never arrived
        session.clear()
        session.update(before)
    assert trip.get("kontroller").location == f"{trip.path}/kvittering"


def test_a_change_sent_after_submission_changes_nothing(journey, row):
    trip = journey().fill()
    stale = trip.form("innsender").values
    trip.send()
    late = trip.client.post(f"{trip.path}/innsender", data={**stale, "submitter_job_title": "Sjef"})
    assert late.location == f"{trip.path}/status"
    assert row(trip.id).submitter_job_title == "Personalrådgiver"


# -- by one who may


def test_the_right_was_lost_in_between(app, journey, stubs, row):
    trip = journey().fill()
    form = trip.form("kontroller").values
    stubs.control("altinn", "revoke", national_id=by_key("submitter_municipality").national_id, organisation=TRONDHEIM)
    response = trip.client.post(f"{trip.path}/kontroller", data={**form, "declaration": "y"})
    assert response.status_code == 403
    assert "Du har ikke lenger rett til å søke på vegne av Trondheim kommune." in response.text
    assert "Be om rettigheten" in response.text
    assert row(trip.id).status is ApplicationStatus.DRAFT
    assert mails(app) == [] and jobs(app) == []
    colleague = journey("submitter_colleague")
    colleague.id = trip.id
    assert colleague.get("kontroller").status_code == 200  # the draft is kept for those who may
    mine = trip.get("innsender")
    assert mine.status_code == 403 and "Trondheim kommune" in mine.text


def test_altinn_is_asked_again_at_submission(journey, stubs):
    trip = journey().fill()
    before = len(stubs.log("altinn"))
    trip.send()
    assert any("authorize" in str(entry) for entry in stubs.log("altinn")[before:])


@pytest.mark.parametrize("mode", ["http503", "indeterminate", "reset"])
def test_altinn_away_at_submission(app, journey, stubs, row, mode):
    trip = journey().fill()
    form = trip.form("kontroller").values
    stubs.control("altinn", mode)
    response = trip.client.post(f"{trip.path}/kontroller", data={**form, "declaration": "y"})
    assert response.status_code == 503
    assert "Altinn svarer ikke akkurat nå." in response.text and "Prøv igjen" in response.text
    assert row(trip.id).status is ApplicationStatus.DRAFT
    stubs.control("altinn", "ok")
    again = trip.form("kontroller").values
    assert "declaration" not in again  # the tick is made anew
    assert trip.send().location.endswith("/kvittering")


def test_enhetsregisteret_away_at_submission_is_marked_and_no_stop(app, journey, stubs, row):
    trip = journey().fill()
    stubs.control("enhetsregisteret", "http503")
    with clock.at(clock.now() + timedelta(hours=25)):
        moved = journey()
        moved.id = trip.id
        assert moved.send().location.endswith("/kvittering")
    assert not row(trip.id).registry_verified


# -- what was sent


def test_the_snapshot_is_the_content_and_holds_no_number(app, journey, row):
    number = synthetic_number()
    trip = journey().begin().fill_submitter().add(national_id=number, given_name="Áŋŋe").choose_contact()
    trip.send()
    found = row(trip.id)
    assert snapshots.is_intact(found)
    text = str(found.snapshot)
    assert "Áŋŋe" in text and number not in text and number[:6] not in text
    assert found.snapshot["declaration"] == found.declaration
    assert found.snapshot["organisation"]["name"] == "Trondheim kommune"
    with app.app_context():
        [event] = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "application.submitted"))
    assert event.facts["sha256"] == found.snapshot_sha256.hex()


@pytest.mark.parametrize(
    "change",
    [
        lambda a: setattr(a, "submitter_email", "x@y.example"),
        lambda a: setattr(a, "declaration", "noe annet"),
        lambda a: setattr(a.nominees[0], "access_level", AccessLevel.RECRUITER),
        lambda a: setattr(a.nominees[0], "email", "x@y.example"),
        lambda a: a.nominees.pop(),
        lambda a: setattr(a, "contact_kind", None),
        lambda a: setattr(a, "unit_number", "000000000"),
        lambda a: setattr(a, "snapshot", {**a.snapshot, "declaration": "noe annet"}),
    ],
)
def test_a_change_behind_the_snapshots_back_is_seen(journey, row, change):
    trip = journey().fill()
    trip.send()
    found = row(trip.id)
    assert snapshots.is_intact(found)
    change(found)
    assert not snapshots.is_intact(found)


def test_what_the_register_says_later_does_not_break_it(app, journey, row):
    trip = journey().fill()
    trip.send()
    with app.app_context():
        application = db.session.get_one(AccessApplication, trip.id)
        application.organisation.name = "Nye Trondheim kommune"
        assert snapshots.is_intact(application)


def test_the_receipt_is_made_by_the_job(app, journey, row):
    trip = journey("submitter_sami").begin("945475056").fill_submitter(submitter_job_title="š č đ ŋ ž æ ø å")
    trip.add(given_name="Šuoržæ", family_name="Čeđŧåø").choose_contact()
    trip.send()
    assert trip.get("kvittering.pdf").location == f"{trip.path}/kvittering"
    make_pdf(app, trip)
    page = trip.get("kvittering").text
    assert "Last ned kvitteringen (PDF, " in page and "Vi lager kvitteringen" not in page
    response = trip.get("kvittering.pdf")
    assert response.mimetype == "application/pdf"
    name = f"kvittering-{row(trip.id).reference}.pdf"
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{name}"')
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    document = PdfReader(io.BytesIO(response.data))
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"] and document.trailer["/Root"]["/Lang"] == "nb"
    text = "".join(one.extract_text() for one in document.pages)
    for words in (
        "Áŋŋe Čeđŧá Šuoržæråsjø",
        "Šuoržæ Čeđŧåø",
        "š č đ ŋ ž æ ø å",
        references.grouped(row(trip.id).reference),
    ):
        assert words in text
    before = row(trip.id).receipt_pdf
    make_pdf(app, trip)  # safe to repeat
    assert row(trip.id).receipt_pdf == before


def test_the_receipt_follows_the_language_of_correspondence(app, journey):
    trip = journey("submitter_nynorsk").begin("922121893").fill_submitter().add().choose_contact()
    trip.send()
    make_pdf(app, trip)
    assert PdfReader(io.BytesIO(trip.get("kvittering.pdf").data)).trailer["/Root"]["/Lang"] == "nn"


def test_the_draft_it_replaces_is_gone_when_it_is_sent(app, journey, submit, row):
    old = journey().begin().fill_submitter()
    trip = journey("submitter_colleague")
    offer = submit(trip.client, "/soknad/ny", party=TRONDHEIM)
    trip.id = submit(trip.client, offer.location).location.split("/")[2]
    trip.fill_submitter().add().choose_contact()
    assert row(old.id).status is ApplicationStatus.DRAFT
    trip.send()
    with app.app_context():
        assert db.session.get(AccessApplication, old.id) is None
        assert row(trip.id).replaces_id is None
    assert old.get("innsender").status_code == 404


def test_reopened_and_sent_again(app, journey, row):
    trip = journey().fill()
    trip.send()
    make_pdf(app, trip)
    first = row(trip.id)
    assert "Referansen er den samme." in trip.get("endre").text
    assert trip.post("endre").location.endswith("/kontroller")
    draft = row(trip.id)
    assert draft.status is ApplicationStatus.DRAFT and draft.due_on is None
    assert trip.get("kvittering").location == trip.path
    trip.post("personer/1", job_title="Leder", lagre="1")
    trip.send()
    second = row(trip.id)
    assert second.reference == first.reference
    assert snapshots.is_intact(second) and second.snapshot_sha256 != first.snapshot_sha256
    assert second.receipt_pdf is None
    assert len(mails(app)) == len(jobs(app)) == 2


def test_the_post_alone_is_not_enough(client, journey, row):
    trip = journey().fill()
    response = client.post(f"{trip.path}/kontroller", data={"declaration": "y", "form_key": str(uuid4())})
    assert response.status_code in (303, 403)
    assert row(trip.id).status is ApplicationStatus.DRAFT


def test_an_application_for_a_trust(journey, row):
    trip = journey("submitter_trust").begin("883974832").fill_submitter().add(**NOMINEE).choose_contact()
    assert trip.send().location.endswith("/kvittering")
    assert row(trip.id).organisation.kind == "health_trust"


def test_two_presses_in_the_same_moment(app, journey, row):
    """Two requests at once, each with a form key of its own: the row lock lets one through, the other finds it done."""
    trip = journey().fill()
    forms = [{**trip.form("kontroller").values, "declaration": "y"} for _ in range(2)]
    cookie = trip.client.get_cookie(app.config["SESSION_COOKIE_NAME"]).value

    def press(form):
        client = app.test_client()
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
        return client.post(f"{trip.path}/kontroller", data=form).location

    with ThreadPoolExecutor(2) as both:
        places = list(both.map(press, forms))
    assert places == [f"{trip.path}/kvittering"] * 2
    assert len(mails(app)) == len(jobs(app)) == 1
    assert snapshots.is_intact(row(trip.id))
