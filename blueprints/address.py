"""What stands in the address of a page."""

from typing import Any

from flask import request

from forms.period import PeriodForm


def kept(*names: str) -> dict[str, Any]:
    """Those of the fields that are filled in, for the address of another page of the same list. Nothing else goes
    along: url_for() takes some names as its own."""
    return {name: value for name in names if (value := request.args.get(name))}


def period() -> PeriodForm:
    """Between which days the list is asked for; with errors when that is not understood."""
    form = PeriodForm(request.args)
    form.validate()
    return form


def page_number() -> int:
    """The page of a list that is asked for; the first when that is no number."""
    text = request.args.get("side", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 5 else 1
