"""The search for numbers looks everywhere they could lie: every table, PDFs, Redis with its deflated jobs."""

import io
import json

import pytest
from pypdf import PdfWriter

from dev.postgres import Role
from extensions import queue
from extensions.database import db
from models.application import AccessApplication
from tests import leaks


@pytest.fixture
def search(postgres, valkey):
    def run(number):
        url = postgres.url(Role.ADMIN, "tests")
        return sorted(leaks.find([number], database_url=url, redis=valkey.client()))

    return run


def test_an_ordinary_person_leaves_no_number(app, make, search):
    account = make.account()
    make.user(account=account)
    assert search(account.number) == []


def test_a_number_in_a_column_a_key_a_job_and_a_pdf_is_found(app, context, make, search):
    application = db.session.get_one(AccessApplication, make.application().id)
    number = make.account().number
    pdf = PdfWriter()
    pdf.add_blank_page(100, 100)
    pdf.add_metadata({"/Title": f"Kvittering {number}"})
    pdf.compress_identical_objects()
    content = io.BytesIO()
    pdf.write(content)
    application.receipt_pdf = content.getvalue()
    application.submitter_job_title = f"{number[:6]} {number[6:]}"
    application.snapshot = {"x": {"y": number[::-1]}}
    db.session.commit()
    queue.connection().hset("some", "field", json.dumps([number]))
    queue.queues()[queue.QueueName.BULK].enqueue("a.b", number)
    places = {finding.partition(": ")[0] for finding in search(number)}
    assert places == {
        "redis hash",
        "table access_application",
        "table access_application, column receipt_pdf",
    }
