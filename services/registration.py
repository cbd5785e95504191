"""Finishing a registration (ux.md D9)."""

from collections.abc import Sequence

from extensions import clock
from models.enums import ProfessionalStatus
from models.professional import Professional
from services import audit, availability, email_confirmation, listing, page_drafts, professionals
from services.access import Actor
from services.errors import Incomplete
from services.listing import Verdict
from services.professionals import Step


def gaps(professional: Professional) -> Sequence[Step]:
    """The pages that keep the registration from being finished: not answered, or changed and never saved."""
    open_ones = {*professionals.gaps(professional), *page_drafts.steps(professional)}
    return [step for step in Step if step in open_ones]


def finish(actor: Actor) -> Verdict:
    """The registration is whole, and its person active, or paused when he or she said so; returns who may see the
    person now. Finishing twice is the same as once. Raises NoRegistration, Incomplete."""
    professional = professionals.own(actor, lock=True, pages=True)
    missing = gaps(professional)
    if missing:
        raise Incomplete(list(missing))
    if professional.status is ProfessionalStatus.STARTED:
        professional.completed_at = clock.now()
        professional.move_to(ProfessionalStatus.ACTIVE)
        availability.settle(professional)
        email_confirmation.ask_once(professional)  # of a page that saved itself, and was left by another way
        audit.record(actor, "registration.finished", professional, subject_id=professional.account_id)
    return listing.refresh(professional.id)
