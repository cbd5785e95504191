"""Looks by the Directorate's own people, some of them drawn for somebody else to go over (security.md B12, C27).

Which looks are drawn follows from a key nobody can read: the one who looks cannot know, and a second draw gives the
same ones.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from extensions import clock
from extensions.database import db
from extensions.keys import keyring
from models.account import Account, StaffMember
from models.audit import AuditEvent, LogReview
from models.enums import ReviewVerdict, Role
from models.professional import Professional
from services import audit, settings
from services.access import STAFF_ROLES, Actor, require_not_own
from services.audit_reading import ACTION_TEXT
from services.errors import Conflict, NotFound
from services.settings import Key

DRAWN_FROM = frozenset({"person.looked_up", "person.viewed", "privacy_case.viewed", "nominee.number_shown"})
"""Looks at one person that a caseworker chooses to make."""
LOOKED_BACK = timedelta(days=28)
"""How far back a draw reaches, so that a week in which nothing ran is drawn later."""
PAGE_SIZE = 50
OFFICE_HOURS = range(6, 20)
SATURDAY = 5
_Reviewer = aliased(Account)
Columns = tuple[LogReview, AuditEvent, str | None, str | None, int, str | None]


@dataclass(frozen=True)
class Sample:
    """One drawn look, as the reviewer sees it: what the one who looked wrote, and nothing of the person."""

    id: UUID
    at: datetime
    action: str
    actor_id: UUID
    actor_name: str | None
    actor_role: Role | None
    purpose: str | None
    looks_at_same: int
    """By the same one at the same person in the month before, this one among them."""
    has_same_family_name: bool
    is_own: bool
    """What somebody found of one's own look is left out."""
    verdict: ReviewVerdict | None
    note: str | None
    reviewed_at: datetime | None
    reviewed_by: str | None

    @property
    def text(self) -> str:
        return str(ACTION_TEXT[self.action])

    @property
    def is_at_odd_hours(self) -> bool:
        local = self.at.astimezone(clock.OSLO)
        return local.hour not in OFFICE_HOURS or local.weekday() >= SATURDAY


def draw() -> int:
    """Draw the share of looks that is to be gone over, from the last weeks; each is drawn once. Returns how many are
    new."""
    share = settings.value(Key.SAMPLED_PERCENT)
    candidates = db.session.scalars(
        select(AuditEvent.id)
        .where(
            # By the index of actors; those who have left the Directorate since are among them.
            AuditEvent.actor_id.in_(select(StaffMember.account_id)),
            AuditEvent.actor_role.in_(STAFF_ROLES),
            AuditEvent.action.in_(DRAWN_FROM),
            AuditEvent.at > clock.now() - LOOKED_BACK,
        )
        .order_by(AuditEvent.id)
    )
    drawn = [event_id for event_id in candidates if _lot_of(event_id) < share]
    if not drawn:
        return 0
    rows = [{"id": uuid4(), "event_id": event_id, "drawn_at": clock.now()} for event_id in drawn]
    written = insert(LogReview).values(rows).on_conflict_do_nothing(index_elements=[LogReview.event_id])
    return len(db.session.scalars(written.returning(LogReview.id)).all())


def _lot_of(event_id: int) -> int:
    """A number from 0 to 99 that only the key's holder can tell."""
    return int.from_bytes(keyring().index(f"log-review|{event_id}")[:8], "big") % 100


def listed(actor: Actor, *, reviewed: bool, page: int = 1) -> tuple[list[Sample], int, int]:
    """One page of the drawn looks, the oldest open ones or the newest reviewed ones first; how many there are, and how
    many are open. Seeing them is noted."""
    is_open = LogReview.verdict.is_(None)
    total, still_open = db.session.execute(
        select(func.count().filter(~is_open if reviewed else is_open), func.count().filter(is_open)).select_from(
            LogReview
        )
    ).one()
    found = db.session.execute(
        _samples()
        .where(~is_open if reviewed else is_open)
        .order_by(LogReview.reviewed_at.desc() if reviewed else AuditEvent.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    audit.record(actor, "log_review.viewed", count=len(found))
    return [_sample(actor, row) for row in found], total, still_open


def find(actor: Actor, review_id: UUID) -> Sample:
    """One drawn look; seeing it is noted. Raises NotFound, and Forbidden for one's own, which somebody else must go
    over."""
    sample = _to_review(actor, review_id)
    audit.record(actor, "log_review.viewed", count=1)
    return sample


def _to_review(actor: Actor, review_id: UUID) -> Sample:
    row = db.session.execute(_samples().where(LogReview.id == review_id)).one_or_none()
    if row is None:
        raise NotFound
    sample = _sample(actor, row)
    require_not_own(actor, sample.actor_id)
    return sample


def review(actor: Actor, review_id: UUID, verdict: ReviewVerdict, note: str) -> None:
    """Say what one found of a look. Raises NotFound, Forbidden for one's own, and Conflict when somebody was first."""
    _to_review(actor, review_id)
    row = db.session.get_one(LogReview, review_id, with_for_update=True, populate_existing=True)
    if row.verdict is not None:
        raise Conflict(_("En annen har gått gjennom oppslaget."))
    row.verdict, row.note = verdict, note
    row.reviewed_at, row.reviewed_by_id = clock.now(), actor.account_id
    audit.record(actor, "log_review.made", row, subject_id=row.event.actor_id, verdict=verdict.value)


def _samples() -> Select[*Columns]:
    earlier = aliased(AuditEvent)
    looks = (
        select(func.count())
        .where(
            earlier.subject_id == AuditEvent.subject_id,
            earlier.actor_id == AuditEvent.actor_id,
            earlier.action.in_(DRAWN_FROM),
            earlier.id <= AuditEvent.id,
            earlier.at > AuditEvent.at - timedelta(days=30),
        )
        .scalar_subquery()
    )
    family_name = (
        select(Professional.family_name).where(Professional.account_id == AuditEvent.subject_id).scalar_subquery()
    )
    return (
        select(LogReview, AuditEvent, Account.name, _Reviewer.name, looks, family_name)
        .join(AuditEvent, AuditEvent.id == LogReview.event_id)
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .outerjoin(_Reviewer, _Reviewer.id == LogReview.reviewed_by_id)
    )


def _sample(actor: Actor, row: Row[*Columns]) -> Sample:
    drawn, event, name, reviewer, looks, family_name = row
    assert event.actor_id is not None
    is_own = event.actor_id == actor.account_id
    return Sample(
        id=drawn.id,
        at=event.at,
        action=event.action,
        actor_id=event.actor_id,
        actor_name=name,
        actor_role=event.actor_role,
        purpose=event.purpose,
        looks_at_same=looks,
        has_same_family_name=bool(name and family_name and name.split()[-1] == family_name.split()[-1]),
        is_own=is_own,
        verdict=None if is_own else drawn.verdict,
        note=None if is_own else drawn.note,
        reviewed_at=drawn.reviewed_at,
        reviewed_by=None if is_own else reviewer,
    )
