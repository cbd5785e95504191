"""Sign-in and sign-out with ID-porten or HelseID, the session's prolonging, and the choice of role and organisation."""

from contextlib import suppress

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from adapters.errors import Unavailable
from adapters.oidc import LoginRefused, OpenIdProvider, Refusal
from blueprints import guard
from blueprints.guard import Role, actor, open_to, present, safe_next
from extensions import login
from extensions.agencies import agencies, settings
from extensions.database import db
from extensions.language import PREFIXED, current_language, in_language, language_of
from extensions.limits import limiter
from extensions.log import security
from forms.organisations import ActingForm
from services import grants, sessions, sign_in
from services.access import STAFF_ROLES, Actor

bp = Blueprint("auth", __name__)
LEFT = "left"
"""In the cookie of somebody who has just left the register: the reference of the erasure, until the next sign-in."""
HOME = {
    Role.ORGANISATION_USER: "/virksomhet",
    Role.SUBMITTER: "/soknad",
    Role.PROFESSIONAL: "/min-side",
    **dict.fromkeys(STAFF_ROLES, "/sak"),
}
PROVIDER = "<any(idporten, helseid):provider>"
CASES = {Refusal.CANCELLED: 200, Refusal.LEVEL_TOO_LOW: 403, Refusal.NO_NATIONAL_ID: 403}
"""Refusals with a page of their own; all others say that one must start again."""


def attempt_cookie() -> str:
    """The name of the cookie that ties a sign-in to its browser."""
    return "__Host-innlogging" if settings().is_secure else "innlogging"


@bp.get("/logg-inn")
@open_to(Role.ANYONE)
def sign_in_page() -> ResponseReturnValue:
    next_path = safe_next(request.args.get("next")) or ""
    wants_fresh = request.args.get("ny") == "1"
    if present() and not wants_fresh:
        return redirect(next_path or _home(actor()), 303)
    if LEFT in session and next_path.endswith("/min-side/slett"):
        return redirect(url_for(".signed_out"), 303)  # the way back from the receipt, or a second press
    return render_template(
        "auth/sign_in.html",
        next_path=next_path,
        wants_fresh=wants_fresh,
        has_held=guard.HELD_COOKIE in request.cookies,
        providers=_offered(wants_fresh),
    )


def _offered(wants_fresh: bool) -> list[str]:
    """Whom one may sign in with. A sign-in is confirmed with the provider it was made with (C4)."""
    mine = agencies().provider_at(sessions.issuer_of(actor())) if wants_fresh and present() else None
    return [mine.system] if mine else list(agencies().providers)


@bp.post("/logg-inn")
@open_to(Role.ANYONE)
@limiter.limit("30/minute")
def start_sign_in() -> ResponseReturnValue:
    next_path = safe_next(request.form.get("next")) or ""
    fresh = request.form.get("ny") == "1"
    provider = request.form.get("med", "idporten")
    if provider not in agencies().providers:
        abort(400)
    browser = request.cookies.get(attempt_cookie(), "")
    try:
        url, browser = sign_in.begin(provider, next_path, current_language(), fresh=fresh, browser=browser)
    except Unavailable:
        return _unavailable(provider, next_path, fresh=fresh)
    response = make_response(redirect(url, 303))
    response.set_cookie(
        attempt_cookie(),
        browser,
        max_age=int(sign_in.ATTEMPT_LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings().is_secure,
    )
    return response


@bp.get(f"/logg-inn/{PROVIDER}/tilbake")
@open_to(Role.ANYONE)
def finish_sign_in(provider: str) -> ResponseReturnValue:
    """The provider's answer: the one GET that opens a session, as the protocol says; state, PKCE and cookie guard
    it."""
    _ours(provider)
    browser = request.cookies.get(attempt_cookie(), "")
    try:
        token, found, next_path = sign_in.finish(provider, request.args.to_dict(), browser, login.session_token())
    except sign_in.AttemptGone:
        security.warning("unknown sign-in answer", extra={"event": "sign_in_refused", "reason": "attempt_gone"})
        return _refused(None)
    except LoginRefused as refusal:
        security.warning("sign-in refused", extra={"event": "sign_in_refused", "reason": refusal.reason.value})
        return _refused(refusal.reason)
    except Unavailable:
        return _unavailable(provider, "")
    login.sign_in(token, found)
    target = next_path or _home(found)
    if found.name:
        with in_language(language_of(target)):  # the provider answers to one address, whatever the language was
            flash(_("Du er logget inn som %(navn)s.", navn=found.name), "success")
    response = make_response(redirect(target, 303))
    guard.forget_other_persons_form(response, found.account_id)
    return response


def _refused(reason: Refusal | None) -> ResponseReturnValue:
    db.finish(keep=False)
    case = reason.value if reason in CASES else "start_again"
    return render_template("auth/refused.html", case=case), CASES.get(reason, 400) if reason else 400


def _unavailable(provider: str, next_path: str, *, fresh: bool = False) -> ResponseReturnValue:
    db.finish(keep=False)
    page = render_template("auth/unavailable.html", provider=provider, next_path=next_path, wants_fresh=fresh)
    response = make_response(page, 503)
    response.headers["Retry-After"] = "60"
    return response


def _ours(provider: str) -> OpenIdProvider:
    """The provider in an address, when we have it."""
    found = agencies().providers.get(provider)
    if found is None:
        abort(404)
    return found


def _home(found: Actor) -> str:
    """Where somebody who asked for no page begins."""
    if found.role is Role.SUBMITTER:
        return url_for("auth.choose") if found.can_switch else url_for("auth.welcome")
    return request.script_root + HOME[found.role]


@bp.get("/velkommen")
@open_to(Role.SIGNED_IN)
def welcome() -> ResponseReturnValue:
    """What one can do here, and where one is signed in."""
    return render_template(
        "auth/welcome.html",
        open_sessions=sessions.open_ones(actor()),
        home=_home(actor()),
        locked=grants.locked_for(actor()),
    )


@bp.route("/virksomhet/velg", methods=["GET", "POST"])
@open_to(Role.SIGNED_IN)
def choose() -> ResponseReturnValue:
    """Whom the person wants to act for: an organisation with access, the Directorate, him- or herself, or as a
    submitter."""
    mine = [*sign_in.hats(actor().account_id), sign_in.Hat(Role.PROFESSIONAL), sign_in.Hat(Role.SUBMITTER)]
    hats = {_key(hat): hat for hat in mine}
    form = ActingForm(
        [(key, _name(hat)) for key, hat in hats.items()],
        data={"next": request.args.get("next")},
        held=guard.held_fields(),
    )
    if not form.validate_on_submit():
        helps = {key: _help(hat) for key, hat in hats.items()}
        page = render_template("auth/choose.html", form=form, helps=helps, locked=grants.locked_for(actor()))
        return page, form.status_code
    hat = hats[form.acting.data]
    guard.become(hat.role, hat.organisation_id)
    return redirect(safe_next(form.next.data) or request.script_root + HOME[hat.role], 303)


def _key(hat: sign_in.Hat) -> str:
    return str(hat.organisation_id or hat.role)


def _name(hat: sign_in.Hat) -> str:
    if hat.organisation_name:
        return hat.organisation_name
    if hat.role is Role.PROFESSIONAL:
        return str(_("Min side – helsepersonell"))
    return str(_("Helsedirektoratet") if hat.role in STAFF_ROLES else _("En virksomhet som skal søke om tilgang"))


def _help(hat: sign_in.Hat) -> str:
    if hat.role is Role.ORGANISATION_USER:
        text = _("Bruk registeret for virksomheten.")
    elif hat.role in STAFF_ROLES:
        text = _("Behandle saker.")
    elif hat.role is Role.PROFESSIONAL:
        text = _("Registrer deg som tilgjengelig, og se og endre opplysningene dine.")
    else:
        text = _("Søk om tilgang, følg en søknad eller svar på spørsmål som innsender eller kontaktperson.")
    return str(text)


@bp.post("/okt/forleng")
@open_to(Role.SIGNED_IN)
def prolong() -> ResponseReturnValue:
    sessions.touch(actor(), at_once=True)
    return "", 204


@bp.post("/logg-ut")
@open_to(Role.ANYONE)
def sign_out() -> ResponseReturnValue:
    """End our session first, then send the browser to the provider to end its own; the way back is not guaranteed."""
    found = present()
    if found is None:
        login.sign_out()
        return redirect(url_for("auth.signed_out"), 303)
    sessions.end(found)
    return to_provider_sign_out(sessions.issuer_of(found))


@bp.post("/logg-ut/alle")
@open_to(Role.SIGNED_IN)
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of the person, in all browsers (C9)."""
    sessions.end_all(actor())
    return to_provider_sign_out(sessions.issuer_of(actor()))


def to_provider_sign_out(issuer: str) -> Response:
    """Nobody is signed in in this browser any more; send it to the provider to end its session too."""
    login.sign_out()
    target, ours = url_for("auth.signed_out"), agencies().provider_at(issuer)
    with suppress(Unavailable):
        if ours is not None:
            target = ours.logout_url(
                post_logout_redirect_uri=f"{settings().base_url}/logget-ut", state=current_language().value
            )
    response = make_response(redirect(target, 303))
    response.delete_cookie(guard.HELD_COOKIE)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.get("/logget-ut")
@open_to(Role.ANYONE)
def signed_out() -> ResponseReturnValue:
    """The provider sends everybody to one address, with the language of the page they left in `state`."""
    language = request.args.get("state")
    if language in PREFIXED and not request.script_root:
        return redirect(f"/{language}{request.path}", 303)
    return render_template("auth/signed_out.html", left=session.get(LEFT))


@bp.get(f"/logg-ut/{PROVIDER}")
@open_to(Role.ANYONE)
def front_channel_sign_out(provider: str) -> ResponseReturnValue:
    """The provider says in a frame that a session of its own has ended. Our cookie is not sent along, so `sid` finds
    the sessions; an unknown one is answered alike (integrations.md 1.5)."""
    ours, provider_session = _ours(provider), request.args.get("sid", "")
    if ours.issuer_matches(request.args.get("iss", "")) and provider_session:
        sessions.end_by_provider(ours.issuer, provider_session)
    return "", 200


@bp.post(f"/logg-ut/{PROVIDER}")
@open_to(Role.ANYONE, csrf_exempt=True)
def back_channel_sign_out(provider: str) -> ResponseReturnValue:
    """The same said from server to server, in a signed token (C9)."""
    ours = _ours(provider)
    try:
        provider_session = ours.ended_session(request.form.get("logout_token", ""))
    except LoginRefused as refusal:
        security.warning("logout token refused", extra={"event": "logout_refused", "reason": refusal.detail})
        return "", 400
    sessions.end_by_provider(ours.issuer, provider_session)
    return "", 200
