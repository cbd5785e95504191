"""Organisations that have been shown or have taken out a person's details are told when these change or are erased, so
that what they have kept is put right (GDPR article 19, security.md section 7).

The audit log knows who was shown whom. What is kept here is only that there is something to put right, and of an erased
person nothing but when the details were shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from extensions import clock
from extensions.database import db
from models.account import Account
from models.audit import AuditEvent
from models.enums import MessageKind
from models.listing import Listing
from models.professional import Professional
from models.register import RecipientNotice, Reveal
from services import audit, grants, insight, search, settings, words
from services.access import Actor
from services.settings import Key

DISCLOSED = ("contact.revealed", "contact.taken_out", "person.taken_out")
"""A CV is opened with the contact details."""
FIELDS = frozenset({"given_name", "family_name", "email", "phone"})
"""What an organisation will have written down."""
PAGE = 50
BATCH = 500
_SHOWN_SINCE = exists().where(
    Reveal.professional_id == RecipientNotice.professional_id,
    Reveal.organisation_id == RecipientNotice.organisation_id,
    Reveal.account_id == RecipientNotice.account_id,
    Reveal.at > RecipientNotice.changed_at,
)


@dataclass(frozen=True)
class Line:
    """What one user was shown and must put right."""

    notice: RecipientNotice
    user: str | None
    person: str | None
    """The name; None when the organisation does not see the person now."""


@dataclass(frozen=True)
class Content:
    lines: Sequence[Line]
    page: int
    pages: int


def note(professional: Professional) -> None:
    """The details of a person change, or are about to be erased: whoever was shown them lately is to be told, and told
    again after each change. The caller holds the row."""
    now = clock.now()
    shown = (
        select(
            func.gen_random_uuid(),
            AuditEvent.organisation_id,
            AuditEvent.actor_id,
            literal(professional.id),
            func.max(AuditEvent.at),
            literal(now),
        )
        .join(Account, Account.id == AuditEvent.actor_id)
        .where(
            AuditEvent.subject_id == professional.account_id,
            AuditEvent.action.in_(DISCLOSED),
            AuditEvent.organisation_id.is_not(None),
            AuditEvent.at > now - _kept(),
        )
        .group_by(AuditEvent.organisation_id, AuditEvent.actor_id)
    )
    columns = ["id", "organisation_id", "account_id", "professional_id", "shown_at", "changed_at"]
    new = insert(RecipientNotice).from_select(columns, shown)
    db.session.execute(
        new.on_conflict_do_update(
            index_elements=["professional_id", "organisation_id", "account_id"],
            set_={"shown_at": new.excluded.shown_at, "changed_at": now, "told_at": None},
        )
    )


def of(actor: Actor, page: int = 1) -> Content:
    """One page of what there is to put right, newest first: the user's own, and everybody's for those who manage the
    organisation's users. The names it shows are looks, and are noted."""
    total = db.session.scalar(select(func.count()).select_from(RecipientNotice).where(to_put_right(actor))) or 0
    pages = max(1, ceil(total / PAGE))
    page = min(page, pages)
    found = db.session.execute(  # the last two are None for a person the organisation does not see
        select(RecipientNotice, Account.name, Listing.account_id, Listing.name)
        .join(Account, Account.id == RecipientNotice.account_id)
        .outerjoin(
            Listing,
            and_(
                Listing.professional_id == RecipientNotice.professional_id,
                *search.scope_of(actor).conditions(clock.now()),
            ),
        )
        .where(to_put_right(actor))
        .order_by(RecipientNotice.changed_at.desc(), RecipientNotice.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    if named := sorted({str(account_id) for _notice, _user, account_id, name in found if name}):
        audit.record(actor, insight.SHOWN, purpose=words.PUT_RIGHT, shown=named)
    return Content([Line(notice, user, name) for notice, user, _account_id, name in found], page, pages)


def to_put_right(actor: Actor) -> ColumnElement[bool]:
    """What concerns the actor, but for people the same user has been shown anew since."""
    own: list[Any] = [] if actor.is_user_administrator else [RecipientNotice.account_id == actor.account_id]
    return and_(RecipientNotice.organisation_id == actor.organisation_id, *own, ~_SHOWN_SINCE)


def tell() -> bool:
    """Queue the e-mails of the day, one for each user and organisation with something to put right; of a user without
    access, to those who can be reached instead. Safe to repeat; returns whether there may be more."""
    untold = db.session.execute(
        select(RecipientNotice, _SHOWN_SINCE)
        .where(RecipientNotice.told_at.is_(None))
        .order_by(RecipientNotice.organisation_id, RecipientNotice.account_id, RecipientNotice.id)
        .limit(BATCH)
        .with_for_update(of=RecipientNotice, skip_locked=True)
    ).all()
    users = dict.fromkeys((one.organisation_id, one.account_id) for one, is_settled in untold if not is_settled)
    for organisation_id, account_id in users:
        key = f"{organisation_id}|{clock.today()}"
        grants.tell_user(MessageKind.DETAILS_CHANGED, key, organisation_id, account_id)
    for notice, _is_settled in untold:
        notice.told_at = clock.now()
    return len(untold) == BATCH


def forget_old() -> int:
    """Remove what was to be put right so long ago. The caller commits; returns how many."""
    old = delete(RecipientNotice).where(RecipientNotice.changed_at < clock.now() - _kept())
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]


def _kept() -> timedelta:
    return timedelta(days=settings.value(Key.RECIPIENT_DAYS))
