"""D12: who has looked at one's data, and asking about a look."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import address
from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.professionals.blueprint import bp
from extensions.language import show_date, show_datetime
from forms.professionals_rights import request_form
from models.enums import PrivacyCaseKind
from services import insight as service
from services import privacy_cases, professionals
from services.insight import DIRECTORATE, Look, Period


@bp.get("/innsyn")
@open_to(Role.PROFESSIONAL)
def insight() -> ResponseReturnValue:
    form = address.period()
    wanted = Period(
        organisation=_organisation(request.args.get("virksomhet", "")),
        since=form.since.data,
        until=form.until.data,
    )
    page = address.page_number()
    looks, has_more = service.read(actor(), wanted, page) if not form.errors else ([], False)
    viewers = service.viewers(actor())
    query = address.kept("virksomhet", "fra", "til")
    shown = render_template(
        "professionals/insight.html",
        form=form,
        looks=looks,
        choices=[("", _("Alle")), *((viewer.key, viewer.name) for viewer in viewers)],
        organisations=[viewer for viewer in viewers if viewer.key != DIRECTORATE],
        wanted=wanted,
        is_filtered=bool(query),
        newer_url=url_for(".insight", **query | {"side": str(page - 1)}) if page > 1 else None,
        older_url=url_for(".insight", **query | {"side": str(page + 1)}) if has_more else None,
    )
    return shown, 422 if form.errors else 200


@bp.route("/innsyn/sporsmal", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def ask_about_look() -> ResponseReturnValue:
    """«Jeg lurer på et oppslag»; the look one came from is named in the text, which the person may change."""
    professionals.own(actor())
    number = request.args.get("oppslag", "")
    look = service.one(actor(), int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
    form = request_form(PrivacyCaseKind.LOOK_UP, held=held_fields())
    if form.validate_on_submit():
        case = privacy_cases.open_case(actor(), PrivacyCaseKind.LOOK_UP, form.text.data)
        flash(_("Vi har mottatt spørsmålet. Du får svar innen %(dato)s.", dato=show_date(case.due_at)), "success")
        return redirect(url_for(".privacy_case", case_id=case.id), 303)
    if look is not None and not form.is_submitted() and not form.text.data:
        form.text.data = _named(look)
    return render_template("professionals/ask_about_look.html", form=form), form.status_code


def _named(look: Look) -> str:
    text = _(
        "Det gjelder dette oppslaget: %(tid)s, %(virksomhet)s, %(hva)s.",
        tid=show_datetime(look.at),
        virksomhet=look.organisation,
        hva=look.what,
    )
    return f"{text}\n\n"


def _organisation(text: str) -> str:
    if text == DIRECTORATE:
        return text
    try:
        return str(UUID(text))
    except ValueError:
        return ""
