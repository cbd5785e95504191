"""Exceptions to pages, in one table (house-style.md, Errors)."""

import logging
import secrets
from typing import cast

from flask import Flask, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from adapters.errors import Unavailable
from blueprints import guard
from extensions.database import db
from extensions.keys import CannotOpen
from models.base import InvalidTransition
from services.errors import Conflict, Forbidden, NeedsFreshLogin, NotFound, TooMany

log = logging.getLogger("web")
PAGES = frozenset({400, 403, 404, 405, 409, 413, 429, 500, 503})
LAST_RESORT = (
    "<!doctype html><html lang=nb><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Beklager, noe gikk galt hos oss</title><h1>Beklager, noe gikk galt hos oss</h1>"
    "<p>Det skyldes ikke noe du gjorde. Vent litt og prøv igjen. Det du har lagret, er trygt.</p><p>Feil-id: {id}</p>"
)


def page(status: int, **facts: object) -> Response:
    """The error page of a status. What the request had begun is rolled back first."""
    db.finish(keep=False)
    name = status if status in PAGES else (400 if status < 500 else 500)
    return make_response(render_template(f"errors/{name}.html", error_id=error_id(), **facts), status)


def error_id() -> str:
    """The reference a person can give us: the same as in the log."""
    return cast(str, g.setdefault("request_id", secrets.token_hex(8)))


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotFound, lambda _error: page(404))
    app.register_error_handler(Forbidden, lambda error: page(403, reason=error.reason))
    app.register_error_handler(Conflict, lambda error: _refused(409, error.message))
    app.register_error_handler(InvalidTransition, _someone_was_first)
    app.register_error_handler(StaleDataError, _someone_was_first)
    app.register_error_handler(TooMany, lambda error: _refused(429, error.message))
    app.register_error_handler(NeedsFreshLogin, _sign_in_again)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(CannotOpen, _cannot_open)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(DBAPIError, _database_refused)
    app.register_error_handler(Exception, _our_mistake)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    response = page(error.code or 500)
    if error.code == 405 and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _someone_was_first(_error: Exception) -> Response:
    return _refused(409, _("Noen andre har gjort noe her før deg. Se hva som gjelder nå, og prøv igjen."))


def _refused(status: int, message: str) -> Response:
    """Not now: what was typed is there for whoever comes back to the page, but for a file."""
    response = page(status, message=message)
    if request.method == "POST" and not guard.takes_file():
        guard.hold(response)
    return response


def _sign_in_again(_error: NeedsFreshLogin) -> Response:
    """Keep what was typed and ask ID-porten for a new login; afterwards the form stands refilled."""
    db.finish(keep=False)
    target = guard.wanted_path()
    response = cast(Response, redirect(guard.login_url(target) + "&ny=1", 303))
    guard.hold(response)
    return response


def _unavailable(error: Unavailable) -> Response:
    log.warning("outside system gave no answer", extra={"system": error.system, "route": request.endpoint})
    response = page(503, system=error.system, retry_path=guard.wanted_path())
    response.headers["Retry-After"] = "60"
    if request.method == "POST":
        guard.hold(response)
    return response


def _cannot_open(error: CannotOpen) -> Response:
    log.error(
        "sealed value does not open", extra={"event": "cannot_open", "reason": str(error), "route": request.endpoint}
    )
    return page(503, system=None, retry_path=guard.wanted_path())


def _database_away(error: OperationalError) -> Response:
    log.error(
        "database away", extra={"event": "database", "reason": type(error.orig).__name__, "route": request.endpoint}
    )
    return last_resort(503)


def _database_refused(error: DBAPIError) -> Response:
    log.exception("database refused", extra={"event": "database", "route": request.endpoint})
    return last_resort(503) if error.connection_invalidated else _our_mistake(error)


def _our_mistake(error: Exception) -> Response:
    log.exception("unexpected", exc_info=error, extra={"route": request.endpoint, "request_id": error_id()})
    try:
        response = page(500)
        if request.method == "POST":
            guard.hold(response)
        return response
    except Exception:
        log.exception("the error page failed too", extra={"request_id": error_id()})
        return last_resort(500)


def last_resort(status: int) -> Response:
    """A page that needs neither database nor templates (C75)."""
    response = make_response(LAST_RESORT.format(id=error_id()), status)
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response
