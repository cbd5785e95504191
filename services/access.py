"""Who may do what. Roles open doors (blueprints/guard.py); here is what an actor may do to a row."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from flask_babel import gettext as _

from extensions import clock
from models.enums import AccessLevel, Role
from services.errors import Forbidden, NeedsFreshLogin

FRESH_LOGIN = timedelta(minutes=15)
"""How young the sign-in must be for decisions, exports and role changes (security.md C4)."""

STAFF_ROLES = frozenset({Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR})
DECIDING_ROLES = frozenset({Role.CASEWORKER, Role.CASE_LEAD})
OPEN_ROLES = frozenset({Role.SUBMITTER, Role.PROFESSIONAL})
"""What everybody who is signed in may act as."""


class Doer(Protocol):
    """Whose act it is: the person who acts now, or who asked for what a job does."""

    @property
    def account_id(self) -> UUID: ...
    @property
    def role(self) -> Role: ...
    @property
    def organisation_id(self) -> UUID | None: ...


@dataclass(frozen=True)
class Actor:
    """The signed-in person in the one role he or she acts in now."""

    account_id: UUID
    session_id: UUID
    name: str | None
    role: Role
    authenticated_at: datetime
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    organisation_id: UUID | None = None
    organisation_name: str | None = None
    level: AccessLevel | None = None
    can_switch: bool = False

    def named(self, name: str) -> "Actor":
        return replace(self, name=name)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def is_user_administrator(self) -> bool:
        return self.role is Role.ORGANISATION_USER and self.level is AccessLevel.USER_ADMINISTRATOR


def require_fresh_login(actor: Actor) -> None:
    """Raise NeedsFreshLogin when the sign-in is older than fifteen minutes."""
    if clock.now() - actor.authenticated_at > FRESH_LOGIN:
        raise NeedsFreshLogin


def require_not_own(actor: Actor, account_id: UUID | None) -> None:
    """Raise Forbidden when the look that is to be gone over is the actor's own."""
    if account_id == actor.account_id:
        raise Forbidden(_("Dette er ditt eget oppslag. En annen må gå gjennom det."))
