"""What an operator does in an incident: ends sessions, shuts an organisation out, kills the links in e-mails
(security.md section 10). It is noted as the system's, with the reason."""

from uuid import uuid4

from sqlalchemy import select, update

from extensions import clock
from extensions.database import db
from models.enums import GrantStatus, Role, Stoppable
from models.grant import Grant, Invitation
from models.organisation import Organisation
from models.professional import Link
from models.register import Stop
from services import audit, grants, invitations, sessions
from services.errors import NotFound


def end_sessions(reason: str, role: Role | None = None, organisation_number: str | None = None) -> int:
    """End every open session, or those of one role or organisation; returns how many. Raises NotFound for an
    organisation we do not know."""
    organisation = _organisation(organisation_number) if organisation_number is not None else None
    return sessions.end_every(reason, role, organisation.id if organisation else None)


def shut_out(organisation_number: str, reason: str) -> tuple[str, int]:
    """Lock every access to an organisation, also those that wait to be taken into use, and stop what a new one could
    take out; returns its name and how many were locked. Raises NotFound for an organisation we do not know."""
    organisation, now = _organisation(organisation_number), clock.now()
    if not grants.is_shut(organisation.id):
        for what in Stoppable:
            db.session.add(Stop(id=uuid4(), what=what, organisation=organisation, reason=reason, set_at=now))
    of_it = Grant.organisation_id == organisation.id, Grant.status != GrantStatus.ENDED, Grant.locked_at.is_(None)
    open_ones = db.session.scalars(select(Grant).where(*of_it).order_by(Grant.id).with_for_update()).all()
    for grant in open_ones:
        grants.lock(grant)
    audit.record(None, "organisation.locked", organisation, purpose=reason, count=len(open_ones))
    return organisation.name, len(open_ones)


def let_in(organisation_number: str, reason: str) -> tuple[str, int]:
    """Open again what shut_out() locked, but not what was locked before; returns the organisation's name and how many.
    Raises NotFound for an organisation that is not shut out."""
    organisation, now = _organisation(organisation_number), clock.now()
    stops = db.session.scalars(select(Stop).where(grants.shuts(organisation.id)).with_for_update()).all()
    if not stops:
        raise NotFound
    since = min(stop.set_at for stop in stops)
    locked = select(Grant).where(Grant.organisation_id == organisation.id, Grant.locked_at >= since)
    shut = db.session.scalars(locked.order_by(Grant.id).with_for_update()).all()
    for grant in shut:
        grant.locked_at = None
        grant.confirmed_at += now - since  # nobody could confirm it meanwhile
        audit.record(None, "grant.unlocked", grant, subject_id=grant.account_id)
    for stop in stops:
        stop.lifted_at = now
    audit.record(None, "organisation.unlocked", organisation, purpose=reason, count=len(shut))
    return organisation.name, len(shut)


def expire_links(reason: str) -> tuple[int, int]:
    """End the time of every link and every invitation that works; returns how many of each."""
    now = clock.now()
    sent, invited = (
        db.session.execute(update(kind).where(kind.expires_at > now, *only).values(expires_at=now)).rowcount  # type: ignore[attr-defined]
        for kind, only in ((Link, ()), (Invitation, (Invitation.status.in_(invitations.LIVE),)))
    )
    audit.record(None, "link.all_expired", purpose=reason, links=sent, invitations=invited)
    return sent, invited


def _organisation(number: str) -> Organisation:
    found = db.session.scalar(select(Organisation).where(Organisation.number == number))
    if found is None:
        raise NotFound
    return found
