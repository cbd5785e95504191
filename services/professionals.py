"""A person's own registration: found through the person who acts, page by page (ux.md D)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import ConsentPurpose, ProfessionalStatus
from models.professional import Professional
from services import audit, consents, outbox
from services.access import Actor
from services.errors import Conflict, NotFound


class Step(StrEnum):
    """The pages of a registration in order, by their place in the address."""

    CONSENT = "samtykke"
    ABOUT = "om-deg"
    AUTHORISATION = "autorisasjon"
    COMPETENCE = "kompetanse"
    AVAILABILITY = "tilgjengelighet"
    AREAS = "omrader"
    CHECK = "se-over"


TITLES: dict[Step, Any] = {
    Step.CONSENT: _l("Samtykke"),
    Step.ABOUT: _l("Om deg"),
    Step.AUTHORISATION: _l("Autorisasjoner og lisenser"),
    Step.COMPETENCE: _l("Kompetansen din"),
    Step.AVAILABILITY: _l("Tilgjengeligheten din"),
    Step.AREAS: _l("Hvor kan du jobbe?"),
    Step.CHECK: _l("Se over"),
}


PAGES = (Professional.hpr, Professional.competence, Professional.availability, Professional.reach)
"""The pages of a registration that are a row each."""


class NoRegistration(NotFound):
    """The person who acts has no registration; blueprints lead to the first page of one."""


def own(actor: Actor, *, lock: bool = False, pages: bool = False, also: Sequence[ORMOption] = ()) -> Professional:
    """The registration of the person who acts; raises NoRegistration. `lock` keeps others from changing it meanwhile
    and reads it as it is now; `pages` reads along what tells which pages are answered, `also` what else is needed."""
    query = select(Professional).where(
        Professional.account_id == actor.account_id, Professional.status != ProfessionalStatus.LEAVING
    )
    if pages:
        query = query.options(*(joinedload(part) for part in PAGES), selectinload(Professional.consents), *also)
    if lock:
        query = query.with_for_update(of=Professional).execution_options(populate_existing=True)
    found = db.session.scalars(query).unique().one_or_none()
    if found is None:
        raise NoRegistration
    return found


def begin(actor: Actor) -> Professional:
    """A new registration, or the one there is; two presses at once make one. Nothing is stored before the first
    consent, so services.consents calls this.

    Raises Conflict while an earlier registration of the person is being erased.
    """
    db.session.execute(select(Account.id).where(Account.id == actor.account_id).with_for_update())
    try:
        return own(actor)
    except NoRegistration:
        if db.session.scalar(select(Professional.id).where(Professional.account_id == actor.account_id)):
            raise Conflict(_("Vi holder på å slette den forrige profilen din. Prøv igjen om litt.")) from None
        now = clock.now()
        professional = Professional(id=uuid4(), account_id=actor.account_id, started_at=now, last_used_at=now)
        db.session.add(professional)
        db.session.flush()  # what follows refers to it
        audit.record(actor, "registration.started", professional, subject_id=actor.account_id)
        outbox.add(outbox.Job.CHECK_HPR, professional_id=professional.id)  # known by the time that page is reached
        return professional


def note_use(account_id: UUID) -> None:
    """The person signed in or answered a link: what is kept of unused registrations is counted from now."""
    db.session.execute(
        update(Professional)
        .where(Professional.account_id == account_id)
        .values(last_used_at=clock.now(), erasure_warned_at=None)
    )


def is_done(professional: Professional | None, step: Step) -> bool:
    """Whether a page has been answered. HPR may be silent: that page is done when it has been asked once."""
    if professional is None:
        return False
    match step:
        case Step.CONSENT:
            return ConsentPurpose.REGISTER in consents.in_force(professional, clock.now())
        case Step.ABOUT:
            return all(
                (
                    professional.given_name,
                    professional.family_name,
                    professional.email,
                    professional.phone,
                    professional.postal_code,
                    professional.language,
                )
            )
        case Step.AUTHORISATION:
            return professional.hpr is not None
        case Step.COMPETENCE:
            return professional.competence is not None
        case Step.AVAILABILITY:
            return professional.availability is not None
        case Step.AREAS:
            return professional.reach is not None and professional.reach.is_answered
        case Step.CHECK:
            return professional.completed_at is not None


def first_open(professional: Professional | None) -> Step:
    """The first page that is not answered: as far as one may go (C41)."""
    return next((step for step in Step if not is_done(professional, step)), Step.CHECK)


def gaps(professional: Professional) -> list[Step]:
    """The pages that must be answered before the registration can be finished."""
    return [step for step in Step if step is not Step.CHECK and not is_done(professional, step)]


def is_registered(professional: Professional, now: datetime) -> bool:
    """Whether the registration is finished and its foundation, the first consent, is in force."""
    return (
        professional.completed_at is not None
        and not gaps(professional)
        and ConsentPurpose.REGISTER in consents.in_force(professional, now)
    )
