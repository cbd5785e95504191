"""Signing in through ID-porten: the attempt, the answer, the account, and which role the person begins in."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update

from adapters.idporten import IdPortenLogin
from extensions import clock
from extensions.agencies import agencies, settings
from extensions.database import db
from extensions.keys import Purpose, keyring
from models.account import Account, Identity, LoginAttempt, StaffMember
from models.enums import GrantStatus, Language, Role
from models.grant import Grant
from models.organisation import Organisation
from services import audit, national_ids, sessions
from services.access import STAFF_ROLES, Actor
from services.errors import DomainError

ATTEMPT_LIFETIME = timedelta(minutes=10)
STAFF_PATHS = ("/sak", "/tilganger", "/logg", "/personvernsaker", "/statistikk")
_PREFIX = re.compile(r"^/(nn|en)/")


class AttemptGone(DomainError):
    """The answer belongs to no sign-in of this browser: unknown, used, another browser's, or older than ten minutes (C1)."""


@dataclass(frozen=True)
class Hat:
    """One thing a person may act as."""

    role: Role
    organisation_id: UUID | None = None
    organisation_name: str | None = None


def begin(next_path: str, language: Language, *, fresh: bool) -> tuple[str, str]:
    """Start a sign-in; returns the address to send the browser to and the secret for its cookie. Raises Unavailable.

    `fresh` asks ID-porten for a new login although the person has a session there (step-up, C4).
    """
    start = agencies().idporten.start(language=language.value, fresh=fresh)
    browser = secrets.token_urlsafe(32)
    state_hash = sessions.hash_of(start.state)
    held = json.dumps({"nonce": start.nonce, "verifier": start.verifier}).encode()
    db.session.add(
        LoginAttempt(
            state_hash=state_hash,
            browser_hash=sessions.hash_of(browser),
            secrets_box=keyring().seal(Purpose.HELD, held, f"login_attempt|{state_hash.hex()}"),
            next_path=next_path,
            issuer=settings().idporten_issuer,
            created_at=clock.now(),
        )
    )
    return start.url, browser


def finish(params: Mapping[str, str], browser: str) -> tuple[str, Actor, str]:
    """Take ID-porten's answer; returns the session token, the actor and the path that was wanted.

    Raises AttemptGone, adapters' LoginRefused or Unavailable. The attempt is used up whatever the outcome: it is marked in a
    transaction of its own, so that a refused answer cannot be tried again.
    """
    state = params.get("state", "")
    attempt = _use_up(state, browser)
    held = json.loads(
        keyring().open(Purpose.HELD, attempt.secrets_box, f"login_attempt|{attempt.state_hash.hex()}")
    )
    login = agencies().idporten.finish(params=params, state=state, nonce=held["nonce"], verifier=held["verifier"])
    account = _account_for(login)
    hat = _first_hat(account, attempt.next_path)
    token, row = sessions.open_for(
        account,
        hat.role,
        organisation_id=hat.organisation_id,
        issuer=login.issuer,
        provider_session_id=login.session_id,
        authenticated_at=login.auth_time,
    )
    actor = sessions.load(token)
    assert actor is not None
    audit.record(actor, "session.started", row, acr=login.acr)
    return token, actor, attempt.next_path


def hats(account_id: UUID) -> list[Hat]:
    """Everything the account may act as now: the organisations it has access to, and the Directorate. Submitter is always open."""
    staff_role = db.session.scalar(
        select(StaffMember.role).where(StaffMember.account_id == account_id, StaffMember.ended_at.is_(None))
    )
    grants = db.session.execute(
        select(Organisation.id, Organisation.name)
        .join(Grant, Grant.organisation_id == Organisation.id)
        .where(Grant.account_id == account_id, Grant.status == GrantStatus.ACTIVE)
        .order_by(Organisation.name)
    )
    found = [Hat(Role.ORGANISATION_USER, id_, name) for id_, name in grants]
    return found + ([Hat(staff_role)] if staff_role else [])


def _use_up(state: str, browser: str) -> LoginAttempt:
    """Mark the attempt used and return it; only the first answer from the same browser within ten minutes succeeds."""
    with db.new_session() as session:
        attempt = session.scalar(
            update(LoginAttempt)
            .where(
                LoginAttempt.state_hash == sessions.hash_of(state),
                LoginAttempt.browser_hash == sessions.hash_of(browser),
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


def _account_for(login: IdPortenLogin) -> Account:
    """The one account of this human, made at the first sign-in; a new issuer or subject joins it by the number (C5)."""
    account = db.session.scalar(
        select(Account).join(Identity).where(Identity.issuer == login.issuer, Identity.subject == login.subject)
    ) or db.session.scalar(
        select(Account).where(Account.national_id_index.in_(national_ids.indexes_of(login.national_id)))
    )
    now = clock.now()
    if account is None:
        account = Account(id=uuid4(), created_at=now)
        national_ids.put(account, login.national_id)
        db.session.add(account)
        audit.record(None, "account.created", account)
    elif national_ids.read(account) != login.national_id:
        national_ids.put(account, login.national_id)  # a D-number was replaced by a fødselsnummer: the same person
        audit.record(None, "account.number_replaced", account)
    if not any((i.issuer, i.subject) == (login.issuer, login.subject) for i in account.identities):
        account.identities.append(Identity(issuer=login.issuer, subject=login.subject))
    account.last_login_at = now
    db.session.execute(
        update(Grant).where(Grant.account_id == account.id, Grant.status == GrantStatus.ACTIVE).values(last_login_at=now)
    )
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


def _first_hat(account: Account, next_path: str) -> Hat:
    """The role that fits the page the person wanted; else the only one there is; else none chosen yet (submitter)."""
    available = hats(account.id)
    next_path = _PREFIX.sub("/", next_path)
    if next_path.startswith(("/soknad", "/i/")):
        return Hat(Role.SUBMITTER)
    if next_path.startswith(STAFF_PATHS):
        fitting = [hat for hat in available if hat.role in STAFF_ROLES]
    elif next_path.startswith("/virksomhet"):
        fitting = [hat for hat in available if hat.role is Role.ORGANISATION_USER]
    else:
        fitting = available
    return fitting[0] if len(fitting) == 1 else Hat(Role.SUBMITTER)

