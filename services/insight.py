"""Who has looked at a person, as the person reads it: organisation, role, what and why (ux.md D12, security.md C81).

The audit log is the source. Whoever records a look at somebody uses one of these actions with the person's account as
`subject_id`; a page of search results is one event, `listing.shown`, with the accounts in its fact `shown`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, Subquery, bindparam, func, literal, select, text, union_all

from extensions.clock import OSLO
from extensions.database import db
from models.audit import AuditEvent
from models.enums import Role
from models.organisation import Organisation
from services import professionals, words
from services.access import STAFF_ROLES, Actor
from services.errors import NotFound

PAGE_SIZE = 50
SHOWN = "listing.shown"

LOOKS: Mapping[str, Any] = {
    SHOWN: _l("Treff i søk"),
    "shortlist.person_added": _l("La deg i en kortliste"),
    "profile.opened": _l("Åpnet profil"),
    "contact.revealed": _l("Så kontaktinformasjon"),
    "contact.taken_out": _l("Tok deg ut i en fil, med kontaktinformasjon"),
    "person.taken_out": _l("Tok deg ut i en fil"),
    "cv.downloaded": _l("Lastet ned CV"),
    "person.looked_up": _l("Lette etter deg"),
    "person.viewed": _l("Så det du ser på Min side"),
    "privacy_case.viewed": _l("Leste personvernsaken"),
    "confirmation.resent": _l("Sendte lenken for å bekrefte e-postadressen på nytt"),
    "contact.corrected": _l("Rettet e-postadressen"),
    "nominee.number_shown": _l("Så fødselsnummeret"),
    "users.viewed": _l("Så tilgangen din"),
}
"""Every act that shows a person's data to somebody else, and what the person calls it."""


@dataclass(frozen=True)
class Period:
    """What the list is narrowed to. `organisation` is an id, or DIRECTORATE."""

    organisation: str = ""
    since: date | None = None
    until: date | None = None


DIRECTORATE = "hdir"


@dataclass(frozen=True)
class Look:
    """One look, or a day's searches by one organisation; the viewer is named by organisation and role (D14)."""

    event_id: int
    at: datetime
    action: str
    organisation_id: UUID | None
    organisation_name: str | None
    organisation_number: str | None
    actor_role: Role | None
    purpose: str | None
    times: int

    @property
    def organisation(self) -> str:
        return self.organisation_name or str(_("Helsedirektoratet") if self.actor_role in STAFF_ROLES else "–")

    @property
    def role(self) -> str:
        return str(words.ROLE.get(self.actor_role, "–")) if self.actor_role else "–"

    @property
    def what(self) -> str:
        return str(LOOKS[self.action])

    @property
    def why(self) -> str:
        return words.purpose(self.purpose)

    @property
    def is_summed(self) -> bool:
        return self.action == SHOWN


@dataclass(frozen=True)
class Viewer:
    """An organisation that has looked, and how to reach it; the Directorate has no number."""

    key: str
    name: str
    number: str | None
    address: str | None


def read(actor: Actor, wanted: Period, page: int = 1) -> tuple[list[Look], bool]:
    """One page of the looks at the person who acts, the newest first, and whether there are more. Raises
    NoRegistration."""
    professionals.own(actor)
    looks = _of(actor.account_id)
    wanted_ones = _named(looks).where(*_conditions(looks, wanted)).order_by(looks.c.at.desc(), looks.c.id.desc())
    found = _all(wanted_ones.limit(PAGE_SIZE + 1).offset((page - 1) * PAGE_SIZE))
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def everything(account_id: UUID) -> Sequence[Look]:
    """Every look at a person, the oldest first."""
    looks = _of(account_id)
    return _all(_named(looks).order_by(looks.c.at, looks.c.id))


def one(actor: Actor, event_id: int) -> Look:
    """One look at the person who acts; raises NotFound."""
    looks = _of(actor.account_id)
    found = _all(_named(looks).where(looks.c.id == event_id))
    if not found:
        raise NotFound
    return found[0]


def viewers(actor: Actor) -> list[Viewer]:
    """The organisations that have looked at the person, by name."""
    looks = _of(actor.account_id)
    found = db.session.execute(
        select(looks.c.organisation_id, Organisation.name, Organisation.number, Organisation.address)
        .distinct()
        .outerjoin(Organisation, Organisation.id == looks.c.organisation_id)
    )
    return sorted(
        (
            Viewer(str(id_), name, number, address)
            if id_ is not None
            else Viewer(DIRECTORATE, str(_("Helsedirektoratet")), None, None)
            for id_, name, number, address in found
        ),
        key=lambda viewer: viewer.name,
    )


def _of(account_id: UUID) -> Subquery:
    """Looks at a person: one row each, searches summed for each day in Oslo, organisation, role and purpose."""
    by_others = AuditEvent.actor_id.is_not(None) & (AuditEvent.actor_id != account_id)
    single = select(
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.action,
        AuditEvent.organisation_id,
        AuditEvent.actor_role,
        AuditEvent.purpose,
        literal(1).label("times"),
    ).where(AuditEvent.subject_id == account_id, AuditEvent.action.in_(LOOKS.keys() - {SHOWN}), by_others)
    # Written as the index is, so that it is used.
    shown = text("audit_event.action = 'listing.shown' AND audit_event.facts -> 'shown' @> CAST(:person AS jsonb)")
    day = func.date(func.timezone(OSLO.key, AuditEvent.at))
    summed = (
        select(
            func.max(AuditEvent.id).label("id"),
            func.max(AuditEvent.at).label("at"),
            AuditEvent.action,
            AuditEvent.organisation_id,
            AuditEvent.actor_role,
            AuditEvent.purpose,
            func.count().label("times"),
        )
        .where(shown.bindparams(bindparam("person", f'["{account_id}"]')), by_others)
        .group_by(day, AuditEvent.action, AuditEvent.organisation_id, AuditEvent.actor_role, AuditEvent.purpose)
    )
    return union_all(single, summed).subquery()


def _conditions(looks: Subquery, wanted: Period) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.organisation == DIRECTORATE:
        conditions.append(looks.c.organisation_id.is_(None))
    elif wanted.organisation:
        conditions.append(looks.c.organisation_id == UUID(wanted.organisation))
    if wanted.since:
        conditions.append(looks.c.at >= datetime.combine(wanted.since, time(), OSLO))
    if wanted.until and wanted.until < date.max:
        conditions.append(looks.c.at < datetime.combine(wanted.until + timedelta(days=1), time(), OSLO))
    return conditions


def _named(looks: Subquery) -> Select[Any]:
    """Looks with the names of the organisations."""
    organisation = Organisation.id == looks.c.organisation_id
    return select(looks, Organisation.name, Organisation.number).outerjoin(Organisation, organisation)


def _all(query: Select[Any]) -> list[Look]:
    return [
        Look(
            event_id=row["id"],
            at=row["at"],
            action=row["action"],
            organisation_id=row["organisation_id"],
            organisation_name=row["name"],
            organisation_number=row["number"],
            actor_role=row["actor_role"],
            purpose=row["purpose"],
            times=row["times"],
        )
        for row in db.session.execute(query).mappings()
    ]
