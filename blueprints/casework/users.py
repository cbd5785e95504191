"""B5: which organisations and persons have access, and stopping, mending or inviting again."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import address
from blueprints.casework.blueprint import DECIDING, STAFF, bp, page_count, page_url
from blueprints.casework.cases import chosen
from blueprints.guard import actor, held_fields, open_to
from extensions.limits import limiter
from forms.casework import CorrectNumberForm, PersonSearchForm, StopForm
from forms.fields import tidy
from models.enums import OrganisationKind
from models.grant import Grant
from services import grant_register, invitations, national_ids


@bp.get("/tilganger")
@open_to(*STAFF)
def organisations() -> ResponseReturnValue:
    kind, page = chosen("type", OrganisationKind), address.page_number()
    rows, total = grant_register.organisations(actor(), kind, page)
    return render_template(
        "casework/organisations.html",
        rows=rows,
        total=total,
        kind=kind,
        page=page,
        pages=page_count(total, grant_register.PAGE_SIZE),
        page_url=page_url("casework.organisations", **({"type": kind.value} if kind else {})),
        form=PersonSearchForm(formdata=None),
    )


@bp.route("/tilganger/sok", methods=["GET", "POST"])
@open_to(*STAFF)
@limiter.limit(
    "30/hour",
    key_func=lambda: f"number-search-{actor().account_id}",
    exempt_when=lambda: not grant_register.is_number(tidy(request.form.get("text"))),
)
def search() -> ResponseReturnValue:
    """What is searched for is sent, never put in an address: it may be a name or a number (C76)."""
    form = PersonSearchForm(held=held_fields())
    if form.validate_on_submit():
        hits = grant_register.search(actor(), form.text.data)
        return render_template("casework/search.html", form=form, hits=hits, most=grant_register.MOST_HITS, **_shared())
    return render_template("casework/search.html", form=form, hits=None, **_shared()), form.status_code


@bp.get("/tilganger/<uuid:organisation_id>")
@open_to(*STAFF)
def users(organisation_id: UUID) -> ResponseReturnValue:
    organisation, found = grant_register.users_of(actor(), organisation_id)
    return render_template("casework/users.html", organisation=organisation, grants=found, **_shared())


@bp.post("/tilganger/bruker/<uuid:grant_id>/send")
@open_to(*DECIDING)
def resend(grant_id: UUID) -> ResponseReturnValue:
    grant = grant_register.find(actor(), grant_id)
    grant_register.resend(actor(), grant)
    flash(_("Ny invitasjon er sendt til %(navn)s.", navn=grant.nominee.name), "success")
    return _to_users(grant)


@bp.route("/tilganger/bruker/<uuid:grant_id>/stopp", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def stop(grant_id: UUID) -> ResponseReturnValue:
    grant = grant_register.find(actor(), grant_id)
    form = StopForm(held=held_fields())
    if form.validate_on_submit():
        grant_register.stop(actor(), grant, form.reason.data)
        flash(_("Tilgangen til %(navn)s er stoppet.", navn=grant.nominee.name), "success")
        return _to_users(grant)
    grant_register.note_shown(actor(), grant, ["name"])
    return render_template("casework/stop.html", grant=grant, form=form), form.status_code


@bp.route("/tilganger/bruker/<uuid:grant_id>/fodselsnummer", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def correct_number(grant_id: UUID) -> ResponseReturnValue:
    """A typing error in the application's number: mended here, with a new invitation (design.md D2)."""
    grant = grant_register.find(actor(), grant_id)
    form = CorrectNumberForm(held=held_fields())
    if form.validate_on_submit():
        try:
            grant_register.correct_number(actor(), grant, form.national_id.data)
        except invitations.NumberTaken as problem:
            form.national_id.errors = [problem.message]
        else:
            text = _("Fødselsnummeret er rettet, og %(navn)s får en ny invitasjon.", navn=grant.nominee.name)
            flash(text, "success")
            return _to_users(grant)
    grant_register.note_shown(actor(), grant, ["name", "national_id_masked"])
    page = render_template(
        "casework/correct_number.html", grant=grant, form=form, masked=national_ids.masked_of(grant.nominee)
    )
    return page, form.status_code


def _shared() -> dict[str, object]:
    return {"can_change": grant_register.may_change(actor()), "latest": invitations.latest}


def _to_users(grant: Grant) -> ResponseReturnValue:
    return redirect(url_for("casework.users", organisation_id=grant.organisation_id), 303)
