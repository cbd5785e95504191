"""The door of every view: whom it is open to, who is there, and what a refused form leaves behind.

A view that does not say whom it is open to is closed (C11).
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TypeVar, cast
from urllib.parse import quote, urlsplit
from uuid import UUID

from flask import Flask, Response, abort, current_app, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.datastructures import MultiDict

from blueprints import uploads
from extensions import login
from extensions.agencies import settings
from extensions.log import security
from models.enums import Role as Role
from services import access, form_keys, grants, held_forms, sessions, sign_in
from services.access import Actor
from services.held_forms import Held

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
HELD_COOKIE = "held"
NEVER_HELD = frozenset({"csrf_token", "form_key"})
TOKEN = "<token>"
"""Stands for the secret of a link where an address is kept: only a token's hash is stored (C30)."""
csrf = CSRFProtect()


def open_to(
    *roles: Role, fresh_login: bool = False, csrf_exempt: bool = False, takes_file: bool = False
) -> Callable[[View], View]:
    """Say whom a view is open to. `fresh_login` asks for a sign-in younger than fifteen minutes before a POST (C4).

    `csrf_exempt` is for acts that change nothing for a person, such as the choice of colours, and for those that prove
    in themselves who asks. `takes_file` lets a form be as large as a file, from people who may send it alone.
    """

    def mark(view: View) -> View:
        view.open_to = frozenset(roles)  # type: ignore[attr-defined]
        view.fresh_login = fresh_login  # type: ignore[attr-defined]
        view.csrf_exempt = csrf_exempt  # type: ignore[attr-defined]
        view.takes_file = takes_file  # type: ignore[attr-defined]
        return view

    return mark


def actor() -> Actor:
    """Who is acting; only behind a door that asks for a sign-in."""
    found = present()
    if found is None:
        abort(403)
    return found


def present() -> Actor | None:
    """Who is signed in, or None."""
    signed_in = login.signed_in()
    return cast(Actor, signed_in.actor) if signed_in else None


def become(role: Role, organisation_id: UUID | None) -> None:
    """Let the browser go on in another role, in a new session (C6)."""
    token, _row = sessions.switch(actor(), role, organisation_id)
    found = sessions.load(token)
    assert found is not None
    login.sign_in(token, found)


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    app.before_request(check_access)

    @login.manager.user_loader
    def load(token: str) -> login.SignedIn | None:
        found = sessions.load(token)
        return login.SignedIn(token, found) if found else None


def check_access() -> ResponseReturnValue | None:
    """Run before every view: closed doors, forged forms, ended sessions, wrong roles, old logins and second presses,
    in that order."""
    if request.endpoint is None:
        return None  # the router's own 404 or 405
    if b"%00" in request.query_string:
        abort(400)  # no text of ours holds it, and the database takes none that does
    view = current_app.view_functions[request.endpoint]
    roles: frozenset[Role] = getattr(view, "open_to", frozenset())
    if not roles:
        security.error("closed view", extra={"event": "closed_view", "route": request.endpoint})
        abort(403)
    if request.method == "HEAD":
        request.method = "GET"  # so that no view mistakes looking for pressing; the body is left out all the same
    if request.method in ("GET", "OPTIONS"):
        return _check_role(roles)
    _refuse_other_sites()
    if takes_file():
        refused = _check_role(roles)
        if refused is not None:
            return refused
        uploads.take_in(actor(), request)
    if not getattr(view, "csrf_exempt", False):
        try:
            csrf.protect()
        except CSRFError:
            return _first_result_again() or _hold_and_return(Role.ANYONE in roles)
    refused = _check_role(roles)
    if refused is not None:
        return refused
    if getattr(view, "fresh_login", False):
        access.require_fresh_login(actor())
    return _first_result()


def _refuse_other_sites() -> None:
    """A form is ours only when the browser says that our own page sent it (C63)."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none") or (
        origin not in (None, "null") and urlsplit(origin or "").netloc != request.host
    ):
        security.warning("form from another site", extra={"event": "cross_site", "route": request.endpoint})
        abort(403)


def _check_role(roles: frozenset[Role]) -> ResponseReturnValue | None:
    if Role.ANYONE in roles:
        return None
    found = present()
    if found is None:
        return redirect(login_url(wanted_path()), 303) if request.method == "GET" else _hold_and_return()
    sessions.touch(found)
    if Role.SIGNED_IN in roles or found.role in roles:
        return None
    if request.method == "GET" and (
        roles & access.OPEN_ROLES
        or any(hat.role in roles for hat in sign_in.hats(found.account_id))
        or (Role.ORGANISATION_USER in roles and grants.locked_for(found))  # the page of choice says so
    ):
        return redirect(url_for("auth.choose", next=wanted_path()), 303)
    security.warning(
        "wrong role", extra={"event": "refused", "route": request.endpoint, "account_id": found.account_id}
    )
    abort(403)


def _hold_and_return(is_open: bool = False) -> Response:
    """The session or its CSRF secret is gone: keep what was typed, sign in again, and come back to the form
    refilled."""
    target = wanted_path()
    if request.endpoint == "auth.start_sign_in":
        target = login_url(safe_next(request.form.get("next")) or "")
    elif request.endpoint == "auth.sign_out" and not present():
        target = url_for("auth.signed_out")
    response = cast(Response, redirect(target if is_open or present() else login_url(target), 303))
    hold(response, was_signed_out=True)
    return response


def hold(response: Response, *, was_signed_out: bool = False) -> None:
    """Keep the fields of this POST for the person who sent it, and give the browser the key to them."""
    token = login.session_token()
    session = sessions.of_token(token) if token else None
    fields = [(name, value) for name, value in _sent().items(multi=True) if name not in NEVER_HELD]
    if session is None:
        return
    kept = held_forms.keep(Held(session.account_id, _form_page(), fields, was_signed_out))
    if kept:
        response.set_cookie(
            HELD_COOKIE,
            kept,
            max_age=int(held_forms.LIFETIME.total_seconds()),
            httponly=True,
            samesite="Lax",
            secure=settings().is_secure,
        )


def takes_file() -> bool:
    """Whether the form this request sends may hold a file."""
    return bool(getattr(current_app.view_functions[request.endpoint or ""], "takes_file", False))


def _sent() -> MultiDict[str, str]:
    """The fields of this POST; of a form whose file was never taken in, only that there was one."""
    if takes_file() and not uploads.is_taken_in(request):
        return MultiDict({"file": ""})
    return request.form


def held() -> Held | None:
    """What was typed on this page before it was interrupted, when it was by the person who is here now."""
    if "held" not in g:
        token = request.cookies.get(HELD_COOKIE) if request.method == "GET" else None
        found = held_forms.find(token) if token and present() else None
        g.held = found if found and found.account_id == actor().account_id and found.path == request.path else None
    return cast("Held | None", g.held)


def held_fields() -> MultiDict[str, str] | None:
    """The fields of held(), as a form takes them."""
    found = held()
    return MultiDict(found.fields) if found else None


def forget_other_persons_form(response: Response, account_id: UUID) -> None:
    """Somebody signed in: what another person typed in this browser is not theirs, and is gone (ux.md 4.2)."""
    token = request.cookies.get(HELD_COOKIE)
    found = held_forms.find(token) if token else None
    if token and (found is None or found.account_id != account_id):
        held_forms.discard(token)
        response.delete_cookie(HELD_COOKIE)


def _first_result() -> ResponseReturnValue | None:
    key = _form_key()
    if key is None or request.headers.get("X-Autosave"):
        return None  # a draft that saves itself is saved again and again from one page
    found = present()
    location = form_keys.claim(key, _body_hash(), found.account_id if found else None)
    g.form_key = key
    return redirect(location.replace(TOKEN, _token()), 303) if location else None


def _token() -> str:
    """The secret in this request's own address."""
    return str((request.view_args or {}).get("token", TOKEN))


def _first_result_again() -> ResponseReturnValue | None:
    """A second press on a page from before the session was changed by the first one: the same place again."""
    key, found = _form_key(), present()
    location = form_keys.first_result(key, _body_hash(), found.account_id) if key and found else None
    return redirect(location.replace(TOKEN, _token()), 303) if location else None


def remember_result(response: Response) -> None:
    """Before the commit: a form that led somewhere leads there again when it is pressed twice, and what was held of it
    is gone."""
    if request.method != "POST" or response.status_code != 303:
        return
    key: UUID | None = g.get("form_key")
    if key is not None:
        form_keys.remember(key, (response.location or "/").replace(_token(), TOKEN))
    token = request.cookies.get(HELD_COOKIE)
    found = held_forms.find(token) if token else None
    if token and found is not None and found.path == _form_page():
        held_forms.discard(token)
        response.delete_cookie(HELD_COOKIE)


def _form_key() -> UUID | None:
    try:
        return UUID(request.form.get("form_key", ""))
    except ValueError:
        return None


def _body_hash() -> bytes:
    fields: Iterable[tuple[str, str]] = (pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token")
    files = [(name, uploads.hash_of(file)) for name, file in request.files.items(multi=True)]
    return hashlib.sha256(repr((request.path, sorted(fields), files)).encode()).digest()


def wanted_path() -> str:
    """The path of this request with its language, to come back to. The query goes along where the page itself answers
    to it: what is typed into a form may be about what the address asks for."""
    page = _form_page()
    query = request.query_string.decode("ascii", "ignore") if page == request.path else ""
    return request.script_root + page + (f"?{query}" if query else "")


def _form_page() -> str:
    """The path of the page this request was sent from: its own, or, where nothing answers a GET, the referring
    page's."""
    if request.method == "GET" or _answers_get(request.path):
        return request.path
    referrer = urlsplit(request.referrer or "")
    path = referrer.path.removeprefix(request.script_root)
    return path if referrer.netloc == request.host and safe_next(path) and _answers_get(path) else "/"


def _answers_get(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, method="GET")


def login_url(next_path: str) -> str:
    return f"{url_for('auth.sign_in_page')}?next={quote(next_path, safe='/')}"


def safe_next(candidate: str | None) -> str | None:
    """The path when it is one of this site: "/" followed by neither "/" nor "\\", no control characters, no host
    (C45)."""
    if not candidate or len(candidate) > 2000 or candidate[0] != "/" or candidate[1:2] in ("/", "\\"):
        return None
    if "\\" in candidate or any(ord(character) < 32 or ord(character) == 127 for character in candidate):
        return None
    parts = urlsplit(candidate)
    return candidate if not parts.scheme and not parts.netloc else None


def no_referrer(view: View) -> View:
    """For pages whose address holds a token: it must not travel on (C34)."""

    @wraps(view)
    def wrapped(*args: object, **kwargs: object) -> Response:
        response = make_response(view(*args, **kwargs))
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return cast(View, wrapped)
