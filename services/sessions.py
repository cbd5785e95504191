"""Sessions: opened at sign-in, changed with role or organisation, ended at once when they must be (D8, C6–C9)."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, String, and_, bindparam, cast, exists, func, or_, select, update

from extensions import clock
from extensions.database import ORGANISATION, db
from models.account import Account, LoginSession, StaffMember
from models.enums import Role
from models.grant import IN_USE, Grant
from models.organisation import Organisation
from models.professional import Professional
from services import audit
from services.access import STAFF_ROLES, Actor
from services.errors import Conflict, NeedsFreshLogin

IDLE_LIMIT = timedelta(minutes=30)
ABSOLUTE_LIMIT = timedelta(hours=8)
PROFESSIONAL_LIMIT = timedelta(hours=2)
SESSIONS_PER_ACCOUNT = 3
TOUCH_EVERY = timedelta(minutes=1)


def hash_of(token: str) -> bytes:
    """What is stored of a random token."""
    return hashlib.sha256(token.encode()).digest()


def absolute_limit(role: Role) -> timedelta:
    """How long after the sign-in a session in this role may last, whatever it was used for in between (C8)."""
    return PROFESSIONAL_LIMIT if role is Role.PROFESSIONAL else ABSOLUTE_LIMIT


def open_for(
    account: Account,
    role: Role,
    *,
    organisation_id: UUID | None,
    issuer: str,
    provider_session_id: str | None,
    authenticated_at: datetime,
    started_at: datetime | None = None,
    acr: str | None = None,
    earlier: LoginSession | None = None,
) -> tuple[str, LoginSession]:
    """Open a session; returns the token for the cookie and the row. The browser's earlier session, whosever it was, is
    dead (C6), and the account's oldest ones beyond three."""
    _note_use(account.id, role, organisation_id)
    if earlier is not None:
        _end(LoginSession.id == earlier.id)
    _lock([account.id])
    now = clock.now()
    token = secrets.token_urlsafe(32)
    started = started_at or now
    row = LoginSession(
        token_hash=hash_of(token),
        account_id=account.id,
        role=role,
        organisation_id=organisation_id,
        issuer=issuer,
        provider_session_id=provider_session_id,
        acr=acr,
        authenticated_at=authenticated_at,
        started_at=started,
        last_seen_at=now,
        expires_at=started + absolute_limit(role),
    )
    db.session.add(row)
    db.session.flush()  # the limit below counts it
    newest = (
        select(LoginSession.id)
        .where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None))
        .order_by(LoginSession.started_at.desc(), LoginSession.last_seen_at.desc())
        .limit(SESSIONS_PER_ACCOUNT)
    )
    _mark_ended(LoginSession.account_id == account.id, LoginSession.id.not_in(newest), LoginSession.id != row.id)
    return token, row


_OF_ACCOUNT = StaffMember.account_id == Account.id, StaffMember.ended_at.is_(None)
_HOLDS_GRANT = exists().where(Grant.account_id == Account.id, IN_USE).correlate(Account)
_IS_STAFF = exists().where(*_OF_ACCOUNT).correlate(Account)
_IS_PROFESSIONAL = exists().where(Professional.account_id == Account.id).correlate(Account)
_ORGANISATION_ID = func.coalesce(cast(LoginSession.organisation_id, String), "")
_OPEN_SESSION = (  # made once: it is run for every page
    select(
        LoginSession.account_id,
        LoginSession.id.label("session_id"),
        Account.name,
        LoginSession.role,
        LoginSession.authenticated_at,
        LoginSession.started_at,
        LoginSession.last_seen_at,
        LoginSession.expires_at,
        LoginSession.organisation_id,
        Organisation.name.label("organisation_name"),
        Grant.level,
        or_(_HOLDS_GRANT, _IS_STAFF, _IS_PROFESSIONAL).label("can_switch"),
        StaffMember.role.label("staff_role"),
        func.set_config(ORGANISATION, _ORGANISATION_ID, True).label("kept_to"),
    )
    .join(Account, Account.id == LoginSession.account_id)
    .outerjoin(Organisation, Organisation.id == LoginSession.organisation_id)
    .outerjoin(
        Grant,
        and_(
            Grant.account_id == Account.id,
            Grant.organisation_id == LoginSession.organisation_id,
            IN_USE,
        ),
    )
    .outerjoin(StaffMember, and_(*_OF_ACCOUNT))
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > bindparam("now"),
        LoginSession.last_seen_at > bindparam("idle_since"),
    )
)


def load(token: str) -> Actor | None:
    """The actor behind a cookie's token; None when the session ended, timed out, or its access or staff role is
    gone. Whoever acts for an organisation reaches the rows of that one alone from here on (C12)."""
    now = clock.now()
    values = {"token_hash": hash_of(token), "now": now, "idle_since": now - IDLE_LIMIT}
    found = db.session.execute(_OPEN_SESSION, values).mappings().one_or_none()
    if found is None:
        return None
    facts = dict(found)
    staff_role, _kept_to = facts.pop("staff_role"), facts.pop("kept_to")
    actor = Actor(**facts)
    db.keep_to(actor.organisation_id)
    if actor.role is Role.ORGANISATION_USER and actor.level is None:
        return None
    if actor.role in STAFF_ROLES and actor.role is not staff_role:
        return None
    return actor


def touch(actor: Actor, *, at_once: bool = False) -> None:
    """Note that the session is in use, at most once a minute.

    Writes only if it is still open, so nothing revives it (C9).
    """
    now = clock.now()
    if at_once or now - actor.last_seen_at > TOUCH_EVERY:
        db.session.execute(
            update(LoginSession)
            .where(LoginSession.id == actor.session_id, LoginSession.ended_at.is_(None))
            .values(last_seen_at=now)
        )


def of_token(token: str) -> LoginSession | None:
    """The session a token is of, also after it ended: to go on from, or for what was typed when it did."""
    return db.session.scalar(select(LoginSession).where(LoginSession.token_hash == hash_of(token)))


def issuer_of(actor: Actor) -> str:
    """The provider the person signed in with."""
    return db.session.scalars(select(LoginSession.issuer).where(LoginSession.id == actor.session_id)).one()


def switch(actor: Actor, role: Role, organisation_id: UUID | None) -> tuple[str, LoginSession]:
    """Go on in another role or for another organisation, in a new session; the old one is dead (C6, C15).

    Raises NeedsFreshLogin when the sign-in is too old for the role, and Conflict when the old session ended meanwhile:
    one that was logged out is never continued (C9).
    """
    if clock.now() >= actor.started_at + absolute_limit(role):
        raise NeedsFreshLogin
    _note_use(actor.account_id, role, organisation_id)
    _lock([actor.account_id])
    if not _mark_ended(LoginSession.id == actor.session_id):
        raise Conflict(_("Du er logget ut. Logg inn på nytt for å fortsette."))
    old = db.session.get_one(LoginSession, actor.session_id)
    account = db.session.get_one(Account, actor.account_id)
    token, row = open_for(
        account,
        role,
        organisation_id=organisation_id,
        issuer=old.issuer,
        provider_session_id=old.provider_session_id,
        authenticated_at=old.authenticated_at,
        started_at=old.started_at,
        acr=old.acr,
    )
    audit.record(actor, "session.role_changed", row, to_role=role.value, to_organisation=organisation_id)
    return token, row


def level_of(actor: Actor) -> str:
    """How the person signed in, in the provider's own words for the level; for what must be proved later."""
    return db.session.scalar(select(LoginSession.acr).where(LoginSession.id == actor.session_id)) or "unknown"


def end(actor: Actor) -> None:
    """End this session (logout)."""
    _end(LoginSession.id == actor.session_id)
    audit.record(actor, "session.ended")


def end_by_provider(issuer: str, provider_session_id: str) -> int:
    """End the sessions of one session at the identity provider (front-channel logout); returns how many."""
    ended = _end(LoginSession.issuer == issuer, LoginSession.provider_session_id == provider_session_id)
    if ended:
        audit.record(None, "session.ended_by_provider", count=ended)
    return ended


def end_for(account_id: UUID, organisation_id: UUID) -> int:
    """End every session of an account that acts for an organisation: its access is gone."""
    return _end(LoginSession.account_id == account_id, LoginSession.organisation_id == organisation_id)


def end_as(account_id: UUID, roles: Collection[Role]) -> int:
    """End every session of an account in any of these roles."""
    return _end(LoginSession.account_id == account_id, LoginSession.role.in_(roles))


def end_all(actor: Actor) -> int:
    """Log out everywhere; returns how many sessions ended."""
    ended = _end(LoginSession.account_id == actor.account_id)
    audit.record(actor, "session.all_ended", count=ended)
    return ended


def end_every(reason: str, role: Role | None, organisation_id: UUID | None) -> int:
    """End everybody's sessions, or those in one role or for one organisation; returns how many."""
    wanted = {LoginSession.role: role, LoginSession.organisation_id: organisation_id}
    ended = _end(*(column == value for column, value in wanted.items() if value is not None))
    audit.record(None, "session.all_ended", purpose=reason, count=ended, role=role, to_organisation=organisation_id)
    return ended


def open_ones(actor: Actor) -> Sequence[LoginSession]:
    """Where the person is signed in now, this session among them, the newest first."""
    now = clock.now()
    return db.session.scalars(
        select(LoginSession)
        .where(
            LoginSession.account_id == actor.account_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - IDLE_LIMIT,
        )
        .order_by(LoginSession.started_at.desc())
    ).all()


def _note_use(account_id: UUID, role: Role, organisation_id: UUID | None) -> None:
    """Access is used when a session is opened to act by it, for that organisation alone (C19). Before the account is
    locked: whoever ends an access locks them in this order."""
    if role is Role.ORGANISATION_USER:
        used = Grant.account_id == account_id, Grant.organisation_id == organisation_id, IN_USE
        db.session.execute(update(Grant).where(*used).values(last_login_at=clock.now()))


def _end(*conditions: ColumnElement[bool]) -> int:
    """End sessions, and those that are being opened from them at this moment: they wait for the account's lock."""
    _lock(db.session.scalars(select(LoginSession.account_id).where(LoginSession.ended_at.is_(None), *conditions)))
    return _mark_ended(*conditions)


def _lock(account_ids: Iterable[UUID]) -> None:
    """Sessions of one account are opened and ended one at a time."""
    if ids := set(account_ids):
        accounts = select(Account.id).where(Account.id.in_(ids)).order_by(Account.id)
        db.session.execute(accounts.with_for_update(key_share=True))


def _mark_ended(*conditions: ColumnElement[bool]) -> int:
    result = db.session.execute(
        update(LoginSession).where(LoginSession.ended_at.is_(None), *conditions).values(ended_at=clock.now())
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
