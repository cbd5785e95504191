"""B1 and B2: the queue, and the pages of one case."""

from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import address
from blueprints.casework.blueprint import DECIDING, STAFF, bp, case_page, found_case, opened_case, page_count, page_url
from blueprints.guard import actor, held_fields, open_to
from forms.casework import AppealForm, HandOverForm, NoteForm, NumberForm
from models.application import AccessApplication
from models.enums import ApplicationStatus, OrganisationKind
from services import audit, audit_reading, authorisations, case_checks, casework, decisions, national_ids, organisations
from services.case_rules import CaseAction
from services.casework import Assignee, Due, QueueFilter

Choice = TypeVar("Choice", bound=StrEnum)
ALL_STATUSES, TO_APPROVE = "alle", "godkjenning"
SENT_CONTENT = ["organisation", "submitter", "contact"]
PEOPLE = ["name", "email", "mobile", "job_title", "access_level", "national_id_masked"]


def chosen(name: str, kind: type[Choice]) -> Choice | None:
    """A choice from the address; what is not one of the list counts as none."""
    value = request.args.get(name, "")
    return kind(value) if value in set(kind) else None


@bp.get("/sak")
@open_to(*STAFF)
def queue() -> ResponseReturnValue:
    wanted = QueueFilter(
        status=chosen("status", ApplicationStatus),
        all_statuses=request.args.get("status") == ALL_STATUSES,
        to_approve=request.args.get("status") == TO_APPROVE,
        assignee=chosen("saksbehandler", Assignee) or Assignee.ANYONE,
        kind=chosen("type", OrganisationKind),
        due=chosen("frist", Due),
        text=request.args.get("sok", "")[:100],
    )
    page = address.page_number()
    rows, total = casework.queue(actor(), wanted, page)
    query = address.kept("status", "saksbehandler", "type", "frist", "sok")
    return render_template(
        "casework/queue.html",
        rows=rows,
        total=total,
        wanted=wanted,
        is_filtered=bool(query),
        page=page,
        pages=page_count(total, casework.PAGE_SIZE),
        page_url=page_url("casework.queue", **query),
        hpr_alarm=authorisations.open_alarm(),
        all_statuses=ALL_STATUSES,
        to_approve=TO_APPROVE,
        statuses=[status for status in ApplicationStatus if status is not ApplicationStatus.DRAFT],
    )


@bp.get("/sak/<uuid:application_id>")
@open_to(*STAFF)
def case(application_id: UUID) -> ResponseReturnValue:
    application, standing = opened_case(application_id)
    casework.note_opened(actor(), application, "application", SENT_CONTENT)
    checks = case_checks.of(application)
    return case_page(
        "application",
        application,
        standing,
        checks=checks,
        all_fine=case_checks.all_fine(checks),
        decision=application.decision_in_force,
    )


@bp.get("/sak/<uuid:application_id>/personer")
@open_to(*STAFF)
def people(application_id: UUID) -> ResponseReturnValue:
    application, standing = opened_case(application_id)
    casework.note_opened(actor(), application, "people", PEOPLE)
    return case_page("people", application, standing, is_free_mail=case_checks.is_free_mail)


@bp.route("/sak/<uuid:application_id>/personer/<uuid:nominee_id>/nummer", methods=["GET", "POST"])
@open_to(*DECIDING)
def number(application_id: UUID, nominee_id: UUID) -> ResponseReturnValue:
    """One person's whole number, for a reason. Shown in the answer to the POST alone: no address leads to it."""
    application = found_case(application_id, CaseAction.SEE_NUMBER)
    nominee = casework.nominee_of(application, nominee_id)
    form = NumberForm(held=held_fields())
    shown = None
    if form.validate_on_submit():
        shown = casework.reveal_number(actor(), application, nominee, form.reason.data)
    else:
        casework.note_opened(actor(), application, "number", ["name", "national_id_masked"])
    page = render_template(
        "casework/number.html",
        application=application,
        nominee=nominee,
        form=form,
        number=shown,
        masked=national_ids.masked_of(nominee),
    )
    return page, 200 if shown else form.status_code


@bp.route("/sak/<uuid:application_id>/meldinger", methods=["GET", "POST"])
@open_to(*STAFF)
def messages(application_id: UUID) -> ResponseReturnValue:
    """Questions and answers, e-mails that did not arrive, and internal notes; a note is written here."""
    writing = request.method == "POST"
    action = CaseAction.NOTE if writing else CaseAction.READ
    application, standing = opened_case(application_id, action, lock=writing)
    form = NoteForm(held=held_fields())
    if form.validate_on_submit():
        casework.add_note(actor(), application, form.note.data)
        casework.mark_answer_seen(actor(), application)
        flash(_("Notatet er lagret."), "success")
        return redirect(url_for("casework.messages", application_id=application.id), 303)
    casework.note_opened(actor(), application, "messages", ["questions", "answers", "notes"])
    page = case_page("messages", application, standing, form=form, mails=casework.mails_of(application))
    return page, form.status_code


@bp.get("/sak/<uuid:application_id>/historikk")
@open_to(*STAFF)
def history(application_id: UUID) -> ResponseReturnValue:
    application, standing = opened_case(application_id)
    casework.note_opened(actor(), application, "history", ["events"])
    events = audit_reading.of_case(application)
    return case_page(
        "history",
        application,
        standing,
        events=audit_reading.in_short(event for event in events if event.action not in audit_reading.SEEN),
        seen=[event for event in reversed(events) if event.action in audit_reading.SEEN][:100],
    )


@bp.post("/sak/<uuid:application_id>/ta")
@open_to(*DECIDING)
def take(application_id: UUID) -> ResponseReturnValue:
    application = casework.find(actor(), application_id, lock=True)
    casework.take(actor(), application)
    flash(_("Saken er din."), "success")
    return _to_case(application)


@bp.route("/sak/<uuid:application_id>/gi", methods=["GET", "POST"])
@open_to(*DECIDING)
def hand_over(application_id: UUID) -> ResponseReturnValue:
    application = found_case(application_id, CaseAction.HAND_OVER, lock=request.method == "POST")
    form = HandOverForm(casework.colleagues(actor(), application), held=held_fields())
    if form.validate_on_submit():
        receiver = casework.hand_over(actor(), application, UUID(form.to.data))
        flash(_("Saken er gitt til %(navn)s.", navn=receiver.name), "success")
        return _to_case(application)
    return render_template("casework/hand_over.html", application=application, form=form), form.status_code


@bp.post("/sak/<uuid:application_id>/kontroll")
@open_to(*DECIDING)
def check_again(application_id: UUID) -> ResponseReturnValue:
    """Ask Enhetsregisteret about the organisation now."""
    application = found_case(application_id, CaseAction.CHECK_AGAIN)
    try:
        is_new = organisations.reverify(application.organisation)
    except organisations.NotEligible as no:
        flash(_("Enhetsregisteret sier nei: %(grunn)s", grunn=no.reason), "danger")
    else:
        audit.record(actor(), "application.checked_again", application)
        if is_new:
            flash(_("Enhetsregisteret har bekreftet virksomheten."), "success")
        else:
            flash(_("Enhetsregisteret svarer ikke nå. Svaret vi har fra før, gjelder fortsatt."), "warning")
    return _to_case(application)


@bp.route("/sak/<uuid:application_id>/klage", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def appeal(application_id: UUID) -> ResponseReturnValue:
    """The appeal against a refusal is upheld: the case is opened again, by somebody who took no part in it."""
    application = found_case(application_id, CaseAction.UPHOLD_APPEAL, lock=request.method == "POST")
    form = AppealForm(held=held_fields())
    if form.validate_on_submit():
        decisions.uphold_appeal(actor(), application, form.reason.data)
        flash(_("Saken er åpnet igjen, og er din."), "success")
        return _to_case(application)
    return render_template("casework/appeal.html", application=application, form=form), form.status_code


def _to_case(application: AccessApplication) -> ResponseReturnValue:
    return redirect(url_for("casework.case", application_id=application.id), 303)
