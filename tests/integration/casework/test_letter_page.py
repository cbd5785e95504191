"""The applicant reads the decision after login, on a page and as a tagged PDF."""

import io

import pikepdf
import pytest
from pypdf import PdfReader

from extensions import clock
from extensions.database import db
from models.application import AccessApplication
from models.enums import Language, NomineeOutcome, Role
from services import decisions, letters
from stubs.people import by_key


@pytest.fixture
def decided(app, make, client_for, worker):
    """An application from somebody who holds the right, granted for one and declined for one; and the browser."""
    submitter = make.account("Kari Multeglans", by_key("submitter_municipality").national_id)
    organisation = make.organisation("942110464", "Trondheim kommune")

    def go(language=Language.BOKMAL):
        application = make.application(
            "in_review", organisation=organisation, submitter=submitter, nominees=2, language=language
        )
        with app.app_context():
            row = db.session.get_one(AccessApplication, application.id)
            first, second = row.nominees
            outcomes = [
                letters.Outcome(first.id, NomineeOutcome.GRANTED, first.access_level),
                letters.Outcome(second.id, NomineeOutcome.DECLINED, reason="Šárá Ŋuorre trenger ikke tilgang."),
            ]
            decisions.decide(make.actor(worker, Role.CASEWORKER), row.id, outcomes, letters.draft_text(row))
            db.session.commit()
        return application, client_for(submitter)

    return go


def test_the_letter_on_a_page(decided):
    application, browser = decided()
    assert f"/soknad/{application.id}/vedtak" in browser.get(f"/soknad/{application.id}/status").text
    page = browser.get(f"/soknad/{application.id}/vedtak")
    assert "Šárá Ŋuorre trenger ikke tilgang." in page.text and "Slik kan dere klage" in page.text
    assert "Saga Papirlund" in page.text


@pytest.mark.parametrize("language", [Language.BOKMAL, Language.NYNORSK])
def test_the_letter_as_a_tagged_pdf(decided, language):
    application, browser = decided(language)
    answer = browser.get(f"/soknad/{application.id}/vedtak.pdf")
    assert answer.mimetype == "application/pdf"
    with pikepdf.open(io.BytesIO(answer.data)) as document:
        assert document.Root.MarkInfo.Marked and str(document.Root.Lang) == language.value
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    assert "Šárá Ŋuorre trenger ikke tilgang." in text.replace("\n", " ")


def test_a_stranger_and_an_anonymous_visitor_get_nothing(decided, make, client_for, client):
    application, _browser = decided()
    stranger = client_for(make.account("Rolf Utenforstad"))
    for path in (f"/soknad/{application.id}/vedtak", f"/soknad/{application.id}/vedtak.pdf"):
        assert stranger.get(path).status_code == 404
        assert client.get(path).status_code == 303


def test_before_the_decision_the_address_leads_to_the_status(make, client_for):
    submitter = make.account("Kari Multeglans", by_key("submitter_municipality").national_id)
    application = make.application("in_review", submitter=submitter, organisation=make.organisation("942110464"))
    answer = client_for(submitter).get(f"/soknad/{application.id}/vedtak")
    assert answer.status_code == 303 and answer.location.endswith("/status")
    assert application.due_on >= clock.today()
