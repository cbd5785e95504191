"""Who holds a valid authorisation or licence on a day: every case of integrations.md 6.4 and ux.md D3."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adapters.hpr import Approval, Code, Entry, Period, Speciality
from models.enums import HprStatus
from services import professions
from services.hpr_rules import NOBODY, judge

DAY = date(2026, 11, 22)
LONG_AGO, YESTERDAY, TOMORROW = date(2013, 6, 20), date(2026, 11, 21), date(2026, 11, 23)
PAST, ALWAYS, LATER = Period(LONG_AGO, YESTERDAY), Period(LONG_AGO, None), Period(TOMORROW, None)
KINDS = frozenset({"1", "2", "4", "14", "17", "18"})
NURSE = Approval(Code("SP", "Sykepleier"), Code("1", "Autorisasjon"), Period(LONG_AGO, date(2070, 5, 5)))


def entry(*approvals: Approval, **facts: Any) -> Entry:
    return Entry("9900123", approvals=approvals, **facts)


def nurse(**facts: Any) -> Approval:
    return replace(NURSE, **facts)


def of(profession: str, kind: str = "1") -> Approval:
    return nurse(profession=Code(profession, profession), kind=Code(kind, kind))


V, E, I, N = HprStatus.VALID, HprStatus.EXPIRED, HprStatus.INACTIVE, HprStatus.NOT_FOUND  # noqa: E741

CASES: list[tuple[str, Entry, HprStatus]] = [
    ("an authorisation", entry(NURSE), V),
    ("without an end", entry(nurse(period=ALWAYS)), V),
    ("its first day", entry(nurse(period=Period(DAY, None))), V),
    ("its last day", entry(nurse(period=Period(LONG_AGO, DAY))), V),
    ("the day after its last", entry(nurse(period=PAST)), E),
    ("the day before its first", entry(nurse(period=LATER)), E),
    ("a period nobody can read", entry(nurse(period=None)), E),
    ("ended", entry(nurse(is_ended=True)), I),
    ("ended, and its days over", entry(nurse(is_ended=True, period=PAST)), I),
    ("one over, one that holds", entry(nurse(period=PAST), of("JO")), V),
    ("one ended, one that holds", entry(nurse(is_ended=True), of("JO")), V),
    ("a reaction on it", entry(nurse(reactions=(ALWAYS,))), I),
    ("a reaction on one of two", entry(nurse(reactions=(ALWAYS,)), of("JO")), V),
    ("a reaction without days", entry(nurse(reactions=(Period(None, None),))), I),
    ("a reaction that is over", entry(nurse(reactions=(PAST,))), V),
    ("a reaction that begins tomorrow", entry(nurse(reactions=(LATER,))), V),
    ("a reaction that ends today", entry(nurse(reactions=(Period(LONG_AGO, DAY),))), I),
    ("a reaction on the person", entry(NURSE, of("JO"), reactions=(ALWAYS,)), I),
    ("a reaction on the person that is over", entry(NURSE, reactions=(PAST,)), V),
    ("dead", entry(NURSE, is_deceased=True), I),
    ("replaced", entry(NURSE, replaced_by="9900124"), N),
    ("nothing", entry(), N),
    ("nothing, and a reaction on the person", entry(reactions=(ALWAYS,)), N),
    ("an animal's doctor", entry(of("VE"), of("FB")), N),
    ("an animal's doctor who is a nurse too", entry(of("VE"), NURSE), V),
    ("a profession nobody has heard of", entry(of("ZZ")), N),
    ("a profession that is unknown", entry(of("XX")), N),
    ("no profession", entry(of("")), N),
    ("a student's licence", entry(of("LE", "3")), N),
    ("no authorisation, as a code", entry(of("LE", "99")), N),
    ("conditions", entry(nurse(kind=Code("17", ""), has_conditions=True)), V),
    *((f"licence of kind {kind}", entry(of("LE", kind)), V) for kind in sorted(KINDS)),
    *((code, entry(of(code)), V) for code in ("NP", "OS", "PM", "FA1", "FA2", "TT")),
]


@pytest.mark.parametrize(("what", "answer", "status"), CASES, ids=[case[0] for case in CASES])
def test_the_rule(what: str, answer: Entry, status: HprStatus) -> None:
    found = judge(answer, DAY, professions.human(), KINDS)
    assert found.status is status
    assert any(one.is_valid for one in found.held) is (status is V)
    assert all(one.is_active for one in found.held if one.is_valid)


@pytest.mark.parametrize(
    ("answer", "valid_until", "changes_on"),
    [
        (entry(NURSE), date(2070, 5, 5), date(2070, 5, 6)),
        (entry(nurse(period=ALWAYS)), None, None),
        (entry(nurse(period=Period(LONG_AGO, DAY))), DAY, TOMORROW),
        (entry(nurse(period=Period(LONG_AGO, DAY)), NURSE), date(2070, 5, 5), TOMORROW),
        (entry(nurse(period=Period(LONG_AGO, DAY)), nurse(period=ALWAYS)), None, TOMORROW),
        (entry(nurse(period=LATER)), None, TOMORROW),
        (entry(nurse(reactions=(LATER,))), DAY, TOMORROW),
        (entry(NURSE, reactions=(LATER,)), DAY, TOMORROW),
        (entry(nurse(reactions=(Period(LONG_AGO, DAY),))), None, TOMORROW),
        (entry(of("VE")), None, None),
    ],
)
def test_it_tells_until_when_it_holds_and_when_to_look_again(
    answer: Entry, valid_until: date | None, changes_on: date | None
) -> None:
    found = judge(answer, DAY, professions.human(), KINDS)
    assert (found.valid_until, found.changes_on) == (valid_until, changes_on)


def test_a_reaction_to_come_is_an_end_and_nothing_more() -> None:
    (held,) = judge(entry(nurse(reactions=(LATER,))), DAY, professions.human(), KINDS).held
    assert (held.is_valid, held.valid_to) == (True, DAY)


def test_only_specialities_that_hold_are_told() -> None:
    def speciality(code: str, period: Period | None, **facts: Any) -> Speciality:
        return Speciality(Code(code, f"Nr. {code}"), period, **facts)

    doctor = nurse(
        profession=Code("LE", "Lege"),
        specialities=(
            speciality("1", ALWAYS),
            speciality("2", PAST),
            speciality("3", LATER),
            speciality("4", None),
            speciality("5", ALWAYS, is_ended=True),
            speciality("6", ALWAYS, reactions=(ALWAYS,)),
            speciality("7", ALWAYS, reactions=(PAST,)),
        ),
    )
    (held,) = judge(entry(doctor), DAY, professions.human(), KINDS).held
    assert [code.value for code in held.specialities] == ["1", "7"]


def test_somebody_hpr_does_not_know_has_nothing() -> None:
    assert (NOBODY.status, NOBODY.held, NOBODY.valid_until) == (HprStatus.NOT_FOUND, (), None)


days = some.dates(date(2020, 1, 1), date(2030, 1, 1))
periods = some.builds(Period, days, some.none() | days)
approvals = some.builds(
    nurse,
    profession=some.sampled_from([Code(code, code) for code in ("SP", "LE", "VE", "ZZ")]),
    kind=some.sampled_from([Code(code, code) for code in ("1", "3", "4")]),
    period=some.none() | periods,
    is_ended=some.booleans(),
    reactions=some.lists(periods, max_size=2).map(tuple),
)
entries = some.builds(
    Entry,
    number=some.just("9900123"),
    approvals=some.lists(approvals, max_size=3).map(tuple),
    reactions=some.lists(periods, max_size=1).map(tuple),
)


@given(entries, days, some.integers(1, 400))
def test_what_is_told_of_the_future_is_right(answer: Entry, day: date, ahead: int) -> None:
    """Until `changes_on` the answer means the same each day; each approval holds to its own last day and no longer."""
    found = judge(answer, day, professions.human(), KINDS)
    later = date.fromordinal(day.toordinal() + ahead)
    then = judge(answer, later, professions.human(), KINDS)
    if found.changes_on is None or later < found.changes_on:
        assert then.status is found.status and then.valid_until == found.valid_until
    if found.status is HprStatus.VALID and all(one.valid_to and one.valid_to < later for one in found.held):
        assert found.changes_on is not None and found.changes_on <= later
