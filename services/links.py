"""Links in e-mails that work without a sign-in, each for one purpose (ux.md D7, security.md C30–C34).

Only a token's hash is stored: the e-mail makes the token again from the key ring and the link's id. Of the link that
stops a user's alerts nothing is stored: whoever has the key ring knows whether a token belongs to a grant.
"""

import hmac
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.keys import keyring
from models.enums import LinkPurpose, ProfessionalStatus
from models.professional import Link, Professional
from services.sessions import hash_of

PLACES = {LinkPurpose.AVAILABILITY: "t", LinkPurpose.EMAIL_CONFIRMATION: "e", LinkPurpose.UNSUBSCRIBE: "a"}
"""Where a link leads, before its token."""
ALERTS = "alerts"
"""What the token is made for that stops a user's alerts."""


def create(professional: Professional, purpose: LinkPurpose, days: int) -> Link:
    """A new link to the person's address, valid to the end of the day so many days from now; the ones before it for the
    same purpose are dead (C30)."""
    now = clock.now()
    db.session.execute(
        update(Link)
        .where(Link.professional_id == professional.id, Link.purpose == purpose, Link.expires_at > now)
        .values(expires_at=now)
    )
    id_ = uuid4()
    link = Link(
        id=id_,
        professional_id=professional.id,
        purpose=purpose,
        token_hash=hash_of(keyring().link_token(purpose, str(id_))),
        email=professional.email,
        created_at=now,
        expires_at=_end(days),
    )
    db.session.add(link)
    db.session.flush()  # its message refers to it
    return link


def lasting(professional: Professional, purpose: LinkPurpose, days: int) -> Link:
    """The link the person has had in earlier e-mails, valid so many days more; a new one when there is none."""
    link = newest(professional.id, purpose)
    if link is None or link.expires_at <= clock.now() or link.email != professional.email:
        return create(professional, purpose, days)
    link.expires_at = _end(days)
    return link


def _end(days: int) -> datetime:
    """The end of the day so many days from now."""
    return datetime.combine(clock.today() + timedelta(days=days), time(23, 59, 59), clock.OSLO)


def token_of(link: Link) -> str | None:
    """The secret in a link, made anew; also when the link key was changed since. None when its key is gone."""
    tokens = keyring().link_tokens(link.purpose, str(link.id))
    return next((token for token in tokens if hash_of(token) == link.token_hash), None)


def find(token: str, purpose: LinkPurpose) -> Link | None:
    """The link of a token while it works: for this purpose, in time, and to the address the person still has. One query
    whether it exists or not (C28)."""
    return db.session.scalar(
        select(Link)
        .join(Professional, Professional.id == Link.professional_id)
        .where(
            Link.token_hash == hash_of(token),
            Link.purpose == purpose,
            Link.expires_at > clock.now(),
            Link.email == Professional.email,
            Professional.status != ProfessionalStatus.LEAVING,
        )
        .options(joinedload(Link.professional).joinedload(Professional.availability))
    )


def alerts_path(grant_id: UUID) -> str:
    """Where the link leads that stops the alerts of a grant's user; the same in each e-mail."""
    return f"/v/{grant_id}/{keyring().link_token(ALERTS, str(grant_id))}"


def stops_alerts_of(grant_id: UUID, token: str) -> bool:
    """Whether the token is the grant's, under any link key."""
    tokens = keyring().link_tokens(ALERTS, str(grant_id))
    return any(hmac.compare_digest(known.encode(), token.encode()) for known in tokens)


def newest(professional_id: UUID, purpose: LinkPurpose) -> Link | None:
    """The last link a person was given for a purpose."""
    return db.session.scalar(
        select(Link)
        .where(Link.professional_id == professional_id, Link.purpose == purpose)
        .order_by(Link.created_at.desc())
        .limit(1)
    )
