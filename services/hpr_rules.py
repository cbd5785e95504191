"""Who holds a valid authorisation or licence today, by HPR's answer alone (integrations.md 6.4). Nothing here asks,
stores or knows the clock."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.hpr import Approval, Code, Entry, Period
from models.enums import HprStatus

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """One approval as judged. `is_active`: of a profession and a kind that count, neither ended nor under a reaction;
    the days say the rest. `valid_to` is the last day before its end, or before a reaction that is to come."""

    approval: Approval
    is_active: bool
    is_valid: bool
    valid_from: date | None
    valid_to: date | None
    specialities: tuple[Code, ...]


@dataclass(frozen=True)
class Judgement:
    """What an answer means on a day. `valid_until` is the last day on which anything is valid, None when there is no
    end, or nothing valid; `changes_on` is the first day after this one on which time alone may change the answer."""

    status: HprStatus
    held: tuple[Held, ...]
    valid_until: date | None
    changes_on: date | None


NOBODY = Judgement(HprStatus.NOT_FOUND, (), None, None)
"""HPR knows nobody by the number."""


def judge(entry: Entry, day: date, professions: Set[str], kinds: Set[str]) -> Judgement:
    """What `entry` means on `day`, when these categories (list 9060) and kinds of approval (7704) count.

    An entry whose number was replaced holds nothing: the one it leads to does.
    """
    if entry.replaced_by is not None:
        return NOBODY
    counting = [one for one in entry.approvals if one.profession.value in professions and one.kind.value in kinds]
    held = tuple(_held(one, entry, day, counts=one in counting) for one in entry.approvals)
    valid = [one for one in held if one.is_valid]
    ends = [one.valid_to for one in valid if one.valid_to is not None]
    return Judgement(
        status=_status(entry, counting, held, day),
        held=held,
        valid_until=max(ends) if ends and len(ends) == len(valid) else None,
        changes_on=min((change for change in _changes(entry, counting) if change > day), default=None),
    )


def _status(entry: Entry, counting: list[Approval], held: tuple[Held, ...], day: date) -> HprStatus:
    if any(one.is_valid for one in held):
        return HprStatus.VALID
    if not counting:
        return HprStatus.NOT_FOUND
    if entry.is_deceased or _covered(entry.reactions, day):
        return HprStatus.INACTIVE
    if any(one.is_ended or _covered(one.reactions, day) for one in counting):
        return HprStatus.INACTIVE
    return HprStatus.EXPIRED


def _held(approval: Approval, entry: Entry, day: date, *, counts: bool) -> Held:
    reactions = (*entry.reactions, *approval.reactions)
    is_active = counts and not (entry.is_deceased or approval.is_ended or _covered(reactions, day))
    period = approval.period or Period(None, None)
    ends = [
        period.ends,
        *(reaction.starts - DAY for reaction in reactions if reaction.starts and reaction.starts > day),
    ]
    last = min((end for end in ends if end is not None), default=None)
    return Held(
        approval,
        is_active=is_active and approval.period is not None,
        is_valid=is_active and approval.period is not None and Period(period.starts, last).covers(day),
        valid_from=period.starts,
        valid_to=last,
        specialities=tuple(
            one.code
            for one in approval.specialities
            if one.period and one.period.covers(day) and not one.is_ended and not _covered(one.reactions, day)
        ),
    )


def _covered(reactions: tuple[Period, ...], day: date) -> bool:
    return any(reaction.covers(day) for reaction in reactions)


def _changes(entry: Entry, counting: list[Approval]) -> list[date]:
    """The days on which an approval or a reaction begins, and those after each ends."""
    periods = [*entry.reactions]
    for approval in counting:
        periods += [*([approval.period] if approval.period else []), *approval.reactions]
    begins = [period.starts for period in periods if period.starts]
    return begins + [period.ends + DAY for period in periods if period.ends]
