"""The limits on how the register is used, changed by those who may, with a reason (security.md C23)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from extensions.database import db
from models.audit import AuditEvent
from models.enums import Role
from models.organisation import Setting
from services import limits
from services.errors import Forbidden
from services.settings import DEFAULTS, Key, value
from tests.builders import Builders
from tests.pages import Page

PAGE = "/sak/grenser"


@pytest.fixture(autouse=True)
def as_before(app: Flask) -> Iterator[None]:
    """Settings are kept between tests."""
    yield
    with app.app_context():
        for key in limits.LIMITS:
            db.session.get_one(Setting, key.value).value = DEFAULTS[key][0]
        db.session.commit()


def test_a_limit_is_changed_at_once_and_noted_with_its_reason(app: Flask, desk: Any, worker: Any, submit: Any) -> None:
    assert f'href="{PAGE}"' in desk.get("/sak/varsler").text
    assert submit(desk, PAGE).status_code == 422, "without a reason"
    for wrong in ("0", "-1", "1001", "mange", "1e3", ""):
        assert submit(desk, PAGE, reveals_per_hour=wrong, reason="Prøve").status_code == 422, wrong
    assert submit(desk, PAGE, reveals_per_hour="1 00", reason="Beredskap i nord").status_code == 303
    assert "1 grense er endret." in desk.get("/sak/varsler").text
    with app.app_context():
        assert value(Key.REVEALS_PER_HOUR) == 100
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "setting.changed")).one()
        assert (event.actor_id, event.purpose) == (worker.id, "Beredskap i nord")
        assert event.facts == {"setting": "reveals_per_hour", "before": 60, "after": 100}
    assert submit(desk, PAGE, reason="Ingenting").status_code == 303


def test_a_limit_nobody_has_stored_yet_is_stored(app: Flask, desk: Any, submit: Any) -> None:
    with app.app_context():
        db.session.delete(db.session.get_one(Setting, Key.EXPORTS_PER_DAY.value))
        db.session.commit()
    assert submit(desk, PAGE, reveals_per_hour="61", reason="Prøve").status_code == 303
    with app.app_context():
        assert db.session.get_one(Setting, Key.EXPORTS_PER_DAY.value).value == DEFAULTS[Key.EXPORTS_PER_DAY][0]


def test_who_is_late_sees_that_somebody_else_was_first(
    app: Flask, desk: Any, make: Builders, client_for: Any, submit: Any
) -> None:
    form = Page(desk.get(PAGE).text).form().values
    assert submit(desk, PAGE, reveals_per_day="300", reason="Beredskap").status_code == 303
    form |= {"reveals_per_hour": "70", "reason": "Beredskap"}
    assert desk.post(PAGE, data=form).status_code == 409
    with app.app_context():
        assert (value(Key.REVEALS_PER_HOUR), value(Key.REVEALS_PER_DAY)) == (60, 300)


def test_the_share_of_samples_is_the_leads_to_set(
    app: Flask, desk: Any, worker: Any, make: Builders, client_for: Any, submit: Any
) -> None:
    assert "stikkprøve" not in desk.get(PAGE).text
    assert submit(desk, PAGE, sampled_percent="1", reason="Prøve").status_code == 303
    with app.app_context():
        assert value(Key.SAMPLED_PERCENT) == 10
        with pytest.raises(Forbidden):
            limits.change(make.actor(worker, Role.CASEWORKER), {Key.SAMPLED_PERCENT: 1}, "Prøve")
    lead = client_for(make.staff(Role.CASE_LEAD), Role.CASE_LEAD)
    assert submit(lead, PAGE, sampled_percent="25", reason="Mer kontroll").status_code == 303
    with app.app_context():
        assert value(Key.SAMPLED_PERCENT) == 25
    old = client_for(make.staff(Role.CASE_LEAD), Role.CASE_LEAD, signed_in_ago=timedelta(minutes=16))
    assert "/logg-inn" in submit(old, PAGE, sampled_percent="30", reason="Prøve").location
