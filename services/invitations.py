"""The personal links that let a nominee take a grant into use (ux.md C, design.md D2 and D3, security.md C30–C37)."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import uuid4

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.keys import keyring
from extensions.log import security
from models.account import Account
from models.application import Nominee
from models.enums import GrantStatus, InvitationStatus, MessageKind, Role
from models.grant import Grant, Invitation
from models.organisation import Organisation
from services import applications, audit, mailbox, national_ids, settings
from services.access import DECIDING_ROLES, Actor
from services.application_rules import Action, Side
from services.errors import Conflict, Forbidden, NotFound, TooMany
from services.sessions import hash_of
from services.settings import Key

LIVE = (InvitationStatus.QUEUED, InvitationStatus.SENT, InvitationStatus.UNDELIVERABLE)


class NumberTaken(Conflict):
    """The number is another person's in the same application."""


class LinkState(StrEnum):
    """What a link is worth now. GONE is one state for unknown, replaced and withdrawn: nobody may tell them apart."""

    OPEN = "open"
    EXPIRED = "expired"
    USED = "used"
    GONE = "gone"


def create(actor: Actor, grant: Grant) -> Invitation:
    """Make a new link for a grant and queue its e-mail (5); the link before it is dead (C30).

    The caller has asked who may. The token itself is stored nowhere: the e-mail makes it again from the key ring and
    the invitation's id.
    """
    _withdraw_live(grant)
    application = grant.nominee.application
    invitation_id = uuid4()
    now = clock.now()
    invitation = Invitation(
        id=invitation_id,
        grant=grant,
        token_hash=hash_of(token_of(invitation_id)),
        language=application.language,
        email=grant.nominee.email,
        created_at=now,
        created_by_id=actor.account_id,
        expires_at=_last_moment(now, settings.value(Key.INVITATION_DAYS)),
    )
    db.session.add(invitation)
    db.session.flush()  # the message refers to it
    mailbox.queue(
        MessageKind.INVITATION,
        invitation.id,
        invitation.email,
        invitation.language,
        application_id=application.id,
        invitation_id=invitation.id,
    )
    audit.record(actor, "invitation.created", invitation, grant_id=grant.id)
    return invitation


def resend(actor: Actor, grant: Grant) -> Invitation:
    """Send the nominee a new link instead of the last one.

    Raises NotFound or Forbidden, Conflict when the grant is in use or ended, TooMany beyond the limits of C37.
    """
    require_may_manage(actor, grant, only_resend=True)
    _lock(grant)
    _require_waiting(grant)
    _require_within_limits(grant)
    return create(actor, grant)


def revoke(actor: Actor, grant: Grant) -> None:
    """Kill the link that is out; the grant waits for a new one. Raises NotFound, Forbidden or Conflict."""
    require_may_manage(actor, grant)
    _lock(grant)
    _require_waiting(grant)
    for invitation in _withdraw_live(grant):
        audit.record(actor, "invitation.revoked", invitation, grant_id=grant.id)


def correct_number(actor: Actor, grant: Grant, number: str) -> Invitation:
    """Mend a mistyped national identity number (checked by the form) and send a new link, as design.md D2 says.

    Raises Forbidden for everyone but a caseworker, Conflict when the grant is in use or ended, NumberTaken when it is
    another's in the same application, TooMany.
    """
    if actor.role not in DECIDING_ROLES:
        raise Forbidden(_("Bare en saksbehandler kan rette fødselsnummeret."))
    _lock(grant)
    _require_waiting(grant)
    known = select(Nominee.id).where(
        Nominee.application_id == grant.nominee.application_id,
        Nominee.id != grant.nominee_id,
        Nominee.national_id_index.in_(national_ids.indexes_of(number)),
    )
    if db.session.scalar(known.limit(1)) is not None:
        raise NumberTaken(_("Fødselsnummeret er allerede lagt til."))
    national_ids.put(grant.nominee, number)
    audit.record(actor, "nominee.number_corrected", grant.nominee, fields=["national_id"])
    return resend(actor, grant)


def find(token: str) -> Invitation | None:
    """The invitation of a link, with its grant; one query whether it exists or not (C28)."""
    return db.session.scalar(
        select(Invitation)
        .options(
            joinedload(Invitation.grant).options(
                joinedload(Grant.organisation), joinedload(Grant.nominee).joinedload(Nominee.application)
            )
        )
        .where(Invitation.token_hash == hash_of(token))
    )


def state_of(invitation: Invitation | None) -> LinkState:
    """What the link is worth now; time decides, also when no job has marked the row yet."""
    if invitation is None or invitation.status is InvitationStatus.REVOKED:
        return LinkState.GONE
    if invitation.status is InvitationStatus.ACCEPTED:
        return LinkState.USED
    if invitation.grant.status is not GrantStatus.INVITED:
        return LinkState.GONE
    if invitation.status is InvitationStatus.EXPIRED or invitation.expires_at <= clock.now():
        return LinkState.EXPIRED
    return LinkState.OPEN


def is_for(actor: Actor, invitation: Invitation) -> bool:
    """Whether the signed-in person has the number the application named (D2). A no is logged (C32)."""
    account = db.session.get_one(Account, actor.account_id)
    if national_ids.is_same_person(account, invitation.grant.nominee):
        return True
    security.warning("another person's invitation", extra={"event": "wrong_person", "account_id": actor.account_id})
    return False


def ask_for_new(invitation: Invitation) -> None:
    """The link ran out: ask the contact person for a new one, once an invitation.

    Raises Conflict when it did not run out.
    """
    db.session.refresh(invitation, with_for_update={"of": Invitation})
    if state_of(invitation) is not LinkState.EXPIRED:
        raise Conflict(_("Invitasjonen gjelder ikke lenger. Kontakt den som inviterte deg."))
    grant = invitation.grant
    if invitation.renewal_requested_at is not None or latest(grant) is not invitation:
        return
    invitation.renewal_requested_at = clock.now()
    application = grant.nominee.application
    mailbox.queue(
        MessageKind.NEW_INVITATION_REQUESTED,
        invitation.id,
        application.contact_details.email,
        application.language,
        application_id=application.id,
    )
    audit.record(None, "invitation.renewal_requested", invitation, grant_id=grant.id)


def latest(grant: Grant) -> Invitation | None:
    """The newest link of a grant, whatever became of it; for status pages."""
    return max(grant.invitations, key=lambda invitation: invitation.created_at, default=None)


def token_of(invitation_id: object) -> str:
    """The secret in the link: 256 bits from the key ring and the invitation's id."""
    return keyring().link_token("invitation", str(invitation_id))


def require_may_manage(actor: Actor, grant: Grant, *, only_resend: bool = False) -> None:
    """A caseworker, the applicant's side of the application, or a user administrator of the organisation; the contact
    person may only resend.

    Raises NotFound to those for whom the grant does not exist, Forbidden to those who may only see it.
    """
    if actor.role in DECIDING_ROLES:
        return
    if actor.role is Role.ORGANISATION_USER and actor.organisation_id == grant.organisation_id:
        if not actor.is_user_administrator:
            raise Forbidden(_("Bare de som styrer brukere for virksomheten, kan gjøre dette."))
    elif actor.role is Role.SUBMITTER:
        side = applications.require(actor, Action.RESEND, grant.nominee.application)
        if side is not Side.APPLICANT and not only_resend:
            raise Forbidden(_("Bare den som kan søke på vegne av virksomheten, kan gjøre dette."))
    else:
        raise NotFound


def _require_waiting(grant: Grant) -> None:
    if grant.status is GrantStatus.ACTIVE:
        raise Conflict(_("Tilgangen er allerede tatt i bruk."))
    if grant.status is GrantStatus.ENDED:
        raise Conflict(_("Tilgangen er stoppet."))


def _require_within_limits(grant: Grant) -> None:
    """Twenty an hour for an organisation and three a day for an address (C37).

    A decision's own first links are not stopped, but count.
    """
    limits = settings.values(Key.INVITATIONS_PER_HOUR, Key.INVITATIONS_PER_ADDRESS)
    now = clock.now()
    of_organisation = Invitation.grant_id.in_(select(Grant.id).where(Grant.organisation_id == grant.organisation_id))
    this_hour, this_day = db.session.execute(
        select(
            func.count().filter(of_organisation, Invitation.created_at > now - timedelta(hours=1)),
            func.count().filter(Invitation.email == grant.nominee.email),
        ).where(Invitation.created_at > now - timedelta(days=1))
    ).one()
    if this_hour >= limits[Key.INVITATIONS_PER_HOUR]:
        raise TooMany(_("Virksomheten har sendt mange invitasjoner den siste timen. Vent en time og prøv igjen."))
    if this_day >= limits[Key.INVITATIONS_PER_ADDRESS]:
        raise TooMany(_("Det er sendt flere invitasjoner til denne adressen i dag. Prøv igjen i morgen."))


def _lock(grant: Grant) -> None:
    """One at a time for an organisation, so that limits hold and nobody acts on an outdated status."""
    db.session.execute(
        select(Organisation.id).where(Organisation.id == grant.organisation_id).with_for_update(key_share=True)
    )
    db.session.refresh(grant, ["status", "level"], with_for_update={"of": Grant})
    lock_links(grant)


def lock_links(grant: Grant) -> None:
    """Lock the grant's links, after the grant itself, and read them as they are now."""
    links = select(Invitation).where(Invitation.grant_id == grant.id).order_by(Invitation.id)
    db.session.scalars(links.with_for_update().execution_options(populate_existing=True)).all()
    db.session.expire(grant, ["invitations"])


def _withdraw_live(grant: Grant) -> list[Invitation]:
    live = [invitation for invitation in grant.invitations if invitation.status in LIVE]
    for invitation in live:
        invitation.move_to(InvitationStatus.REVOKED)
    db.session.flush()  # before a new one is live (uq_invitation_one_live)
    return live


def _last_moment(now: datetime, days: int) -> datetime:
    """The end of the day that the e-mail names: until then the link opens."""
    day = clock.day(now) + timedelta(days=days)
    return datetime.combine(day, time(23, 59, 59), clock.OSLO)
