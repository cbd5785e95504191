"""Who has access to an organisation's part of the register, from decision to end (design.md section 4, Grant)."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, selectinload

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical
from models.account import Account
from models.application import AccessApplication, Nominee
from models.enums import AccessLevel, GrantEnd, GrantStatus, InvitationStatus, MessageKind, Role
from models.grant import IN_USE, Grant, Invitation
from models.organisation import Organisation
from models.register import Stop
from services import audit, invitations, mailbox, sessions, settings
from services.access import DECIDING_ROLES, Actor
from services.errors import Conflict, Forbidden, NotFound
from services.settings import Key

RECONFIRMATION_NOTICE = timedelta(days=30)
"""How long before the half-year is over the organisation is asked."""
SHUT = _l("Helsedirektoratet har stengt tilgangen for virksomheten. Kontakt oss hvis det haster.")


class LastAdministrator(Conflict):
    """Without this one, nobody could manage the organisation's users."""


def open_for(actor: Actor, nominee: Nominee, level: AccessLevel, application: AccessApplication) -> Grant:
    """Give a nominee access by a decision, and invite: a Grant (invited), its first Invitation and e-mail 5.

    Raises Forbidden for everyone but a caseworker; ValueError when the level is above what was applied for (D9).
    """
    if actor.role not in DECIDING_ROLES:
        raise Forbidden(_("Bare en saksbehandler kan gi tilgang."))
    if level.rank > nominee.access_level.rank or nominee.application_id != application.id:
        raise ValueError("not what the application asked for")
    now = clock.now()
    grant = Grant(
        id=uuid4(),
        organisation=application.organisation,
        nominee=nominee,
        level=level,
        granted_level=level,
        status=GrantStatus.INVITED,
        created_at=now,
        confirmed_at=now,
    )
    db.session.add(grant)
    audit.record(actor, "grant.opened", grant, level=level.value, application_id=application.id)
    invitations.create(actor, grant)
    return grant


def accept(actor: Actor, invitation: Invitation, statement: str) -> Grant:
    """Take the grant into use: the right person, once, having ticked `statement` on confidentiality (ux.md C2).

    A second press returns the same grant and changes nothing. Raises Forbidden for another person, Conflict for a dead
    link.
    """
    grant = invitation.grant
    _lock_all(grant)
    if not invitations.is_for(actor, invitation):
        raise Forbidden(_("Invitasjonen er ikke til deg."))
    if invitations.state_of(invitation) is invitations.LinkState.USED:
        return grant
    if invitations.state_of(invitation) is not invitations.LinkState.OPEN:
        raise Conflict(_("Invitasjonen gjelder ikke lenger. Kontakt den som inviterte deg."))
    if grant.locked_at is not None:
        raise Conflict(SHUT)
    now = clock.now()
    if invitation.status is InvitationStatus.UNDELIVERABLE:
        invitation.move_to(InvitationStatus.QUEUED)  # it came through all the same
    invitation.move_to(InvitationStatus.ACCEPTED)
    invitation.accepted_at = now
    _replace_earlier(actor, grant)
    account = db.session.get_one(Account, actor.account_id)
    account.name = account.name or grant.nominee.name
    grant.account_id = account.id
    grant.accepted_at = now
    grant.confidentiality_text = statement
    grant.move_to(GrantStatus.ACTIVE)
    audit.record(actor, "invitation.accepted", invitation, grant_id=grant.id, to_organisation=grant.organisation_id)
    _tell_inviter(invitation, now)
    return grant


def end(actor: Actor | None, grant: Grant, how: GrantEnd, reason: str) -> None:
    """End access at once: its sessions, its link, and a notice to the person and the contact person (C9, ux.md B5).

    `actor` None is the system. Raises NotFound, Forbidden, or Conflict when it has ended or is the last
    administrator's.
    """
    if actor is not None:
        invitations.require_may_manage(actor, grant)
    _lock_all(grant)
    if grant.status is GrantStatus.ENDED:
        raise Conflict(_("Tilgangen er allerede stoppet."))
    if actor is not None and actor.role is Role.ORGANISATION_USER:
        _require_another_administrator(grant)
    _end(actor, grant, how, reason)
    application = grant.nominee.application
    mailbox.queue_about(
        application, MessageKind.ACCESS_ENDED, grant.id, [grant.nominee.email, application.contact_details.email]
    )


def change_level(actor: Actor, grant: Grant, level: AccessLevel) -> None:
    """Change what a user may do, within what the Directorate granted (C19).

    Raises NotFound, Forbidden (not a user administrator, above the granted or the own level) or Conflict (ended, last
    administrator).
    """
    invitations.require_may_manage(actor, grant)
    if actor.role is not Role.ORGANISATION_USER:
        raise Forbidden(_("Bare de som styrer brukere for virksomheten, kan gjøre dette."))
    _lock_all(grant)
    if grant.status is GrantStatus.ENDED:
        raise Conflict(_("Tilgangen er stoppet."))
    if level not in levels_for(actor, grant):
        raise Forbidden(_("Du kan ikke gi mer tilgang enn Helsedirektoratet har innvilget."))
    if level is grant.level:
        return
    if level is not AccessLevel.USER_ADMINISTRATOR:
        _require_another_administrator(grant)
    before, grant.level = grant.level, level
    audit.record(
        actor, "grant.level_changed", grant, subject_id=grant.account_id, before=before.value, after=level.value
    )


def levels_for(actor: Actor, grant: Grant) -> list[AccessLevel]:
    """What the actor may give: at most what the Directorate granted, and what the actor has (C19)."""
    highest = min(grant.granted_level.rank, actor.level.rank if actor.level else -1)
    return [level for level in AccessLevel if level.rank <= highest]


def find(actor: Actor, grant_id: UUID) -> Grant:
    """A grant that has not ended, of the organisation the actor acts for or of an application the actor may follow.

    Raises NotFound for every other (C12, C13).
    """
    grant = db.session.scalar(_current().where(Grant.id == grant_id))
    if grant is None or (actor.role is not Role.SUBMITTER and grant.organisation_id != actor.organisation_id):
        raise NotFound
    if actor.role is Role.SUBMITTER:
        invitations.require_may_manage(actor, grant, only_resend=True)
    return grant


def of_organisation(actor: Actor) -> list[Grant]:
    """Everybody with access or invited to the organisation the actor acts for, by name; noted in the audit log (I5)."""
    found = _by_name(_current().where(Grant.organisation_id == actor.organisation_id))
    audit.record(actor, "users.viewed", db.session.get_one(Organisation, actor.organisation_id), count=len(found))
    return found


def of_application(actor: Actor, application: AccessApplication) -> list[Grant]:
    """Everybody with access or invited by an application that was found through the actor; noted in the audit log."""
    found = _by_name(_current().where(Nominee.application_id == application.id))
    audit.record(actor, "users.viewed", application, count=len(found))
    return found


def administrator_emails(organisation_id: UUID) -> list[str]:
    """The addresses of those who manage the organisation's users."""
    query = select(Nominee.email).join(Grant, Grant.nominee_id == Nominee.id).order_by(Nominee.email)
    is_administrator = Grant.level == AccessLevel.USER_ADMINISTRATOR
    return list(db.session.scalars(query.where(Grant.organisation_id == organisation_id, IN_USE, is_administrator)))


def tell_user(kind: MessageKind, key: object, organisation_id: UUID, account_id: UUID | None, **facts: Any) -> None:
    """Queue an e-mail on what concerns a user of an organisation: to the user, without access any more to those who
    manage the users, or else to the contact person. To nobody when nobody has had access for years."""
    is_users = and_(IN_USE, Grant.account_id.is_not_distinct_from(account_id))
    found = db.session.execute(
        select(Grant, is_users)
        .where(Grant.organisation_id == organisation_id)
        .order_by(is_users.desc(), Grant.created_at.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return
    grant, has_access = found
    application = grant.nominee.application
    if has_access:
        addresses = [grant.nominee.email]
    else:
        addresses = administrator_emails(organisation_id) or [application.contact_details.email]
    mailbox.queue_about(application, kind, key, addresses, **facts)


def confirm(actor: Actor, confirmed: Sequence[Grant]) -> None:
    """The half-year check: these people still need access; what was locked is open again. Raises Forbidden or NotFound
    to those who may not say so, and Conflict while the organisation is shut out."""
    for grant in confirmed:
        invitations.require_may_manage(actor, grant)
    if any(is_shut(organisation_id) for organisation_id in {grant.organisation_id for grant in confirmed}):
        raise Conflict(SHUT)
    for grant in confirmed:
        was_locked = grant.locked_at is not None
        grant.confirmed_at, grant.locked_at = clock.now(), None
        audit.record(actor, "grant.confirmed", grant, subject_id=grant.account_id, was_locked=was_locked)


def lock(grant: Grant) -> None:
    """Shut an access nobody uses, and its sessions, until the organisation confirms it (C19)."""
    grant.locked_at = clock.now()
    if grant.account_id is not None:
        sessions.end_for(grant.account_id, grant.organisation_id)
    audit.record(None, "grant.locked", grant, subject_id=grant.account_id)


def unused() -> Sequence[tuple[Grant, datetime]]:
    """Open grants that nobody has used for twelve weeks, each with the moment of its last use: that a session was
    opened to act by it, or that the organisation said the person needs it. Locked, so that nobody else handles them
    meanwhile."""
    used_at = func.greatest(Grant.last_login_at, Grant.accepted_at, Grant.confirmed_at)
    limit = clock.now() - timedelta(weeks=settings.value(Key.UNUSED_WEEKS))
    found = select(Grant, used_at).where(IN_USE, used_at <= limit).order_by(Grant.id).with_for_update(skip_locked=True)
    return [(grant, used) for grant, used in db.session.execute(found)]


def shuts(organisation_id: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Which stops shut an organisation out: those in force that an operator has set."""
    return and_(Stop.organisation_id == organisation_id, Stop.lifted_at.is_(None), Stop.set_by_id.is_(None))


def is_shut(organisation_id: UUID) -> bool:
    """Whether an operator has shut out the organisation."""
    return bool(db.session.scalar(select(exists().where(shuts(organisation_id)))))


def locked_for(actor: Actor) -> list[tuple[str, bool]]:
    """The organisations whose access the person has, but may not use before they confirm it; by name, and whether they
    are shut out until an operator opens again."""
    return list(
        db.session.execute(
            select(Organisation.name, exists().where(shuts(Organisation.id)).correlate(Organisation))
            .join(Grant, Grant.organisation_id == Organisation.id)
            .where(
                Grant.account_id == actor.account_id,
                Grant.status == GrantStatus.ACTIVE,
                Grant.locked_at.is_not(None),
            )
            .order_by(Organisation.name)
        )
    )


def to_confirm(found: Iterable[Grant]) -> list[tuple[Grant, datetime]]:
    """Those the organisation must say still need access, each with its last moment; asked thirty days ahead."""
    months = settings.value(Key.RECONFIRMATION_MONTHS)
    active = [grant for grant in found if grant.status is GrantStatus.ACTIVE]
    limits = [(grant, _months_after(grant.confirmed_at, months)) for grant in active]
    return [(grant, limit) for grant, limit in limits if limit <= clock.now() + RECONFIRMATION_NOTICE]


def due_for_reconfirmation() -> Sequence[Grant]:
    """Active grants whose half-year is over within thirty days, or is over; for reminders and for what follows. Not of
    an organisation that is shut out, which cannot answer."""
    months = settings.value(Key.RECONFIRMATION_MONTHS)
    return db.session.scalars(
        select(Grant)
        .where(
            Grant.status == GrantStatus.ACTIVE,
            Grant.confirmed_at + func.make_interval(0, months) <= clock.now() + RECONFIRMATION_NOTICE,
            ~exists().where(shuts(Grant.organisation_id)),
        )
        .order_by(Grant.confirmed_at, Grant.id)
    ).all()


def _months_after(moment: datetime, months: int) -> datetime:
    """The same day so many months on, or the month's last day; as PostgreSQL counts."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _current() -> Select[Grant]:
    return (
        select(Grant)
        .join(Grant.nominee)
        .options(contains_eager(Grant.nominee))
        .where(Grant.status != GrantStatus.ENDED)
    )


def _by_name(statement: Select[Grant]) -> list[Grant]:
    found = db.session.scalars(statement.options(selectinload(Grant.invitations)))
    return sorted(found, key=lambda grant: alphabetical(grant.nominee.name))


def _lock_all(grant: Grant) -> None:
    """Lock the organisation's users in one order, so that two administrators cannot remove each other at once; then
    the grant's links, as everybody does who changes them."""
    everyone = select(Grant).where(Grant.organisation_id == grant.organisation_id).order_by(Grant.id)
    db.session.scalars(everyone.with_for_update().execution_options(populate_existing=True)).all()
    invitations.lock_links(grant)


def _require_another_administrator(grant: Grant) -> None:
    """The organisation is never left without somebody who can manage its users (C19)."""
    if grant.status is not GrantStatus.ACTIVE or grant.level is not AccessLevel.USER_ADMINISTRATOR:
        return
    others = select(Grant.id).where(
        Grant.organisation_id == grant.organisation_id,
        IN_USE,
        Grant.level == AccessLevel.USER_ADMINISTRATOR,
        Grant.id != grant.id,
    )
    if db.session.scalar(others.limit(1)) is None:
        raise LastAdministrator(
            _("Dette er den siste som kan styre brukere for virksomheten. Gi tilgangen til en annen først.")
        )


def _replace_earlier(actor: Actor, grant: Grant) -> None:
    """A person has one access to an organisation: the newest decision's."""
    earlier = db.session.scalar(
        select(Grant)
        .where(
            Grant.organisation_id == grant.organisation_id,
            Grant.account_id == actor.account_id,
            Grant.status == GrantStatus.ACTIVE,
        )
        .with_for_update()
    )
    if earlier is not None:
        _end(actor, earlier, GrantEnd.REMOVED, _("Erstattet av en ny tilgang."))
        db.session.flush()  # before the new one is active (uq_access_grant_one_active)


def _end(actor: Actor | None, grant: Grant, how: GrantEnd, reason: str) -> None:
    for invitation in grant.invitations:
        if invitation.can_move_to(InvitationStatus.REVOKED):
            invitation.move_to(InvitationStatus.REVOKED)
    grant.move_to(GrantStatus.ENDED)
    grant.ended_at = clock.now()
    grant.ended_as = how
    grant.end_reason = reason
    grant.ended_by_id = actor.account_id if actor else None
    if grant.account_id is not None:
        sessions.end_for(grant.account_id, grant.organisation_id)
    audit.record(actor, "grant.ended", grant, subject_id=grant.account_id, how=how.value)


def _tell_inviter(invitation: Invitation, now: datetime) -> None:
    """The contact person and whoever invited are told who took which access into use, and when (C33).

    A caseworker's address is not ours to know; the submitter, who asked for the access, is told instead.
    """
    grant = invitation.grant
    application = grant.nominee.application
    inviter = db.session.scalar(
        select(Nominee.email)
        .join(Grant, Grant.nominee_id == Nominee.id)
        .where(
            Grant.account_id.is_not(None),
            Grant.account_id == invitation.created_by_id,
            Grant.organisation_id == grant.organisation_id,
        )
        .order_by(Grant.created_at.desc())
        .limit(1)
    )
    mailbox.queue_about(
        application,
        MessageKind.INVITATION_ACCEPTED,
        invitation.id,
        [application.contact_details.email, inviter or application.submitter_email],
        accepted=now,
    )
