"""What every template may use."""

from typing import Any
from uuid import uuid4

from flask import Flask, request

from blueprints import guard
from extensions import language
from extensions.agencies import settings
from models.enums import Language
from services.sessions import IDLE_LIMIT

COLOUR_SCHEMES = ("auto", "light", "dark")
COLOUR_COOKIE = "utseende"
NO_BREAK = "\N{NO-BREAK SPACE}"


def init_app(app: Flask) -> None:
    app.context_processor(_context)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        format_date=language.show_date,
        format_datetime=language.show_datetime,
        format_time=language.show_time,
        form_key=lambda: str(uuid4()),
    )
    app.jinja_env.filters.update(
        number=language.show_number,
        grouped=lambda text: " ".join(text[i : i + 4] for i in range(0, len(text), 4)),
        organisation_number=lambda number: f"{number[:3]}{NO_BREAK}{number[3:6]}{NO_BREAK}{number[6:]}",
    )


def _context() -> dict[str, Any]:
    config = settings()
    return {
        "service_name": config.service_name,
        "operating_message": config.operating_message,
        "actor": guard.present(),
        "language": language.current_language().value,
        "language_urls": language_urls(),
        "colour_scheme": colour_scheme(),
        "idle_seconds": int(IDLE_LIMIT.total_seconds()),
        "held": guard.held(),
    }


def language_urls() -> dict[str, str]:
    """The address of this same page in each language."""
    query = request.query_string.decode("ascii", "ignore") if request.method == "GET" else ""
    path = request.path + (f"?{query}" if query else "")
    return {kind.value: path if kind is Language.BOKMAL else f"/{kind.value}{path}" for kind in Language}


def colour_scheme() -> str:
    """The chosen colours, from the cookie; auto follows the device."""
    chosen = request.cookies.get(COLOUR_COOKIE, "auto")
    return chosen if chosen in COLOUR_SCHEMES else "auto"
