"""After an application is handed in: receipt, status, answers, and taking it back (ux.md A7–A10)."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import downloads
from blueprints.applications.common import address_of, bp, open_step, page
from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.step_pages import is_autosave, is_partial, saved_quietly
from forms.applications import AnswerForm
from models.application import AccessApplication
from models.enums import ApplicationStatus
from services import applications, invitations, settings, snapshots, words
from services.application_drafts import nominee_at
from services.application_rules import Action, Side, may
from services.application_steps import Step, gaps
from services.errors import Incomplete, NotFound
from services.settings import Key


@bp.get("/<uuid:application_id>/kvittering")
@open_to(Role.SUBMITTER)
def receipt(application_id: UUID) -> ResponseReturnValue:
    application = applications.find(actor(), application_id)
    if application.status is ApplicationStatus.DRAFT:
        return redirect(url_for(".go_on", application_id=application_id), 303)
    applications.require(actor(), Action.RECEIPT, application)
    return page(
        "receipt",
        application,
        contact=snapshots.contact_of(application)["name"],
        size=applications.deliveries(application).receipt_size,
        days=settings.value(Key.PROCESSING_DAYS),
    )


@bp.get("/<uuid:application_id>/kvittering.pdf")
@open_to(Role.SUBMITTER)
def receipt_file(application_id: UUID) -> ResponseReturnValue:
    application = applications.find(actor(), application_id, people=False)
    applications.require(actor(), Action.RECEIPT, application)
    content = application.receipt_pdf
    if content is None:
        return redirect(url_for(".receipt", application_id=application_id), 303)
    applications.note_viewed(actor(), application, "kvittering.pdf")
    return downloads.attachment(content, f"kvittering-{application.reference}.pdf", "application/pdf")


@bp.get("/<uuid:application_id>/status")
@open_to(Role.SUBMITTER)
def status(application_id: UUID) -> ResponseReturnValue:
    application = applications.find(actor(), application_id, course=True)
    side = applications.side_of(actor(), application) or Side.CONTACT
    allowed = frozenset(action for action in Action if may(side, action, application.status))
    may_read = Action.READ in allowed
    if may_read:
        applications.note_viewed(actor(), application, "status")
    made = applications.deliveries(application)
    return page(
        "status",
        application,
        allowed=allowed,
        events=applications.timeline(application),
        question=application.open_question,
        letter=may_read and application.decided_at is not None,
        grants=applications.grants_of(application) if may_read else {},
        undelivered=made.undelivered if may_read else (),
        contact=snapshots.contact_of(application),
        size=made.receipt_size,
        limit=_limit(application),
    )


def _limit(application: AccessApplication) -> datetime | None:
    """The day the status text names: when a draft is deleted, or how long one may appeal."""
    if application.status is ApplicationStatus.DRAFT:
        return application.changed_at + timedelta(days=settings.value(Key.DRAFT_DAYS))
    if application.status is ApplicationStatus.DECLINED and application.decided_at is not None:
        return application.decided_at + timedelta(weeks=settings.value(Key.APPEAL_WEEKS))
    return None


@bp.post("/<uuid:application_id>/personer/<int:position>/inviter")
@open_to(Role.SUBMITTER)
def invite_again(application_id: UUID, position: int) -> ResponseReturnValue:
    """Send a person the invitation again, in place of the last one."""
    application = applications.find(actor(), application_id)
    applications.require(actor(), Action.RESEND, application)
    nominee = nominee_at(application, position)
    grant = applications.grants_of(application).get(nominee.id)
    if grant is None:
        raise NotFound
    invitations.resend(actor(), grant)
    flash(_("Vi sender en ny invitasjon til %(navn)s.", navn=nominee.name), "success")
    return redirect(url_for(".status", application_id=application_id), 303)


@bp.route("/<uuid:application_id>/svar", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def answer(application_id: UUID) -> ResponseReturnValue:
    """Answer the question; its opened parts are changed on their own pages, and the text begun on is kept meanwhile."""
    application = applications.find(actor(), application_id, lock=request.method == "POST")
    question = application.open_question
    if application.status is not ApplicationStatus.WAITING or question is None:
        text = AnswerForm(held=held_fields()).answer.data
        if text and not is_autosave() and text not in [one.answer for one in application.questions]:
            return page("answer_late", application, text=text, last=next(reversed(application.questions), None)), 409
        flash(_("Det er ingen spørsmål som venter på svar."), "info")
        return redirect(url_for(".status", application_id=application_id), 303)
    side = applications.require(actor(), Action.ANSWER, application)
    form = AnswerForm(obj=question, held=held_fields())
    opened = [Step(step) for step in question.opened_steps]
    others, mine = ([], opened) if may(side, Action.EDIT_OPENED, application.status) else (opened, [])
    if not others:
        del form.parts_done
    problems = []
    if form.is_submitted() and (is_autosave() or _wanted_part(mine) or is_partial()):
        if "answer" in (answers := form.valid_answers()):
            applications.keep_answer(actor(), application, answers["answer"])
        if is_autosave():
            return saved_quietly(form, question)
        part = _wanted_part(mine)
        return redirect(address_of(part, application) if part else url_for(".overview"), 303)
    if form.validate_on_submit():
        try:
            applications.answer(actor(), application, form.answer.data)
        except Incomplete:
            problems = gaps(application, application.submitter_id)
        else:
            flash(_("Svaret er sendt. Saksbehandleren ser på det."), "success")
            return redirect(url_for(".status", application_id=application_id), 303)
    return (
        page(
            "answer",
            application,
            question=question,
            form=form,
            opened=mine,
            others=", ".join(str(words.OPENED_STEP[step]).lower() for step in others),
            summary_errors=[(gap.text, f"#{gap.step}") for gap in problems],
        ),
        form.status_code,
    )


def _wanted_part(opened: list[Step]) -> Step | None:
    """The opened part whose button was pressed."""
    return next((step for step in opened if step == request.form.get("go")), None)


@bp.route("/<uuid:application_id>/endre", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def reopen(application_id: UUID) -> ResponseReturnValue:
    application = _asked(application_id, Action.REOPEN)
    if request.method == "GET":
        return page("reopen", application)
    applications.reopen(actor(), application)
    flash(_("Søknaden er åpnet for endring. Husk å sende den inn på nytt."), "success")
    return redirect(address_of(Step.CHECK, application), 303)


@bp.route("/<uuid:application_id>/trekk", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def withdraw(application_id: UUID) -> ResponseReturnValue:
    application = _asked(application_id, Action.WITHDRAW)
    if request.method == "GET":
        return page("withdraw", application)
    applications.withdraw(actor(), application)
    flash(_("Søknaden er trukket."), "success")
    return redirect(url_for(".status", application_id=application_id), 303)


@bp.route("/<uuid:application_id>/slett", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def delete(application_id: UUID) -> ResponseReturnValue:
    application = open_step(application_id, Step.SUBMITTER)
    applications.require(actor(), Action.DELETE, application)
    if request.method == "GET":
        return page("delete", application)
    applications.delete(actor(), application)
    flash(_("Utkastet er slettet."), "success")
    return redirect(url_for(".overview"), 303)


def _asked(application_id: UUID, action: Action) -> AccessApplication:
    """The application of a page that asks «are you sure»; open only while the act itself is."""
    application = applications.find(actor(), application_id, lock=request.method == "POST")
    applications.require(actor(), action, application)
    return application
