"""Pages that are the same for everybody who has not signed in, kept for a minute in the process.

A crisis brings many visitors at once, and nearly all of them to the front page. Only answers to a plain GET without our
session cookie, in which nothing was known of a person, are kept or given.
"""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, cast

from flask import Flask, Response, make_response, request, session
from flask.typing import ResponseReturnValue
from werkzeug.sansio.http import parse_cookie  # as Flask's own request does

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LIFETIME = 60.0
LARGEST = 200
"""Entries: pages × languages × colour schemes; more means that somebody is making addresses up."""
MARK = "helsereserven.same_for_visitors"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
Kept = tuple[float, str, list[tuple[str, str]], bytes]


def same_for_visitors(view: View) -> View:
    """Say that the page holds nothing but what its path, language and colour scheme decide."""

    @wraps(view)
    def wrapped(*args: object, **kwargs: object) -> Response:
        response = make_response(view(*args, **kwargs))
        request.environ[MARK] = response.status_code == 200 and not session
        return response

    return cast(View, wrapped)


class PageCache:
    """The WSGI layer that answers from memory before anything else is done."""

    def __init__(self, app: Flask, host: str, session_cookie: str, scheme_cookie: str) -> None:
        self.wsgi_app: WSGIApplication = app.wsgi_app
        self.host = host
        self.session_cookie = session_cookie
        self.scheme_cookie = scheme_cookie
        self.kept: dict[tuple[str, str], Kept] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self.wsgi_app(environ, start_response)
        found = self.kept.get(key)
        if found is not None and found[0] > time.monotonic():
            start_response(found[1], found[2])
            return [found[3]]
        return self._answer_and_keep(key, environ, start_response)

    def _key(self, environ: "WSGIEnvironment") -> tuple[str, str] | None:
        """What decides the page; None when this request may not be answered from memory."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING") or environ.get("HTTP_HOST") != self.host:
            return None
        cookies = environ.get("HTTP_COOKIE", "")
        if self.session_cookie in cookies:  # wherever it stands: other sites on our domain set what they like
            return None
        return environ.get("PATH_INFO", ""), parse_cookie(cookies).get(self.scheme_cookie, "")

    def _answer_and_keep(
        self, key: tuple[str, str], environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def watch(status: str, headers: list[tuple[str, str]], *error: object) -> object:
            seen.append((status, headers))
            return start_response(status, headers, *error)  # type: ignore[arg-type]

        answer = self.wsgi_app(environ, watch)  # type: ignore[arg-type]
        if not environ.get(MARK) or any(name == "Set-Cookie" for name, _value in seen[-1][1]):
            return answer
        body = b"".join(answer)
        if len(self.kept) >= LARGEST:
            self.kept.clear()
        self.kept[key] = (time.monotonic() + LIFETIME, *seen[-1], body)
        return [body]
