"""Reading the audit log: who did what, for those who may (security.md section 9), and what has happened in one case."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, tuple_

from extensions.clock import OSLO
from extensions.database import db
from models.account import Account
from models.application import AccessApplication
from models.audit import AuditEvent
from models.enums import Role
from models.grant import Grant
from models.organisation import Organisation
from services import audit
from services.access import Actor
from services.errors import Forbidden

PAGE_SIZE = 50
_NOBODY = UUID(int=0)
WHOLE_LOG_ROLES = frozenset({Role.CASE_LEAD, Role.AUDITOR})
"""Who reads everybody's acts; a caseworker reads his or her own."""

ACTION_TEXT: Mapping[str, Any] = {
    "account.created": _l("Konto opprettet"),
    "account.identity_moved": _l("Innlogging flyttet til riktig konto"),
    "account.number_replaced": _l("Fødselsnummer byttet"),
    "application.appeal_upheld": _l("Klagen tatt til følge"),
    "application.changed": _l("Søknaden endret"),
    "application.checked_again": _l("Enhetsregisteret spurt på nytt"),
    "application.deleted": _l("Utkast slettet"),
    "application.handed_over": _l("Saken gitt til en annen"),
    "application.reopened": _l("Søknaden åpnet for endring"),
    "application.started": _l("Søknad påbegynt"),
    "application.submitted": _l("Søknaden sendt inn"),
    "application.taken": _l("Saken tatt"),
    "application.viewed": _l("Saken åpnet"),
    "application.withdrawn": _l("Søknaden trukket"),
    "audit.viewed": _l("Loggen lest"),
    "decision.made": _l("Vedtak fattet"),
    "decision.proposed": _l("Vedtak foreslått"),
    "decision.returned": _l("Forslag til vedtak sendt tilbake"),
    "decision.taken_back": _l("Forslag til vedtak trukket"),
    "decision.viewed": _l("Vedtaket lest"),
    "grant.confirmed": _l("Tilgang bekreftet"),
    "grant.ended": _l("Tilgang stoppet"),
    "grant.level_changed": _l("Tilgang endret"),
    "grant.opened": _l("Tilgang gitt"),
    "invitation.accepted": _l("Invitasjon tatt i bruk"),
    "invitation.created": _l("Invitasjon laget"),
    "invitation.expired": _l("Invitasjon utløpt"),
    "invitation.renewal_requested": _l("Ny invitasjon etterspurt"),
    "invitation.revoked": _l("Invitasjon trukket tilbake"),
    "invitation.sent": _l("Invitasjon sendt"),
    "invitation.undeliverable": _l("Invitasjonen kom ikke fram"),
    "message.undeliverable": _l("E-post kom ikke fram"),
    "nominee.number_corrected": _l("Fødselsnummer rettet"),
    "nominee.number_shown": _l("Fødselsnummer vist"),
    "note.written": _l("Internt notat skrevet"),
    "question.answered": _l("Spørsmål besvart"),
    "question.asked": _l("Spørsmål sendt"),
    "question.extended": _l("Svarfrist utsatt"),
    "question.withdrawn": _l("Spørsmål trukket"),
    "session.all_ended": _l("Logget ut overalt"),
    "session.ended": _l("Logget ut"),
    "session.ended_by_provider": _l("Logget ut av ID-porten"),
    "session.role_changed": _l("Byttet rolle"),
    "session.started": _l("Logget inn"),
    "staff.added": _l("Lagt til som ansatt"),
    "staff.removed": _l("Fjernet som ansatt"),
    "users.searched": _l("Søkt etter brukere"),
    "users.viewed": _l("Brukere vist"),
}
"""What an event is called on the pages; one that is not here is shown by its code."""

SEEN = frozenset({"application.viewed"})
"""Looking is not a step in the case, and is told apart."""


@dataclass(frozen=True)
class LogFilter:
    actor_id: UUID | None = None
    action: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None
    """Only events older than this one: the next page."""


@dataclass(frozen=True)
class LogRow:
    """One event as it is read. `about` names a case or an organisation, never a person."""

    id: int
    at: datetime
    action: str
    actor_id: UUID | None
    actor_name: str | None
    actor_role: Role | None
    organisation_name: str | None
    object_type: str
    about: str | None
    application_id: UUID | None
    purpose: str | None
    fields: tuple[str, ...]
    facts: Mapping[str, Any]
    times: int = 1
    """How many equal events after one another it stands for."""

    @property
    def text(self) -> str:
        return str(ACTION_TEXT.get(self.action, self.action))


def read(actor: Actor, wanted: LogFilter) -> tuple[list[LogRow], bool]:
    """One page of the log, newest first, and whether there is more. Reading it is itself an event."""
    if not actor.is_staff:
        raise Forbidden
    own_only = actor.role not in WHOLE_LOG_ROLES
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(PAGE_SIZE + 1)
    actor_id = actor.account_id if own_only else wanted.actor_id
    if actor_id is not None:
        query = query.where(AuditEvent.actor_id == actor_id)
    if wanted.action:
        query = query.where(AuditEvent.action == wanted.action)
    if wanted.since:
        query = query.where(AuditEvent.at >= _midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        query = query.where(AuditEvent.at < _midnight(wanted.until + timedelta(days=1)))
    if wanted.before:
        query = query.where(AuditEvent.id < wanted.before)
    events = db.session.scalars(query).all()
    rows = _rows(events[:PAGE_SIZE])
    audit.record(actor, "audit.viewed", count=len(rows), own_only=own_only)
    return rows, len(events) > PAGE_SIZE


def of_case(application: AccessApplication) -> list[LogRow]:
    """Everything that has happened to a case and what belongs to it, oldest first."""
    grant_ids = db.session.scalars(
        select(Grant.id).where(Grant.nominee_id.in_([nominee.id for nominee in application.nominees]))
    )
    objects = [
        ("access_application", application.id),
        *(("nominee", nominee.id) for nominee in application.nominees),
        *(("question", question.id) for question in application.questions),
        *(("internal_note", note.id) for note in application.notes),
        *(("decision", decision.id) for decision in application.decisions),
        *(("access_grant", grant_id) for grant_id in grant_ids),
    ]
    events = db.session.scalars(
        select(AuditEvent)
        .where(tuple_(AuditEvent.object_type, AuditEvent.object_id).in_(objects))
        .order_by(AuditEvent.id)
    ).all()
    return _rows(events)


def in_short(rows: Iterable[LogRow]) -> list[LogRow]:
    """Runs of the same act by the same person as one row, at the last one's time."""
    runs = [list(run) for _key, run in groupby(rows, key=lambda row: (row.action, row.actor_id, row.purpose))]
    return [replace(run[-1], times=len(run)) for run in runs]


def _rows(events: Sequence[AuditEvent]) -> list[LogRow]:
    people = _names(Account, (event.actor_id for event in events))
    organisations = _names(Organisation, (event.organisation_id for event in events))
    about = _what_they_are_about(events)
    return [
        LogRow(
            id=event.id,
            at=event.at,
            action=event.action,
            actor_id=event.actor_id,
            actor_name=people.get(event.actor_id) if event.actor_id else None,
            actor_role=event.actor_role,
            organisation_name=organisations.get(event.organisation_id) if event.organisation_id else None,
            object_type=event.object_type,
            about=about.get(event.id, (None, None))[0],
            application_id=about.get(event.id, (None, None))[1],
            purpose=event.purpose,
            fields=tuple(event.fields),
            facts=event.facts,
        )
        for event in events
    ]


def _names(kind: type[Account] | type[Organisation], ids: Iterable[UUID | None]) -> dict[UUID, str | None]:
    wanted = {id_ for id_ in ids if id_ is not None}
    return dict(db.session.execute(select(kind.id, kind.name).where(kind.id.in_(wanted))).all()) if wanted else {}


def _what_they_are_about(events: Sequence[AuditEvent]) -> dict[int, tuple[str, UUID | None]]:
    """For each event the case's reference, or the organisation's name, and the case's id."""
    cases = {event.id: case_id for event in events if (case_id := _case_id(event)) is not None}
    reference = select(AccessApplication.id, AccessApplication.reference)
    references = dict(
        db.session.execute(reference.where(AccessApplication.id.in_(set(cases.values())))).all() if cases else ()
    )
    about: dict[int, tuple[str, UUID | None]] = {
        event_id: (references[case_id], case_id) for event_id, case_id in cases.items() if case_id in references
    }
    names = _names(Organisation, (event.object_id for event in events if event.object_type == "organisation"))
    grants = {event.id: grant_id for event in events if (grant_id := _grant_id(event)) is not None}
    if grants:
        owner = select(Grant.id, Organisation.name).join(Organisation).where(Grant.id.in_(set(grants.values())))
        names |= dict(db.session.execute(owner).all())
    for event in events:
        name = names.get(grants.get(event.id) or event.object_id or _NOBODY)
        if name:
            about.setdefault(event.id, (name, None))
    return about


def _case_id(event: AuditEvent) -> UUID | None:
    if event.object_type == "access_application":
        return event.object_id
    named = event.facts.get("application") or event.facts.get("application_id")
    return UUID(named) if isinstance(named, str) else None


def _grant_id(event: AuditEvent) -> UUID | None:
    if event.object_type == "access_grant":
        return event.object_id
    named = event.facts.get("grant_id")
    return UUID(named) if isinstance(named, str) else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), OSLO)
