"""B4: the decision. Form → the exact letter → decided; or, where everybody is declined, approved by a colleague."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.casework.blueprint import DECIDING, STAFF, bp, found_case
from blueprints.guard import actor, held_fields, open_to
from extensions import clock
from forms.casework import DecisionForm, ReturnForm, decision_form
from models.application import AccessApplication
from services import audit, case_checks, case_rules, casework, decisions, letters
from services.case_rules import CaseAction
from services.organisations import NotEligible


@bp.get("/sak/<uuid:application_id>/vedtak/brev")
@open_to(*STAFF)
def decision(application_id: UUID) -> ResponseReturnValue:
    """The letter that was sent, read-only; or the one that waits for approval."""
    application = found_case(application_id)
    found = application.decision_in_force or decisions.proposal(application)
    if found is None:
        return redirect(url_for("casework.case", application_id=application.id), 303)
    casework.note_opened(actor(), application, "decision", ["decision"])
    return render_template(
        "casework/decision.html",
        application=application,
        decision=found,
        letter=letters.letter_of_decision(application, found),
    )


@bp.route("/sak/<uuid:application_id>/vedtak", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def decide(application_id: UUID) -> ResponseReturnValue:
    """The form and the preview, which are one form on one address: nothing is kept before it is decided.

    Where every check is in order the page begins with the preview of a decision that grants what was applied for.
    """
    application = casework.find(actor(), application_id)
    if request.method == "GET" and application.status in case_rules.DECIDED:
        return redirect(url_for("casework.decision", application_id=application.id), 303)
    case_rules.require(actor(), CaseAction.DECIDE, application)
    if decisions.proposal(application) is not None:
        return redirect(url_for("casework.approve", application_id=application.id), 303)
    casework.note_opened(actor(), application, "decision", ["name", "access_level"])
    form = decision_form(application, held=held_fields())
    if request.method == "GET":
        return _quick_or_form(application, form)
    if "tilbake" in request.form:
        return _form_page(application, form)
    shown = form.previewed.data
    if not form.validate():
        return _form_page(application, form), 422
    letter = form.letter()
    if "lagre" not in request.form:
        return _preview(application, form, letter)
    if shown != form.previewed.data:
        return _preview(application, form, letter, is_changed=True), 422
    try:
        made = decisions.decide(actor(), application.id, form.outcomes(), form.text.data)
    except NotEligible as no:
        return _form_page(application, form, refused=no.reason), 422
    if made.decided_at is None:
        flash(_("Venter på godkjenning fra en kollega."), "info")
    else:
        flash(_("Vedtaket er fattet. Virksomheten får e-post om det."), "success")
    return redirect(url_for("casework.case", application_id=application.id), 303)


def _quick_or_form(application: AccessApplication, form: DecisionForm) -> str:
    is_untouched = held_fields() is None and "endre" not in request.args
    if is_untouched and case_checks.all_fine(case_checks.of(application)):
        form.preset()
        return _preview(application, form, form.letter(), is_quick=True)
    return _form_page(application, form)


def _form_page(application: AccessApplication, form: DecisionForm, refused: str | None = None) -> str:
    return render_template(
        "casework/decide.html",
        application=application,
        form=form,
        question=application.open_question,
        letter_language=letters.language_of(application),
        refused=refused,
    )


def _preview(
    application: AccessApplication, form: DecisionForm, letter: str, *, is_quick: bool = False, is_changed: bool = False
) -> str:
    return render_template(
        "casework/preview.html",
        application=application,
        preview=form,
        letter=letters.letter_of(
            application, letter, letters.language_of(application), day=clock.today(), signed_by=[actor().name]
        ),
        needs_two=decisions.needs_two(form.outcomes()),
        question=application.open_question,
        is_quick=is_quick,
        is_changed=is_changed,
    )


@bp.route("/sak/<uuid:application_id>/vedtak/godkjenning", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def approve(application_id: UUID) -> ResponseReturnValue:
    """Where everybody is declined: a colleague approves the proposal or sends it back; its author may take it back."""
    application = found_case(application_id)
    if request.method == "GET" and application.status in case_rules.DECIDED:
        return redirect(url_for("casework.decision", application_id=application.id), 303)
    case_rules.require(actor(), CaseAction.DECIDE, application)
    proposal = decisions.proposal(application)
    if proposal is None:
        return redirect(url_for("casework.decide", application_id=application.id), 303)
    form = ReturnForm(held=held_fields())
    if "lagre" in request.form:
        decisions.approve(actor(), application.id)
        flash(_("Vedtaket er fattet. Virksomheten får e-post om det."), "success")
        return redirect(url_for("casework.case", application_id=application.id), 303)
    if "avbryt" in request.form:
        decisions.take_back(actor(), application.id)
        flash(_("Forslaget er trukket."), "success")
        return redirect(url_for("casework.case", application_id=application.id), 303)
    if form.validate_on_submit():
        decisions.send_back(actor(), application.id, form.reason.data)
        flash(_("Forslaget er sendt tilbake."), "success")
        return redirect(url_for("casework.case", application_id=application.id), 303)
    audit.record(actor(), "decision.viewed", proposal, application=application.id, fields=["decision"])
    page = render_template(
        "casework/approve.html",
        application=application,
        decision=proposal,
        letter=letters.letter_of_decision(application, proposal),
        is_own=proposal.proposed_by_id == actor().account_id,
        form=form,
    )
    return page, form.status_code
