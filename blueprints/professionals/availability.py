"""D7: when and how much one can work, and the presses that keep it fresh."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from blueprints.professionals.common import open_step, page_of, save_step, step_page, typed
from extensions.language import show_date
from forms.professionals_availability import AvailabilityForm
from models.enums import AvailabilityKind
from services import availability
from services.availability import Answers, Standing
from services.professionals import Step


@page_of(Step.AVAILABILITY)
@open_to(Role.PROFESSIONAL)
def availability_page() -> ResponseReturnValue:
    professional = open_step(Step.AVAILABILITY)

    def row() -> Answers:
        return Answers.of(professional.availability)

    form = AvailabilityForm(obj=row(), held=typed(Step.AVAILABILITY, professional))
    saved = save_step(form, Step.AVAILABILITY, professional, row, lambda answers: availability.save(actor(), answers))
    return saved or step_page(
        "availability",
        Step.AVAILABILITY,
        form,
        professional,
        standing=availability.standing(professional),
        promise=availability.promise(professional.availability) if professional.availability else None,
    )


@bp.post("/tilgjengelighet/bekreft")
@open_to(Role.PROFESSIONAL)
def confirm_availability() -> ResponseReturnValue:
    """«Bekreft at dette stemmer», and the end of a pause."""
    standing = availability.press(actor(), AvailabilityKind.NOW)
    return _thanks(_("Takk. Vi har registrert at du er tilgjengelig."), standing)


@bp.post("/tilgjengelighet/senere")
@open_to(Role.PROFESSIONAL)
def postpone_availability() -> ResponseReturnValue:
    """«Ikke nå» without hiding."""
    standing = availability.press(actor(), AvailabilityKind.FROM_DATE)
    assert standing.starts_on is not None
    return _thanks(_("Du vises fortsatt, som tilgjengelig fra %(dato)s.", dato=show_date(standing.starts_on)), standing)


@bp.post("/tilgjengelighet/pause")
@open_to(Role.PROFESSIONAL)
def pause_availability() -> ResponseReturnValue:
    availability.press(actor(), AvailabilityKind.PAUSED)
    flash(_("Du har tatt en pause. Ingen virksomheter ser deg før du avslutter den."), "success")
    return redirect(url_for(".home"), 303)


@bp.post("/tilgjengelighet/paminnelser")
@open_to(Role.PROFESSIONAL)
def resume_reminders() -> ResponseReturnValue:
    availability.resume_reminders(actor())
    flash(_("Vi spør deg på e-post igjen."), "success")
    return redirect(url_for(".home"), 303)


def _thanks(text: str, standing: Standing) -> ResponseReturnValue:
    if standing.asks_on is not None:
        text = f"{text} {_('Vi spør igjen %(dato)s.', dato=show_date(standing.asks_on))}"
    flash(text, "success")
    return redirect(url_for(".home"), 303)
