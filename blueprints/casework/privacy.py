"""B5: privacy cases, each with its month to answer (security.md section 7)."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import address
from blueprints.casework.blueprint import DECIDING, STAFF, bp, page_count, page_url
from blueprints.casework.cases import chosen
from blueprints.guard import actor, held_fields, open_to
from extensions import clock
from extensions.language import show_date
from forms.casework_people import KEEP, ExtendForm, answer_form
from models.enums import PrivacyCaseKind, PrivacyCaseStatus
from models.privacy import PrivacyCase
from services import people, privacy_cases, privacy_casework
from services.casework import Assignee
from services.privacy_casework import CaseFilter


@bp.get("/personvernsaker")
@open_to(*STAFF)
def privacy_queue() -> ResponseReturnValue:
    wanted = CaseFilter(
        status=chosen("status", PrivacyCaseStatus) or PrivacyCaseStatus.OPEN,
        kind=chosen("type", PrivacyCaseKind),
        assignee=chosen("saksbehandler", Assignee) or Assignee.ANYONE,
    )
    page = address.page_number()
    rows, total = privacy_casework.cases(actor(), wanted, page)
    query = address.kept("status", "type", "saksbehandler")
    return render_template(
        "casework/privacy_queue.html",
        rows=rows,
        total=total,
        wanted=wanted,
        is_filtered=bool(query),
        page=page,
        pages=page_count(total, privacy_casework.PAGE_SIZE),
        page_url=page_url("casework.privacy_queue", **query),
    )


@bp.get("/personvernsaker/<uuid:case_id>")
@open_to(*STAFF)
def privacy_case(case_id: UUID) -> ResponseReturnValue:
    case = privacy_casework.find(actor(), case_id)
    privacy_casework.note_opened(actor(), case)
    is_open = case.status is PrivacyCaseStatus.OPEN
    return render_template(
        "casework/privacy_case.html",
        case=case,
        name=privacy_casework.person_of(case).name or case.account.name,
        due_on=clock.day(case.due_at),
        is_open=is_open,
        is_mine=case.caseworker_id == actor().account_id,
        may_work=privacy_casework.may_work(actor(), case),
        is_own=case.account_id == actor().account_id,
        can_extend=privacy_casework.can_extend(case),
        holds_back=case.kind in privacy_cases.HOLDING_BACK,
    )


@bp.post("/personvernsaker/<uuid:case_id>/ta")
@open_to(*DECIDING)
def take_privacy_case(case_id: UUID) -> ResponseReturnValue:
    case = privacy_casework.find(actor(), case_id, lock=True)
    privacy_casework.take(actor(), case)
    flash(_("Saken er din."), "success")
    return _to_case(case)


@bp.post("/personvernsaker/<uuid:case_id>/person")
@open_to(*DECIDING)
def open_person(case_id: UUID) -> ResponseReturnValue:
    """See what the person sees; the case is the reason."""
    lookup = people.open_from(actor(), privacy_casework.find(actor(), case_id))
    return redirect(url_for("casework.person", lookup_id=lookup.id), 303)


@bp.route("/personvernsaker/<uuid:case_id>/utsett", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def extend_privacy_case(case_id: UUID) -> ResponseReturnValue:
    case = privacy_casework.find(actor(), case_id, lock=request.method == "POST")
    form = ExtendForm(held=held_fields())
    if form.validate_on_submit():
        privacy_casework.extend(actor(), case, form.reason.data)
        flash(_("Fristen er nå %(dato)s. Personen har fått beskjed.", dato=show_date(case.due_at)), "success")
        return _to_case(case)
    new_deadline = case.due_at + privacy_casework.EXTENSION
    page = render_template("casework/privacy_extend.html", case=case, form=form, new_deadline=new_deadline)
    return page, form.status_code


@bp.route("/personvernsaker/<uuid:case_id>/svar", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def answer_privacy_case(case_id: UUID) -> ResponseReturnValue:
    case = privacy_casework.find(actor(), case_id, lock=request.method == "POST")
    form = answer_form(case, held=held_fields())
    if form.validate_on_submit():
        keep = "restriction" in form and form["restriction"].data == KEEP
        privacy_casework.answer(actor(), case, form.text.data, keep=keep)
        flash(_("Svaret er sendt."), "success")
        return _to_case(case)
    privacy_casework.note_opened(actor(), case)
    return render_template("casework/privacy_answer.html", case=case, form=form), form.status_code


def _to_case(case: PrivacyCase) -> ResponseReturnValue:
    return redirect(url_for("casework.privacy_case", case_id=case.id), 303)
