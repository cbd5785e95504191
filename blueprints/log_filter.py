"""What a log page is narrowed to, from its address; but for a day, what is not understood narrows nothing."""

from collections.abc import Container
from typing import Any
from uuid import UUID

from flask import request, url_for

from blueprints import address
from forms.period import PeriodForm
from services.audit_reading import LogFilter


def wanted(actions: Container[str], period: PeriodForm) -> LogFilter:
    action = request.args.get("hva", "")
    return LogFilter(
        actor_id=_id(request.args.get("hvem", "")),
        action=action if action in actions else "",
        since=period.since.data,
        until=period.until.data,
        before=_number(request.args.get("for", "")),
    )


def addresses(endpoint: str, narrowed: LogFilter, last_id: int | None) -> dict[str, Any]:
    """Whether the page is filtered, and where the newest events and those older than `last_id` stand."""
    query = address.kept("hvem", "hva", "fra", "til")
    return {
        "is_filtered": bool(query),
        "newest_url": url_for(endpoint, **query) if narrowed.before else None,
        "older_url": url_for(endpoint, **query | {"for": str(last_id)}) if last_id is not None else None,
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
