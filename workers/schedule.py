"""Periodic work, as data. A slot becomes one outbox row, however many schedules run, also when none ran for hours."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import croniter
from sqlalchemy.dialects.postgresql import insert

from extensions import clock
from extensions.database import db
from models.outbox import OutboxEntry
from services.outbox import Job


@dataclass(frozen=True)
class Periodic:
    """A job without arguments and when it is due, as cron in Oslo time.

    Nothing daily between 02:00 and 03:00: that hour comes twice in October and never in March. Nothing rarer than
    weekly: the done rows are the memory, and they are kept for two weeks.
    """

    cron: str
    job: Job


SCHEDULE = (
    Periodic("* * * * *", Job.REFRESH_LISTING),
    Periodic("3-59/10 * * * *", Job.KEEP_FRESH),
    Periodic("5-59/10 * * * *", Job.KEEP_CANARIES),
    Periodic("*/10 * * * *", Job.NOTE_AUDIT_HEAD),
    Periodic("*/5 * * * *", Job.WATCH),
    Periodic("*/5 * * * *", Job.PLAN_HPR_CHECKS),
    Periodic("*/15 * * * *", Job.DISCARD_SHORT_LIVED),
    Periodic("9-59/15 * * * *", Job.WATCH_REVEALS),
    Periodic("7 * * * *", Job.REMIND_INVITATIONS),
    Periodic("10 * * * *", Job.REPLY_PROVISIONALLY),
    Periodic("12 * * * *", Job.EXPIRE_INVITATIONS),
    Periodic("0 6 * * *", Job.RECONFIRM_GRANTS),
    Periodic("40 5 * * *", Job.CHECK_ORGANISATIONS),
    Periodic("0 7 * * *", Job.SEND_ALERTS),
    Periodic("30 7 * * *", Job.TELL_RECIPIENTS),
    Periodic("20 3 * * *", Job.RETAIN),
    Periodic("40 3 * * *", Job.REPORT_INVARIANTS),
    Periodic("45 3 * * *", Job.FORGET_ERASURES),
    Periodic("50 3 * * *", Job.SWEEP_FILES),
    Periodic("10 4 * * *", Job.FORGET_EVENTS),
    Periodic("30 4 * * *", Job.VERIFY_AUDIT),
    Periodic("10 5 * * 1", Job.DRAW_REVIEWS),
)


class Schedule:
    """Offers each slot once. The last slot that passed while no schedule ran is caught up, once; older ones are not."""

    def __init__(self) -> None:
        self._minute: datetime | None = None

    def offer_due(self) -> int:
        """Write an outbox row for each newest slot that has none; returns how many were new. The caller commits."""
        now = clock.now()
        minute = now.replace(second=0, microsecond=0)
        if minute == self._minute:
            return 0
        self._minute = minute
        slots = [(item.job, last_slot(item.cron, now)) for item in SCHEDULE]
        rows: list[dict[str, object]] = [
            {
                "job": job.value,
                "arguments": {},
                "once_key": f"{job.value}|{slot:%Y-%m-%dT%H:%MZ}",
                "created_at": now,
                "due_at": slot,
                "attempt": 0,
                "failures": 0,
            }
            for job, slot in slots
        ]
        written = insert(OutboxEntry).values(rows).on_conflict_do_nothing().returning(OutboxEntry.id)
        return len(db.session.scalars(written).all())


def last_slot(cron: str, now: datetime) -> datetime:
    """The newest slot at or before `now`, in UTC."""
    next_minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    slot: datetime = croniter(cron, next_minute.astimezone(clock.OSLO)).get_prev(datetime)
    return slot.astimezone(UTC)
