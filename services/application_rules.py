"""What the applicant's side may do with an application in each status, as one table (ux.md 5A).

The Directorate's half of the same table is services/case_rules.py.
"""

from collections.abc import Mapping
from enum import StrEnum

from models.enums import ApplicationStatus

S = ApplicationStatus


class Side(StrEnum):
    """How a person stands to an application."""

    APPLICANT = "applicant"
    """Holds the filling-in right for the organisation (innsender), whoever began the application."""
    CONTACT = "contact"
    """Is named in it as the contact person."""


class Action(StrEnum):
    SEE_STATUS = "see_status"
    READ = "read"
    """The content and the persons."""
    RECEIPT = "receipt"
    EDIT = "edit"
    SUBMIT = "submit"
    DELETE = "delete"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    ANSWER = "answer"
    EDIT_OPENED = "edit_opened"
    """Change the parts that the open question opened."""
    RESEND = "resend"
    """Send an invitation again."""


A = Action
NOTHING: frozenset[Action] = frozenset()
SEE = frozenset({A.SEE_STATUS})
READ = SEE | {A.READ}
KEEP = READ | {A.RECEIPT}

RULES: Mapping[ApplicationStatus, Mapping[Side, frozenset[Action]]] = {
    S.DRAFT: {Side.APPLICANT: READ | {A.EDIT, A.SUBMIT, A.DELETE}, Side.CONTACT: NOTHING},
    S.SUBMITTED: {Side.APPLICANT: KEEP | {A.REOPEN, A.WITHDRAW}, Side.CONTACT: SEE},
    S.IN_REVIEW: {Side.APPLICANT: KEEP | {A.WITHDRAW}, Side.CONTACT: SEE},
    S.WAITING: {
        Side.APPLICANT: KEEP | {A.ANSWER, A.EDIT_OPENED, A.WITHDRAW},
        Side.CONTACT: READ | {A.ANSWER},
    },
    S.GRANTED: {Side.APPLICANT: KEEP | {A.RESEND}, Side.CONTACT: READ | {A.RESEND}},
    S.PARTLY_GRANTED: {Side.APPLICANT: KEEP | {A.RESEND}, Side.CONTACT: READ | {A.RESEND}},
    S.DECLINED: {Side.APPLICANT: KEEP, Side.CONTACT: READ},
    S.WITHDRAWN: {Side.APPLICANT: KEEP, Side.CONTACT: READ},
}


def may(side: Side, action: Action, status: ApplicationStatus) -> bool:
    """Whether somebody on `side` may do `action` while the application is in `status`."""
    return action in RULES[status][side]


def may_ever(side: Side, action: Action) -> bool:
    """Whether `side` may do `action` in any status: then a no is about time, not about the person."""
    return any(action in sides[side] for sides in RULES.values())
