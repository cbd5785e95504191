"""Who did what: everybody's acts for case lead and auditor, one's own for a caseworker (security.md section 9)."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from blueprints.casework.blueprint import STAFF, bp
from blueprints.guard import actor, open_to
from services import audit_reading, casework
from services.audit_reading import ACTION_TEXT, LogFilter


@bp.get("/logg")
@open_to(*STAFF)
def log() -> ResponseReturnValue:
    wanted = LogFilter(
        actor_id=_id(request.args.get("hvem", "")),
        action=request.args.get("hva", "") if request.args.get("hva") in ACTION_TEXT else "",
        since=_day(request.args.get("fra", "")),
        until=_day(request.args.get("til", "")),
        before=_number(request.args.get("for", "")),
    )
    rows, has_more = audit_reading.read(actor(), wanted)
    query: dict[str, Any] = {name: value for name, value in request.args.items() if name != "for" and value}
    return render_template(
        "casework/log.html",
        rows=rows,
        wanted=wanted,
        reads_all=actor().role in audit_reading.WHOLE_LOG_ROLES,
        staff=casework.caseworkers(),
        actions=sorted(((code, str(text)) for code, text in ACTION_TEXT.items()), key=lambda pair: pair[1].lower()),
        is_filtered=bool(query),
        newest_url=url_for("casework.log", **query) if wanted.before else None,
        older_url=url_for("casework.log", **query | {"for": str(rows[-1].id)}) if has_more else None,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
