"""What the pages of a registration share: in which order they come, finding the registration, saving a page, and where
it leads.

Each page has two addresses and one view (ux.md D): its step at /min-side/registrer/ until the registration is finished,
and its place on Min side from then on.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm.interfaces import ORMOption
from werkzeug.datastructures import MultiDict

from blueprints.guard import NEVER_HELD, actor, held_fields
from blueprints.professionals.blueprint import bp
from blueprints.step_pages import (
    Save,
    address_after,
    is_autosave,
    is_partial,
    is_saved,
    lead_to,
    saved_quietly,
    step_rows,
)
from blueprints.versions import both_versions
from extensions.database import db
from extensions.language import show_mobile
from forms.base import EXTRA_BUTTONS, StepForm
from models.enums import ProfessionalStatus
from models.professional import Professional
from services import page_drafts, professionals
from services.held_forms import Fields
from services.professionals import TITLES, NoRegistration, Step, first_open, is_done

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
ORDER = list(Step)
PLACES = {
    Step.ABOUT: "opplysninger",
    Step.AUTHORISATION: "autorisasjoner",
    Step.COMPETENCE: "kompetanse",
    Step.AVAILABILITY: "tilgjengelighet",
    Step.AREAS: "omrader",
}
"""Where a page stands on Min side when the registration is finished."""

bp.add_app_template_filter(show_mobile, "mobile")


def page_of(step: Step) -> Callable[[View], View]:
    """Serve a view (already marked with open_to) as a step of the registration, and at its place on Min side."""

    def mark(view: View) -> View:
        bp.add_url_rule(f"/registrer/{step}", step.name.lower(), view, methods=["GET", "POST"])
        if step in PLACES:
            bp.add_url_rule(f"/{PLACES[step]}", f"my_{step.name.lower()}", view, methods=["GET", "POST"])
        return view

    return mark


def address_of(step: Step, professional: Professional | None, **query: str) -> str:
    """Where this person finds a page: in the registration, or on Min side when it is finished."""
    is_place = professional is not None and not is_started(professional) and step in PLACES
    address = f"{url_for('professionals.home')}/{PLACES[step] if is_place else f'registrer/{step}'}"
    return f"{address}?{urlencode(query)}" if query else address


def is_started(professional: Professional) -> bool:
    return professional.status is ProfessionalStatus.STARTED


@bp.app_errorhandler(NoRegistration)
def no_registration(_error: NoRegistration) -> ResponseReturnValue:
    """Whoever has none is led to the first page of one."""
    db.finish(keep=False)
    return redirect(url_for("professionals.consent"), 303)


def open_step(step: Step, *also: ORMOption) -> Professional:
    """The registration whose page is to be shown or saved; otherwise the way to where the person should be.

    A step opens only when the ones before it are answered (C41). POST holds the row until the end of the request.
    `also` is what the page reads of it besides its own row.
    """
    professional = professionals.own(actor(), lock=request.method == "POST", pages=True, also=also)
    reached = first_open(professional)
    if is_started(professional) and ORDER.index(step) > ORDER.index(reached):
        lead_to(address_of(reached, professional))
    wanted = address_of(step, professional)
    if request.method == "GET" and request.script_root + request.path != wanted:
        lead_to(wanted)
    return professional


def typed(step: Step, professional: Professional) -> MultiDict[str, str] | None:
    """What the person had typed on this page when it was interrupted, or left half done: a form's `held`."""
    found = held_fields()
    if found is None and request.method == "GET" and is_started(professional):
        found = MultiDict(page_drafts.find(professional, step))
    return found or None


def save_step(
    form: StepForm,
    step: Step,
    professional: Professional,
    row: Callable[[], Any],
    save: Save,
) -> ResponseReturnValue | None:
    """Take a posted page: save it and lead on, or None to show it (again).

    `row` gives what the form is made from, as it is now; `save` gets the answers when all of them are valid, and may
    raise Unfit. A step that is left half done is kept as it is typed, until it is whole.
    """
    if not form.is_submitted():
        return None
    if form.is_outdated:
        return both_versions(form, row())
    if is_saved(form, save):
        page_drafts.discard(professional, step)
    elif is_partial() and is_started(professional):
        page_drafts.keep(professional, step, _typed_now())
    else:
        return None
    if is_autosave():
        return saved_quietly(form, row())
    return redirect(next_address(step, professional), 303)


def _typed_now() -> Fields:
    return [pair for pair in request.form.items(multi=True) if pair[0] not in (*NEVER_HELD, *EXTRA_BUTTONS)]


def next_address(step: Step, professional: Professional) -> str:
    """Where a saved page leads: by the button that was pressed, and by the page one came from."""
    if not is_started(professional):
        flash(_("Endringen er lagret."), "success")
        return url_for("professionals.home")
    if request.form.get("go") == "later":
        flash(_("Registreringen er lagret. Du kan fortsette når du vil."), "success")
        return url_for("professionals.home")
    return address_after(step, lambda other: address_of(other, professional))


def step_page(
    name: str, step: Step, form: StepForm | None, professional: Professional | None, **facts: Any
) -> ResponseReturnValue:
    """A page of the registration, templates/professionals/<name>.html, which extends professionals/_step.html."""
    in_registration = professional is None or is_started(professional)
    response = render_template(
        f"professionals/{name}.html",
        professional=professional,
        form=form,
        steps=steps_of(professional) if in_registration else None,
        step_number=ORDER.index(step) + 1,
        **facts,
    )
    return response, form.status_code if form is not None else 200


def steps_of(professional: Professional | None) -> list[dict[str, Any]]:
    return step_rows(
        TITLES, first_open(professional), lambda step: address_of(step, professional), partial(is_done, professional)
    )
