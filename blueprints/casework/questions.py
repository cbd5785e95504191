"""B3: ask the organisation for more, take the question back, or give it longer."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.casework.blueprint import DECIDING, bp, found_case
from blueprints.guard import actor, held_fields, open_to
from extensions.language import show_date
from forms.casework import DeadlineForm, QuestionForm
from models.application import AccessApplication
from services import casework, letters, questions
from services.case_rules import CaseAction
from services.errors import Conflict


@bp.route("/sak/<uuid:application_id>/sporsmal", methods=["GET", "POST"])
@open_to(*DECIDING)
def ask(application_id: UUID) -> ResponseReturnValue:
    application = found_case(application_id, CaseAction.ASK, lock=request.method == "POST")
    form = QuestionForm(first=letters.language_of(application), held=held_fields())
    if form.is_submitted() and form.fetch.data:
        form.add_ready_text()
        return _question_page(application, form)
    if form.validate_on_submit():
        questions.ask(
            actor(),
            application,
            text=form.text.data,
            due_on=form.due_on.data,
            opened_steps=form.opened_steps.data or [],
        )
        flash(_("Spørsmålet er sendt."), "success")
        return _to_messages(application)
    casework.note_opened(actor(), application, "question", ["contact"])
    return _question_page(application, form), form.status_code


def _question_page(application: AccessApplication, form: QuestionForm) -> str:
    return render_template(
        "casework/question.html",
        application=application,
        form=form,
        contact=application.contact_details,
        letter_language=letters.language_of(application),
    )


@bp.post("/sak/<uuid:application_id>/sporsmal/trekk")
@open_to(*DECIDING)
def withdraw_question(application_id: UUID) -> ResponseReturnValue:
    application = casework.find(actor(), application_id, lock=True)
    questions.withdraw(actor(), application)
    flash(_("Spørsmålet er trukket."), "success")
    return _to_messages(application)


@bp.route("/sak/<uuid:application_id>/sporsmal/frist", methods=["GET", "POST"])
@open_to(*DECIDING)
def extend_deadline(application_id: UUID) -> ResponseReturnValue:
    application = found_case(application_id, CaseAction.CHANGE_QUESTION, lock=request.method == "POST")
    question = application.open_question
    if question is None:
        raise Conflict(_("Spørsmålet er besvart."))
    form = DeadlineForm(now=question.due_on, held=held_fields())
    if form.validate_on_submit():
        questions.extend(actor(), application, form.due_on.data)
        day = show_date(form.due_on.data)
        flash(_("Svarfristen er nå %(dato)s. Virksomheten får e-post om det.", dato=day), "success")
        return _to_messages(application)
    page = render_template("casework/deadline.html", application=application, question=question, form=form)
    return page, form.status_code


def _to_messages(application: AccessApplication) -> ResponseReturnValue:
    return redirect(url_for("casework.messages", application_id=application.id), 303)
