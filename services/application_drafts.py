"""Filling in an application: the submitter, the nominees and the contact person, each saved as typed columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _

from extensions import clock
from extensions.database import db
from models.account import Account
from models.application import AccessApplication, ContactPerson, Nominee
from models.enums import ApplicationStatus, ContactKind
from services import audit, national_ids, representation, snapshots
from services.access import Actor
from services.application_rules import Action
from services.application_steps import MOST_NOMINEES, Step, gaps
from services.applications import require, status_text
from services.errors import Conflict, DomainError, NotFound, Unfit

SUBMITTER_FIELDS = ("submitter_name", "submitter_email", "submitter_mobile", "submitter_job_title")
PERSON_FIELDS = ("given_name", "family_name", "email", "mobile")
NOMINEE_FIELDS = (*PERSON_FIELDS, "job_title", "access_level")


def save_submitter(actor: Actor, application: AccessApplication, answers: Mapping[str, Any]) -> None:
    """Save the submitter's details. In a draft, whoever fills in this step becomes the submitter."""
    _require_open(actor, application, Step.SUBMITTER)
    if application.status is ApplicationStatus.DRAFT and application.submitter_id != actor.account_id:
        account = db.session.get_one(Account, actor.account_id)
        account.name = representation.parties(actor).person_name or account.name
        application.submitter_id = account.id
        for field in SUBMITTER_FIELDS:
            setattr(application, field, "")
        application.submitter_name = account.name or ""
    for field in SUBMITTER_FIELDS:
        if field in answers:
            setattr(application, field, answers[field])
    _saved(actor, application, Step.SUBMITTER)


def nominee_at(application: AccessApplication, position: int) -> Nominee:
    """The person at a place in the address; raises NotFound."""
    found = next((nominee for nominee in application.nominees if nominee.position == position), None)
    if found is None:
        raise NotFound
    return found


def add_nominee(
    actor: Actor, application: AccessApplication, answers: Mapping[str, Any], *, national_id: str
) -> Nominee:
    """Add a person who is to have access. Raises Unfit for one who is there already, or beyond twenty."""
    _require_open(actor, application, Step.NOMINEES)
    nominee = _new_nominee(application, answers, national_id)
    _saved(actor, application, Step.NOMINEES)
    return nominee


def change_nominee(
    actor: Actor,
    application: AccessApplication,
    nominee: Nominee,
    answers: Mapping[str, Any],
    *,
    national_id: str | None = None,
) -> None:
    """Change a person; the national identity number only when a new one is given. Raises Unfit as add_nominee()."""
    _require_open(actor, application, Step.NOMINEES)
    others = [other for other in application.nominees if other is not nominee]
    _refuse_known(others, answers["email"], national_id)
    for field in NOMINEE_FIELDS:
        setattr(nominee, field, answers[field])
    if national_id:
        national_ids.put(nominee, national_id)
    _saved(actor, application, Step.NOMINEES)


def remove_nominee(actor: Actor, application: AccessApplication, nominee: Nominee) -> None:
    """Take a person out; as contact person, too. Raises Conflict when a case under review would be left incomplete."""
    _require_open(actor, application, Step.NOMINEES)
    is_contact = application.contact_nominee_id == nominee.id
    if application.status is not ApplicationStatus.DRAFT and (is_contact or len(application.nominees) == 1):
        raise Conflict(
            _("Personen er kontaktperson. Velg en annen kontaktperson først.")
            if is_contact
            else _("Søknaden må ha minst én person som skal ha tilgang.")
        )
    if is_contact:
        application.contact_kind = application.contact_nominee = None
    application.nominees.remove(nominee)
    _saved(actor, application, Step.NOMINEES)


@dataclass
class ContactAnswers:
    """The contact step as the form shows it."""

    SUBMITTER = "innsender"
    OTHER = "annen"

    choice: str | None
    """SUBMITTER, OTHER, or the id of a nominee."""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    mobile: str = ""

    @classmethod
    def of(cls, application: AccessApplication) -> "ContactAnswers":
        person = application.contact
        choice = {
            None: None,
            ContactKind.SUBMITTER: cls.SUBMITTER,
            ContactKind.NOMINEE: str(application.contact_nominee.id) if application.contact_nominee else None,
            ContactKind.OTHER: cls.OTHER,
        }[application.contact_kind]
        if person is None:
            return cls(choice)
        return cls(choice, person.given_name, person.family_name, person.email, person.mobile)


def save_contact(
    actor: Actor,
    application: AccessApplication,
    choice: str,
    person: Mapping[str, Any] | None = None,
    *,
    national_id: str | None = None,
    access: Mapping[str, Any] | None = None,
) -> None:
    """Save who the contact person is; `person` and `national_id` describe somebody else than submitter and nominees.

    `access` (access_level and, for somebody else, job_title) makes the contact person a nominee as well. Raises Unfit.
    """
    _require_open(actor, application, Step.CONTACT)
    if access is not None:
        _require_open(actor, application, Step.NOMINEES)
    nominee = next((row for row in application.nominees if str(row.id) == choice), None)
    if nominee is not None:
        kind = ContactKind.NOMINEE
    elif choice == ContactAnswers.OTHER:
        kind = ContactKind.OTHER
        number = national_id or (national_ids.read(application.contact) if application.contact else None)
        if access is not None and person is not None and number is not None:
            nominee = _new_nominee(application, {**person, **access}, number)
            kind = ContactKind.NOMINEE
        else:
            _put_other(application, person or {}, national_id)
    elif choice == ContactAnswers.SUBMITTER:
        kind = ContactKind.SUBMITTER
        if access is not None:
            _add_submitter_as_nominee(application, access)
    else:
        raise Unfit("choice", _("Velg hvem som er kontaktperson."))
    application.contact_kind = kind
    application.contact_nominee = nominee if kind is ContactKind.NOMINEE else None
    if kind is not ContactKind.OTHER:
        application.contact = None
    _saved(actor, application, Step.CONTACT)


def _put_other(application: AccessApplication, person: Mapping[str, Any], national_id: str | None) -> None:
    row = application.contact
    if row is None:
        row = application.contact = ContactPerson(
            id=uuid4(), application_id=application.id, **dict.fromkeys(PERSON_FIELDS, "")
        )
    for field in PERSON_FIELDS:
        setattr(row, field, person.get(field, getattr(row, field)))
    if national_id:
        if _known_number(application.nominees, national_id):
            raise Unfit("national_id", _("Personen er allerede lagt til. Velg personen i listen."))
        national_ids.put(row, national_id)


def _add_submitter_as_nominee(application: AccessApplication, access: Mapping[str, Any]) -> None:
    account = db.session.get_one(Account, application.submitter_id)
    number = national_ids.read(account)
    assert number is not None  # every account is made by a sign-in that gave the number
    if _known_number(application.nominees, number):
        return
    given_name, _blank, family_name = application.submitter_name.rpartition(" ")
    answers = {
        "given_name": (given_name or family_name)[:100],
        "family_name": family_name[:100],
        "email": application.submitter_email,
        "mobile": application.submitter_mobile,
        "job_title": application.submitter_job_title,
        "access_level": access["access_level"],
    }
    try:
        _new_nominee(application, answers, number)
    except Unfit as problem:
        raise Unfit("has_access", problem.message) from None


def _new_nominee(application: AccessApplication, answers: Mapping[str, Any], national_id: str) -> Nominee:
    if len(application.nominees) >= MOST_NOMINEES:
        raise Unfit("given_name", _("Du kan ha inntil 20 personer i én søknad."))
    _refuse_known(application.nominees, answers["email"], national_id)
    nominee = Nominee(
        id=uuid4(),
        position=1 + max((row.position for row in application.nominees), default=0),
        **{field: answers[field] for field in NOMINEE_FIELDS},
    )
    national_ids.put(nominee, national_id)
    application.nominees.append(nominee)
    return nominee


def _refuse_known(others: list[Nominee], email: str, national_id: str | None) -> None:
    if any(other.email.casefold() == email.casefold() for other in others):
        raise Unfit("email", _("%(epost)s er allerede lagt til.", epost=email))
    if national_id and _known_number(others, national_id):
        raise Unfit("national_id", _("Fødselsnummeret er allerede lagt til."))


def _known_number(nominees: list[Nominee], number: str) -> bool:
    indexes = national_ids.indexes_of(number)
    return any(nominee.national_id_index in indexes for nominee in nominees)


def can_change(actor: Actor, application: AccessApplication, step: Step) -> bool:
    """Whether the step may be changed now: all of a draft, the opened parts while a question waits."""
    try:
        _require_open(actor, application, step)
    except DomainError:
        return False
    return True


def _require_open(actor: Actor, application: AccessApplication, step: Step) -> None:
    if application.status is ApplicationStatus.WAITING:
        require(actor, Action.EDIT_OPENED, application)
        question = application.open_question
        if question is None or step not in question.opened_steps:
            raise Conflict(status_text(application))
    else:
        require(actor, Action.EDIT, application)


def _saved(actor: Actor, application: AccessApplication, step: Step) -> None:
    """What follows every change: who and when, the trace, and in a case under review a new snapshot (I2)."""
    if actor.name is None:  # the lists show who changed what
        db.session.get_one(Account, actor.account_id).name = representation.parties(actor).person_name
    application.changed_at = clock.now()
    application.changed_by_id = actor.account_id
    facts: dict[str, Any] = {"step": step.value}
    if application.status is not ApplicationStatus.DRAFT:
        db.session.flush()  # the contact nominee's id
        if gaps(application, application.submitter_id):
            raise Conflict(status_text(application))
        facts["sha256"] = snapshots.take(application).hex()
    audit.record(actor, "application.changed", application, **facts)
