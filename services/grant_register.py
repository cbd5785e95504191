"""The Directorate's view of who has access: organisations, their users, and stopping or mending one (ux.md B5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from extensions.database import db
from models import national_numbers
from models.account import Account
from models.application import AccessApplication, Nominee
from models.enums import GrantEnd, GrantStatus, OrganisationKind
from models.grant import Grant
from models.organisation import Organisation
from services import audit, case_rules, grants, invitations, national_ids
from services.access import DECIDING_ROLES, Actor
from services.errors import Forbidden, NotFound

PAGE_SIZE = 25
MOST_HITS = 50


@dataclass(frozen=True)
class OrganisationRow:
    """One organisation and how its access stands."""

    id: UUID
    name: str
    number: str
    kind: OrganisationKind
    active: int
    invited: int
    ended: int
    last_login_at: datetime | None


def organisations(actor: Actor, kind: OrganisationKind | None, page: int) -> tuple[list[OrganisationRow], int]:
    """One page of the organisations somebody has, or has had, access for; and how many there are. Shows no person."""
    _require_staff(actor)
    counts = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.number,
            Organisation.kind,
            func.count().filter(Grant.status == GrantStatus.ACTIVE),
            func.count().filter(Grant.status == GrantStatus.INVITED),
            func.count().filter(Grant.status == GrantStatus.ENDED),
            func.max(Grant.last_login_at),
            func.count().over(),
        )
        .join(Grant, Grant.organisation_id == Organisation.id)
        .group_by(Organisation.id)
        .order_by(Organisation.name, Organisation.id)
        .limit(PAGE_SIZE)
        .offset((max(page, 1) - 1) * PAGE_SIZE)
    )
    if kind:
        counts = counts.where(Organisation.kind == kind)
    found = db.session.execute(counts).all()
    return [OrganisationRow(*row[:-1]) for row in found], (found[0][-1] if found else 0)


def users_of(actor: Actor, organisation_id: UUID) -> tuple[Organisation, Sequence[Grant]]:
    """An organisation and everybody who has, or has had, access for it; noted in the audit log (I5)."""
    _require_staff(actor)
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    found = db.session.scalars(
        _people()
        .where(Grant.organisation_id == organisation_id)
        .order_by(Grant.status == GrantStatus.ENDED, Nominee.family_name, Nominee.given_name)
    ).all()
    audit.record(actor, "users.viewed", organisation, count=len(found), fields=["name", "email", "level", "last_login"])
    return organisation, found


def is_number(text: str) -> bool:
    """Whether what is searched for is a national identity number."""
    number = national_numbers.normalise(text)
    return len(number) == 11 and number.isdigit()


def search(actor: Actor, text: str) -> Sequence[Grant]:
    """Users and invited persons by name, e-mail, national identity number or organisation; at most fifty.

    What was asked for is written nowhere, that somebody asked and how many were shown is. Only those who may see a
    number may search by one (C28).
    """
    _require_staff(actor)
    if is_number(text) and actor.role not in DECIDING_ROLES:
        raise Forbidden(_("Bare en saksbehandler kan søke etter fødselsnummer."))
    wanted = " ".join(text.split())
    full_name = Nominee.given_name + " " + Nominee.family_name
    number = national_numbers.normalise(wanted)
    if is_number(text):
        matches: ColumnElement[bool] = Nominee.national_id_index.in_(national_ids.indexes_of(number))
    else:
        matches = or_(
            full_name.icontains(wanted, autoescape=True),
            Nominee.email.icontains(wanted, autoescape=True),
            Organisation.name.icontains(wanted, autoescape=True),
            Organisation.number == number,
        )
    found = db.session.scalars(
        _people()
        .join(Organisation, Organisation.id == Grant.organisation_id)
        .where(matches)
        .order_by(Nominee.family_name, Nominee.given_name, Grant.id)
        .limit(MOST_HITS)
    ).all()
    audit.record(
        actor,
        "users.searched",
        count=len(found),
        grants=[str(grant.id) for grant in found],
        fields=["name", "email", "level", "last_login"],
    )
    return found


def find(actor: Actor, grant_id: UUID) -> Grant:
    """One grant, with the person and the organisation; NotFound when there is none."""
    _require_staff(actor)
    grant = db.session.scalar(_people().where(Grant.id == grant_id))
    if grant is None:
        raise NotFound
    return grant


def note_shown(actor: Actor, grant: Grant, fields: list[str]) -> None:
    """Leave the trace of having seen one person on a page of its own (I5)."""
    audit.record(
        actor,
        "users.viewed",
        grant.organisation,
        subject_id=grant.account_id,
        fields=fields,
        count=1,
        grant_id=grant.id,
    )


def may_change(actor: Actor) -> bool:
    """Whether the role may do more than read here."""
    return actor.role in DECIDING_ROLES


def stop(actor: Actor, grant: Grant, reason: str) -> None:
    """End the access at once, for a stated reason; the person and the contact person are told."""
    _require_impartial(actor, grant)
    grants.end(actor, grant, GrantEnd.REMOVED, reason)


def resend(actor: Actor, grant: Grant) -> None:
    """Send a new invitation; the old link is dead."""
    _require_impartial(actor, grant)
    invitations.resend(actor, grant)


def correct_number(actor: Actor, grant: Grant, number: str) -> None:
    """Mend a mistyped national identity number and send a new invitation (D2). Nobody may make a grant one's own."""
    _require_impartial(actor, grant)
    if national_ids.read(db.session.get_one(Account, actor.account_id)) == number:
        raise Forbidden(_("Du kan ikke gi tilgangen til deg selv."))
    invitations.correct_number(actor, grant, number)


def _people() -> Select[Grant]:
    return (
        select(Grant)
        .join(Nominee, Nominee.id == Grant.nominee_id)
        .options(
            contains_eager(Grant.nominee).joinedload(Nominee.application).joinedload(AccessApplication.organisation),
            joinedload(Grant.organisation),
            selectinload(Grant.invitations),
        )
    )


def _require_staff(actor: Actor) -> None:
    if not actor.is_staff:
        raise NotFound


def _require_impartial(actor: Actor, grant: Grant) -> None:
    """Only caseworkers, and nobody who belongs to the organisation (forvaltningsloven § 6)."""
    if not may_change(actor):
        raise Forbidden(_("Rollen din kan lese, men ikke endre tilganger."))
    ground = case_rules.standing(actor.account_id, grant.nominee.application).ground
    if ground is not None:
        raise Forbidden(
            _(
                "%(grunn)s Derfor kan du ikke gjøre dette (forvaltningsloven § 6).",
                grunn=case_rules.GROUND_TEXT[ground],
            )
        )
