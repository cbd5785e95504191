"""D13: one's rights, the requests one has made, and how they stand."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.professionals.blueprint import bp
from extensions.language import show_date
from forms.professionals_rights import request_form
from models.enums import PrivacyCaseKind
from services import privacy_cases, professionals

PLACES = {
    "rett": PrivacyCaseKind.RECTIFY,
    "begrens": PrivacyCaseKind.RESTRICT,
    "protester": PrivacyCaseKind.OBJECT,
}
"""The forms, by their place in the address."""


@bp.get("/personvern")
@open_to(Role.PROFESSIONAL)
def privacy() -> ResponseReturnValue:
    return render_template("professionals/privacy.html", cases=privacy_cases.own_cases(actor()))


@bp.route("/personvern/<any(rett, begrens, protester):place>", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def privacy_request(place: str) -> ResponseReturnValue:
    professional = professionals.own(actor())
    kind = PLACES[place]
    form = request_form(kind, held=held_fields())
    if form.validate_on_submit():
        case = privacy_cases.open_case(actor(), kind, form.text.data)
        flash(_("Vi har mottatt saken. Du får svar innen %(dato)s.", dato=show_date(case.due_at)), "success")
        return redirect(url_for(".privacy_case", case_id=case.id), 303)
    page = render_template(
        "professionals/privacy_request.html",
        form=form,
        kind=kind,
        holds_back=kind in privacy_cases.HOLDING_BACK,
        professional=professional,
    )
    return page, form.status_code


@bp.get("/personvern/<uuid:case_id>")
@open_to(Role.PROFESSIONAL)
def privacy_case(case_id: UUID) -> ResponseReturnValue:
    case = privacy_cases.own_case(actor(), case_id)
    return render_template("professionals/privacy_case.html", case=case)


@bp.post("/personvern/<uuid:case_id>/opphev")
@open_to(Role.PROFESSIONAL)
def lift_restriction(case_id: UUID) -> ResponseReturnValue:
    privacy_cases.lift(actor(), case_id)
    flash(_("Begrensningen er opphevet."), "success")
    return redirect(url_for(".privacy_case", case_id=case_id), 303)
