"""A person's own privacy cases: correct, restrict, object, ask (articles 16, 18 and 21; security.md section 7)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from extensions import clock
from extensions.database import db
from extensions.language import current_language
from models.enums import MessageKind, PrivacyCaseKind, PrivacyCaseStatus
from models.privacy import PrivacyCase
from models.professional import Professional
from services import audit, listing, mailbox, professionals, references, settings
from services.access import Actor
from services.errors import NotFound, TooMany
from services.settings import Key

ANSWER_WITHIN = timedelta(days=30)
HOLDING_BACK = frozenset({PrivacyCaseKind.RESTRICT, PrivacyCaseKind.OBJECT})
"""While these are judged, the person is shown to nobody (articles 18(1) and 21(1))."""
MOST_OPEN = 10


def open_case(actor: Actor, kind: PrivacyCaseKind, text: str) -> PrivacyCase:
    """Take a request and start its month. A person who wants the use restricted, or objects, is hidden at once.

    Raises NoRegistration, and TooMany when ten requests wait already.
    """
    professional = professionals.own(actor, lock=True)
    waiting = select(func.count()).where(
        PrivacyCase.professional_id == professional.id, PrivacyCase.status == PrivacyCaseStatus.OPEN
    )
    if (db.session.scalar(waiting) or 0) >= MOST_OPEN:
        raise TooMany(_("Du har mange saker som ikke er besvart ennå. Vent på svar før du sender en ny."))
    now = clock.now()
    case = PrivacyCase(
        id=uuid4(),
        reference=references.new(),
        professional_id=professional.id,
        account_id=actor.account_id,
        kind=kind,
        text=text,
        received_at=now,
        due_at=now + ANSWER_WITHIN,
        is_restricting=kind in HOLDING_BACK,
    )
    db.session.add(case)
    audit.record(actor, "privacy_case.opened", case, subject_id=actor.account_id, kind=kind.value)
    if case.is_restricting:
        settle_restriction(professional)
    tell(professional, MessageKind.PRIVACY_CASE_RECEIVED, case)
    return case


def own_cases(actor: Actor) -> Sequence[PrivacyCase]:
    """The person's cases, the newest first."""
    professional = professionals.own(actor)
    return db.session.scalars(
        select(PrivacyCase)
        .where(PrivacyCase.professional_id == professional.id)
        .order_by(PrivacyCase.received_at.desc(), PrivacyCase.id)
    ).all()


def own_case(actor: Actor, case_id: UUID) -> PrivacyCase:
    """One of the person's cases; raises NotFound."""
    found = next((case for case in own_cases(actor) if case.id == case_id), None)
    if found is None:
        raise NotFound
    return found


def lift(actor: Actor, case_id: UUID) -> None:
    """The person wants to be used again: the case holds nothing back any more, and is answered all the same."""
    professional = professionals.own(actor, lock=True)
    case = own_case(actor, case_id)
    if case.is_restricting:
        case.is_restricting = False
        audit.record(actor, "privacy_case.restriction_lifted", case, subject_id=actor.account_id)
        settle_restriction(professional)


def settle_restriction(professional: Professional) -> None:
    """Restrict the use for as long as any case says so, and bring the search row in line."""
    db.session.flush()  # the query sees what was just changed
    restricting = select(PrivacyCase.id).where(
        PrivacyCase.professional_id == professional.id, PrivacyCase.is_restricting
    )
    if db.session.scalar(restricting.limit(1)) is None:
        professional.restricted_at = None
    else:
        professional.restricted_at = professional.restricted_at or clock.now()
    listing.refresh(professional.id)


def tell(professional: Professional, kind: MessageKind, case: PrivacyCase) -> None:
    """An e-mail about the case, when there is an address: that something waits, never what (C37)."""
    if professional.email:
        mailbox.queue(
            kind,
            case.id,
            professional.email,
            professional.language or current_language(),
            professional_id=professional.id,
            reference=references.grouped(case.reference),
            due_on=clock.day(case.due_at),
        )


def forget_answered() -> int:
    """Remove what was answered years ago, but not while the use is restricted by it. The caller commits; returns how
    many."""
    limit = clock.now() - func.make_interval(settings.value(Key.PRIVACY_CASE_YEARS))
    old = delete(PrivacyCase).where(PrivacyCase.answered_at < limit, ~PrivacyCase.is_restricting)
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]
