"""What forms in several pages share, an application's and a registration's: the way between the pages, and leaving one
unfinished."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from flask import abort, make_response, redirect, request
from flask.typing import ResponseReturnValue

from forms.base import StepForm
from services.errors import Unfit

Step = TypeVar("Step", bound=StrEnum)
Save = Callable[[dict[str, Any]], None]


def lead_to(address: str) -> NoReturn:
    """End the request here, and show another page."""
    abort(make_response(redirect(address, 303)))


def is_autosave() -> bool:
    return "X-Autosave" in request.headers


def is_partial() -> bool:
    """Whether the page is left unfinished: nothing is complained about."""
    return is_autosave() or request.form.get("go") in ("previous", "later")


def is_saved(form: StepForm, save: Save) -> bool:
    """Save the answers when all of them are valid. What `save` finds Unfit is said beside its field."""
    if not form.validate():
        return False
    try:
        save(form.answers())
    except Unfit as problem:
        form[problem.field].errors = [problem.message]
        return False
    return True


def saved_quietly(form: StepForm, row: Any) -> ResponseReturnValue:
    """The answer to auto-save: nothing to show, and what the page has now seen of `row`."""
    return "", 204, {"X-Seen": form.digest_of(row)}


def step_rows(
    titles: Mapping[Step, Any], reached: Step, address: Callable[[Step], str], is_done: Callable[[Step], bool]
) -> list[dict[str, Any]]:
    """The step indicator's rows: as far as `reached`, the first unanswered step, they are links."""
    order = list(type(reached))
    return [
        {
            "title": titles[step],
            "url": address(step) if place <= order.index(reached) else None,
            "done": is_done(step),
        }
        for place, step in enumerate(order)
    ]


def address_after(step: Step, address: Callable[[Step], str]) -> str:
    """Where a saved page leads: back by «Forrige steg», to the summary (the last step) when one came from there, or
    on."""
    order = list(type(step))
    place = order.index(step)
    if request.form.get("go") == "previous" and place:
        return address(order[place - 1])
    if request.args.get("fra") == order[-1]:
        return address(order[-1])
    return address(order[place + 1])
