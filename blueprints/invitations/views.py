"""The personal link of an invitation (ux.md C1 and C2): looking at it changes nothing (security.md C31)."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import guard
from blueprints.guard import Role, actor, no_referrer, open_to, present
from extensions.limits import limiter
from forms.invitations import AcceptForm
from models.enums import GrantStatus
from models.grant import Invitation
from services import grants, invitations
from services.invitations import LinkState
from services.words import ACCESS_LEVEL

bp = Blueprint("invitations", __name__, url_prefix="/i")
limit = limiter.shared_limit("60/minute", scope="invitations")


@bp.get("/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def show(token: str) -> ResponseReturnValue:
    """To everybody the organisation and the date, to the right person the form, to another person nothing."""
    invitation = invitations.find(token)
    state = invitations.state_of(invitation)
    if invitation is None or state is not LinkState.OPEN:
        return _closed(token, invitation, state)
    if present() is None:
        return render_template("invitations/open.html", invitation=invitation, token=token)
    return _form_page(token, invitation, AcceptForm(held=guard.held_fields()))


@bp.post("/<token>")
@open_to(Role.SIGNED_IN)
@no_referrer
@limit
def accept(token: str) -> ResponseReturnValue:
    """Take the access into use, and go on acting for the organisation in a new session (C6)."""
    invitation = invitations.find(token)
    state = invitations.state_of(invitation)
    if invitation is None or state is not LinkState.OPEN:
        return _closed(token, invitation, state)
    form = AcceptForm()
    if not invitations.is_for(actor(), invitation) or not form.validate_on_submit():
        return _form_page(token, invitation, form)
    grant = grants.accept(actor(), invitation, form.statement)
    guard.become(Role.ORGANISATION_USER, grant.organisation_id)
    flash(_("Tilgangen er tatt i bruk."), "success")
    return redirect(url_for("organisations.home"), 303)


@bp.post("/<token>/ny")
@open_to(Role.ANYONE)
@no_referrer
@limit
def ask_for_new(token: str) -> ResponseReturnValue:
    """Ask the contact person for a new link. The page that follows has no token in its address."""
    invitation = invitations.find(token)
    state = invitations.state_of(invitation)
    if invitation is None or state is not LinkState.EXPIRED:
        return _closed(token, invitation, state)
    invitations.ask_for_new(invitation)
    return redirect(url_for("invitations.asked_for_new"), 303)


@bp.get("/ny-er-bestilt")
@open_to(Role.ANYONE)
def asked_for_new() -> ResponseReturnValue:
    return render_template("invitations/asked_for_new.html")


def _form_page(token: str, invitation: Invitation, form: AcceptForm) -> ResponseReturnValue:
    if not invitations.is_for(actor(), invitation):
        return render_template("invitations/another_person.html"), 403
    page = render_template(
        "invitations/accept.html",
        form=form,
        invitation=invitation,
        level=str(ACCESS_LEVEL[invitation.grant.level]),
        has_other_roles=actor().can_switch,
    )
    return page, form.status_code


def _closed(token: str, invitation: Invitation | None, state: LinkState) -> ResponseReturnValue:
    """The page of a link that is not open; the same for unknown, replaced and withdrawn."""
    if invitation is not None and state is LinkState.USED and _is_own(invitation):
        return render_template("invitations/already_yours.html", organisation=invitation.grant.organisation)
    return render_template(f"invitations/{state}.html", invitation=invitation, token=token), 410


def _is_own(invitation: Invitation) -> bool:
    found, grant = present(), invitation.grant
    return found is not None and grant.account_id == found.account_id and grant.status is GrantStatus.ACTIVE
