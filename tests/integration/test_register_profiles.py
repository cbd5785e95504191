"""Walking from profile to profile: within a limit, and watched like what is revealed (security.md B1, C23, C25)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AlarmKind, Role
from models.organisation import Setting
from models.register import Alarm
from services import alarms, audit, reveals
from services.reveals import QuotaReached
from services.settings import DEFAULTS, Key
from tests.builders import Builders

SUNDAY = datetime(2027, 1, 31, 12, tzinfo=clock.OSLO)


@pytest.fixture
def three_a_day(app: Flask) -> Any:
    def keep(number: int) -> None:
        with app.app_context():
            db.session.get_one(Setting, Key.PROFILES_PER_DAY.value).value = number
            db.session.commit()

    keep(3)
    yield
    keep(DEFAULTS[Key.PROFILES_PER_DAY][0])


def test_a_user_opens_so_many_in_a_day_and_those_again(
    app: Flask, make: Builders, client_for: Any, three_a_day: Any
) -> None:
    grant, organisation = make.user(), make.organisation()
    reader = client_for(grant.person, Role.ORGANISATION_USER, organisation)
    paths = [f"/register/person/{make.professional().id}" for _number in range(4)]
    assert [reader.get(path).status_code for path in (*paths, *paths)] == [200, 200, 200, 429, 200, 200, 200, 429]
    assert "Du har åpnet så mange profiler som det er lov til i døgnet (3)." in reader.get(paths[3]).text
    colleague = client_for(make.user().person, Role.ORGANISATION_USER, organisation)
    assert colleague.get(paths[3]).status_code == 200
    with app.app_context():
        opened = select(func.count()).where(AuditEvent.action == "profile.opened")
        assert db.session.scalar(opened) == 7
        alarm = db.session.scalars(select(Alarm)).one()
        assert (alarm.kind, alarm.account_id) == (AlarmKind.QUOTA, grant.person.id)
    worker = client_for(make.staff(), Role.CASEWORKER)
    assert "Åpnede profiler, per bruker og døgn" in worker.get(f"/sak/varsler/{alarm.id}").text
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        late = client_for(grant.person, Role.ORGANISATION_USER, organisation)
        assert late.get(paths[3]).status_code == 200


def test_the_limit_holds_for_many_at_once(app: Flask, make: Builders, three_a_day: Any) -> None:
    actor = make.actor(make.user().person, Role.ORGANISATION_USER, make.organisation())
    people = [make.professional().id for _number in range(8)]

    def one(professional_id: Any) -> bool:
        with app.app_context():
            try:
                reveals.profile(actor, professional_id)
            except QuotaReached:
                return False
            db.session.commit()
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, people)) == 3


def test_an_unusual_walk_raises_one_alarm_a_day(app: Flask, make: Builders, client_for: Any) -> None:
    organisation = make.organisation()
    hasty, steady, dull = (make.user().person for _number in range(3))

    def walk(account: Any, people: int, looks: int = 1, days: int = 0) -> None:
        """So many people's profiles, each opened so many times, in one day."""
        actor = make.actor(account, Role.ORGANISATION_USER, organisation)
        with app.app_context(), clock.at(SUNDAY - timedelta(days=days)):
            for person in [uuid4() for _number in range(people)] * looks:
                audit.record(actor, alarms.OPENED, subject_id=person)
            db.session.commit()

    few = alarms.FEWEST_PROFILES
    for days in (2, 1):
        walk(steady, few // 4 + 1, days=days)
        walk(hasty, 2, days=days)
    walk(hasty, few)
    walk(steady, few)
    walk(dull, few - 1, looks=3)
    with app.app_context(), clock.at(SUNDAY):
        for account in (hasty, steady, dull):
            client_for(account, Role.ORGANISATION_USER, organisation)
        assert alarms.watch_rates() == 1 and alarms.watch_rates() == 0
        db.session.commit()
        alarm = db.session.scalars(select(Alarm)).one()
        assert (alarm.kind, alarm.account_id, alarm.organisation_id) == (
            AlarmKind.HIGH_RATE,
            hasty.id,
            organisation.id,
        )
        assert alarm.facts == {"today": few, "usual": 2.0, "of": "profiles"}
    page = client_for(make.staff(), Role.CASEWORKER).get(f"/sak/varsler/{alarm.id}").text
    assert "Åpnede profiler" in page and re.search(rf"<dd>\s*{few}\s*</dd>", page)
