"""Statuses move only along their tables, and the drawing of the tables is today's."""

import re
from contextlib import nullcontext

import pytest

from dev import states
from models.base import InvalidTransition

CASES = [
    pytest.param(kind, start, target, id=f"{kind.__name__}-{start}-{target}")
    for kind in states.tables()
    for start in type(kind.__table__.c.status.default.arg)
    for target in type(kind.__table__.c.status.default.arg)
]


@pytest.mark.parametrize(("kind", "start", "target"), CASES)
def test_status_moves_only_along_the_table(kind, start, target):
    row = kind(status=start)
    allowed = target in kind.TRANSITIONS.get(start, ())
    with nullcontext() if allowed else pytest.raises(InvalidTransition):
        row.move_to(target)
    assert row.status is (target if allowed else start)


def test_the_drawing_is_todays():
    assert states.FILE.read_text() == states.page(), "run `python -m dev.states`"


def test_each_status_is_told_of_in_whole_sentences():
    drawn = re.findall(r"^## (\w+)\n\n(.+?)\n\n```", states.page(), re.MULTILINE | re.DOTALL)
    assert len(drawn) == len(states.tables())
    assert [name for name, summary in drawn if not summary.endswith(".")] == []
