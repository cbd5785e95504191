"""Whom a person may fill in for: asked of Altinn, never of the form (security.md C16, integrations.md 4.6)."""

from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from uuid import UUID

from cachetools import TTLCache
from flask_babel import gettext as _

from adapters.altinn import Party
from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from models.account import Account
from services import national_ids
from services.access import Actor
from services.errors import Forbidden

KEPT_SECONDS = 300
KEPT_PARTIES = 100_000
"""Parties remembered in one process, over all sessions: some hold rights for thousands."""
LEVEL_HIGH = 4


class RightMissing(Forbidden):
    """The person may not fill in for this organisation now; the page tells who can give the right."""

    def __init__(self, organisation_name: str) -> None:
        super().__init__(
            _("Du har ikke lenger rett til å søke på vegne av %(virksomhet)s.", virksomhet=organisation_name)
        )
        self.organisation_name = organisation_name


@dataclass(frozen=True)
class Represented:
    """Altinn's answer for one person."""

    person_name: str | None
    parties: tuple[Party, ...]

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The organisation numbers the person may choose."""
        return frozenset(party.organisation_number for party in self.parties if party.is_selectable)


_answers: TTLCache[UUID, Represented] = TTLCache(
    KEPT_PARTIES, KEPT_SECONDS, timer=lambda: clock.now().timestamp(), getsizeof=lambda answer: 1 + len(answer.parties)
)
_lock = Lock()


def parties(actor: Actor) -> Represented:
    """Whom the actor may fill in for, by an answer at most five minutes old. Raises Unavailable."""
    with _lock:
        known = _answers.get(actor.session_id)
    if known is not None:
        return known
    found = agencies().altinn.authorized_parties(_number_of(actor))
    answer = Represented(found.person_name, found.parties)
    with _lock:
        if len(answer.parties) < KEPT_PARTIES:
            _answers[actor.session_id] = answer
    return answer


def forget(actor: Actor) -> None:
    """Ask Altinn anew next time: the person says that the right has been given."""
    with _lock:
        _answers.pop(actor.session_id, None)


def require_right(actor: Actor, organisation_number: str, organisation_name: str) -> None:
    """Raise RightMissing unless Altinn's decision point permits the actor, now, to fill in for the organisation.

    Never cached; raises Unavailable when there is no answer, which is never a yes.
    """
    if not agencies().altinn.may_fill_in(_number_of(actor), organisation_number, level=LEVEL_HIGH):
        forget(actor)
        raise RightMissing(organisation_name)


def _number_of(actor: Actor) -> str:
    number = national_ids.read(db.session.get_one(Account, actor.account_id))
    assert number is not None  # every account is made by a sign-in that gave the number
    return number
