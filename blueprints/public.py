"""The open pages: what the register is, who may use it, and what becomes of people's data. None needs a sign-in."""

import json
import re
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blueprints.guard import Role, open_to, safe_next
from blueprints.page_context import COLOUR_COOKIE
from extensions.agencies import settings
from extensions.limits import limiter
from extensions.log import security
from extensions.page_cache import same_for_visitors
from forms.professionals_registration import YES_OR_NO, CheckForm
from services import settings as numbers
from services import status
from services.settings import Key

bp = Blueprint("public", __name__)

COLOUR_CHOICES = {"auto": "auto", "lyst": "light", "mørkt": "dark"}
COLOUR_KEPT = timedelta(days=365)
SECURITY_TXT_VALID = timedelta(days=180)
LONGEST_REPORT = 16 * 1024
REPORTED = re.compile(r"[a-z-]{1,40}\Z|https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?(?=[/?#]|\Z)")
"""The name of a rule or of a kind of content, or the origin at the beginning of an address."""
NOT_FOR_SEARCH_ENGINES = (
    "/a/", "/e/", "/i/", "/t/", "/v/", "/helse/", "/logg", "/min-side", "/personvernsaker", "/register", "/sak",
    "/soknad", "/tilganger", "/velkommen", "/virksomhet",
)  # fmt: skip
"""How the addresses begin; `/logg` is the log, and signing in and out as well."""


@bp.get("/")
@open_to(Role.ANYONE)
@same_for_visitors
def front() -> ResponseReturnValue:
    return render_template("public/front.html")


@bp.get("/for-virksomheter")
@open_to(Role.ANYONE)
@same_for_visitors
def for_organisations() -> ResponseReturnValue:
    found = numbers.values(Key.PROCESSING_DAYS, Key.DRAFT_DAYS, Key.INVITATION_DAYS)
    return render_template(
        "public/for_organisations.html",
        processing_time=numbers.duration(found[Key.PROCESSING_DAYS], "days"),
        draft_time=numbers.duration(found[Key.DRAFT_DAYS], "days"),
        invitation_time=numbers.duration(found[Key.INVITATION_DAYS], "days"),
        package_name=settings().altinn_package_name,
    )


@bp.get("/for-helsepersonell")
@open_to(Role.ANYONE)
@same_for_visitors
def for_professionals() -> ResponseReturnValue:
    return render_template("public/for_professionals.html")


@bp.get("/for-helsepersonell/sjekk")
@open_to(Role.ANYONE)
@same_for_visitors
def check() -> ResponseReturnValue:
    """Whether one may register: two questions, whose answers stand in the address and nowhere else (ux.md D0)."""
    form = CheckForm(request.args)
    question = next((field for field in form if field.data not in YES_OR_NO), None)
    if form.jobb.data == "ja":
        return render_template("public/check_no.html")
    if question is None:
        return render_template("public/check_yes.html", has_employer=form.skole.data == "ja")
    is_unanswered = request.args.get("steg") == question.name
    if is_unanswered:
        question.validate(form)
    return render_template("public/check.html", form=form, question=question), 422 if is_unanswered else 200


@bp.get("/om")
@open_to(Role.ANYONE)
@same_for_visitors
def about() -> ResponseReturnValue:
    return render_template("public/about.html")


@bp.get("/hjelp")
@open_to(Role.ANYONE)
@same_for_visitors
def help_page() -> ResponseReturnValue:
    found = numbers.values(Key.INVITATION_DAYS, Key.DRAFT_DAYS)
    return render_template(
        "public/help.html",
        invitation_time=numbers.duration(found[Key.INVITATION_DAYS], "days"),
        draft_time=numbers.duration(found[Key.DRAFT_DAYS], "days"),
        package_name=settings().altinn_package_name,
    )


@bp.get("/kontakt")
@open_to(Role.ANYONE)
@same_for_visitors
def contact() -> ResponseReturnValue:
    return render_template("public/contact.html", address=settings().mail_reply_to)


@bp.get("/personvern")
@open_to(Role.ANYONE)
@same_for_visitors
def privacy() -> ResponseReturnValue:
    return render_template("public/privacy.html", rules=numbers.retention_rules(), address=settings().mail_reply_to)


@bp.get("/informasjonskapsler")
@open_to(Role.ANYONE)
@same_for_visitors
def cookies() -> ResponseReturnValue:
    return render_template("public/cookies.html", session_cookie="__Host-okt" if settings().is_secure else "okt")


@bp.get("/tilgjengelighet")
@open_to(Role.ANYONE)
@same_for_visitors
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html", address=settings().mail_reply_to)


@bp.get("/driftsstatus")
@open_to(Role.ANYONE)
def operation() -> ResponseReturnValue:
    return render_template("public/operation.html", parts=status.overview(), checked_at=datetime.now(UTC))


@bp.post("/utseende")
@open_to(Role.ANYONE, csrf_exempt=True)
def choose_colours() -> ResponseReturnValue:
    """Keep the choice of colours in a cookie and go back. Without a token: it changes one browser's looks and no row,
    and a token would give a session cookie to everyone who only reads."""
    response = make_response(redirect(safe_next(request.form.get("neste")) or url_for("public.front"), 303))
    scheme = COLOUR_CHOICES.get(request.form.get("utseende", ""), "auto")
    if scheme == "auto":
        response.delete_cookie(COLOUR_COOKIE)
    else:
        response.set_cookie(
            COLOUR_COOKIE, scheme, max_age=int(COLOUR_KEPT.total_seconds()), httponly=True, samesite="Lax",
            secure=settings().is_secure,
        )  # fmt: skip
    return response


@bp.post("/csp-rapport")
@open_to(Role.ANYONE, csrf_exempt=True)
@limiter.limit("10/minute")
def policy_report() -> ResponseReturnValue:
    """A browser's word that a page tried what its policy forbids (C62). Anybody may send anything: of a report, which
    rule it was and whose content, never an address, is kept, and nothing else happens."""
    body = request.stream.read(LONGEST_REPORT + 1)
    if len(body) > LONGEST_REPORT:
        return "", 413
    try:
        report = json.loads(body)["csp-report"]
        told = [REPORTED.match(report[name]) for name in ("effective-directive", "blocked-uri")]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", 400
    kept = " ".join(found[0] if found else "other" for found in told)
    security.warning("content security policy", extra={"event": "csp_report", "reason": kept})
    return "", 204


@bp.get("/robots.txt")
@open_to(Role.ANYONE)
def robots() -> ResponseReturnValue:
    """Search engines may read the open pages; token links and everything behind the sign-in are of no use to them."""
    paths = [f"Disallow: {prefix}{path}" for prefix in ("", "/nn", "/en") for path in NOT_FOR_SEARCH_ENGINES]
    return _plain_text("\n".join(["User-agent: *", *paths, ""]))


@bp.get("/.well-known/security.txt")
@open_to(Role.ANYONE)
def security_contact() -> ResponseReturnValue:
    """Where to report a hole (RFC 9116)."""
    expires = (datetime.now(UTC) + SECURITY_TXT_VALID).strftime("%Y-%m-%dT00:00:00Z")
    return _plain_text(
        f"Contact: mailto:{settings().mail_reply_to}\nExpires: {expires}\nPreferred-Languages: nb, nn, en\n"
        f"Canonical: {settings().base_url}/.well-known/security.txt\n"
    )


def _plain_text(text: str) -> Response:
    response = make_response(text)
    response.content_type = "text/plain; charset=utf-8"
    return response
