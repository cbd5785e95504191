"""`flask demo people`: the same believable people every time, listed by the one rule, and known to HPR's stand-in."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from commands import population
from commands.made_up import entry_of
from dev.postgres import Postgres
from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import HprStatus
from models.listing import Listing
from models.national_numbers import is_valid
from models.professional import HprAlarm, HprRecord, Professional, ProfessionalAuthorisation
from services import hpr_recheck, listing
from stubs.people import people
from tests.conftest import empty_tables

BY_TIME = frozenset({"listed_until", "hpr_checked_at"})
"""What an answer of HPR changes in a search row when it says the same as before."""


def test_the_population_is_listed_by_the_rule_and_goes_on_where_it_stopped(app: Flask) -> None:
    runner = app.test_cli_runner()
    answer = runner.invoke(args=["demo", "people", "--count", "60"])
    assert answer.exit_code == 0 and "60 people, 60 of them new" in answer.output, answer.output
    with app.app_context():
        before = _rows()
        assert db.session.scalar(select(func.count()).select_from(Professional)) == 60
        assert 30 < len(before) < 60
        for batch in listing.all_ids():
            listing.refresh_many(batch)
        assert _rows() == before
        assert listing.disagreeing() == []
    answer = runner.invoke(args=["demo", "people", "--count", "90"])
    assert "90 people, 30 of them new" in answer.output
    again = runner.invoke(args=["demo", "people", "--count", "10", "--seed", "2"])
    assert again.exit_code == 1 and "another seed" in again.output


def test_nothing_stands_open_while_others_make_the_people(app: Flask) -> None:
    with app.app_context():
        population._require_same(1, clock.now())
        assert not db.session.in_transaction(), "the database ends a transaction that stands idle for two minutes"


def test_the_same_whatever_number_of_processes(app: Flask, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    def threads(count: int, _context: Any, start: Any, given: Any) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(count, initializer=start, initargs=pickle.loads(pickle.dumps(given)))

    monkeypatch.setattr(population, "ProcessPoolExecutor", threads)  # a process needs seconds to start
    moment = clock.now()
    found = []
    for batch, processes in ((30, 1), (16, 2)):
        monkeypatch.setattr(population, "BATCH", batch)
        with app.app_context(), clock.at(moment):
            assert sum(new for _covered, new in population.fill(32, processes=processes)) == 32
            found.append(_rows())
        empty_tables(postgres, "tests")
    assert found[0] == found[1]


def test_hpr_says_of_them_what_is_stored(app: Flask) -> None:
    with app.app_context():
        assert list(population.fill(80)) == [(80, 80)]
        before, known = _rows(BY_TIME), _known_by_hpr()
        assert {status for status, *_rest in known} == {HprStatus.VALID, HprStatus.EXPIRED}
        hpr_recheck.run(db.session.scalars(select(Professional.id)).all())
        db.session.commit()
        db.session.expire_all()
        assert (_rows(BY_TIME), _known_by_hpr()) == (before, known)
        since = HprRecord.checked_at > clock.now() - hpr_recheck.EVERY
        assert db.session.scalar(select(func.count()).where(since)) == 80
        assert not db.session.scalars(select(HprAlarm)).all()
        assert not db.session.scalars(select(AuditEvent).where(AuditEvent.action.startswith("hpr."))).all()


def test_their_numbers_are_synthetic_and_nobody_elses() -> None:
    numbers = [number for number, _n in zip(population.national_numbers(), range(3_000), strict=False)]
    assert len(set(numbers)) == 3_000
    assert all(is_valid(number, allow_synthetic=True) for number in numbers)
    assert not any(is_valid(number, allow_synthetic=False) for number in numbers)
    today = clock.today()
    assert not any(entry_of(person.national_id, today) for person in people())


def _rows(without: frozenset[str] = frozenset()) -> list[tuple[Any, ...]]:
    columns = [column for column in Listing.__table__.columns if column.name not in without]
    return [tuple(row) for row in db.session.execute(select(*columns).order_by("professional_id"))]


def _known_by_hpr() -> list[tuple[Any, ...]]:
    held = [column for column in ProfessionalAuthorisation.__table__.columns if column.name != "id"]
    return [
        tuple(row)
        for row in db.session.execute(
            select(HprRecord.status, HprRecord.number, HprRecord.valid_until, Professional.given_name, *held)
            .join(Professional, Professional.id == HprRecord.professional_id)
            .join(ProfessionalAuthorisation, ProfessionalAuthorisation.professional_id == Professional.id)
            .order_by(Professional.id)
        )
    ]
