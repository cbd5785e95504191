"""Periodic work: each slot once, however many schedules run, and the last missed one caught up (R17, R21)."""

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.outbox import OutboxEntry
from services.outbox import Job
from workers.schedule import SCHEDULE, Schedule, last_slot

NOON = datetime(2027, 1, 13, 12, 0, 30, tzinfo=UTC)


def offer(moment, schedule=None):
    with clock.at(moment):
        count = (schedule or Schedule()).offer_due()
    db.session.commit()
    return count


def slots(job):
    return db.session.scalars(
        select(OutboxEntry.due_at).where(OutboxEntry.job == job).order_by(OutboxEntry.due_at)
    ).all()


def test_each_slot_is_queued_once_by_any_number_of_schedules(context):
    assert offer(NOON) == len(SCHEDULE)
    assert offer(NOON) == 0
    assert offer(NOON + timedelta(seconds=29)) == 0
    schedule, later = Schedule(), NOON + timedelta(minutes=5)
    passed = [item.job for item in SCHEDULE if last_slot(item.cron, later) > last_slot(item.cron, NOON)]
    assert Job.WATCH in passed
    assert offer(later, schedule) == len(passed) < len(SCHEDULE)
    assert offer(NOON + timedelta(minutes=5, seconds=20), schedule) == 0
    assert slots(Job.WATCH) == [NOON.replace(second=0), NOON.replace(minute=5, second=0)]


def test_after_hours_without_a_schedule_the_last_slot_is_caught_up_once(context):
    offer(NOON)
    offer(NOON + timedelta(hours=6, minutes=31))
    assert len(slots(Job.REMIND_INVITATIONS)) == 2
    assert slots(Job.REMIND_INVITATIONS)[-1] == NOON.replace(hour=18, minute=7, second=0)
    assert len(slots(Job.RETAIN)) == 1


def test_the_slots_stand_in_the_order_they_were_due(context):
    offer(NOON)
    due = db.session.scalars(select(OutboxEntry.due_at)).all()
    assert all(moment <= NOON for moment in due)


def test_every_slot_of_a_year_comes_once_also_when_the_clocks_change(context):
    daily = [item for item in SCHEDULE if not item.cron.startswith("*") and item.cron.split()[1] != "*"]
    for change in (datetime(2027, 3, 28, tzinfo=clock.OSLO), datetime(2026, 10, 25, tzinfo=clock.OSLO)):
        begin = change.astimezone(UTC) - timedelta(hours=12)
        for item in daily:
            seen = {last_slot(item.cron, begin + timedelta(minutes=5 * step)) for step in range(2 * 24 * 12)}
            local_days = [slot.astimezone(clock.OSLO).date() for slot in sorted(seen)]
            assert len(local_days) == len(set(local_days)), f"{item} twice on a day"
            times = {slot.astimezone(clock.OSLO).strftime("%H:%M") for slot in seen}
            assert len(times) == 1, f"{item} at {times}"


@pytest.mark.parametrize("item", SCHEDULE, ids=lambda item: item.job.name)
def test_nothing_daily_falls_in_the_hour_that_comes_twice_and_nothing_is_rarer_than_weekly(item):
    begin = datetime(2027, 1, 1, tzinfo=clock.OSLO)
    slot = croniter(item.cron, begin)
    first, second = slot.get_next(datetime), slot.get_next(datetime)
    assert second - first <= timedelta(days=7)
    if second - first >= timedelta(hours=2):
        assert first.hour != 2


def test_all_of_it_runs(context, run_jobs):
    assert run_jobs(schedule=True) == len(SCHEDULE)
    left = select(func.count()).where(OutboxEntry.done_at.is_(None))
    assert db.session.scalar(left) == 0
