"""The limits on how the register is used, which caseworkers may change without a release; each change is noted with
its reason (security.md C23, section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from extensions import clock
from extensions.database import db
from models.enums import Role
from models.organisation import Setting
from services import audit, settings
from services.access import DECIDING_ROLES, Actor
from services.errors import Forbidden
from services.settings import DEFAULTS, Key


@dataclass(frozen=True)
class Limit:
    """What a number is called, the most it may be, and who may set it."""

    label: Any
    most: int
    roles: frozenset[Role] = DECIDING_ROLES


LIMITS: Mapping[Key, Limit] = {
    Key.PROFILES_PER_DAY: Limit(_l("Åpnede profiler, per bruker og døgn"), 5_000),
    Key.REVEALS_PER_HOUR: Limit(_l("Vist kontaktinformasjon, per bruker og time"), 1_000),
    Key.REVEALS_PER_DAY: Limit(_l("Vist kontaktinformasjon, per bruker og døgn"), 5_000),
    Key.REVEALS_PER_ORGANISATION_AND_DAY: Limit(_l("Vist kontaktinformasjon, per virksomhet og døgn"), 20_000),
    Key.EXPORTS_PER_DAY: Limit(_l("Filer, per bruker og døgn"), 100),
    Key.EXPORTS_PER_ORGANISATION_AND_DAY: Limit(_l("Filer, per virksomhet og døgn"), 1_000),
    Key.EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY: Limit(
        _l("Personer med kontaktinformasjon i filer, per virksomhet og døgn"), 50_000
    ),
    Key.SAMPLED_PERCENT: Limit(
        _l("Hvor mye av de ansattes oppslag som trekkes ut til stikkprøve, i prosent"), 100, frozenset({Role.CASE_LEAD})
    ),
}


def changeable(actor: Actor) -> dict[Key, Limit]:
    """What the actor may set."""
    return {key: limit for key, limit in LIMITS.items() if actor.role in limit.roles}


def in_force(actor: Actor) -> dict[Key, int]:
    """What the actor may set, as it is now."""
    return settings.values(*changeable(actor))


def change(actor: Actor, numbers: Mapping[Key, int], reason: str) -> int:
    """Set the numbers that are new, from now on; returns how many were. Raises Forbidden for what the role may not
    set."""
    if not numbers.keys() <= changeable(actor).keys():
        raise Forbidden(_("Rollen din kan ikke endre dette."))
    changed = 0
    for key, number in sorted(numbers.items()):
        row = db.session.get(Setting, key.value, with_for_update=True, populate_existing=True)
        if row is None:  # a limit that came with a release, before its reference data were loaded
            row = Setting(key=key.value, value=DEFAULTS[key][0], unit=DEFAULTS[key][1], changed_at=clock.now())
            db.session.add(row)
        if row.value == number:
            continue
        audit.record(actor, "setting.changed", row, purpose=reason, setting=key.value, before=row.value, after=number)
        row.value, row.changed_at, row.changed_by_id = number, clock.now(), actor.account_id
        changed += 1
    return changed
