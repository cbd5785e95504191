"""Deciding a case (vedtak, ux.md B4): one person decides, two where everybody is declined, and never a party (I1)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from models.application import AccessApplication, Decision
from models.enums import AccessLevel, ApplicationStatus, DecisionStatus, MessageKind, NomineeOutcome
from services import audit, case_checks, casework, grants, letters, mailbox, organisations, questions, settings
from services.access import Actor, require_fresh_login
from services.case_rules import CaseAction, require
from services.errors import Conflict, Forbidden
from services.letters import Outcome
from services.settings import Key


def proposal(application: AccessApplication) -> Decision | None:
    """The decision that waits for a colleague's approval, if any."""
    return next((decision for decision in application.decisions if decision.status is DecisionStatus.PROPOSED), None)


def needs_two(outcomes: Sequence[Outcome]) -> bool:
    """Where everybody is declined, one proposes and another approves."""
    return not any(outcome.is_granted for outcome in outcomes)


def decide(actor: Actor, application_id: UUID, outcomes: Sequence[Outcome], text: str) -> Decision:
    """Decide for every person in the case, with the letter's text as it was previewed.

    Afterwards the decision is final and its consequences are under way; or, where all are declined, it is proposed and
    waits for a colleague. An open question is withdrawn. Raises Conflict with who decided when somebody was first, or
    when the organisation changed the persons meanwhile, Forbidden for a party, NeedsFreshLogin, NotEligible or
    Unavailable when Enhetsregisteret says no or nothing, ValueError for outcomes that do not fit the case.
    """
    require_fresh_login(actor)
    application = casework.find(actor, application_id)
    require(actor, CaseAction.DECIDE, application)
    people = _people_of(application)
    if not needs_two(outcomes):
        _require_fresh_registry(application)  # before the lock: the answer may take its time
    application = casework.find(actor, application_id, lock=True)
    require(actor, CaseAction.DECIDE, application)
    if proposal(application) is not None:
        raise Conflict(_("Vedtaket venter på godkjenning fra en kollega."))
    if _people_of(application) != people:
        raise Conflict(_("Virksomheten har endret søknaden. Se over personene før du fatter vedtaket."))
    _require_fitting(application, outcomes, text)
    questions.withdraw_for_decision(actor, application)
    decision = Decision(
        application_id=application.id,
        status=DecisionStatus.PROPOSED,
        outcomes=[_as_stored(outcome) for outcome in outcomes],
        letter=letters.compose(application, outcomes, text),
        language=letters.language_of(application),
        proposed_by_id=actor.account_id,
        proposed_at=clock.now(),
    )
    application.decisions.append(decision)
    db.session.flush()  # the audit rows name it
    casework.mark_answer_seen(actor, application)
    if needs_two(outcomes):
        audit.record(actor, "decision.proposed", decision, application=application.id)
    else:
        _finish(actor, application, decision)
    return decision


def approve(actor: Actor, application_id: UUID) -> Decision:
    """The second person agrees that everybody is declined; the decision is final.

    Raises Forbidden for the one who proposed it, Conflict when it was approved, returned or overtaken meanwhile.
    """
    require_fresh_login(actor)
    application, decision = _waiting_proposal(actor, application_id)
    decision.approved_by_id = actor.account_id
    _finish(actor, application, decision)
    return decision


def send_back(actor: Actor, application_id: UUID, reason: str) -> None:
    """The second person does not agree: the proposal is returned, with the reason as an internal note."""
    application, decision = _waiting_proposal(actor, application_id)
    decision.move_to(DecisionStatus.RETURNED)
    casework.add_note(actor, application, reason)
    audit.record(actor, "decision.returned", decision, application=application.id)


def take_back(actor: Actor, application_id: UUID) -> None:
    """The one who proposed the decision withdraws it, to change it."""
    application = casework.find(actor, application_id, lock=True)
    require(actor, CaseAction.DECIDE, application)
    decision = proposal(application)
    if decision is None or decision.proposed_by_id != actor.account_id:
        raise Conflict(_("Forslaget er ikke lenger ditt å trekke."))
    decision.move_to(DecisionStatus.RETURNED)
    audit.record(actor, "decision.taken_back", decision, application=application.id)


def uphold_appeal(actor: Actor, application: AccessApplication, reason: str) -> None:
    """An appeal against a refusal is upheld: the case is under review again, with somebody who took no part in it.

    The first decision stays; submitter and contact person are told.
    """
    require(actor, CaseAction.UPHOLD_APPEAL, application)
    application.move_to(ApplicationStatus.IN_REVIEW)
    application.caseworker_id = actor.account_id
    application.due_on = clock.today() + timedelta(days=settings.value(Key.PROCESSING_DAYS))
    for nominee in application.nominees:
        nominee.outcome, nominee.granted_level, nominee.decline_reason = NomineeOutcome.PENDING, None, None
    audit.record(actor, "application.appeal_upheld", application)
    note = casework.add_note(actor, application, reason)
    mailbox.queue_about(application, MessageKind.APPEAL_UPHELD, note.id)


def outcomes_of(decision: Decision) -> list[Outcome]:
    """What a stored decision says for each person."""
    return [
        Outcome(
            UUID(stored["nominee_id"]),
            NomineeOutcome(stored["outcome"]),
            AccessLevel(stored["level"]) if stored["level"] else None,
            stored["reason"],
        )
        for stored in decision.outcomes
    ]


def _waiting_proposal(actor: Actor, application_id: UUID) -> tuple[AccessApplication, Decision]:
    application = casework.find(actor, application_id, lock=True)
    require(actor, CaseAction.DECIDE, application)
    decision = proposal(application)
    if decision is None:
        raise Conflict(_("Forslaget er ikke lenger til godkjenning."))
    if decision.proposed_by_id == actor.account_id:
        raise Forbidden(_("Du har foreslått vedtaket. En kollega må godkjenne det."))
    return application, decision


def _require_fresh_registry(application: AccessApplication) -> None:
    """Access is given only on an answer from Enhetsregisteret that is less than a day old."""
    organisation = application.organisation
    if not case_checks.is_registry_fresh(organisation) and not organisations.reverify(organisation):
        raise Unavailable("enhetsregisteret")


def _people_of(application: AccessApplication) -> list[tuple[object, ...]]:
    """Whom the case is about and what for, to tell whether an answer has changed it."""
    return [
        (
            nominee.id,
            nominee.name,
            nominee.national_id_index,
            nominee.email,
            nominee.mobile,
            nominee.job_title,
            nominee.access_level,
        )
        for nominee in application.nominees
    ]


def _require_fitting(application: AccessApplication, outcomes: Sequence[Outcome], text: str) -> None:
    """One outcome a person, no level above the one applied for (D9), a reason for each refusal, the right to appeal."""
    wanted = {nominee.id: nominee.access_level for nominee in application.nominees}
    fits = (
        len(outcomes) == len(wanted)
        and {outcome.nominee_id for outcome in outcomes} == set(wanted)
        and all(
            outcome.level is not None and outcome.level.rank <= wanted[outcome.nominee_id].rank
            if outcome.is_granted
            else outcome.outcome is NomineeOutcome.DECLINED and outcome.reason.strip()
            for outcome in outcomes
        )
        and letters.has_appeal(text)
    )
    if not fits:
        raise ValueError("the outcomes do not fit the case")


def _finish(actor: Actor, application: AccessApplication, decision: Decision) -> None:
    now = clock.now()
    decision.move_to(DecisionStatus.FINAL)
    decision.decided_at = application.decided_at = now
    application.has_new_answer = False
    by_id = {outcome.nominee_id: outcome for outcome in outcomes_of(decision)}
    for nominee in application.nominees:
        outcome = by_id[nominee.id]
        nominee.outcome = outcome.outcome
        nominee.granted_level = outcome.level if outcome.is_granted else None
        nominee.decline_reason = None if outcome.is_granted else outcome.reason
    granted = [nominee for nominee in application.nominees if nominee.outcome is NomineeOutcome.GRANTED]
    application.move_to(_status_after(len(granted), len(application.nominees)))
    db.session.flush()  # I1: the decision stands before any grant that comes of it
    audit.record(
        actor,
        "decision.made",
        decision,
        application=application.id,
        granted=len(granted),
        declined=len(application.nominees) - len(granted),
        proposed_by=decision.proposed_by_id,
    )
    for nominee in granted:
        assert nominee.granted_level is not None
        grants.open_for(actor, nominee, nominee.granted_level, application)
    kind = MessageKind.APPLICATION_GRANTED if granted else MessageKind.APPLICATION_DECLINED
    mailbox.queue_about(application, kind, decision.id)


def _status_after(granted: int, people: int) -> ApplicationStatus:
    if granted == people:
        return ApplicationStatus.GRANTED
    return ApplicationStatus.PARTLY_GRANTED if granted else ApplicationStatus.DECLINED


def _as_stored(outcome: Outcome) -> dict[str, Any]:
    stored = asdict(outcome)
    stored["nominee_id"] = str(outcome.nominee_id)
    stored["level"] = outcome.level.value if outcome.is_granted and outcome.level else None
    stored["reason"] = "" if outcome.is_granted else outcome.reason
    return stored
