"""Watching how the register is used."""

from services import alarms
from workers.job import job


@job
def watch_reveals() -> None:
    alarms.watch_rates()
