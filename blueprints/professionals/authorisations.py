"""D3: what HPR says of the person, fetched anew on request, and «Dette stemmer ikke»."""

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.professionals.blueprint import bp
from blueprints.professionals.common import address_of, open_step, page_of, save_step, step_page
from extensions.language import show_date
from forms.professionals_authorisations import LONGEST, AuthorisationForm, ContestForm
from models.enums import PrivacyCaseKind, PrivacyCaseStatus
from models.privacy import PrivacyCase
from models.professional import Professional
from services import authorisations, privacy_cases, professionals
from services.professionals import Step
from services.professions import kind_name_of, name_of

PART = "hpr"


@page_of(Step.AUTHORISATION)
@open_to(Role.PROFESSIONAL)
def authorisation() -> ResponseReturnValue:
    """The table with its status; may be passed while HPR is silent. A page that asks for the status alone gets it."""
    professional = open_step(Step.AUTHORISATION)
    form = AuthorisationForm()
    if saved := save_step(
        form, Step.AUTHORISATION, professional, lambda: None, lambda _answers: authorisations.pass_by(professional)
    ):
        return saved
    facts = {
        "hpr": authorisations.overview(professional),
        "states": authorisations.WORDS,
        "name_of": name_of,
        "kind_name_of": kind_name_of,
        "address": _address(professional),
        "case": _open_case(),
    }
    if request.headers.get("X-Partial") == PART:
        return render_template("professionals/_hpr.html", **facts)
    return step_page("authorisations", Step.AUTHORISATION, form, professional, **facts)


@bp.post("/autorisasjoner/hent")
@open_to(Role.PROFESSIONAL)
def fetch_authorisations() -> ResponseReturnValue:
    """«Hent på nytt»: the answer within five seconds, or the page says that HPR is silent."""
    professional = professionals.own(actor())
    if authorisations.look_up_now(actor()):
        flash(_("Opplysningene er hentet fra HPR."), "success")
    return redirect(_address(professional), 303)


@bp.route("/autorisasjoner/feil", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def contest_authorisations() -> ResponseReturnValue:
    """«Dette stemmer ikke»: the Directorate looks into it, as a case with its month to answer."""
    professional = professionals.own(actor())
    form = ContestForm(held=held_fields())
    if form.validate_on_submit():
        case = privacy_cases.open_case(actor(), PrivacyCaseKind.HPR, form.text.data)
        flash(_("Vi har mottatt meldingen. Du får svar innen %(dato)s.", dato=show_date(case.due_at)), "success")
        return redirect(_address(professional), 303)
    page = render_template(
        "professionals/authorisations_wrong.html", form=form, longest=LONGEST, back=_address(professional)
    )
    return page, form.status_code


def _open_case() -> PrivacyCase | None:
    """What the person has said is wrong, while it is not answered."""
    cases = privacy_cases.own_cases(actor())
    return next((one for one in cases if (one.kind, one.status) == (PrivacyCaseKind.HPR, PrivacyCaseStatus.OPEN)), None)


def _address(professional: Professional) -> str:
    return address_of(Step.AUTHORISATION, professional)
