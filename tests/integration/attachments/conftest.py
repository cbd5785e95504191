"""A person with a browser, and files to upload."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from adapters.storage import Storage
from extensions.database import db
from models.attachment import Attachment
from models.enums import Role, Visibility
from models.professional import Professional
from tests import papers
from tests.builders import Builders


@dataclass
class Uploader:
    """Somebody who uploads CVs."""

    app: Flask
    browser: FlaskClient
    submit: Callable[..., TestResponse]
    professional: Professional

    def upload(
        self,
        content: bytes | None = None,
        name: str = "cv.pdf",
        visibility: Visibility | None = Visibility.CONSENTED,
        path: str = "/min-side/cv",
    ) -> TestResponse:
        """Choose a file and press «Last opp»."""
        file = (io.BytesIO(papers.pdf() if content is None else content), name)
        return self.submit(self.browser, path, file=file, visibility=visibility and visibility.value)

    def files(self) -> list[Attachment]:
        """The rows, oldest first."""
        with self.app.app_context():
            return list(
                db.session.scalars(
                    select(Attachment)
                    .where(Attachment.professional_id == self.professional.id)
                    .order_by(Attachment.uploaded_at)
                )
            )

    def open(self, id_: UUID) -> TestResponse:
        return self.browser.get(f"/min-side/cv/{id_}/fil")

    def page(self) -> str:
        """What the list says, without markup."""
        return _words(self.browser.get("/min-side/cv").text)


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def uploader(app: Flask, make: Builders, client_for: Any, submit: Any) -> Uploader:
    professional = make.professional()
    return Uploader(app, client_for(professional.person, Role.PROFESSIONAL), submit, professional)


@pytest.fixture
def storage(app: Flask) -> Storage:
    """The store of the app."""
    found: Storage = app.extensions["agencies"].storage
    for one in list(found.list("files")):
        found.delete(one.key)
    return found


@pytest.fixture
def keys(storage: Storage) -> Callable[[], list[str]]:
    """The keys of everything in the store."""
    return lambda: sorted(one.key for one in storage.list("files"))
