"""ID-porten sign-in and sign-out, the session's prolonging, and the choice of role and organisation."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adapters.errors import Unavailable
from adapters.idporten import LoginRefused, Refusal
from blueprints import guard
from blueprints.guard import Role, actor, open_to, present, safe_next
from extensions import login
from extensions.agencies import agencies, settings
from extensions.database import db
from extensions.language import current_language
from extensions.limits import limiter
from extensions.log import security
from services import sessions, sign_in
from services.access import STAFF_ROLES
from services.errors import NotFound

bp = Blueprint("auth", __name__)
ATTEMPT_COOKIE = "innlogging"
HOME = {Role.ORGANISATION_USER: "/virksomhet", **dict.fromkeys(STAFF_ROLES, "/sak")}


@bp.get("/logg-inn")
@open_to(Role.ANYONE)
def sign_in_page() -> ResponseReturnValue:
    next_path = safe_next(request.args.get("next")) or ""
    wants_fresh = request.args.get("ny") == "1"
    if present() and not wants_fresh:
        return redirect(next_path or _home(), 303)
    return render_template("auth/sign_in.html", next_path=next_path, wants_fresh=wants_fresh, has_held=guard.HELD_COOKIE in request.cookies)


@bp.post("/logg-inn")
@open_to(Role.ANYONE)
@limiter.limit("30/minute")
def start_sign_in() -> ResponseReturnValue:
    next_path = safe_next(request.form.get("next")) or ""
    try:
        url, browser = sign_in.begin(next_path, current_language(), fresh=request.form.get("ny") == "1")
    except Unavailable:
        return render_template("auth/unavailable.html"), 503
    response = make_response(redirect(url, 303))
    response.set_cookie(
        ATTEMPT_COOKIE, browser, max_age=int(sign_in.ATTEMPT_LIFETIME.total_seconds()),
        httponly=True, samesite="Lax", secure=settings().is_secure,
    )  # fmt: skip
    return response


@bp.get("/logg-inn/idporten/tilbake")
@open_to(Role.ANYONE)
def finish_sign_in() -> ResponseReturnValue:
    """ID-porten's answer. The one GET that opens a session: the protocol says so, and state, PKCE and the cookie guard it."""
    try:
        token, found, next_path = sign_in.finish(request.args.to_dict(), request.cookies.get(ATTEMPT_COOKIE, ""))
    except sign_in.AttemptGone:
        security.warning("unknown sign-in answer", extra={"event": "sign_in_refused", "reason": "attempt_gone"})
        return _try_again("start_again", 400)
    except LoginRefused as refusal:
        security.warning("sign-in refused", extra={"event": "sign_in_refused", "reason": refusal.reason.value})
        return _refused(refusal.reason)
    except Unavailable:
        return render_template("auth/unavailable.html"), 503
    login.sign_in(token, found)
    response = make_response(redirect(next_path or request.script_root + _landing(found), 303))
    response.delete_cookie(ATTEMPT_COOKIE)
    return response


def _refused(reason: Refusal) -> ResponseReturnValue:
    if reason is Refusal.CANCELLED:
        return _try_again("cancelled", 200)
    if reason is Refusal.LEVEL_TOO_LOW:
        return _try_again("level_too_low", 403)
    if reason is Refusal.NO_NATIONAL_ID:
        return _try_again("no_number", 403)
    return _try_again("start_again", 400)


def _try_again(case: str, status: int) -> ResponseReturnValue:
    db.finish(keep=False)
    return render_template("auth/refused.html", case=case), status


def _landing(found: sessions.Actor) -> str:
    """Where somebody who asked for no page begins."""
    return HOME.get(found.role) or ("/virksomhet/velg" if found.can_switch else "/velkommen")


def _home() -> str:
    return request.script_root + _landing(actor())


@bp.get("/velkommen")
@open_to(Role.SIGNED_IN)
def welcome() -> ResponseReturnValue:
    return render_template("auth/welcome.html")


@bp.route("/virksomhet/velg", methods=["GET", "POST"])
@open_to(Role.SIGNED_IN)
def choose() -> ResponseReturnValue:
    """Whom the person wants to act for: an organisation with access, the Directorate, or as a submitter."""
    hats = [*sign_in.hats(actor().account_id), sign_in.Hat(Role.SUBMITTER)]
    next_path = safe_next(request.values.get("next")) or ""
    if request.method == "GET":
        return render_template("auth/choose.html", hats=hats, next_path=next_path, error=None)
    chosen = next((hat for hat in hats if _value_of(hat) == request.form.get("hat")), None)
    if chosen is None:
        return render_template("auth/choose.html", hats=hats, next_path=next_path, error=True), 422
    token, _row = sessions.switch(actor(), chosen.role, chosen.organisation_id)
    found = sessions.load(token)
    if found is None:
        raise NotFound
    login.sign_in(token, found)
    return redirect(next_path or request.script_root + (HOME.get(chosen.role) or "/soknad"), 303)


@bp.app_template_filter("hat_value")
def _value_of(hat: sign_in.Hat) -> str:
    return str(hat.organisation_id or hat.role)


@bp.post("/okt/forleng")
@open_to(Role.SIGNED_IN)
def prolong() -> ResponseReturnValue:
    sessions.touch(actor(), at_once=True)
    return "", 204


@bp.post("/logg-ut")
@open_to(Role.ANYONE)
def sign_out() -> ResponseReturnValue:
    """End our session first, then send the browser to ID-porten to end its own; the way back is not guaranteed."""
    found = present()
    if found is None:
        return redirect(url_for("auth.signed_out"), 303)
    sessions.end(found)
    login.sign_out()
    try:
        target = agencies().idporten.logout_url(post_logout_redirect_uri=f"{settings().base_url}/logget-ut", state="ut")
    except Unavailable:
        target = url_for("auth.signed_out")
    response = make_response(redirect(target, 303))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.get("/logget-ut")
@open_to(Role.ANYONE)
def signed_out() -> ResponseReturnValue:
    return render_template("auth/signed_out.html")


@bp.get("/logg-ut/idporten")
@open_to(Role.ANYONE)
def front_channel_sign_out() -> Response:
    """ID-porten says that a session of its own has ended. Our cookie is not sent along, so `sid` finds the sessions;
    an unknown one is answered alike (integrations.md 1.5)."""
    provider_session = request.args.get("sid", "")
    if agencies().idporten.issuer_matches(request.args.get("iss", "")) and provider_session:
        sessions.end_by_provider(settings().idporten_issuer, provider_session)
    return make_response("", 200)

