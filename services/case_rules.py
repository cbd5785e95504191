"""Who at the Directorate may do what in a case, as one table (security.md sections 8 and 9, ux.md 5A)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Date, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from extensions import clock
from extensions.database import db
from extensions.language import show_datetime
from models.account import Account
from models.application import AccessApplication, ContactPerson, Decision, Nominee, Question
from models.enums import ApplicationStatus, DecisionStatus, GrantStatus, Role
from models.grant import Grant
from services import national_ids, settings, words
from services.access import DECIDING_ROLES, STAFF_ROLES, Actor
from services.errors import Conflict, DomainError, Forbidden
from services.settings import Key


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
    PROVISIONAL_REPLY = "provisional_reply"
    DECIDE = "decide"
    UPHOLD_APPEAL = "uphold_appeal"


class NotTaken(Conflict):
    """The case must be taken before this can be done to it."""


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
    CaseAction.PROVISIONAL_REPLY: Rule(DECIDING_ROLES, OPEN, new_eyes=True),
    CaseAction.DECIDE: Rule(DECIDING_ROLES, frozenset({S.IN_REVIEW, S.WAITING}), new_eyes=True),
    CaseAction.UPHOLD_APPEAL: Rule(DECIDING_ROLES, frozenset({S.DECLINED}), new_eyes=True),
}


@dataclass(frozen=True)
class Standing:
    """How an actor stands to one case."""

    ground: Ground | None
    has_decided: bool


FREE_TO_WORK = Standing(ground=None, has_decided=False)
"""Neither a party, nor of those who decided before."""


def standing(account_id: UUID, application: AccessApplication) -> Standing:
    """Whether the account is a party in the case, by account, number or access; whether it has decided here before."""
    return standings([account_id], application)[account_id]


def standings(account_ids: Collection[UUID], application: AccessApplication) -> dict[UUID, Standing]:
    """How each account stands to the case, in one query.

    The numbers that are named in the case are compared here, not there: an account's number is sealed.
    """
    this = AccessApplication.id == application.id
    acted = or_(AccessApplication.submitter_id == Account.id, AccessApplication.changed_by_id == Account.id)
    uses = and_(Grant.organisation_id == application.organisation_id, Grant.status != GrantStatus.ENDED)
    named, contact, using = Nominee.national_id_index, ContactPerson.national_id_index, aliased(Nominee)
    found = db.session.execute(
        select(
            Account,
            or_(
                exists().where(this, acted),
                exists().where(Question.application_id == application.id, Question.answered_by_id == Account.id),
            ),
            _all_of(select(named).where(Nominee.application_id == application.id)),
            _all_of(select(contact).where(ContactPerson.application_id == application.id)),
            or_(
                exists().where(AccessApplication.organisation_id == application.organisation_id, acted),
                exists().where(uses, Grant.account_id == Account.id),
            ),
            _all_of(select(using.national_id_index).join(Grant, Grant.nominee_id == using.id).where(uses)),
            exists().where(
                Decision.application_id == application.id,
                Decision.status == DecisionStatus.FINAL,
                or_(Decision.proposed_by_id == Account.id, Decision.approved_by_id == Account.id),
            ),
        ).where(Account.id.in_(account_ids))
    )
    result = {}
    for account, took_part, nominees, contacts, belongs, users, has_decided in found:
        number = national_ids.read(account)
        indexes = set(national_ids.indexes_of(number)) if number else set()
        grounds = {
            Ground.SUBMITTER: took_part,
            Ground.NOMINEE: not indexes.isdisjoint(nominees),
            Ground.CONTACT: not indexes.isdisjoint(contacts),
            Ground.ORGANISATION: belongs or not indexes.isdisjoint(users),
        }
        result[account.id] = Standing(next((ground for ground, holds in grounds.items() if holds), None), has_decided)
    return result


def _all_of(values: Select[Any]) -> ColumnElement[list[bytes]]:
    return func.array(values.scalar_subquery())


def refusal(role: Role, action: CaseAction, application: AccessApplication, found: Standing) -> DomainError | None:
    """Why somebody in `role`, standing so to the case, may not do `action` now; None when the way is open."""
    rule = RULES[action]
    if role not in rule.roles:
        return Forbidden(_("Rollen din kan lese saken, men ikke behandle den."))
    if application.status not in rule.statuses:
        is_early = application.status is S.SUBMITTED and S.IN_REVIEW in rule.statuses
        return (NotTaken if is_early else Conflict)(state_text(application))
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


def require(actor: Actor, action: CaseAction, application: AccessApplication) -> Standing:
    """How the actor stands to the case, when he or she may do `action` to it now; else Forbidden or Conflict."""
    found = standing(actor.account_id, application)
    problem = refusal(actor.role, action, application, found)
    if problem is not None:
        raise problem
    return found


def open_actions(actor: Actor, application: AccessApplication, found: Standing) -> frozenset[CaseAction]:
    """Everything the actor may do to the case now; what the page shows buttons for."""
    return frozenset(action for action in CaseAction if refusal(actor.role, action, application, found) is None)


_RECEIVED_ON = func.date(func.timezone(clock.OSLO.key, AccessApplication.submitted_at), type_=Date)


def has_waited(days: Key) -> ColumnElement[bool]:
    """Applications nobody has decided for so many days, in Oslo, whose organisation has not been told why
    (forvaltningsloven § 11 a). One opened again after an appeal was answered once, and is not of them."""
    return and_(
        AccessApplication.status.in_(OPEN),
        AccessApplication.decided_at.is_(None),
        AccessApplication.provisional_reply_at.is_(None),
        _RECEIVED_ON + settings.in_sql(days) <= clock.today(),
    )


def reply_on() -> ColumnElement[date | None]:
    """The day the system sends an application's provisional reply, once somebody should; until then none."""
    day = func.greatest(_RECEIVED_ON + settings.in_sql(Key.PROVISIONAL_REPLY_DAYS), clock.today())
    return case((has_waited(Key.PROVISIONAL_TASK_DAYS), day))


def state_text(application: AccessApplication) -> str:
    """What has become of a case, for somebody who came too late."""
    if application.status in DECIDED and application.decided_at is not None:
        decision = application.decision_in_force
        by = (decision.approved_by or decision.proposed_by).name if decision else "–"
        text = _("Vedtaket er fattet %(tid)s av %(navn)s.", tid=show_datetime(application.decided_at), navn=by)
    elif application.status is S.WITHDRAWN and application.withdrawn_at is not None:
        text = _("Virksomheten trakk søknaden %(tid)s.", tid=show_datetime(application.withdrawn_at))
    else:
        text = _("Saken har nå statusen «%(status)s».", status=words.APPLICATION_STATUS[application.status][0])
    return str(text)
