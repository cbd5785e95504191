"""`flask demo people`: the same believable people every time, listed by the one rule."""

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from extensions.database import db
from models.listing import Listing
from models.professional import Professional
from services import listing


def test_the_population_is_the_same_every_time_and_listed_by_the_rule(app: Flask) -> None:
    runner = app.test_cli_runner()
    answer = runner.invoke(args=["demo", "people", "--count", "60"])
    assert answer.exit_code == 0, answer.output
    with app.app_context():
        before = _rows()
        assert db.session.scalar(select(func.count()).select_from(Professional)) == 60
        assert 30 < len(before) < 60
        for batch in listing.all_ids():
            for professional_id in batch:
                listing.refresh(professional_id)
        assert _rows() == before
    again = runner.invoke(args=["demo", "people", "--count", "10"])
    assert again.exit_code == 1 and "here already" in again.output


def _rows() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(select(*Listing.__table__.columns).order_by("professional_id"))]
