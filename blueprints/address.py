"""What stands in the address of a page."""

from datetime import date
from typing import Any

from flask import request


def kept(*names: str) -> dict[str, Any]:
    """Those of the fields that are filled in, for the address of another page of the same list. Nothing else goes
    along: url_for() takes some names as its own."""
    return {name: value for name in names if (value := request.args.get(name))}


def day(name: str) -> date | None:
    """The day in a field; None when there is none, or it is not understood."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def page_number() -> int:
    """The page of a list that is asked for; the first when that is no number."""
    text = request.args.get("side", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 5 else 1
