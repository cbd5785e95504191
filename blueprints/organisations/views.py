"""The organisation's home page and its users (ux.md section 2 and E7)."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import guard
from blueprints.guard import Role, actor, open_to
from extensions import clock, login
from extensions.language import show_date
from forms.organisations import ConfirmForm, LevelForm
from forms.register_search import ANY
from models.application import AccessApplication
from models.enums import AccessLevel, GrantEnd, GrantStatus, InvitationStatus
from models.grant import Grant
from services import applications, grants, invitations, organisation_home, search
from services.application_rules import Action, Side
from services.errors import Forbidden
from services.grants import LastAdministrator
from services.invitations import LinkState
from services.words import ACCESS_LEVEL, GRANT_LOCKED, GRANT_STATUS, INVITATION_STATUS

bp = Blueprint("organisations", __name__)


@bp.get("/virksomhet")
@open_to(Role.ORGANISATION_USER)
def home() -> ResponseReturnValue:
    return render_template(
        "organisations/home.html",
        home=organisation_home.of(actor()),
        search_url=url_for("register.find", fra=clock.today(), bekreftet=ANY),
        most=search.MOST_COUNTED,
        level=str(ACCESS_LEVEL[actor().level or AccessLevel.READER]),
    )


@bp.route("/virksomhet/brukere", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def users() -> ResponseReturnValue:
    """Who has access; and, for user administrators, the half-year check of those whose time is nearly out."""
    return _users_page(grants.of_organisation(actor()), url_for("organisations.users"))


@bp.route("/soknad/<uuid:application_id>/brukere", methods=["GET", "POST"])
@open_to(Role.SUBMITTER, fresh_login=True)
def users_of_application(application_id: UUID) -> ResponseReturnValue:
    """The same for those who may apply for the organisation, which may have no user administrator."""
    application = applications.find(actor(), application_id)
    if applications.require(actor(), Action.RESEND, application) is not Side.APPLICANT:
        raise Forbidden(_("Bare den som kan søke på vegne av virksomheten, kan gjøre dette."))
    here = url_for("organisations.users_of_application", application_id=application_id)
    return _users_page(grants.of_application(actor(), application), here, application)


def _users_page(found: Sequence[Grant], here: str, application: AccessApplication | None = None) -> ResponseReturnValue:
    deadlines = {grant.id: _("Frist: %(dato)s", dato=show_date(limit)) for grant, limit in grants.to_confirm(found)}
    locked = [grant for grant in found if grant.locked_at]
    if locked:
        is_shut = grants.is_shut(locked[0].organisation_id)
        why = _("Stengt av Helsedirektoratet.") if is_shut else _("Låst fordi den ikke har vært brukt.")
        deadlines |= {grant.id: why for grant in locked}
    asked = [grant for grant in found if grant.id in deadlines]
    form = ConfirmForm([(str(grant.id), grant.nominee.name) for grant in asked], held=guard.held_fields())
    if form.validate_on_submit():
        confirmed = [grant for grant in asked if str(grant.id) in form.users.data]
        grants.confirm(actor(), confirmed)
        flash(ngettext("Du bekreftet %(num)s bruker.", "Du bekreftet %(num)s brukere.", len(confirmed)), "success")
        return redirect(here, 303)
    page = render_template(
        "organisations/users.html",
        form=form,
        users=[(grant, _state(grant)) for grant in found],
        deadlines={str(id_): text for id_, text in deadlines.items()},
        words=ACCESS_LEVEL,
        application=application,
        may_manage=application is not None or actor().is_user_administrator,
    )
    return page, form.status_code


@bp.route("/virksomhet/brukere/<uuid:grant_id>", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def change_user(grant_id: UUID) -> ResponseReturnValue:
    grant = grants.find(actor(), grant_id)
    invitations.require_may_manage(actor(), grant)
    form = LevelForm(ACCESS_LEVEL, grants.levels_for(actor(), grant), obj=grant, held=guard.held_fields())
    if not form.validate_on_submit():
        return _change_page(grant, form)
    level = AccessLevel(form.level.data)
    if form.is_outdated and level is not grant.level:
        return _conflict(grant, level), 409
    try:
        grants.change_level(actor(), grant, level)
    except LastAdministrator as error:
        form.level.errors = [error.message]
        return _change_page(grant, form)
    flash(_("Tilgangen til %(navn)s er endret.", navn=grant.nominee.name), "success")
    return redirect(url_for("organisations.users"), 303)


def _change_page(grant: Grant, form: LevelForm) -> ResponseReturnValue:
    page = render_template("organisations/change_user.html", form=form, grant=grant, words=ACCESS_LEVEL)
    return page, form.status_code


def _conflict(grant: Grant, mine: AccessLevel) -> str:
    rows = [(_("Tilgang"), ACCESS_LEVEL[mine], ACCESS_LEVEL[grant.level])]
    versions = {"rows": rows, "fields": [("level", mine.value)], "action": request.script_root + request.path}
    return render_template("errors/409.html", versions=versions)


@bp.route("/virksomhet/brukere/<uuid:grant_id>/stopp", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def stop_user(grant_id: UUID) -> ResponseReturnValue:
    return _stop_page(grant_id, url_for("organisations.users"))


@bp.route("/soknad/<uuid:application_id>/brukere/<uuid:grant_id>/stopp", methods=["GET", "POST"])
@open_to(Role.SUBMITTER, fresh_login=True)
def stop_user_of_application(application_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    return _stop_page(grant_id, url_for("organisations.users_of_application", application_id=application_id))


def _stop_page(grant_id: UUID, list_url: str) -> ResponseReturnValue:
    """Ask first; then end the access and its sessions at once."""
    grant = grants.find(actor(), grant_id)
    invitations.require_may_manage(actor(), grant)
    is_own = grant.account_id == actor().account_id and actor().role is Role.ORGANISATION_USER
    errors = []
    if request.method == "POST":
        try:
            grants.end(actor(), grant, GrantEnd.REMOVED, _("Stoppet av virksomheten."))
        except LastAdministrator as error:
            errors = [(error.message, "#stopp")]
        else:
            return _after_stop(grant, list_url, is_own=is_own)
    page = render_template(
        "organisations/stop_user.html", grant=grant, is_own=is_own, list_url=list_url, summary_errors=errors
    )
    return page, 422 if errors else 200


def _after_stop(grant: Grant, list_url: str, *, is_own: bool) -> ResponseReturnValue:
    if is_own:
        login.sign_out()
        return redirect(url_for("auth.signed_out"), 303)
    flash(_("Tilgangen til %(navn)s er stoppet.", navn=grant.nominee.name), "success")
    return redirect(list_url, 303)


@bp.post("/virksomhet/brukere/<uuid:grant_id>/inviter")
@open_to(Role.ORGANISATION_USER)
def invite_again(grant_id: UUID) -> ResponseReturnValue:
    return _invite_again(grant_id, url_for("organisations.users"))


@bp.post("/soknad/<uuid:application_id>/brukere/<uuid:grant_id>/inviter")
@open_to(Role.SUBMITTER)
def invite_again_from_application(application_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    return _invite_again(grant_id, url_for("organisations.users_of_application", application_id=application_id))


def _invite_again(grant_id: UUID, list_url: str) -> ResponseReturnValue:
    """Send a new link; the old one is dead."""
    grant = grants.find(actor(), grant_id)
    invitations.resend(actor(), grant)
    flash(_("Vi har sendt en ny invitasjon til %(navn)s.", navn=grant.nominee.name), "success")
    return redirect(list_url, 303)


def _state(grant: Grant) -> tuple[str, str, str, bool]:
    """What the status column says, its colour, what stands below it, and whether a new invitation may be sent."""
    if grant.locked_at is not None:
        text, colour = GRANT_LOCKED
        return str(text), colour, "", False
    if grant.status is not GrantStatus.INVITED:
        text, colour = GRANT_STATUS[grant.status]
        return str(text), colour, "", False
    invitation = invitations.latest(grant)
    state = invitations.state_of(invitation)
    if invitation is None or state is LinkState.GONE:
        text, colour = INVITATION_STATUS[InvitationStatus.REVOKED]
        return str(text), colour, "", True
    if state is LinkState.EXPIRED:
        text, colour = INVITATION_STATUS[InvitationStatus.EXPIRED]
        return str(text), colour, _("Gikk ut %(dato)s.", dato=show_date(invitation.expires_at)), True
    if invitation.status is InvitationStatus.UNDELIVERABLE:
        text, colour = INVITATION_STATUS[InvitationStatus.UNDELIVERABLE]
        return str(text), colour, _("E-posten til %(adresse)s kom ikke fram.", adresse=invitation.email), True
    text, colour = GRANT_STATUS[GrantStatus.INVITED]
    return str(text), colour, _("Gjelder til %(dato)s.", dato=show_date(invitation.expires_at)), True
