"""The audit log's hash chain: events are written unchained with the act, and sealed in sequence afterwards (D16, C80).

A seal's hash is SHA-256 over the previous seal's hash and the event's canonical form, so that nothing sealed can be
changed, taken out, put in or moved without showing. The chain's head goes to the log store, out of reach of whoever
holds the database: a chain that was cut short or written anew shows against a head that was noted before.

Events are forgotten from the beginning, when their years are over, by a function of the database which knows the years
itself: the application may not delete them. The chain then begins at the last seal that went.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, insert, select

from extensions import clock
from extensions.database import db
from models.audit import AuditBeginning, AuditEvent, AuditMonth, AuditSeal
from services import settings
from services.settings import Key

SEALING_LOCK = 4_711_002
BATCH = 2_000
RECENT = 10_000
"""How many seals may overtake an event whose transaction is slow to end; nightly, all are looked for."""
FORGOTTEN_AT_ONCE = 20_000
VERIFIED_AT_ONCE = 200_000
"""Seals a job goes through: it must end long before its lease does."""
FEWEST_YEARS = 5
"""So long the database keeps an event, whatever the application asks for."""
LATEST = timedelta(minutes=10)
"""How old an unsealed event may be before it counts as a fault."""
BEGINNING = bytes(32)

_EVENTS = AuditEvent.__table__
_SEALS = AuditSeal.__table__


@dataclass(frozen=True)
class Head:
    """The newest seal: its place and hash."""

    sequence: int
    hash: bytes

    def __str__(self) -> str:
        """In groups, which the filter for national identity numbers in logs leaves alone."""
        digits = self.hash.hex()
        return f"{self.sequence}:{':'.join(digits[i : i + 4] for i in range(0, len(digits), 4))}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """A head as it stands in the log; raises ValueError."""
        sequence, _, digits = text.partition(":")
        return cls(int(sequence), bytes.fromhex(digits.replace(":", "")))


@dataclass(frozen=True)
class Fault:
    """The first row that is not as it was written."""

    sequence: int | None
    event_id: int | None
    what: str

    def __str__(self) -> str:
        return f"seal {self.sequence or '–'}, event {self.event_id or '–'}: {self.what}"


def seal(*, everything: bool = False) -> int:
    """Seal what is not sealed yet, oldest first; returns how many. The caller commits.

    One process seals at a time; another's call returns 0. Ordinarily only recent events are looked through.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(SEALING_LOCK))):
        return 0
    last = head()
    start = 0 if everything else _oldest_recent(last.sequence)
    count = 0
    while events := _unsealed(start):
        seals = []
        for event in events:
            following = Head(last.sequence + 1, link(last.hash, event))
            seals.append(
                {
                    "sequence": following.sequence,
                    "event_id": event["id"],
                    "previous_hash": last.hash,
                    "hash": following.hash,
                    "sealed_at": clock.now(),
                }
            )
            last = following
        db.session.execute(insert(AuditSeal), seals)
        count += len(seals)
    return count


def head() -> Head:
    """The newest seal; before the first, where the chain begins."""
    return _newest(AuditSeal) or beginning()


def beginning() -> Head:
    """What the first seal builds on: the last one that is forgotten, else place 0 and a hash of zeros."""
    return _newest(AuditBeginning) or Head(0, BEGINNING)


def _newest(table: type[AuditSeal | AuditBeginning]) -> Head | None:
    found = db.session.execute(
        select(table.sequence, table.hash).order_by(table.sequence.desc()).limit(1)
    ).one_or_none()
    return Head(*found) if found else None


def forget_old_events() -> int:
    """Forget some of the events whose years are over, the oldest first; how many of each kind there were in a month
    remains. The caller commits, and repeats while it returns how many."""
    years = settings.value(Key.AUDIT_YEARS)
    return db.session.scalar(select(func.forget_audit_events(years, FORGOTTEN_AT_ONCE))) or 0


def verify(noted: Head | None = None, *, after: Head | None = None, most: int | None = None) -> Head | Fault:
    """Go through the whole chain, or through `most` seals that follow one that was verified; returns the last, or the
    first fault. `noted` is a head from the log store, which the chain must still hold: of one that was noted lately,
    nothing can be forgotten."""
    start = beginning()
    is_begun = after is not None and after.sequence > start.sequence
    found = _fault_in_beginning(start, noted) or _verify(after if after and is_begun else start, noted, most)
    if isinstance(found, Fault) and start != beginning():
        return verify(noted, after=after, most=most)  # more was forgotten meanwhile
    return found


def _fault_in_beginning(start: Head, noted: Head | None) -> Fault | None:
    """Whoever has all rights can cut off the chain's beginning, and say that it is forgotten."""
    counted, newest = db.session.execute(select(func.sum(AuditMonth.count), func.max(AuditMonth.month))).one()
    if (counted or 0) != start.sequence:
        return Fault(start.sequence, None, "the months do not count as many events as are forgotten")
    if counted and newest > clock.day(clock.now() - timedelta(days=365 * FEWEST_YEARS)):
        return Fault(start.sequence, None, "was forgotten before its years were over")
    if noted is not None and 0 < noted.sequence <= start.sequence:
        return Fault(noted.sequence, None, "is forgotten, and cannot be compared with the head that was noted")
    return None


def _verify(start: Head, noted: Head | None, most: int | None) -> Head | Fault:
    last = start
    for row in islice(_chain(start.sequence), most):
        fault = _fault_in(row, last)
        last = Head(row["sequence"], row["hash"])
        if fault is None and noted is not None and noted.sequence == last.sequence and noted.hash != last.hash:
            fault = "differs from the head that was noted"
        if fault:
            return Fault(row["sequence"], row["event_id"], fault)
    if most and last.sequence - start.sequence >= most:
        return last  # there may be more
    if noted is not None and noted.sequence > last.sequence:
        return Fault(last.sequence + 1, None, "is missing: the chain is shorter than it was")
    late = oldest_late()
    return Fault(None, late, "was not sealed in time") if late else last


def oldest_late() -> int | None:
    """The first event that should have been sealed by now and is not, or None."""
    return db.session.scalar(select(func.min(AuditEvent.id)).where(AuditEvent.at < clock.now() - LATEST, ~_is_sealed()))


def _fault_in(row: RowMapping, last: Head) -> str | None:
    if row["sequence"] != last.sequence + 1:
        return f"follows seal {last.sequence}: what stood between is missing"
    if row["id"] is None:
        return "the event is missing"
    if row["previous_hash"] != last.hash:
        return "does not build on the seal before it"
    if row["hash"] != link(last.hash, row):
        return "the event is not what was sealed"
    return None


def _chain(last: int) -> Iterator[RowMapping]:
    """Every seal after one with its event, in sequence, a batch at a time."""
    while True:
        batch = db.session.execute(
            select(_SEALS, _EVENTS)
            .outerjoin_from(_SEALS, _EVENTS, _EVENTS.c.id == _SEALS.c.event_id)
            .where(_SEALS.c.sequence > last)
            .order_by(_SEALS.c.sequence)
            .limit(BATCH)
        ).mappings()
        rows = batch.all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1]["sequence"]


def _unsealed(start: int) -> Sequence[RowMapping]:
    return (
        db.session.execute(
            select(_EVENTS).where(_EVENTS.c.id >= start, ~_is_sealed()).order_by(_EVENTS.c.id).limit(BATCH)
        )
        .mappings()
        .all()
    )


def _is_sealed() -> ColumnElement[bool]:
    return select(_SEALS.c.event_id).where(_SEALS.c.event_id == _EVENTS.c.id).exists()


def _oldest_recent(sequence: int) -> int:
    """Where to begin to look for what is not sealed: at the oldest of the last seals; in a short chain, everywhere."""
    if sequence <= RECENT:
        return 0
    return db.session.scalar(select(func.min(AuditSeal.event_id)).where(AuditSeal.sequence > sequence - RECENT)) or 0


def link(previous_hash: bytes, event: Mapping[Any, Any]) -> bytes:
    """The hash of an event that follows `previous_hash`."""
    return hashlib.sha256(previous_hash + canonical(event)).digest()


def canonical(event: Mapping[Any, Any]) -> bytes:
    """An event as bytes, equal for equal content; empty columns are left out, so that new ones may come."""
    content = {column.name: event[column.name] for column in _EVENTS.columns if event[column.name] is not None}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
