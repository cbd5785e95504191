"""People of the stand-ins, signed in, and an application on its way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from extensions.database import db
from models.account import Account
from models.application import AccessApplication
from stubs.people import by_key
from tests.builders import Builders, synthetic_number
from tests.pages import Page

TRONDHEIM = "942110464"
NOMINEE = {
    "given_name": "Nora",
    "family_name": "Vintereple",
    "email": "nora.vintereple@trondheim-kommune.example",
    "mobile": "91 23 45 67",
    "job_title": "Rådgiver",
    "access_level": "reader",
}
SUBMITTER = {
    "submitter_email": "kari@trondheim-kommune.example",
    "submitter_mobile": "98 76 54 32",
    "submitter_job_title": "Personalrådgiver",
}


@pytest.fixture
def person(make: Builders) -> Callable[[str], Account]:
    """The account of a person in the stand-ins' file; `account.number` is the number."""
    known: dict[str, Account] = {}

    def find(key: str) -> Account:
        if key not in known:
            known[key] = make.account(None, by_key(key).national_id)
        return known[key]

    return find


@pytest.fixture
def browser(person: Callable[[str], Account], client_for: Callable[..., FlaskClient]) -> Callable[..., FlaskClient]:
    """A browser in which somebody of the stand-ins' file is signed in as submitter."""
    return lambda key="submitter_municipality", **facts: client_for(person(key), **facts)


@dataclass
class Journey:
    """One browser on its way through an application."""

    client: FlaskClient
    submit: Callable[..., TestResponse]
    id: UUID | None = None

    @property
    def path(self) -> str:
        return f"/soknad/{self.id}"

    def begin(self, number: str = TRONDHEIM) -> "Journey":
        response = self.submit(self.client, "/soknad/ny", party=number)
        assert response.status_code == 303, response.text
        self.id = UUID(response.location.split("/")[2])
        return self

    def post(self, page: str, **fields: Any) -> TestResponse:
        return self.submit(self.client, f"{self.path}/{page}", **fields)

    def get(self, page: str) -> TestResponse:
        return self.client.get(f"{self.path}/{page}")

    def fill_submitter(self, **changes: Any) -> "Journey":
        assert self.post("innsender", **{**SUBMITTER, **changes}).location.endswith("/personer")
        return self

    def add(self, **changes: Any) -> "Journey":
        fields = {**NOMINEE, "national_id": synthetic_number(), "lagre": "1", **changes}
        response = self.post("personer/ny", **fields)
        assert response.status_code == 303, response.text
        return self

    def choose_contact(self, choice: str = "innsender", **fields: Any) -> "Journey":
        response = self.post("kontaktperson", choice=choice, **fields)
        assert response.location.endswith("/kontroller"), response.text
        return self

    def fill(self, nominees: int = 1) -> "Journey":
        self.begin().fill_submitter()
        for n in range(nominees):
            self.add(email=f"person{n}@trondheim-kommune.example")
        return self.choose_contact()

    def send(self, **fields: Any) -> TestResponse:
        return self.post("kontroller", declaration="y", **fields)

    def form(self, page: str) -> Any:
        return Page(self.get(page).text).form(0)


@pytest.fixture
def journey(browser: Callable[..., FlaskClient], submit: Callable[..., TestResponse]) -> Callable[..., Journey]:
    return lambda key="submitter_municipality", **facts: Journey(browser(key, **facts), submit)


@pytest.fixture
def row(app: Flask) -> Callable[[UUID | None], AccessApplication]:
    """The application as the database has it now, with what belongs to it."""

    def find(application_id: UUID | None) -> AccessApplication:
        with app.app_context():
            found = db.session.scalars(select(AccessApplication).where(AccessApplication.id == application_id)).one()
            _ = found.nominees, found.contact, found.questions, found.organisation, found.receipt_pdf
            return found

    return find
