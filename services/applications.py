"""Applications for access, from the applicant's side: finding them, beginning, handing in, and what may follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import product
from typing import Any, cast
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, defer, joinedload, selectinload

from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from extensions.language import current_language
from models.account import Account
from models.application import AccessApplication, ContactPerson, Decision, Nominee
from models.audit import AuditEvent
from models.enums import (
    ApplicationStatus,
    ContactKind,
    DecisionStatus,
    GrantStatus,
    MessageKind,
    MessageStatus,
    QuestionStatus,
    Role,
)
from models.grant import Grant
from models.message import Message
from models.organisation import Organisation
from services import (
    audit,
    mailbox,
    national_ids,
    organisations,
    outbox,
    references,
    representation,
    settings,
    snapshots,
)
from services.access import Actor
from services.application_rules import Action, Side, may, may_ever
from services.application_steps import gaps
from services.errors import Conflict, Forbidden, Incomplete, NotFound
from services.representation import RightMissing
from services.settings import Key
from services.words import APPLICATION_STATUS

PAGE_SIZE = 50


# -- finding them


def find(
    actor: Actor, application_id: UUID, *, lock: bool = False, people: bool = True, course: bool = False
) -> AccessApplication:
    """The application, when the actor may see at least its status; raises NotFound otherwise.

    Raises RightMissing to the one who began or last changed it and lost the right since: no secret is told.
    `lock` keeps others from changing it in this transaction; `people` loads the nominees at once, `course` the
    questions and decisions too.
    """
    application = _load(application_id, lock=lock, people=people, course=course)
    if application is None:
        raise NotFound
    side = side_of(actor, application)
    if side is None or not may(side, Action.SEE_STATUS, application.status):
        if actor.account_id in (application.submitter_id, application.changed_by_id):
            raise RightMissing(application.organisation.name)
        raise NotFound
    return application


def _statement(*, lock: bool, people: bool, course: bool) -> Select[AccessApplication]:
    statement = (
        select(AccessApplication)
        .where(AccessApplication.id == bindparam("application_id"))
        .options(
            joinedload(AccessApplication.organisation, innerjoin=True),
            # Pages show the rows; the snapshot is read when it is compared or typeset.
            defer(AccessApplication.snapshot),
            defer(AccessApplication.snapshot_sha256),
        )
    )
    if lock:
        statement = statement.with_for_update(of=AccessApplication).execution_options(populate_existing=True)
    # With a lock in queries of their own: they then see what was committed while this one waited.
    load = selectinload if lock else joinedload
    if people:
        statement = statement.options(load(AccessApplication.nominees), joinedload(AccessApplication.contact))
    if course:
        statement = statement.options(
            load(AccessApplication.questions), load(AccessApplication.decisions).defer(Decision.letter)
        )
    return statement


_STATEMENTS = {
    (lock, people, course): _statement(lock=lock, people=people, course=course)
    for lock, people, course in product((False, True), repeat=3)
}
"""Made once: every page of an application begins with one of these."""


def _load(application_id: UUID, *, lock: bool, people: bool, course: bool) -> AccessApplication | None:
    found = db.session.scalars(_STATEMENTS[lock, people, course], {"application_id": application_id})
    return found.unique().one_or_none()


def side_of(actor: Actor, application: AccessApplication) -> Side | None:
    """How the actor stands to the application; None is not at all. Raises Unavailable when Altinn does not say."""
    if actor.role is not Role.SUBMITTER:
        return None
    try:
        numbers = representation.parties(actor).numbers
    except Unavailable:
        if _is_contact(actor, application):
            return Side.CONTACT
        raise
    if application.unit_number in numbers or application.organisation.number in numbers:
        return Side.APPLICANT
    return Side.CONTACT if _is_contact(actor, application) else None


def require(actor: Actor, action: Action, application: AccessApplication) -> Side:
    """How the actor stands to the application, when `action` is open to that side now.

    Raises NotFound to strangers, Forbidden to the wrong side, Conflict when it is too late or too early.
    """
    side = side_of(actor, application)
    if side is None or not may(side, Action.SEE_STATUS, application.status):
        raise NotFound
    if not may(side, action, application.status):
        if may_ever(side, action):
            raise Conflict(status_text(application))
        raise Forbidden(_("Bare den som kan søke på vegne av virksomheten, kan gjøre dette."))
    return side


def status_text(application: AccessApplication) -> str:
    """What the status is now, for somebody who came too late."""
    return str(_("Søknaden har nå statusen «%(status)s».", status=APPLICATION_STATUS[application.status][0]))


def _is_contact(actor: Actor, application: AccessApplication) -> bool:
    if application.contact_kind is ContactKind.SUBMITTER:
        return application.submitter_id == actor.account_id
    person = application.contact_person
    return person is not None and person.national_id_index in _indexes_of(actor)


def misnamed(actor: Actor, application: AccessApplication) -> set[UUID]:
    """Those of the persons who have the actor's own number under another name: a slip, most likely."""
    own = _indexes_of(actor)
    name = _parts_of(actor.name or "")
    return {
        nominee.id
        for nominee in application.nominees
        if nominee.national_id_index in own and not (name <= _parts_of(nominee.name) or name >= _parts_of(nominee.name))
    }


def _parts_of(name: str) -> set[str]:
    return set(name.casefold().split())


def _indexes_of(actor: Actor) -> list[bytes]:
    number = national_ids.read(db.session.get_one(Account, actor.account_id))
    return national_ids.indexes_of(number) if number else []


@dataclass(frozen=True)
class Overview:
    """One page of the list A1."""

    applications: Sequence[AccessApplication]
    page: int
    pages: int
    altinn_answered: bool
    may_apply: bool
    """Whether Altinn names somebody the actor acts for."""


def overview(actor: Actor, page: int) -> Overview:
    """What the actor may see, last changed first: the represented organisations' own, and cases as contact person.

    When Altinn is away only the latter, and `altinn_answered` is False.
    """
    visible = _named_as_contact(actor)
    try:
        numbers = list(representation.parties(actor).numbers)
    except Unavailable:
        numbers, answered = [], False
    else:
        answered = True
        visible = or_(visible, AccessApplication.unit_number.in_(numbers), Organisation.number.in_(numbers))
    statement = select(AccessApplication).join(AccessApplication.organisation).where(visible)
    count = db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(max(page, 1), pages)
    found = db.session.scalars(
        _newest_first(statement)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
        .options(joinedload(AccessApplication.organisation), joinedload(AccessApplication.changed_by))
    )
    return Overview(found.all(), page, pages, answered, bool(numbers))


def _newest_first(statement: Any) -> Any:
    return statement.order_by(AccessApplication.changed_at.desc(), AccessApplication.id)


def _named_as_contact(actor: Actor) -> ColumnElement[bool]:
    indexes = _indexes_of(actor)
    kind = AccessApplication.contact_kind
    nominee = exists().where(Nominee.id == AccessApplication.contact_nominee_id, Nominee.national_id_index.in_(indexes))
    other = exists().where(
        ContactPerson.application_id == AccessApplication.id, ContactPerson.national_id_index.in_(indexes)
    )
    return and_(
        AccessApplication.status != ApplicationStatus.DRAFT,
        or_(
            and_(kind == ContactKind.SUBMITTER, AccessApplication.submitter_id == actor.account_id),
            and_(kind == ContactKind.NOMINEE, nominee),
            and_(kind == ContactKind.OTHER, other),
        ),
    )


# -- beginning


def start(actor: Actor, number: str, *, replaces: UUID | None = None) -> AccessApplication:
    """Begin an application on behalf of a unit; it is recorded on the municipality or health trust above it.

    `replaces` is the draft it takes the place of once it is sent. Raises NotEligible, RightMissing or Unavailable.
    """
    resolved = organisations.resolve(number)
    representation.require_right(actor, number, resolved.name)
    organisation = organisations.keep(resolved)
    account = db.session.get_one(Account, actor.account_id)
    account.name = (representation.parties(actor).person_name or account.name or "")[:210] or None
    now = clock.now()
    application = AccessApplication(
        id=uuid4(),
        reference=references.new(),
        organisation=organisation,
        unit_number=number,
        unit_name=resolved.name if resolved.unit == resolved.top else resolved.unit.name,
        language=organisation.language or current_language(),
        submitter_id=account.id,
        submitter_name=account.name or "",
        created_at=now,
        changed_at=now,
        changed_by_id=account.id,
        registry_verified=resolved.is_confirmed,
        replaces_id=replaces,
    )
    db.session.add(application)
    audit.record(actor, "application.started", application, organisation=organisation.id)
    return application


def draft_for(actor: Actor, number: str) -> AccessApplication | None:
    """The draft last changed for the municipality or trust of a unit, if the actor may see one. Raises as resolve()."""
    top = organisations.resolve(number).top.number
    numbers = list(representation.parties(actor).numbers)
    statement = (
        select(AccessApplication)
        .join(AccessApplication.organisation)
        .where(
            AccessApplication.status == ApplicationStatus.DRAFT,
            Organisation.number == top,
            or_(AccessApplication.unit_number.in_(numbers), Organisation.number.in_(numbers)),
        )
        .limit(1)
    )
    return cast("AccessApplication | None", db.session.scalar(_newest_first(statement)))


def has_access(organisation_id: UUID) -> bool:
    """Whether anybody has, or is invited to, access for the organisation."""
    granted = exists().where(Grant.organisation_id == organisation_id, Grant.status != GrantStatus.ENDED)
    return bool(db.session.scalar(select(granted)))


def refresh_registry(actor: Actor, application: AccessApplication) -> bool:
    """Ask Enhetsregisteret anew for a draft begun while it was away; returns whether it answered.

    Raises NotEligible when the organisation has ended since.
    """
    require(actor, Action.EDIT, application)
    application.registry_verified = _registry_answers(application)
    return application.registry_verified


def _registry_answers(application: AccessApplication) -> bool:
    try:
        resolved = organisations.resolve(application.unit_number)
    except Unavailable:
        return False
    if resolved.is_confirmed:
        organisations.keep(resolved)
    return resolved.is_confirmed


# -- handing in, and what follows


def submit(actor: Actor, application_id: UUID, declaration: str) -> AccessApplication:
    """Sign and hand the application to the Directorate, once: a second press finds it handed in and changes nothing.

    Altinn is asked again whether the actor may (C16). `declaration` is the confirmed text, word for word. Raises
    RightMissing, Unavailable, NotEligible, or Incomplete with the steps where something is missing.
    """
    application = find(actor, application_id)
    if application.status is not ApplicationStatus.DRAFT:
        return application
    # Asked before the row is locked: an outside system may be slow.
    representation.require_right(actor, application.unit_number, application.organisation.name)
    verified = _registry_answers(application)
    application = find(actor, application_id, lock=True)
    if application.status is not ApplicationStatus.DRAFT:
        return application
    require(actor, Action.SUBMIT, application)
    missing = [gap.step.value for gap in gaps(application, actor.account_id)]
    if missing:
        raise Incomplete(missing)
    now = clock.now()
    with db.session.no_autoflush:  # the row is whole only when the snapshot is taken
        application.move_to(ApplicationStatus.SUBMITTED)
        application.submitted_at = application.right_confirmed_at = now
        application.declaration = declaration
        application.registry_verified = verified
        application.due_on = clock.today() + timedelta(days=settings.value(Key.PROCESSING_DAYS))
        application.receipt_pdf = None
        _changed(actor, application)
        digest = snapshots.take(application)
    _drop_replaced(actor, application)
    outbox.add(outbox.Job.MAKE_RECEIPT, application_id=application.id)
    mailbox.queue_about(application, MessageKind.APPLICATION_RECEIVED, f"{application.id}|{now.isoformat()}")
    audit.record(
        actor, "application.submitted", application, organisation=application.organisation_id, sha256=digest.hex()
    )
    return application


def _drop_replaced(actor: Actor, application: AccessApplication) -> None:
    """Delete the drafts this application was started over from (ux.md A2)."""
    replaced_id = application.replaces_id
    application.replaces_id = None
    while replaced_id is not None:
        replaced = db.session.get(AccessApplication, replaced_id, with_for_update=True)
        if replaced is None or replaced.status is not ApplicationStatus.DRAFT:
            return
        replaced_id = replaced.replaces_id
        _delete(actor, replaced)


def reopen(actor: Actor, application: AccessApplication) -> None:
    """Make a submitted application a draft again, before anybody has begun on it; the reference stays."""
    require(actor, Action.REOPEN, application)
    application.move_to(ApplicationStatus.DRAFT)
    application.due_on = None
    application.provisional_reply_at = application.delay_reason = application.expected_on = None
    _changed(actor, application)
    audit.record(actor, "application.reopened", application)


def withdraw(actor: Actor, application: AccessApplication) -> None:
    """Take the application back; an open question falls with it."""
    require(actor, Action.WITHDRAW, application)
    question = application.open_question
    if question is not None:
        question.move_to(QuestionStatus.WITHDRAWN)
    application.move_to(ApplicationStatus.WITHDRAWN)
    application.withdrawn_at = clock.now()
    _changed(actor, application)
    audit.record(actor, "application.withdrawn", application)


def delete(actor: Actor, application: AccessApplication) -> None:
    """Delete a draft and everything in it."""
    require(actor, Action.DELETE, application)
    _delete(actor, application)


def _delete(actor: Actor, application: AccessApplication) -> None:
    audit.record(actor, "application.deleted", application, organisation=application.organisation_id)
    db.session.delete(application)


def keep_answer(actor: Actor, application: AccessApplication, text: str) -> None:
    """Keep an answer that is not sent yet."""
    require(actor, Action.ANSWER, application)
    question = application.open_question
    if question is not None:
        question.answer = text


def answer(actor: Actor, application: AccessApplication, text: str) -> None:
    """Answer the open question; the case goes back to the Directorate. Raises Incomplete when a part has a gap."""
    require(actor, Action.ANSWER, application)
    question = application.open_question
    if question is None:
        raise Conflict(status_text(application))
    missing = [gap.step.value for gap in gaps(application, application.submitter_id)]
    if missing:
        raise Incomplete(missing)
    question.move_to(QuestionStatus.ANSWERED)
    question.answer = text
    question.answered_at = clock.now()
    question.answered_by_id = actor.account_id
    question.answered_by_name = _name_of(actor, application)
    application.move_to(ApplicationStatus.IN_REVIEW)
    application.has_new_answer = True
    if application.due_on is not None:  # the days the organisation did not need go back
        application.due_on -= max(question.due_on - clock.today(), timedelta(0))
    audit.record(actor, "question.answered", question, application=application.id)


def _name_of(actor: Actor, application: AccessApplication) -> str:
    """The actor's name: the account's, else the one the application gives the contact person."""
    return actor.name or snapshots.contact_of(application)["name"]


def _changed(actor: Actor, application: AccessApplication) -> None:
    application.changed_at = clock.now()
    application.changed_by_id = actor.account_id


# -- following the case


class EventKind(StrEnum):
    """What the timeline tells of; the first are names of audit events."""

    STARTED = "application.started"
    SUBMITTED = "application.submitted"
    REOPENED = "application.reopened"
    TAKEN = "application.taken"
    WITHDRAWN = "application.withdrawn"
    APPEAL_UPHELD = "application.appeal_upheld"
    PROVISIONAL_REPLY = "application.provisional_reply"
    ASKED = "asked"
    ANSWERED = "answered"
    DECIDED = "decided"


OF_THE_DIRECTORATE = frozenset({EventKind.TAKEN, EventKind.APPEAL_UPHELD, EventKind.PROVISIONAL_REPLY})
"""Whose names the applicant is not told."""


@dataclass(frozen=True)
class Event:
    """Something that happened to an application; `by` is a name on the applicant's side, None the Directorate."""

    kind: EventKind
    at: datetime
    by: str | None


def timeline(application: AccessApplication) -> list[Event]:
    """What has happened, oldest first."""
    rows = db.session.execute(
        select(AuditEvent.action, AuditEvent.at, Account.name)
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .where(
            AuditEvent.object_type == AccessApplication.__tablename__,
            AuditEvent.object_id == application.id,
            AuditEvent.action.in_([kind.value for kind in EventKind]),
        )
        .order_by(AuditEvent.id)
    )
    events: list[Event] = []
    for action, at, name in rows:
        kind = EventKind(action)
        if kind is EventKind.TAKEN and any(event.kind is kind for event in events):
            continue  # handing over between colleagues is not news
        events.append(Event(kind, at, None if kind in OF_THE_DIRECTORATE else name))
    for question in application.questions:
        events.append(Event(EventKind.ASKED, question.asked_at, None))
        if question.answered_at is not None:
            events.append(Event(EventKind.ANSWERED, question.answered_at, question.answered_by_name))
    for decision in application.decisions:
        if decision.status is DecisionStatus.FINAL and decision.decided_at is not None:
            events.append(Event(EventKind.DECIDED, decision.decided_at, None))
    return sorted(events, key=lambda event: event.at)


def grants_of(application: AccessApplication) -> dict[UUID, Grant]:
    """The grants an application led to, by nominee, with their invitations."""
    if application.status not in (ApplicationStatus.GRANTED, ApplicationStatus.PARTLY_GRANTED):
        return {}
    found = db.session.scalars(
        select(Grant)
        .where(Grant.nominee_id.in_([nominee.id for nominee in application.nominees]))
        .options(joinedload(Grant.invitations))
    ).unique()
    return {grant.nominee_id: grant for grant in found}


@dataclass(frozen=True)
class Deliveries:
    """What has become of what we made of an application."""

    receipt_size: int | None
    """Bytes; None while the receipt is being made."""
    undelivered: tuple[str, ...]
    """Addresses that an e-mail about the application did not reach, and none has since."""


def deliveries(application: AccessApplication) -> Deliveries:
    """The receipt's size and the addresses that could not be reached, in one look."""
    later = aliased(Message)
    came_through = exists().where(
        later.application_id == application.id,
        later.recipient == Message.recipient,
        later.status == MessageStatus.SENT,
        later.sent_at > Message.created_at,
    )
    refused = (
        select(func.array_agg(Message.recipient.distinct()))
        .where(Message.application_id == application.id, Message.status == MessageStatus.UNDELIVERABLE, ~came_through)
        .scalar_subquery()
    )
    size = func.length(AccessApplication.receipt_pdf)
    row = db.session.execute(select(size, refused).where(AccessApplication.id == application.id)).one()
    return Deliveries(row[0], tuple(sorted(row[1] or ())))


def note_viewed(actor: Actor, application: AccessApplication, page: str) -> None:
    """Leave the trace of having seen the persons of an application: in the transaction of the page (I5)."""
    audit.record(actor, "application.viewed", application, page=page, fields=["persons"])
