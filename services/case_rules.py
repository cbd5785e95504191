"""Who at the Directorate may do what in a case, as one table (security.md sections 8 and 9, ux.md 5A)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, exists, or_, select

from extensions.database import db
from extensions.language import show_datetime
from models.account import Account
from models.application import AccessApplication, ContactPerson, Decision, Nominee, Question
from models.base import HasNationalId
from models.enums import ApplicationStatus, DecisionStatus, GrantStatus, Role
from models.grant import Grant
from services import national_ids, words
from services.access import DECIDING_ROLES, STAFF_ROLES, Actor
from services.errors import Conflict, DomainError, Forbidden


class CaseAction(StrEnum):
    READ = "read"
    READ_NOTES = "read_notes"
    TAKE = "take"
    HAND_OVER = "hand_over"
    NOTE = "note"
    CHECK_AGAIN = "check_again"
    SEE_NUMBER = "see_number"
    ASK = "ask"
    CHANGE_QUESTION = "change_question"
    DECIDE = "decide"
    UPHOLD_APPEAL = "uphold_appeal"


class Ground(StrEnum):
    """Why somebody is a party, and may neither prepare nor decide the case (forvaltningsloven § 6)."""

    SUBMITTER = "submitter"
    NOMINEE = "nominee"
    CONTACT = "contact"
    ORGANISATION = "organisation"


GROUND_TEXT = {
    Ground.SUBMITTER: _l("Du har sendt inn eller svart i saken."),
    Ground.NOMINEE: _l("Du er en av personene saken gjelder."),
    Ground.CONTACT: _l("Du er kontaktperson i saken."),
    Ground.ORGANISATION: _l("Du hører til virksomheten saken gjelder."),
}

S = ApplicationStatus
SENT = frozenset(S) - {S.DRAFT}
OPEN = frozenset({S.SUBMITTED, S.IN_REVIEW, S.WAITING})
DECIDED = frozenset({S.GRANTED, S.PARTLY_GRANTED, S.DECLINED})


@dataclass(frozen=True)
class Rule:
    roles: frozenset[Role]
    statuses: frozenset[ApplicationStatus]
    impartial: bool = True
    """Closed to a party in the case."""
    new_eyes: bool = False
    """Closed to those who took part in an earlier decision in the case: an appeal is another's work."""


RULES = {
    CaseAction.READ: Rule(STAFF_ROLES, SENT, impartial=False),
    CaseAction.READ_NOTES: Rule(STAFF_ROLES, SENT),
    CaseAction.TAKE: Rule(DECIDING_ROLES, OPEN, new_eyes=True),
    CaseAction.HAND_OVER: Rule(DECIDING_ROLES, OPEN, impartial=False),
    CaseAction.NOTE: Rule(DECIDING_ROLES, SENT),
    CaseAction.CHECK_AGAIN: Rule(DECIDING_ROLES, OPEN),
    CaseAction.SEE_NUMBER: Rule(DECIDING_ROLES, SENT),
    CaseAction.ASK: Rule(DECIDING_ROLES, frozenset({S.IN_REVIEW}), new_eyes=True),
    CaseAction.CHANGE_QUESTION: Rule(DECIDING_ROLES, frozenset({S.WAITING}), new_eyes=True),
    CaseAction.DECIDE: Rule(DECIDING_ROLES, frozenset({S.IN_REVIEW, S.WAITING}), new_eyes=True),
    CaseAction.UPHOLD_APPEAL: Rule(DECIDING_ROLES, frozenset({S.DECLINED}), new_eyes=True),
}


@dataclass(frozen=True)
class Standing:
    """How an actor stands to one case."""

    ground: Ground | None
    has_decided: bool


def standing(account_id: UUID, application: AccessApplication) -> Standing:
    """Whether the account is a party in the case, by account, number or access; whether it has decided here before."""
    account = db.session.get_one(Account, account_id)
    number = national_ids.read(account)
    indexes = national_ids.indexes_of(number) if number else []

    def is_named(row: type[HasNationalId]) -> ColumnElement[bool]:
        return row.national_id_index.in_(indexes)

    this = AccessApplication.id == application.id
    same_organisation = AccessApplication.organisation_id == application.organisation_id
    acted = or_(AccessApplication.submitter_id == account_id, AccessApplication.changed_by_id == account_id)
    answered = exists().where(Question.application_id == application.id, Question.answered_by_id == account_id)
    named = exists().where(Nominee.application_id == application.id, is_named(Nominee))
    contact = exists().where(ContactPerson.application_id == application.id, is_named(ContactPerson))
    applied = exists().where(same_organisation, acted)
    has_access = exists().where(
        Grant.organisation_id == application.organisation_id,
        Grant.status != GrantStatus.ENDED,
        Grant.nominee_id == Nominee.id,
        or_(Grant.account_id == account_id, is_named(Nominee)),
    )
    decided = exists().where(
        Decision.application_id == application.id,
        Decision.status == DecisionStatus.FINAL,
        or_(Decision.proposed_by_id == account_id, Decision.approved_by_id == account_id),
    )
    sent_in, replied, is_nominee, is_contact, has_applied, is_user, has_decided = db.session.execute(
        select(exists().where(this, acted), answered, named, contact, applied, has_access, decided)
    ).one()
    grounds = {
        Ground.SUBMITTER: sent_in or replied,
        Ground.NOMINEE: is_nominee,
        Ground.CONTACT: is_contact,
        Ground.ORGANISATION: has_applied or is_user,
    }
    return Standing(next((ground for ground, holds in grounds.items() if holds), None), has_decided)


def refusal(role: Role, action: CaseAction, application: AccessApplication, found: Standing) -> DomainError | None:
    """Why somebody in `role`, standing so to the case, may not do `action` now; None when the way is open."""
    rule = RULES[action]
    if role not in rule.roles:
        return Forbidden(_("Rollen din kan lese saken, men ikke behandle den."))
    if application.status not in rule.statuses:
        return Conflict(state_text(application))
    if rule.impartial and found.ground is not None:
        return Forbidden(
            _(
                "%(grunn)s Derfor kan du ikke gjøre dette (forvaltningsloven § 6).",
                grunn=GROUND_TEXT[found.ground],
            )
        )
    if rule.new_eyes and found.has_decided:
        return Forbidden(_("Du var med på det første vedtaket i saken. En annen saksbehandler må ta klagen."))
    return None


def require(actor: Actor, action: CaseAction, application: AccessApplication) -> None:
    """Raise Forbidden or Conflict, with the reason, unless the actor may do `action` to the case now."""
    problem = refusal(actor.role, action, application, standing(actor.account_id, application))
    if problem is not None:
        raise problem


def open_actions(actor: Actor, application: AccessApplication, found: Standing) -> frozenset[CaseAction]:
    """Everything the actor may do to the case now; what the page shows buttons for."""
    return frozenset(action for action in CaseAction if refusal(actor.role, action, application, found) is None)


def state_text(application: AccessApplication) -> str:
    """What has become of a case, for somebody who came too late."""
    if application.status in DECIDED and application.decided_at is not None:
        final = [decision for decision in application.decisions if decision.status is DecisionStatus.FINAL]
        by = (final[-1].approved_by or final[-1].proposed_by).name if final else None
        text = _("Vedtaket er fattet %(tid)s av %(navn)s.", tid=show_datetime(application.decided_at), navn=by or "–")
    elif application.status is S.WITHDRAWN and application.withdrawn_at is not None:
        text = _("Virksomheten trakk søknaden %(tid)s.", tid=show_datetime(application.withdrawn_at))
    else:
        text = _("Saken har nå statusen «%(status)s».", status=words.APPLICATION_STATUS[application.status][0])
    return str(text)
