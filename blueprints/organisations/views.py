"""The organisation's home page and its users (ux.md section 2 and E7)."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import guard
from blueprints.guard import Role, actor, open_to
from extensions import login
from extensions.database import db
from extensions.language import show_date
from forms.organisations import ConfirmForm, LevelForm
from models.enums import AccessLevel, GrantEnd, GrantStatus, InvitationStatus
from models.grant import Grant
from models.organisation import Organisation
from services import grants, invitations, organisations
from services.invitations import LinkState
from services.words import ACCESS_LEVEL, GRANT_STATUS, INVITATION_STATUS

bp = Blueprint("organisations", __name__, url_prefix="/virksomhet")


@bp.get("")
@open_to(Role.ORGANISATION_USER)
def home() -> ResponseReturnValue:
    organisation = db.session.get_one(Organisation, actor().organisation_id)
    return render_template(
        "organisations/home.html",
        organisation=organisation,
        area=organisations.area(organisation),
        users=grants.count_active(organisation.id),
        level=str(ACCESS_LEVEL[actor().level or AccessLevel.READER]),
    )


@bp.route("/brukere", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def users() -> ResponseReturnValue:
    """Who has access; and, for user administrators, the half-year check of those whose time is nearly out."""
    found = grants.of_organisation(actor())
    asked = grants.to_confirm(found)
    form = ConfirmForm([(str(grant.id), grant.nominee.name) for grant, _limit in asked])
    if form.validate_on_submit():
        count = grants.confirm(actor(), [UUID(id_) for id_ in form.users.data])
        flash(ngettext("Du bekreftet %(num)s bruker.", "Du bekreftet %(num)s brukere.", count), "success")
        return redirect(url_for("organisations.users"), 303)
    page = render_template(
        "organisations/users.html",
        form=form,
        users=[(grant, _state(grant)) for grant in found],
        deadlines={str(grant.id): _("Frist: %(dato)s", dato=show_date(limit)) for grant, limit in asked},
        words=ACCESS_LEVEL,
        may_manage=actor().is_user_administrator,
    )
    return page, form.status_code


@bp.route("/brukere/<uuid:grant_id>", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def change_user(grant_id: UUID) -> ResponseReturnValue:
    grant = grants.find(actor(), grant_id)
    invitations.require_may_manage(actor(), grant)
    form = LevelForm(ACCESS_LEVEL, grants.levels_for(actor(), grant), obj=grant, held=guard.held_fields())
    if not form.validate_on_submit():
        page = render_template("organisations/change_user.html", form=form, grant=grant, words=ACCESS_LEVEL)
        return page, form.status_code
    level = AccessLevel(form.level.data)
    if form.is_outdated and level is not grant.level:
        return _conflict(grant, level), 409
    grants.change_level(actor(), grant, level)
    flash(_("Tilgangen til %(navn)s er endret.", navn=grant.nominee.name), "success")
    return redirect(url_for("organisations.users"), 303)


def _conflict(grant: Grant, mine: AccessLevel) -> str:
    rows = [(_("Tilgang"), ACCESS_LEVEL[mine], ACCESS_LEVEL[grant.level])]
    versions = {"rows": rows, "fields": [("level", mine.value)], "action": request.script_root + request.path}
    return render_template("errors/409.html", versions=versions)


@bp.route("/brukere/<uuid:grant_id>/stopp", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def stop_user(grant_id: UUID) -> ResponseReturnValue:
    """Ask first; then end the access and its sessions at once."""
    grant = grants.find(actor(), grant_id)
    invitations.require_may_manage(actor(), grant)
    is_own = grant.account_id == actor().account_id
    if request.method == "GET":
        return render_template("organisations/stop_user.html", grant=grant, is_own=is_own)
    grants.end(actor(), grant, GrantEnd.REMOVED, _("Stoppet av virksomheten."))
    if is_own:
        login.sign_out()
        return redirect(url_for("auth.signed_out"), 303)
    flash(_("Tilgangen til %(navn)s er stoppet.", navn=grant.nominee.name), "success")
    return redirect(url_for("organisations.users"), 303)


@bp.post("/brukere/<uuid:grant_id>/inviter")
@open_to(Role.ORGANISATION_USER)
def invite_again(grant_id: UUID) -> ResponseReturnValue:
    """Send a new link; the old one is dead."""
    grant = grants.find(actor(), grant_id)
    invitations.resend(actor(), grant)
    flash(_("Vi har sendt en ny invitasjon til %(navn)s.", navn=grant.nominee.name), "success")
    return redirect(url_for("organisations.users"), 303)


def _state(grant: Grant) -> tuple[str, str, bool]:
    """What the status column says, its colour, and whether a new invitation may be sent."""
    if grant.status is not GrantStatus.INVITED:
        text, colour = GRANT_STATUS[grant.status]
        return str(text), colour, False
    invitation = invitations.latest(grant)
    match invitations.state_of(invitation):
        case LinkState.EXPIRED:
            assert invitation is not None
            return _("Invitasjonen gikk ut %(dato)s", dato=show_date(invitation.expires_at)), "warning", True
        case LinkState.OPEN:
            assert invitation is not None
            if invitation.status is InvitationStatus.UNDELIVERABLE:
                return _("E-posten til %(adresse)s kom ikke fram.", adresse=invitation.email), "danger", True
            return _("Invitert, gjelder til %(dato)s", dato=show_date(invitation.expires_at)), "info", True
        case _:
            return str(INVITATION_STATUS[InvitationStatus.REVOKED][0]), "neutral", True
