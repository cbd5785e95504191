"""Asking the organisation for more (ux.md B3): one open question at a time; its deadline moves the case's own."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import gettext as _

from extensions import clock
from extensions.database import db
from models.application import AccessApplication, Question
from models.enums import ApplicationStatus, DecisionStatus, MessageKind, QuestionStatus
from services import audit, casework, mailbox, settings
from services.access import Actor
from services.case_rules import CaseAction, require
from services.errors import Conflict
from services.settings import Key

SHORTEST, LONGEST = timedelta(days=3), timedelta(days=365)


def default_due() -> date:
    """The deadline a new question starts with."""
    return clock.today() + timedelta(days=settings.value(Key.ANSWER_DAYS))


def earliest_due() -> date:
    return clock.today() + SHORTEST


def latest_due() -> date:
    return clock.today() + LONGEST


def ask(
    actor: Actor, application: AccessApplication, *, text: str, due_on: date, opened_steps: Sequence[str] = ()
) -> Question:
    """Send a question; the case waits, the chosen parts are open, and both recipients get e-mail 2.

    The Directorate's own deadline is moved by as long as the organisation has to answer. Raises Conflict while a
    proposed decision waits for a colleague; ValueError for a deadline nearer than three days.
    """
    require(actor, CaseAction.ASK, application)
    if any(decision.status is DecisionStatus.PROPOSED for decision in application.decisions):
        raise Conflict(_("Vedtaket venter på godkjenning fra en kollega."))
    _require_time(due_on)
    application.move_to(ApplicationStatus.WAITING)
    casework.mark_answer_seen(actor, application)
    question = Question(
        application_id=application.id,
        text=text,
        opened_steps=list(opened_steps),
        due_on=due_on,
        asked_by_id=actor.account_id,
        asked_at=clock.now(),
        status=QuestionStatus.OPEN,
    )
    application.questions.append(question)
    db.session.flush()  # the e-mail and the audit row name it
    _move_own_deadline(application, due_on - clock.today())
    _tell(application, question)
    audit.record(
        actor,
        "question.asked",
        question,
        application=application.id,
        due_on=due_on.isoformat(),
        opened=list(opened_steps),
    )
    return question


def withdraw(actor: Actor, application: AccessApplication) -> None:
    """Take the open question back; the case goes on. Raises Conflict when it was answered meanwhile."""
    require(actor, CaseAction.CHANGE_QUESTION, application)
    _withdraw(actor, application, _required(application))


def extend(actor: Actor, application: AccessApplication, due_on: date) -> None:
    """Give the organisation longer to answer, and tell it. Raises ValueError for a date too near or not later."""
    require(actor, CaseAction.CHANGE_QUESTION, application)
    question = _required(application)
    _require_time(due_on)
    if due_on <= question.due_on:
        raise ValueError("not later than before")
    _move_own_deadline(application, due_on - question.due_on)
    question.due_on = due_on
    _tell(application, question)
    audit.record(actor, "question.extended", question, application=application.id, due_on=due_on.isoformat())


def withdraw_for_decision(actor: Actor, application: AccessApplication) -> None:
    """The case is decided although nobody answered: the question is closed with it."""
    question = application.open_question
    if question is not None:
        _withdraw(actor, application, question)


def _required(application: AccessApplication) -> Question:
    question = application.open_question
    if question is None:
        raise Conflict(_("Spørsmålet er besvart."))
    return question


def _withdraw(actor: Actor, application: AccessApplication, question: Question) -> None:
    question.move_to(QuestionStatus.WITHDRAWN)
    application.move_to(ApplicationStatus.IN_REVIEW)
    _move_own_deadline(application, -max(question.due_on - clock.today(), timedelta(0)))
    audit.record(actor, "question.withdrawn", question, application=application.id)


def _require_time(due_on: date) -> None:
    if not earliest_due() <= due_on <= latest_due():
        raise ValueError("too near or too far")


def _move_own_deadline(application: AccessApplication, by: timedelta) -> None:
    if application.due_on is not None:
        application.due_on += by


def _tell(application: AccessApplication, question: Question) -> None:
    mailbox.queue_about(
        application, MessageKind.MORE_INFORMATION, f"{question.id}|{question.due_on}", due_on=question.due_on
    )
