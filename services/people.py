"""The Directorate's help to registered people: find one for a written reason, see what the person sees, and mend the
address (security.md C27 and C28). Every look stands in the audit log, and so on the person's own page."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.language import current_language
from models.account import Account
from models.enums import MessageKind, PrivacyCaseStatus, ProfessionalStatus
from models.message import Message
from models.privacy import ErasureRecord, PersonLookup, PrivacyCase
from models.professional import Professional
from services import audit, email_confirmation, listing, mailbox, national_ids, privacy_casework, recipient_notices
from services.access import DECIDING_ROLES, Actor
from services.errors import Conflict, Forbidden, NotFound, Unfit

OPEN_FOR = timedelta(hours=1)
"""How long one reason lets the caseworker look; then it is written anew."""
PARTS = (
    *(Professional.account, Professional.municipality, Professional.postal_place, Professional.competence),
    *(Professional.availability, Professional.reach, Professional.hpr, Professional.cv),
)
"""What the page shows of a person, a row each."""
SHOWN = ["name", "contact", "authorisations", "competence", "availability", "areas", "cv", "files", "messages"]


def look_up(actor: Actor, wanted: str, reason: str) -> PersonLookup:
    """Look for one person by national identity number (eleven digits), e-mail or phone (E.164).

    What was asked for is written nowhere; that somebody asked, why, and who was found, is. The way to the answer is the
    same whether there is one or not (C28). Raises Forbidden for one's own registration.
    """
    _require_may_help(actor)
    number = wanted if wanted.isdigit() else ""
    indexes = national_ids.indexes_of(number)
    found = db.session.scalars(
        select(Professional)
        .join(Account, Account.id == Professional.account_id)
        .where(_matches(wanted, number, indexes), Professional.status != ProfessionalStatus.LEAVING)
        .limit(2)
    ).all()
    left = db.session.scalar(
        select(ErasureRecord.id)
        .where(ErasureRecord.national_id_index.in_(indexes))
        .order_by(ErasureRecord.asked_at.desc())
        .limit(1)
    )
    person = found[0] if len(found) == 1 else None
    return _opened(actor, person, reason, hits=len(found), erasure_id=None if person else left)


def _matches(wanted: str, number: str, indexes: list[bytes]) -> ColumnElement[bool]:
    if number:
        return Account.national_id_index.in_(indexes)
    if "@" in wanted:
        return func.lower(Professional.email) == wanted.lower()
    return Professional.phone == wanted


def open_from(actor: Actor, case: PrivacyCase) -> PersonLookup:
    """The person of a privacy case that the actor has taken: the case is the reason, for as long as it is open. Raises
    Forbidden, and Conflict when it is answered."""
    if case.caseworker_id != actor.account_id:
        raise Forbidden(_("Ta saken før du åpner personen."))
    if case.status is not PrivacyCaseStatus.OPEN:
        raise Conflict(_("Saken er besvart."))
    _require_may_help(actor)
    return _opened(actor, privacy_casework.person_of(case), privacy_casework.purpose_of(case), hits=1)


def _opened(
    actor: Actor, person: Professional | None, reason: str, *, hits: int, erasure_id: UUID | None = None
) -> PersonLookup:
    if person is not None and person.account_id == actor.account_id:
        raise Forbidden(_("Dette er deg selv. Bruk Min side."))
    lookup = PersonLookup(
        id=uuid4(),
        actor_id=actor.account_id,
        professional_id=person.id if person else None,
        hits=hits,
        erasure_id=erasure_id,
        reason=without_person(reason, person) if person else reason,
        made_at=clock.now(),
    )
    db.session.add(lookup)
    audit.record(
        actor,
        "person.looked_up",
        lookup,
        subject_id=person.account_id if person else None,
        purpose=lookup.reason,
        hits=hits,
    )
    return lookup


def without_person(reason: str, person: Professional) -> str:
    """A reason without the person's own name and addresses: the log is kept when the person has left (I8). A name is
    a word of its own, perhaps in the genitive: Per is no part of «personen»."""
    words = (person.given_name, person.family_name, person.email, person.phone)
    for word in sorted((word for word in words if word), key=len, reverse=True):
        reason = re.sub(rf"(?<!\w){re.escape(word)}(?=s?(?!\w))", _("personen"), reason, flags=re.IGNORECASE)
    return reason


def find(actor: Actor, lookup_id: UUID) -> PersonLookup:
    """The actor's own reason, while it holds; raises NotFound."""
    lookup = db.session.get(PersonLookup, lookup_id)
    if lookup is None or lookup.actor_id != actor.account_id or lookup.made_at <= clock.now() - OPEN_FOR:
        raise NotFound
    _require_may_help(actor)
    return lookup


def person(actor: Actor, lookup: PersonLookup, *, lock: bool = False) -> Professional:
    """Whom the reason opens, with the trace of having looked; raises NotFound when nobody was found, or is left."""
    query = select(Professional).where(
        Professional.id == lookup.professional_id, Professional.status != ProfessionalStatus.LEAVING
    )
    query = query.with_for_update() if lock else query.options(*(joinedload(part) for part in PARTS))
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    audit.record(actor, "person.viewed", found, subject_id=found.account_id, purpose=lookup.reason, fields=SHOWN)
    return found


def mails_to(professional: Professional) -> Sequence[Message]:
    """What we have sent the person, the newest first."""
    return db.session.scalars(
        select(Message).where(Message.professional_id == professional.id).order_by(Message.created_at.desc()).limit(20)
    ).all()


def erased(lookup: PersonLookup) -> ErasureRecord | None:
    """That somebody with the number has left."""
    return db.session.get(ErasureRecord, lookup.erasure_id) if lookup.erasure_id else None


def resend_confirmation(actor: Actor, lookup: PersonLookup) -> bool:
    """Send the person a new link to confirm the address; returns whether there was anything to confirm. Raises
    TooMany."""
    professional = person(actor, lookup, lock=True)
    if professional.email is None or professional.email_confirmed_at is not None:
        return False
    email_confirmation.ask(professional)
    audit.record(actor, "confirmation.resent", professional, subject_id=professional.account_id, purpose=lookup.reason)
    return True


def correct_email(actor: Actor, lookup: PersonLookup, email: str) -> None:
    """Mend the address; the old and the new one are told, and the new one must be confirmed. Raises Unfit when it is
    the same."""
    professional = person(actor, lookup, lock=True)
    old = professional.email
    if old == email:
        raise Unfit("email", _("Dette er adressen vi har."))
    email_confirmation.begin_anew(professional, email)
    recipient_notices.note(professional)
    for address in (old, email) if old else (email,):
        mailbox.queue(
            MessageKind.CONTACT_CHANGED,
            f"{lookup.id}|{clock.now():%H%M%S%f}",
            address,
            professional.language or current_language(),
            professional_id=professional.id,
        )
    audit.record(
        actor,
        "contact.corrected",
        professional,
        subject_id=professional.account_id,
        purpose=lookup.reason,
        fields=["email"],
    )
    listing.refresh(professional.id)


def _require_may_help(actor: Actor) -> None:
    if actor.role not in DECIDING_ROLES:
        raise Forbidden(_("Bare saksbehandlere kan åpne registrerte personer."))
