"""No page asks the database more than six times (design.md section 9)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

MOST = 6


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("page", ["innsender", "personer", "personer/ny", "personer/1", "kontaktperson", "kontroller"])
def test_a_step_page_asks_little(app, journey, page):
    trip = journey().fill(nominees=3)
    with counted(app) as statements:
        assert trip.get(page).status_code == 200
    assert len(statements) <= MOST, "\n".join(statements)


def test_a_saved_step_asks_little(app, journey):
    trip = journey().fill(nominees=3)
    form = trip.form("innsender")
    with counted(app) as statements:
        assert trip.client.post(f"{trip.path}/innsender", data=form.values).status_code == 303
    assert len(statements) <= MOST, "\n".join(statements)


@pytest.mark.parametrize("page", ["kvittering", "status"])
def test_a_page_after_submission_asks_little(app, journey, page):
    trip = journey().fill(nominees=3)
    trip.send()
    with counted(app) as statements:
        assert trip.get(page).status_code == 200
    assert len(statements) <= MOST, "\n".join(statements)
