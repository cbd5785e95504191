"""The receipt's PDF: tagged, with title and language, and every letter in its place."""

import io

import pytest
from flask import Flask
from pypdf import PdfReader

from extensions import language
from models.enums import Language
from services import receipts

LETTERS = "áčđŋšŧž æøå ÁČĐŊŠŦŽ ÆØÅ"
SNAPSHOT = {
    "reference": "337V96P36RYF",
    "submitted_at": "2026-11-22T03:00:00+00:00",
    "declaration": "Jeg bekrefter at opplysningene er riktige.",
    "language": "nb",
    "organisation": {"name": "Kautokeino kommune", "kind": "municipality", "address": "Bredbuktnesveien 6"},
    "organisation_number": "945475056",
    "unit": {"number": "945475056", "name": "Kautokeino kommune"},
    "submitter": {"name": "Áŋŋe Čeđŧá", "email": "a@b.example", "mobile": "+4798765432", "job_title": LETTERS},
    "persons": [
        {
            "position": n,
            "given_name": "Nora",
            "family_name": "#let x = 1 *ikke* _markup_ $1$ <a> \\",
            "email": f"n{n}@k.example",
            "mobile": "+46701234567",
            "job_title": "Rådgiver",
            "access_level": "reader",
        }
        for n in range(20)
    ],
    "contact": {"kind": "submitter", "name": "Áŋŋe Čeđŧá", "email": "a@b.example", "mobile": "+4798765432"},
}


@pytest.fixture(scope="module")
def bare_app():
    app = Flask("typesetting")
    language.init_app(app)
    return app


@pytest.mark.parametrize("kind", Language)
def test_a_receipt_is_tagged_and_readable(bare_app, kind):
    with bare_app.app_context():
        document = PdfReader(io.BytesIO(receipts.pdf_of(SNAPSHOT, kind, 5)))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == kind
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "/StructTreeRoot" in root
    assert document.metadata.title
    assert b"pdfuaid" in root["/Metadata"].get_data()
    text = "".join(page.extract_text() for page in document.pages)
    assert LETTERS in text
    assert "#let x = 1 *ikke* _markup_ $1$ <a> \\" in text
    assert "+46 70 123 45 67" in text and "98 76 54 32" in text
    assert "337V 96P3 6RYF" in text
    assert text.count("Nora") == 20
