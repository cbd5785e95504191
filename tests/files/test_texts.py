"""Every refusal says in plain words what is wrong, and what to do about it."""

import pytest
from flask import Flask

from extensions import language
from models.enums import AttachmentKind
from services.file_checks import texts
from services.file_checks.verdicts import MAX_BYTES, RefusalReason, Refused


@pytest.fixture(scope="module", autouse=True)
def words():
    app = Flask("words")
    language.init_app(app)
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("reason", "kind", "text"),
    [
        (RefusalReason.EMPTY, AttachmentKind.CV, "Filen er tom."),
        (RefusalReason.PASSWORD, AttachmentKind.CV, "Filen har passord. Fjern passordet og last opp på nytt."),
        (RefusalReason.WRONG_TYPE, AttachmentKind.CV, "Filen må være PDF, DOCX eller ODT."),
        (RefusalReason.WRONG_TYPE, AttachmentKind.DOCUMENT, "Filen må være PDF, DOCX, ODT, JPG eller PNG."),
        (
            RefusalReason.MISNAMED,
            AttachmentKind.CV,
            "Innholdet i filen er noe annet enn navnet sier. Filen må være PDF, DOCX eller ODT.",
        ),
        (RefusalReason.TOO_BIG, AttachmentKind.CV, "Filen er 10,1 MB. Den kan være inntil 10 MB."),
    ],
)
def test_a_refusal_says_what_is_wrong(reason, kind, text):
    size = MAX_BYTES + 1 if reason is RefusalReason.TOO_BIG else None
    assert texts.refusal(Refused(reason, size), kind) == text


def test_every_reason_has_a_text_of_its_own():
    said = {texts.refusal(Refused(reason, MAX_BYTES * 2), AttachmentKind.CV) for reason in RefusalReason}
    assert len(said) == len(RefusalReason)
