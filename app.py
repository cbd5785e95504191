"""create_app(): settings in; extensions filled; blueprints, error pages and commands registered."""

import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

import blueprints
import commands
import workers
from blueprints import errors, guard, page_context
from blueprints.uploads import FormRequest
from config import Settings
from extensions import language, limits, log, login, static_files
from extensions.agencies import Agencies
from extensions.database import db
from extensions.keys import KeyRing
from extensions.page_cache import PageCache
from services import audit

LARGEST_FORM = 1_000_000
"""Bytes of a request body; files have their own limit where they are taken."""


class Helsereserven(Flask):
    """Flask with the transaction rule: commit after the view when the answer is below 400, roll back otherwise. Of a
    refused form's page stands that it was looked at (I5)."""

    request_class = FormRequest

    def dispatch_request(self) -> ResponseReturnValue:
        response = self.make_response(super().dispatch_request())
        keep = response.status_code < 400
        if keep:
            guard.remember_result(response)
        db.finish(keep=keep)
        if response.status_code == 422:
            audit.keep_looks()
            db.finish(keep=True)
        return response


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """Make the web app, also used by the workers and the commands.

    `settings` are read from the environment when none are given; `overrides` are Flask settings for tests.
    """
    settings = settings or Settings.from_environment()
    log.init()
    app = Helsereserven(__name__, static_folder=None)
    app.extensions["settings"] = settings
    app.config.update(_flask_settings(settings) | overrides)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    db.init_app(app, settings.database_url)
    app.extensions["keyring"] = KeyRing.load(settings.key_ring_file)
    app.extensions["agencies"] = Agencies.from_settings(settings)
    language.init_app(app)
    login.init_app(app)
    limits.init_app(app, settings.redis_url)
    static_files.init_app(app)
    app.before_request(_begin)
    guard.init_app(app)
    errors.init_app(app)
    page_context.init_app(app)
    blueprints.init_app(app)
    commands.register(app)
    workers.register(app)
    app.after_request(SecurityHeaders(settings))
    app.wsgi_app = PageCache(app, settings.host, app.config["SESSION_COOKIE_NAME"], page_context.COLOUR_COOKIE)  # type: ignore[method-assign]
    return app


def _flask_settings(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "__Host-okt" if settings.is_secure else "okt",
        "SESSION_COOKIE_SECURE": settings.is_secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "TRUSTED_HOSTS": [urlsplit(settings.base_url).hostname],
        "PREFERRED_URL_SCHEME": urlsplit(settings.base_url).scheme,
        "MAX_CONTENT_LENGTH": LARGEST_FORM,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # the Origin and Sec-Fetch-Site check in the guard does this for every form
    }


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began_at = time.monotonic()


class SecurityHeaders:
    """The headers of C61–C65 and C70 on every answer, and one line in the log."""

    def __init__(self, settings: Settings) -> None:
        issuer = urlsplit(settings.idporten_issuer)
        origins = [f"{issuer.scheme}://{issuer.netloc}"]
        if issuer.hostname not in ("127.0.0.1", "localhost"):
            origins.append(f"{issuer.scheme}://login.{issuer.netloc}")
        self.providers = " ".join([*origins, *([settings.helseid.issuer] if settings.helseid else [])])
        self.is_secure = settings.is_secure

    def __call__(self, response: Response) -> Response:
        framed_by = self.providers if request.endpoint == "auth.front_channel_sign_out" else "'none'"
        headers = response.headers
        headers.setdefault(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
            f"form-action 'self' {self.providers}; frame-ancestors {framed_by}; "
            "report-uri /csp-rapport",
        )
        headers.setdefault("Referrer-Policy", "same-origin")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        headers.setdefault("Cache-Control", "no-store")
        if self.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        log.access.info(
            "request",
            extra={
                "request_id": g.get("request_id"),
                "method": request.method,
                "route": request.endpoint,
                "status": response.status_code,
                "milliseconds": round((time.monotonic() - g.get("began_at", time.monotonic())) * 1000),
            },
        )
        return response
