"""The Directorate's queue and cases: find, open, take, hand over, note, and see a number (ux.md B1 and B2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased, defer, joinedload, selectinload, with_expression

from extensions import clock
from extensions.database import db
from models.account import Account, StaffMember
from models.application import AccessApplication, Decision, InternalNote, Nominee, Question
from models.enums import ApplicationStatus, DecisionStatus, OrganisationKind, QuestionStatus
from models.message import Message
from models.organisation import Organisation
from services import audit, national_ids, references
from services.access import DECIDING_ROLES, Actor
from services.case_rules import FREE_TO_WORK, OPEN, SENT, CaseAction, reply_on, require, standings
from services.errors import Conflict, NotFound

PAGE_SIZE = 25


class Assignee(StrEnum):
    ANYONE = "alle"
    MINE = "mine"
    NOBODY = "uten"


class Due(StrEnum):
    OVERDUE = "over"
    THIS_WEEK = "uken"


@dataclass(frozen=True)
class QueueFilter:
    """What the queue is narrowed to; the empty one shows the open cases."""

    status: ApplicationStatus | None = None
    all_statuses: bool = False
    to_approve: bool = False
    """Only cases in which a proposed decision waits for a colleague."""
    assignee: Assignee = Assignee.ANYONE
    kind: OrganisationKind | None = None
    due: Due | None = None
    text: str = ""
    """A reference, an organisation's number, or part of its name; never a person's name (C76)."""


@dataclass(frozen=True)
class QueueRow:
    id: UUID
    reference: str
    organisation_name: str
    status: ApplicationStatus
    submitted_at: datetime
    due_on: date | None
    """The Directorate's deadline; while the case waits for an answer, the organisation's."""
    caseworker_name: str | None
    is_mine: bool
    has_new_answer: bool
    needs_reply: bool
    """Somebody should tell the organisation why it takes time."""
    to_approve: bool
    """A proposed decision waits for a colleague."""

    @property
    def is_overdue(self) -> bool:
        return self.status in OPEN and self.due_on is not None and self.due_on < clock.today()


_proposer = (
    select(Decision.proposed_by_id)
    .where(
        Decision.application_id == AccessApplication.id,
        Decision.status == DecisionStatus.PROPOSED,
        AccessApplication.status.in_(OPEN),
    )
    .limit(1)
    .correlate(AccessApplication)
    .scalar_subquery()
)
"""Who proposed the decision that waits for a colleague in an open case."""


def queue(actor: Actor, wanted: QueueFilter, page: int = 1) -> tuple[list[QueueRow], int]:
    """One page of cases, and how many there are: own with a new answer first, then others' proposals, then by deadline,
    oldest first."""
    caseworker = aliased(Account)
    due = func.coalesce(Question.due_on, AccessApplication.due_on)
    mine = AccessApplication.caseworker_id == actor.account_id
    is_open = AccessApplication.status.in_(OPEN)
    rows = (
        select(AccessApplication, Organisation.name, caseworker.name, due, reply_on(), _proposer, func.count().over())
        .join(Organisation, Organisation.id == AccessApplication.organisation_id)
        .outerjoin(caseworker, caseworker.id == AccessApplication.caseworker_id)
        .outerjoin(
            Question, and_(Question.application_id == AccessApplication.id, Question.status == QuestionStatus.OPEN)
        )
        .where(*_conditions(actor, wanted, due))
        .order_by(
            case(
                (and_(mine, AccessApplication.has_new_answer, is_open), 0),
                (_proposer != actor.account_id, 1),
                else_=2,
            ),
            case((is_open, 0), else_=1),
            due.asc().nulls_last(),
            AccessApplication.submitted_at,
            AccessApplication.id,
        )
        .limit(PAGE_SIZE)
        .offset((max(page, 1) - 1) * PAGE_SIZE)
    )
    found = db.session.execute(rows).all()
    total = found[0][6] if found else 0
    return [
        QueueRow(
            id=application.id,
            reference=application.reference,
            organisation_name=name,
            status=application.status,
            submitted_at=application.submitted_at or application.created_at,
            due_on=due_on,
            caseworker_name=caseworker_name,
            is_mine=application.caseworker_id == actor.account_id,
            has_new_answer=application.has_new_answer and application.status in OPEN,
            needs_reply=told_on is not None,
            to_approve=proposer is not None,
        )
        for application, name, caseworker_name, due_on, told_on, proposer, _total in found
    ], total


def _conditions(actor: Actor, wanted: QueueFilter, due: ColumnElement[date]) -> list[ColumnElement[bool]]:
    column = AccessApplication.status
    conditions: list[ColumnElement[bool]] = [
        column == wanted.status if wanted.status else column.in_(SENT if wanted.all_statuses else OPEN)
    ]
    if wanted.status is ApplicationStatus.DRAFT:
        conditions.append(column != ApplicationStatus.DRAFT)
    if wanted.to_approve:
        conditions.append(_proposer.is_not(None))
    if wanted.assignee is Assignee.MINE:
        conditions.append(AccessApplication.caseworker_id == actor.account_id)
    elif wanted.assignee is Assignee.NOBODY:
        conditions.append(AccessApplication.caseworker_id.is_(None))
    if wanted.kind:
        conditions.append(Organisation.kind == wanted.kind)
    if wanted.due:
        conditions.append(column.in_(OPEN))
    if wanted.due is Due.OVERDUE:
        conditions.append(due < clock.today())
    elif wanted.due is Due.THIS_WEEK:
        sunday = clock.today() + timedelta(days=6 - clock.today().weekday())
        conditions.append(due.between(clock.today(), sunday))
    if text := wanted.text.strip():
        joined = references.normalise(text)
        matches = [
            Organisation.name.icontains(text, autoescape=True),
            AccessApplication.unit_name.icontains(text, autoescape=True),
        ]
        if joined:
            matches += [
                AccessApplication.reference.startswith(joined, autoescape=True),
                Organisation.number.startswith(joined, autoescape=True),
            ]
        conditions.append(or_(*matches))
    return conditions


def find(actor: Actor, application_id: UUID, *, lock: bool = False) -> AccessApplication:
    """The case, with what its pages show. Drafts do not exist for the Directorate: NotFound.

    With `lock` the row is held until the transaction ends, and is read as it is after earlier holders (C46).
    """
    # With a lock in queries of their own: they then see what was committed while this one waited.
    load = selectinload if lock else joinedload
    query = (
        select(AccessApplication)
        .where(AccessApplication.id == application_id, AccessApplication.status.in_(SENT))
        .options(
            joinedload(AccessApplication.organisation),
            joinedload(AccessApplication.contact),
            joinedload(AccessApplication.caseworker),
            load(AccessApplication.nominees),
            load(AccessApplication.questions),
            load(AccessApplication.decisions).options(
                joinedload(Decision.proposed_by), joinedload(Decision.approved_by), defer(Decision.letter)
            ),
            with_expression(AccessApplication.reply_on, reply_on()),
            # Long texts that most pages do not show.
            defer(AccessApplication.snapshot),
            defer(AccessApplication.snapshot_sha256),
        )
    )
    if lock:
        query = query.with_for_update(of=AccessApplication).execution_options(populate_existing=True)
    application = db.session.scalars(query).unique().one_or_none()
    if application is None:
        raise NotFound
    if not actor.is_staff:
        raise NotFound
    return application


def note_opened(actor: Actor, application: AccessApplication, page: str, fields: list[str]) -> None:
    """Leave the trace of having seen a page of the case: before it is shown, in the same transaction (I5)."""
    audit.record(
        actor,
        "application.viewed",
        application,
        fields=fields,
        page=page,
        own_case=application.caseworker_id == actor.account_id,
        nominees=[str(nominee.id) for nominee in application.nominees],
    )


def take(actor: Actor, application: AccessApplication) -> None:
    """The actor is the case's caseworker; a new case is under review. Safe to press again."""
    require(actor, CaseAction.TAKE, application)
    if application.caseworker_id == actor.account_id:
        return
    previous = application.caseworker_id
    _assign(application, actor.account_id)
    audit.record(actor, "application.taken", application, previous=previous)


def colleagues(actor: Actor, application: AccessApplication) -> list[Account]:
    """Whom the case may be handed to: those who may decide cases, have signed in, and are not parties in this one."""
    accounts = db.session.scalars(
        select(Account)
        .join(StaffMember, StaffMember.account_id == Account.id)
        .where(
            StaffMember.ended_at.is_(None),
            StaffMember.role.in_(DECIDING_ROLES),
            Account.id.not_in([actor.account_id, application.caseworker_id or actor.account_id]),
        )
        .order_by(Account.name)
    ).all()
    found = standings([account.id for account in accounts], application)
    return [account for account in accounts if found[account.id] == FREE_TO_WORK]


def hand_over(actor: Actor, application: AccessApplication, to: UUID) -> Account:
    """Another caseworker has the case. Raises Conflict when that person may not work it (any more)."""
    require(actor, CaseAction.HAND_OVER, application)
    receiver = next((account for account in colleagues(actor, application) if account.id == to), None)
    if receiver is None:
        raise Conflict(_("Personen kan ikke ta saken. Velg en annen."))
    _assign(application, receiver.id)
    audit.record(actor, "application.handed_over", application, to=receiver.id)
    return receiver


def _assign(application: AccessApplication, account_id: UUID) -> None:
    if application.status is ApplicationStatus.SUBMITTED:
        application.move_to(ApplicationStatus.IN_REVIEW)
    application.caseworker_id = account_id


def add_note(actor: Actor, application: AccessApplication, text: str) -> InternalNote:
    """Write an internal note on the case."""
    require(actor, CaseAction.NOTE, application)
    note = InternalNote(application_id=application.id, author_id=actor.account_id, text=text, written_at=clock.now())
    application.notes.append(note)
    db.session.flush()  # the audit row names it
    audit.record(actor, "note.written", note, application=application.id)
    return note


def mark_answer_seen(actor: Actor, application: AccessApplication) -> None:
    """The caseworker has done something with the answer: it is new no more."""
    if application.caseworker_id == actor.account_id:
        application.has_new_answer = False


def nominee_of(application: AccessApplication, nominee_id: UUID) -> Nominee:
    """A person named in the case; NotFound for anybody else's id."""
    found = next((nominee for nominee in application.nominees if nominee.id == nominee_id), None)
    if found is None:
        raise NotFound
    return found


def reveal_number(actor: Actor, application: AccessApplication, nominee: Nominee, reason: str) -> str:
    """The whole national identity number of one person, for a stated reason that is written to the audit log (C76)."""
    require(actor, CaseAction.SEE_NUMBER, application)
    number = national_ids.read(nominee)
    if number is None:
        raise NotFound
    subject = db.session.scalar(
        select(Account.id).where(Account.national_id_index.in_(national_ids.indexes_of(number)))
    )
    audit.record(
        actor,
        "nominee.number_shown",
        nominee,
        subject_id=subject,
        purpose=reason,
        fields=["national_id"],
        application=application.id,
    )
    return number


def mails_of(application: AccessApplication) -> Sequence[Message]:
    """The e-mails about the case itself, oldest first; the persons' invitations stand with their access."""
    return db.session.scalars(
        select(Message)
        .where(Message.application_id == application.id, Message.invitation_id.is_(None))
        .order_by(Message.created_at, Message.id)
    ).all()


def caseworkers() -> Sequence[Account]:
    """Everybody who is, or has been, on the staff list and has signed in; for choosing in filters."""
    return db.session.scalars(
        select(Account).join(StaffMember, StaffMember.account_id == Account.id).order_by(Account.name)
    ).all()
