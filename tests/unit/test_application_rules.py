"""The applicant's half of «who may do what per state» (ux.md 5A), cell by cell."""

import pytest

from models.enums import ApplicationStatus
from services.application_rules import RULES, Action, Side, may, may_ever

TABLE = {
    # status: (innsender, kontaktperson)
    "draft": ("see_status read edit submit delete", ""),
    "submitted": ("see_status read receipt reopen withdraw", "see_status"),
    "in_review": ("see_status read receipt withdraw", "see_status"),
    "waiting": ("see_status read receipt answer edit_opened withdraw", "see_status read answer"),
    "granted": ("see_status read receipt resend", "see_status read resend"),
    "partly_granted": ("see_status read receipt resend", "see_status read resend"),
    "declined": ("see_status read receipt", "see_status read"),
    "withdrawn": ("see_status read receipt", "see_status read"),
}


@pytest.mark.parametrize("status", ApplicationStatus)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("action", Action)
def test_the_whole_table(status, side, action):
    allowed = TABLE[status][list(Side).index(side)].split()
    assert may(side, action, status) == (action in allowed)


def test_every_status_and_side_has_its_cell():
    assert set(RULES) == set(ApplicationStatus)
    assert all(set(sides) == set(Side) for sides in RULES.values())


def test_a_contact_person_never_edits():
    assert not any(may_ever(Side.CONTACT, action) for action in (Action.EDIT, Action.SUBMIT, Action.EDIT_OPENED))
    assert may_ever(Side.CONTACT, Action.ANSWER)
