"""Signing in through ID-porten or HelseID: the attempt, the answer, the account, and the role the person begins in."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select, update

from adapters.oidc import Login, LoginRefused, Refusal
from extensions import clock
from extensions.agencies import agencies, settings
from extensions.database import db
from extensions.keys import Purpose, keyring
from models.account import Account, Identity, LoginAttempt, LoginSession, StaffMember
from models.enums import Language, Role
from models.grant import IN_USE, Grant
from models.national_numbers import is_valid
from models.organisation import Organisation
from models.professional import Professional
from services import audit, national_ids, professionals, sessions
from services.access import STAFF_ROLES, Actor
from services.errors import DomainError

ATTEMPT_LIFETIME = timedelta(minutes=10)
STAFF_PAGES = frozenset({"sak", "tilganger", "logg", "personvernsaker", "statistikk"})
_PREFIX = re.compile(r"^/(nn|en)/")


class AttemptGone(DomainError):
    """The answer belongs to no sign-in of this browser with this provider: unknown, used, another browser's, another
    provider's, or older than ten minutes (C1, C2)."""


@dataclass(frozen=True)
class Hat:
    """One thing a person may act as."""

    role: Role
    organisation_id: UUID | None = None
    organisation_name: str | None = None


def begin(provider: str, next_path: str, language: Language, *, fresh: bool, browser: str) -> tuple[str, str]:
    """Start a sign-in with one of our providers; returns the address to send the browser to and the secret for its
    cookie. Raises Unavailable.

    `fresh` asks for a new login although the person has a session there (step-up, C4). `browser` is the secret the
    browser holds already, or empty: two tabs may sign in at once.
    """
    ours = agencies().providers[provider]
    start = ours.start(language=language.value, fresh=fresh)
    browser = browser or secrets.token_urlsafe(32)
    state_hash = sessions.hash_of(start.state)
    held = json.dumps({"nonce": start.nonce, "verifier": start.verifier, "next": next_path}).encode()
    db.session.add(
        LoginAttempt(
            state_hash=state_hash,
            browser_hash=sessions.hash_of(browser),
            secrets_box=keyring().seal(Purpose.HELD, held, f"login_attempt|{state_hash.hex()}"),
            issuer=ours.issuer,
            created_at=clock.now(),
        )
    )
    return start.url, browser


def finish(provider: str, params: Mapping[str, str], browser: str, earlier_token: str | None) -> tuple[str, Actor, str]:
    """Take the provider's answer; returns the session token, the actor and the path that was wanted.

    The session this browser had before is dead afterwards; its role is gone on with when it was the same person's.

    Raises AttemptGone, adapters' LoginRefused or Unavailable. The attempt is used up whatever the outcome: it is marked
    in a transaction of its own, so that a refused answer cannot be tried again.
    """
    ours = agencies().providers[provider]
    state = params.get("state", "")
    attempt = _use_up(ours.issuer, state, browser)
    held = json.loads(keyring().open(Purpose.HELD, attempt.secrets_box, f"login_attempt|{attempt.state_hash.hex()}"))
    login = ours.finish(params=params, state=state, nonce=held["nonce"], verifier=held["verifier"])
    if not is_valid(login.national_id, allow_synthetic=settings().allow_synthetic_id):
        raise LoginRefused(Refusal.NO_NATIONAL_ID)
    account = _account_for(login)
    earlier = sessions.of_token(earlier_token) if earlier_token else None
    hat = _first_hat(account, held["next"], earlier)
    professionals.note_use(account.id)  # before the account is locked: whoever leaves locks them in this order
    token, row = sessions.open_for(
        account,
        hat.role,
        organisation_id=hat.organisation_id,
        issuer=login.issuer,
        provider_session_id=login.session_id,
        authenticated_at=login.auth_time,
        acr=login.acr,
        earlier=earlier,
    )
    account.last_login_at = row.last_seen_at
    actor = sessions.load(token)
    assert actor is not None
    audit.record(actor, "session.started", row, acr=login.acr)
    return token, actor, held["next"]


def hats(account_id: UUID) -> list[Hat]:
    """Everything the account may act as now: the organisations it has access to, the Directorate, and the professional
    who has begun to register.

    What everybody may act as (`access.OPEN_ROLES`) is open besides.
    """
    staff_role = db.session.scalar(
        select(StaffMember.role).where(StaffMember.account_id == account_id, StaffMember.ended_at.is_(None))
    )
    grants = db.session.execute(
        select(Organisation.id, Organisation.name)
        .join(Grant, Grant.organisation_id == Organisation.id)
        .where(Grant.account_id == account_id, IN_USE)
        .order_by(Organisation.name)
    )
    found = [Hat(Role.ORGANISATION_USER, id_, name) for id_, name in grants]
    is_professional = db.session.scalar(select(exists().where(Professional.account_id == account_id)))
    return [
        *found,
        *([Hat(staff_role)] if staff_role else []),
        *([Hat(Role.PROFESSIONAL)] if is_professional else []),
    ]


def _use_up(issuer: str, state: str, browser: str) -> LoginAttempt:
    """Mark the attempt used and return it; only the first answer from the provider it was started with, in the same
    browser and within ten minutes, succeeds (C1, C2)."""
    with db.new_session() as session:
        attempt: LoginAttempt | None = session.scalar(
            update(LoginAttempt)
            .where(
                LoginAttempt.state_hash == sessions.hash_of(state),
                LoginAttempt.browser_hash == sessions.hash_of(browser),
                LoginAttempt.issuer == issuer,
                LoginAttempt.used_at.is_(None),
                LoginAttempt.created_at > clock.now() - ATTEMPT_LIFETIME,
            )
            .values(used_at=clock.now())
            .returning(LoginAttempt)
        )
        session.commit()
    if attempt is None:
        raise AttemptGone
    return attempt


def _account_for(login: Login) -> Account:
    """The one account of this human, made at the first sign-in (C5).

    A new issuer or subject joins it by the number; a new number, when a D-number became a fødselsnummer, by the
    subject.
    """
    indexes = national_ids.indexes_of(login.national_id)
    # Two first sign-ins at once wait for one another here, and make one account.
    db.session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(indexes[0][:8], signed=True))))
    identity = db.session.scalar(
        select(Identity).where(Identity.issuer == login.issuer, Identity.subject == login.subject)
    )
    account = db.session.scalar(select(Account).where(Account.national_id_index.in_(indexes)))
    if account is None and identity is not None:
        account = identity.account
        national_ids.put(account, login.national_id)
        audit.record(None, "account.number_replaced", account)
    if account is None:
        account = Account(id=uuid4(), created_at=clock.now())
        national_ids.put(account, login.national_id)
        db.session.add(account)
        audit.record(None, "account.created", account)
    if identity is None:
        identity = Identity(issuer=login.issuer, subject=login.subject)
        account.identities.append(identity)
    elif identity.account is not account:
        identity.account = account  # the number is the person; the subject only the issuer's name for it
        audit.record(None, "account.identity_moved", account)
    identity.hpr_number = login.hpr_number
    account.name = account.name or login.name
    _claim_staff_row(account, login.national_id)
    db.session.flush()  # sessions.open_for and load read what was made here
    return account


def _claim_staff_row(account: Account, number: str) -> None:
    """Tie a staff member who was added before the first sign-in to the account, and use the name given there."""
    staff = db.session.scalar(
        select(StaffMember).where(
            StaffMember.national_id_index.in_(national_ids.indexes_of(number)), StaffMember.ended_at.is_(None)
        )
    )
    if staff is not None:
        staff.account_id = account.id
        account.name = account.name or staff.name


def _first_hat(account: Account, next_path: str, earlier: LoginSession | None) -> Hat:
    """The role to begin in: the interrupted one, else the only one that fits the page, else none chosen (submitter)."""
    section = _PREFIX.sub("/", next_path).partition("?")[0].split("/")[1:2]
    fitting = hats(account.id)
    if section in (["soknad"], ["i"]):
        return Hat(Role.SUBMITTER)
    if section == ["min-side"]:
        return Hat(Role.PROFESSIONAL)
    if section and section[0] in STAFF_PAGES:
        fitting = [hat for hat in fitting if hat.role in STAFF_ROLES]
    elif section == ["virksomhet"]:
        fitting = [hat for hat in fitting if hat.role is Role.ORGANISATION_USER]
    if earlier is not None and earlier.account_id == account.id:
        now_dead = (earlier.role, earlier.organisation_id)
        fitting = [hat for hat in fitting if (hat.role, hat.organisation_id) == now_dead] or fitting
    return fitting[0] if len(fitting) == 1 else Hat(Role.SUBMITTER)
