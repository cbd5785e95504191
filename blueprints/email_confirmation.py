"""The link that proves an e-mail address: confirmed by a press on its page, never by looking (security.md C31, C34)."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from blueprints.guard import Role, no_referrer, open_to
from extensions.limits import limiter
from models.enums import LinkPurpose
from models.professional import Link
from services import email_confirmation, links

bp = Blueprint("email_confirmation", __name__, url_prefix="/e")
limit = limiter.shared_limit("60/minute", scope="links")


@bp.get("/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def show(token: str) -> ResponseReturnValue:
    link = links.find(token, LinkPurpose.EMAIL_CONFIRMATION)
    if link is None:
        return _gone()
    return _confirmed() if _is_used(link) else render_template("links/email.html", token=token)


@bp.post("/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def confirm(token: str) -> ResponseReturnValue:
    """The page that follows has no token in its address."""
    link = links.find(token, LinkPurpose.EMAIL_CONFIRMATION)
    if link is None:
        return _gone()
    email_confirmation.confirm(link)
    return redirect(url_for(".confirmed"), 303)


@bp.get("/bekreftet")
@open_to(Role.ANYONE)
def confirmed() -> ResponseReturnValue:
    return render_template("links/email_confirmed.html", is_new=True)


def _is_used(link: Link) -> bool:
    return link.used_at is not None or link.professional.email_confirmed_at is not None


def _confirmed() -> ResponseReturnValue:
    return render_template("links/email_confirmed.html", is_new=False)


def _gone() -> ResponseReturnValue:
    """One page for links that are unknown, too old, for something else, or to an address that has been changed."""
    return render_template("links/email_gone.html"), 404
