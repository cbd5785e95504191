"""D4: what one can, and which of the valid professions one wants to work in."""

from flask.typing import ResponseReturnValue

from blueprints.guard import Role, actor, open_to
from blueprints.professionals.common import open_step, page_of, save_step, step_page, typed
from forms.professionals_competence import LONGEST, CompetenceForm
from services import competence, languages
from services.professionals import Step


@page_of(Step.COMPETENCE)
@open_to(Role.PROFESSIONAL)
def competence_page() -> ResponseReturnValue:
    professional = open_step(Step.COMPETENCE)
    form = CompetenceForm(
        obj=professional.competence,
        held=typed(Step.COMPETENCE, professional),
        professions=competence.choices(professional),
    )
    saved = save_step(
        form,
        Step.COMPETENCE,
        professional,
        lambda: professional.competence,
        lambda answers: competence.save(actor(), answers),
    )
    return saved or step_page(
        "competence",
        Step.COMPETENCE,
        form,
        professional,
        waits=professional.hpr is None or professional.hpr.checked_at is None,
        first_languages=languages.FIRST,
        longest=LONGEST,
    )
