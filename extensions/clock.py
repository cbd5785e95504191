"""The one clock of the product. Times are UTC and aware; days are counted in Oslo."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """Today's date in Oslo."""
    return day(now())


def day(moment: datetime) -> date:
    """The date of a moment in Oslo."""
    return moment.astimezone(OSLO).date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make now() answer `moment` (aware) inside the block; for tests and demo data."""
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
