"""The Directorate's side of privacy cases: the list, the case, and answering it in time (ux.md B5, security.md 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import MessageKind, PrivacyCaseKind, PrivacyCaseStatus
from models.privacy import PrivacyCase
from models.professional import Professional
from services import audit, privacy_cases
from services.access import DECIDING_ROLES, Actor
from services.casework import Assignee
from services.errors import Conflict, Forbidden, NotFound

PAGE_SIZE = 25
EXTENSION = timedelta(days=60)
"""Two months more, once (article 12(3))."""
SOON = timedelta(days=10)
"""How long before the deadline the list warns: day 20 of 30 (security.md section 7)."""


@dataclass(frozen=True)
class CaseFilter:
    """What the list is narrowed to; the empty one shows the open cases."""

    status: PrivacyCaseStatus = PrivacyCaseStatus.OPEN
    kind: PrivacyCaseKind | None = None
    assignee: Assignee = Assignee.ANYONE


@dataclass(frozen=True)
class CaseRow:
    """A case in the list, which names no person."""

    id: UUID
    reference: str
    kind: PrivacyCaseKind
    status: PrivacyCaseStatus
    received_at: datetime
    due_on: date
    caseworker_name: str | None
    is_mine: bool

    @property
    def is_open(self) -> bool:
        return self.status is PrivacyCaseStatus.OPEN

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_on < clock.today()

    @property
    def is_soon(self) -> bool:
        return self.is_open and not self.is_overdue and self.due_on <= clock.today() + SOON


def cases(actor: Actor, wanted: CaseFilter, page: int) -> tuple[list[CaseRow], int]:
    """One page of cases and how many there are: the open ones first, the nearest deadline first."""
    if not actor.is_staff:
        raise NotFound
    caseworker = aliased(Account)
    rows = (
        select(PrivacyCase, caseworker.name, func.count().over())
        .outerjoin(caseworker, caseworker.id == PrivacyCase.caseworker_id)
        .where(PrivacyCase.status == wanted.status)
        .order_by(
            when((PrivacyCase.status == PrivacyCaseStatus.OPEN, PrivacyCase.due_at)).asc().nulls_last(),
            PrivacyCase.answered_at.desc(),
            PrivacyCase.id,
        )
        .limit(PAGE_SIZE)
        .offset((max(page, 1) - 1) * PAGE_SIZE)
    )
    if wanted.kind:
        rows = rows.where(PrivacyCase.kind == wanted.kind)
    if wanted.assignee is Assignee.MINE:
        rows = rows.where(PrivacyCase.caseworker_id == actor.account_id)
    elif wanted.assignee is Assignee.NOBODY:
        rows = rows.where(PrivacyCase.caseworker_id.is_(None))
    found = db.session.execute(rows).all()
    return [
        CaseRow(
            id=case.id,
            reference=case.reference,
            kind=case.kind,
            status=case.status,
            received_at=case.received_at,
            due_on=clock.day(case.due_at),
            caseworker_name=name,
            is_mine=case.caseworker_id == actor.account_id,
        )
        for case, name, _total in found
    ], (found[0][2] if found else 0)


def find(actor: Actor, case_id: UUID, *, lock: bool = False) -> PrivacyCase:
    """A case; raises NotFound. `lock` holds it until the transaction ends, and reads it as it is then (C46)."""
    query = (
        select(PrivacyCase)
        .where(PrivacyCase.id == case_id)
        .options(joinedload(PrivacyCase.account), joinedload(PrivacyCase.caseworker))
    )
    if lock:
        # The registration first, as its owner does.
        owner = select(PrivacyCase.professional_id).where(PrivacyCase.id == case_id).scalar_subquery()
        db.session.execute(select(Professional.id).where(Professional.id == owner).with_for_update())
        query = query.with_for_update(of=PrivacyCase).execution_options(populate_existing=True)
    found = db.session.scalar(query) if actor.is_staff else None
    if found is None:
        raise NotFound
    return found


def person_of(case: PrivacyCase) -> Professional:
    """Whom the case is about; raises NotFound when the registration is being erased."""
    found = db.session.get(Professional, case.professional_id) if case.professional_id else None
    if found is None:
        raise NotFound
    return found


def note_opened(actor: Actor, case: PrivacyCase) -> None:
    """Leave the trace of having read the case, which the person sees too (I5, C27)."""
    audit.record(
        actor,
        "privacy_case.viewed",
        case,
        subject_id=case.account_id,
        purpose=purpose_of(case),
        fields=["name", "text", "answer"],
    )


def purpose_of(case: PrivacyCase) -> str:
    """What a look at the person from this case is for, as the person reads it."""
    return f"Personvernsak {case.reference}"


def may_work(actor: Actor, case: PrivacyCase) -> bool:
    """Whether the actor may do something with the case: who may decide, and is not the person it is about."""
    return actor.role in DECIDING_ROLES and case.account_id != actor.account_id


def take(actor: Actor, case: PrivacyCase) -> None:
    """The actor has the case from now on, whoever had it before. Safe to press again."""
    _require_open(actor, case)
    if case.caseworker_id != actor.account_id:
        case.caseworker_id = actor.account_id
        audit.record(actor, "privacy_case.taken", case, subject_id=case.account_id)


def can_extend(case: PrivacyCase) -> bool:
    """Once, and with its reason sent before the first month is over."""
    return case.status is PrivacyCaseStatus.OPEN and case.extended_at is None and clock.now() <= case.due_at


def extend(actor: Actor, case: PrivacyCase, reason: str) -> None:
    """Two months more, for a reason the person is told at once."""
    _require_mine(actor, case)
    if not can_extend(case):
        raise Conflict(_("Fristen kan bare forlenges én gang, og bare før den er ute."))
    case.extended_at, case.extension_reason = clock.now(), reason
    case.due_at += EXTENSION
    audit.record(actor, "privacy_case.extended", case, subject_id=case.account_id)
    privacy_cases.tell(person_of(case), MessageKind.PRIVACY_CASE_EXTENDED, case)


def answer(actor: Actor, case: PrivacyCase, text: str, *, keep: bool = False) -> None:
    """Answer the case. `keep` lets a restriction stand; otherwise what the case held back is let go."""
    _require_mine(actor, case)
    person = person_of(case)
    case.move_to(PrivacyCaseStatus.ANSWERED)
    case.answer, case.answered_at = text, clock.now()
    case.is_restricting = keep and case.is_restricting
    audit.record(actor, "privacy_case.answered", case, subject_id=case.account_id, still_restricts=case.is_restricting)
    if case.kind in privacy_cases.HOLDING_BACK:
        privacy_cases.settle_restriction(person)
    privacy_cases.tell(person, MessageKind.PRIVACY_CASE_ANSWERED, case)


def of_person(professional: Professional) -> Sequence[PrivacyCase]:
    """Every case of one person, the newest first."""
    return db.session.scalars(
        select(PrivacyCase)
        .where(PrivacyCase.professional_id == professional.id)
        .order_by(PrivacyCase.received_at.desc(), PrivacyCase.id)
    ).all()


def _require_open(actor: Actor, case: PrivacyCase) -> None:
    if actor.role not in DECIDING_ROLES:
        raise Forbidden(_("Rollen din kan lese saken, men ikke behandle den."))
    if case.account_id == actor.account_id:
        raise Forbidden(_("Saken gjelder deg selv. En annen må behandle den (forvaltningsloven § 6)."))
    if case.status is not PrivacyCaseStatus.OPEN:
        raise Conflict(_("Saken er besvart."))


def _require_mine(actor: Actor, case: PrivacyCase) -> None:
    _require_open(actor, case)
    if case.caseworker_id != actor.account_id:
        raise Conflict(_("Ta saken før du gjør noe med den."))
