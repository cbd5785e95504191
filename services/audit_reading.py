"""Reading the audit log: who did what, for those who may (security.md section 9), and what has happened in one case."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, literal, select, union_all

from extensions.clock import OSLO
from extensions.database import db
from models.account import Account
from models.application import AccessApplication, Decision, InternalNote, Nominee, Question
from models.audit import AuditEvent
from models.enums import Role
from models.grant import Grant
from models.organisation import Organisation
from services import audit, words
from services.access import Actor
from services.errors import Forbidden

PAGE_SIZE = 50
WHOLE_LOG_ROLES = frozenset({Role.CASE_LEAD, Role.AUDITOR})
"""Who reads everybody's acts; a caseworker reads his or her own."""

ACTION_TEXT: Mapping[str, Any] = {
    "account.created": _l("Konto opprettet"),
    "account.identity_moved": _l("Innlogging flyttet til riktig konto"),
    "account.number_replaced": _l("Fødselsnummer byttet"),
    "alarm.closed": _l("Varsel lukket"),
    "alarm.viewed": _l("Varsler vist"),
    "alert.stopped": _l("Varsler om nye personer stoppet"),
    "application.appeal_upheld": _l("Klagen tatt til følge"),
    "application.archived": _l("Saken overlevert til arkivet"),
    "application.changed": _l("Søknaden endret"),
    "application.checked_again": _l("Enhetsregisteret spurt på nytt"),
    "application.deleted": _l("Utkast slettet"),
    "application.handed_over": _l("Saken gitt til en annen"),
    "application.provisional_reply": _l("Foreløpig svar sendt"),
    "application.removed": _l("Saken fjernet etter lagringstiden"),
    "application.reopened": _l("Søknaden åpnet for endring"),
    "application.started": _l("Søknad påbegynt"),
    "application.submitted": _l("Søknaden sendt inn"),
    "application.taken": _l("Saken tatt"),
    "application.viewed": _l("Saken åpnet"),
    "application.withdrawn": _l("Søknaden trukket"),
    "areas.changed": _l("Områder endret"),
    "attachment.clean": _l("Fil sjekket uten funn"),
    "attachment.infected": _l("Virus funnet i fil"),
    "attachment.opened": _l("Fil åpnet"),
    "attachment.received": _l("Fil lastet opp"),
    "attachment.removed": _l("Fil slettet"),
    "attachment.scan_asked_for": _l("Ny virussjekk av fil"),
    "attachment.shown": _l("Synlighet for fil endret"),
    "attachment.unscannable": _l("Fil kunne ikke sjekkes"),
    "audit.viewed": _l("Loggen lest"),
    "availability.asked": _l("Spurt om tilgjengelighet"),
    "availability.changed": _l("Tilgjengelighet endret"),
    "availability.confirmed": _l("Tilgjengelighet bekreftet"),
    "availability.pause_ended": _l("Pause over"),
    "availability.paused": _l("Satt på pause"),
    "availability.postponed": _l("Tilgjengelighet utsatt"),
    "availability.resumed": _l("Tilgjengelig igjen etter pause"),
    "block.added": _l("Skjult for en virksomhet"),
    "block.removed": _l("Ikke lenger skjult for en virksomhet"),
    "canary.added": _l("Kontrollprofil lagt inn"),
    "competence.changed": _l("Kompetanse endret"),
    "confirmation.resent": _l("Lenke for å bekrefte e-post sendt på nytt"),
    "consent.given": _l("Samtykke gitt"),
    "consent.withdrawn": _l("Samtykke trukket"),
    "contact.corrected": _l("E-postadresse rettet"),
    "contact.outcome_noted": _l("Resultat av kontakt registrert"),
    "contact.revealed": _l("Så kontaktinformasjon"),
    "contact.taken_out": _l("Tok ut kontaktinformasjon i en fil"),
    "contact_details.changed": _l("Opplysninger om personen endret"),
    "cv.changed": _l("CV endret"),
    "cv.downloaded": _l("Lastet ned CV"),
    "cv.visibility_changed": _l("Synlighet for CV endret"),
    "decision.made": _l("Vedtak fattet"),
    "decision.proposed": _l("Vedtak foreslått"),
    "decision.returned": _l("Forslag til vedtak sendt tilbake"),
    "decision.taken_back": _l("Forslag til vedtak trukket"),
    "decision.viewed": _l("Vedtaket lest"),
    "email.confirmed": _l("E-post bekreftet"),
    "email.link_sent": _l("Lenke for å bekrefte e-post sendt"),
    "export.asked": _l("Kopi av opplysninger bestilt"),
    "export.downloaded": _l("Kopi av opplysninger lastet ned"),
    "export.expired": _l("Kopi av opplysninger slettet"),
    "export.made": _l("Kopi av opplysninger laget"),
    "grant.confirmed": _l("Tilgang bekreftet"),
    "grant.ended": _l("Tilgang stoppet"),
    "grant.level_changed": _l("Tilgang endret"),
    "grant.locked": _l("Tilgang låst"),
    "grant.opened": _l("Tilgang gitt"),
    "grant.unlocked": _l("Tilgang åpnet igjen"),
    "hpr.alarm_closed": _l("Stansede endringer fra HPR sluppet gjennom"),
    "hpr.alarm_raised": _l("Endringer fra HPR stanset"),
    "hpr.asked": _l("Hentet opplysninger fra HPR"),
    "hpr.status_changed": _l("Ny status fra HPR"),
    "invitation.accepted": _l("Invitasjon tatt i bruk"),
    "invitation.created": _l("Invitasjon laget"),
    "invitation.expired": _l("Invitasjon utløpt"),
    "invitation.renewal_requested": _l("Ny invitasjon etterspurt"),
    "invitation.revoked": _l("Invitasjon trukket tilbake"),
    "invitation.sent": _l("Invitasjon sendt"),
    "invitation.undeliverable": _l("Invitasjonen kom ikke fram"),
    "link.all_expired": _l("Alle lenker i e-post gjort ugyldige"),
    "listing.shown": _l("Treff i søk"),
    "log_review.made": _l("Stikkprøve gått gjennom"),
    "log_review.viewed": _l("Stikkprøver vist"),
    "message.undeliverable": _l("E-post kom ikke fram"),
    "national_id.shown": _l("Så sitt eget fødselsnummer"),
    "nominee.number_corrected": _l("Fødselsnummer rettet"),
    "nominee.number_shown": _l("Fødselsnummer vist"),
    "note.written": _l("Internt notat skrevet"),
    "organisation.locked": _l("Virksomhet stengt ute"),
    "organisation.unlocked": _l("Virksomhet sluppet inn igjen"),
    "person.looked_up": _l("Lette etter en person"),
    "person.taken_out": _l("Tok ut en person i en fil"),
    "person.viewed": _l("Så profilen"),
    "privacy_case.answered": _l("Personvernsak besvart"),
    "privacy_case.extended": _l("Frist i personvernsak forlenget"),
    "privacy_case.opened": _l("Personvernsak sendt inn"),
    "privacy_case.restriction_lifted": _l("Begrensning opphevet"),
    "privacy_case.taken": _l("Personvernsak tatt"),
    "privacy_case.viewed": _l("Personvernsak åpnet"),
    "profile.erased": _l("Profil slettet"),
    "profile.leaving": _l("Profil på vei ut"),
    "profile.opened": _l("Åpnet profil"),
    "question.answered": _l("Spørsmål besvart"),
    "question.asked": _l("Spørsmål sendt"),
    "question.extended": _l("Svarfrist utsatt"),
    "question.withdrawn": _l("Spørsmål trukket"),
    "register_export.asked": _l("Fil med helsepersonell bestilt"),
    "register_export.downloaded": _l("Fil med helsepersonell lastet ned"),
    "register_export.expired": _l("Fil med helsepersonell slettet"),
    "register_export.made": _l("Fil med helsepersonell laget"),
    "registration.finished": _l("Registrering fullført"),
    "registration.started": _l("Registrering påbegynt"),
    "reminders.resumed": _l("Påminnelser slått på"),
    "reminders.stopped": _l("Påminnelser stoppet"),
    "search.changed": _l("Lagret søk endret"),
    "search.deleted": _l("Lagret søk slettet"),
    "search.saved": _l("Søk lagret"),
    "session.all_ended": _l("Logget ut overalt"),
    "session.ended": _l("Logget ut"),
    "session.ended_by_provider": _l("Logget ut av ID-porten"),
    "session.role_changed": _l("Byttet rolle"),
    "session.started": _l("Logget inn"),
    "shortlist.created": _l("Kortliste laget"),
    "shortlist.deleted": _l("Kortliste slettet"),
    "shortlist.note_changed": _l("Status eller notat i kortliste endret"),
    "shortlist.person_added": _l("Lagt i kortliste"),
    "shortlist.person_removed": _l("Tatt ut av kortliste"),
    "shortlist.renamed": _l("Kortliste fikk nytt navn"),
    "setting.changed": _l("Grense endret"),
    "staff.added": _l("Lagt til som ansatt"),
    "staff.removed": _l("Fjernet som ansatt"),
    "stop.lifted": _l("Stopp opphevet"),
    "stop.set": _l("Visning eller eksport stoppet"),
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

    @property
    def role(self) -> str:
        """What the person acted as. Whoever signs in has chosen nothing yet: a session begins as a submitter's."""
        if self.actor_role is Role.SUBMITTER and self.action.startswith("session."):
            return str(_("Ikke valgt rolle"))
        return str(words.ROLE[self.actor_role]) if self.actor_role else ""


def read(actor: Actor, wanted: LogFilter) -> tuple[list[LogRow], bool]:
    """One page of the log, newest first, and whether there is more. Reading it is itself an event."""
    if not actor.is_staff:
        raise Forbidden
    own_only = actor.role not in WHOLE_LOG_ROLES
    wanted = replace(wanted, actor_id=actor.account_id) if own_only else wanted
    query = _EVENTS.where(*conditions(wanted)).order_by(AuditEvent.id.desc()).limit(PAGE_SIZE + 1)
    found = db.session.execute(query).all()
    shown = found[:PAGE_SIZE]
    about = _what_they_are_about([event for event, *_names in shown])
    rows = [_row(*named, *about.get(named[0].id, (None, None))) for named in shown]
    audit.record(actor, "audit.viewed", count=len(rows), own_only=own_only)
    return rows, len(found) > PAGE_SIZE


def conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
    """What an event must meet to be on the page."""
    found: list[ColumnElement[bool]] = []
    if wanted.actor_id is not None:
        found.append(AuditEvent.actor_id == wanted.actor_id)
    if wanted.action:
        found.append(AuditEvent.action == wanted.action)
    if wanted.since:
        found.append(AuditEvent.at >= _midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        found.append(AuditEvent.at < _midnight(wanted.until + timedelta(days=1)))
    if wanted.before:
        found.append(AuditEvent.id < wanted.before)
    return found


def of_case(application: AccessApplication) -> list[LogRow]:
    """Everything that has happened to a case and what belongs to it, oldest first."""
    case_id = application.id
    parts: list[tuple[type[Nominee | Question | InternalNote | Decision | Grant], ColumnElement[bool]]] = [
        (Nominee, Nominee.application_id == case_id),
        (Question, Question.application_id == case_id),
        (InternalNote, InternalNote.application_id == case_id),
        (Decision, Decision.application_id == case_id),
        (Grant, Grant.nominee_id.in_(select(Nominee.id).where(Nominee.application_id == case_id))),
    ]
    objects = union_all(
        select(literal(application.__tablename__).label("type"), literal(case_id).label("id")),
        *(select(literal(part.__tablename__), part.id).where(belongs) for part, belongs in parts),
    ).subquery()
    events = db.session.execute(
        _EVENTS.join(
            objects, and_(AuditEvent.object_type == objects.c.type, AuditEvent.object_id == objects.c.id)
        ).order_by(AuditEvent.id)
    )
    return [_row(*event, application.reference, case_id) for event in events]


def in_short(rows: Iterable[LogRow]) -> list[LogRow]:
    """Runs of the same act by the same person as one row, at the last one's time."""
    runs = [list(run) for _key, run in groupby(rows, key=lambda row: (row.action, row.actor_id, row.purpose))]
    return [replace(run[-1], times=len(run)) for run in runs]


_EVENTS = (
    select(AuditEvent, Account.name, Organisation.name)
    .outerjoin(Account, Account.id == AuditEvent.actor_id)
    .outerjoin(Organisation, Organisation.id == AuditEvent.organisation_id)
)
"""Events, with the names of those who acted and of the organisations they acted for."""


def _row(
    event: AuditEvent, name: str | None, organisation: str | None, about: str | None, case_id: UUID | None
) -> LogRow:
    return LogRow(
        id=event.id,
        at=event.at,
        action=event.action,
        actor_id=event.actor_id,
        actor_name=name,
        actor_role=event.actor_role,
        organisation_name=organisation,
        object_type=event.object_type,
        about=about,
        application_id=case_id,
        purpose=event.purpose,
        fields=tuple(event.fields),
        facts=event.facts,
    )


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
    organisations = {event.object_id for event in events if event.object_type == "organisation"}
    grants = {event.id: grant_id for event in events if (grant_id := _grant_id(event)) is not None}
    names: dict[UUID | None, str] = {}
    if organisations or grants:
        named = select(Organisation.id, Organisation.name).where(Organisation.id.in_(organisations))
        owners = select(Grant.id, Organisation.name).join(Organisation).where(Grant.id.in_(set(grants.values())))
        names = dict(db.session.execute(union_all(named, owners)).all())
    for event in events:
        name = names.get(grants.get(event.id) or event.object_id)
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
