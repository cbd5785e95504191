"""An organisation's log of its own users: who looked at whom in the register, when and why (security.md section 9)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical
from models.account import Account
from models.audit import AuditEvent
from models.grant import Grant
from models.listing import Listing
from models.professional import Professional
from services import audit, insight, search, words
from services.access import Actor
from services.audit_reading import ACTION_TEXT, PAGE_SIZE, LogFilter, conditions
from services.errors import Forbidden

VIEWED = "audit.viewed"
ACTS = (
    *(insight.SHOWN, "profile.opened", "contact.revealed", "contact.outcome_noted", "cv.downloaded"),
    *("shortlist.person_added", "person.taken_out", "contact.taken_out"),
    *("register_export.asked", "register_export.downloaded", VIEWED),
)
"""What users do with people in the register, and that somebody read of it."""


@dataclass(frozen=True)
class Seen:
    """Somebody who was looked at, and whom the organisation may see today as well."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Row:
    """One act of one user."""

    id: int
    at: datetime
    action: str
    user: str | None
    person: Seen | None
    is_about_somebody: bool
    """Also when the person is visible no more."""
    people: int
    """How many a page of the search showed."""
    purpose: str

    @property
    def text(self) -> str:
        return str(ACTION_TEXT[self.action])


def read(actor: Actor, wanted: LogFilter) -> tuple[list[Row], bool]:
    """One page of what the users of the actor's organisation did, newest first, and whether there is more.

    Reading it is noted, and is a look at those it names. Raises Forbidden for all but user administrators.
    """
    _require_administrator(actor)
    found = db.session.execute(
        select(AuditEvent, Account.name)
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .where(
            AuditEvent.organisation_id == actor.organisation_id,
            AuditEvent.action.in_(ACTS),
            # The look that reading is stands beside it already.
            AuditEvent.purpose.is_distinct_from(words.OWN_LOG),
            *conditions(wanted),
        )
        .order_by(AuditEvent.id.desc())
        .limit(PAGE_SIZE + 1)
    ).all()
    shown = found[:PAGE_SIZE]
    people = _still_visible(actor, {event.subject_id for event, _name in shown if event.subject_id is not None})
    audit.record(actor, VIEWED, count=len(shown))
    if people:
        named = [str(account_id) for account_id in people]
        audit.record(actor, insight.SHOWN, purpose=words.OWN_LOG, shown=named)
    return [_row(event, name, people) for event, name in shown], len(found) > PAGE_SIZE


def users(actor: Actor) -> list[tuple[str, str]]:
    """Everybody who has, or has had, access for the organisation: account and name, for the filter. Raises Forbidden as
    read() does."""
    _require_administrator(actor)
    found = db.session.execute(
        select(Account.id, Account.name)
        .where(Account.id.in_(select(Grant.account_id).where(Grant.organisation_id == actor.organisation_id)))
        .order_by(Account.id)
    )
    return sorted(((str(id_), name or "–") for id_, name in found), key=lambda pair: alphabetical(pair[1]))


def _require_administrator(actor: Actor) -> None:
    if not actor.is_user_administrator:
        raise Forbidden(_("Bare de som styrer brukere for virksomheten, kan lese loggen."))


def _still_visible(actor: Actor, accounts: Collection[UUID]) -> dict[UUID, Seen]:
    """Those of the accounts whose person the organisation may see now (I4, I6)."""
    if not accounts:
        return {}
    found = db.session.execute(
        select(Listing.account_id, Listing.professional_id, Listing.name)
        .join(Professional, Professional.id == Listing.professional_id)
        .where(Professional.account_id.in_(accounts), *search.scope_of(actor).conditions(clock.now()))
        .order_by(Listing.professional_id)
    )
    return {account_id: Seen(person_id, name) for account_id, person_id, name in found}


def _row(event: AuditEvent, user: str | None, people: Mapping[UUID, Seen]) -> Row:
    facts: Mapping[str, Any] = event.facts
    return Row(
        id=event.id,
        at=event.at,
        action=event.action,
        user=user,
        person=people.get(event.subject_id) if event.subject_id else None,
        is_about_somebody=event.subject_id is not None,
        people=len(facts.get("shown", ())),
        purpose=words.purpose(event.purpose),
    )
