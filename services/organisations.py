"""Which organisations may have access, by what Enhetsregisteret says of them, and what area each has.

Rules: design.md D5 and D6, integrations.md 5.3 and 5.4.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from adapters.altinn import Party
from adapters.enhetsregisteret import Unit, UnitGone, UnitUnknown
from adapters.errors import Unavailable
from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from extensions.language import show_date
from models.enums import Language, OrganisationKind
from models.organisation import HealthTrust, HealthTrustArea, Municipality, Organisation, RegistryUnit
from services import words
from services.errors import Forbidden

KEPT = timedelta(hours=24)
KEPT_WHEN_UNKNOWN = timedelta(hours=1)
KEPT_WHEN_DOWN = timedelta(days=30)
MOST_HOPS = 5
MUNICIPALITY = "KOMM"
SPECIAL_LAW = "SÆR"
BELOW_OTHERS = frozenset({"ORGL", "BEDR", "AAFY"})
"""Forms that exist only below another unit: what they are is decided by the top."""
_TRUST_NAME = re.compile(r"\bR?HF$")

REFUSED_FORMS: Mapping[str, Any] = {
    "AS": _l("Virksomheten er et aksjeselskap. Bare kommuner og helseforetak kan søke."),
    "ASA": _l("Virksomheten er et aksjeselskap. Bare kommuner og helseforetak kan søke."),
    "ENK": _l("Virksomheten er et enkeltpersonforetak. Bare kommuner og helseforetak kan søke."),
    "FYLK": _l("Virksomheten er en fylkeskommune. Bare kommuner og helseforetak kan søke."),
    "FKF": _l("Virksomheten er et fylkeskommunalt foretak. Bare kommuner og helseforetak kan søke."),
    "IKS": _l("Virksomheten er et interkommunalt selskap. Hver kommune må søke for seg."),
    "KF": _l("Virksomheten er et kommunalt foretak. Kommunen må søke."),
    "SÆR": _l("Virksomheten er opprettet ved egen lov, men er ikke et helseforetak."),
    "SF": _l("Virksomheten er et statsforetak. Bare kommuner og helseforetak kan søke."),
    "STAT": _l("Virksomheten er en del av staten. Bare kommuner og helseforetak kan søke."),
    "STI": _l("Virksomheten er en stiftelse. Bare kommuner og helseforetak kan søke."),
    "FLI": _l("Virksomheten er en forening. Bare kommuner og helseforetak kan søke."),
}


class NotEligible(Forbidden):
    """The organisation cannot have access; `reason` says why, `name` which."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


@dataclass(frozen=True)
class Resolved:
    """A unit, the municipality or health trust above it (or itself), and how sure we are."""

    unit: Unit
    top: Unit
    name: str
    """The top's name as people write it."""
    kind: OrganisationKind
    language: Language | None
    """The written standard it has decided; None is neutral."""
    needs_check: bool
    """A health trust by its name only (D5)."""
    fetched_at: datetime
    is_confirmed: bool
    """False when Enhetsregisteret was away and an older answer was used."""


@dataclass(frozen=True)
class Candidate:
    """An organisation somebody may try to apply for."""

    number: str
    name: str
    kind: str
    """In words."""


@dataclass(frozen=True)
class Refused:
    """An organisation that cannot apply, and why."""

    number: str
    name: str
    reason: str


# -- what a unit is


def resolve(number: str, *, at_once: bool = False) -> Resolved:
    """Climb from a unit to its top and judge it. `at_once` asks Enhetsregisteret now, whatever we remember.

    Raises NotEligible (unknown, removed, deleted, bankrupt, going round in circles, or of another kind) and
    Unavailable when there is neither an answer nor one less than thirty days old.
    """
    chain: list[_Known] = []
    following: str | None = number
    while following is not None:
        if len(chain) > MOST_HOPS or any(known.unit.number == following for known in chain):
            reason = _("Enhetsregisteret viser ikke hvilken virksomhet enheten hører til.")
            raise NotEligible(chain[0].unit.name, reason)
        known = _look_up(following, at_once)
        _refuse_ended(known.unit)
        chain.append(known)
        following = known.unit.parent_number
    unit, top = chain[0].unit, chain[-1].unit
    trust = db.session.get(HealthTrust, top.number)
    kind = kind_of(top.form, top.name, is_listed=trust is not None)
    if kind is None:
        raise NotEligible(unit.name, _form_reason(top.form))
    municipality = db.session.scalar(select(Municipality).where(Municipality.organisation_number == top.number))
    return Resolved(
        unit=unit,
        top=top,
        name=_municipality_name(municipality.name) if municipality else trust.name if trust else top.name,
        kind=kind,
        # The list of decided standards rules for municipalities: Enhetsregisteret has one also for the neutral ones.
        language=municipality.language if municipality else Language(top.language) if top.language else None,
        needs_check=kind is OrganisationKind.HEALTH_TRUST and trust is None,
        fetched_at=min(known.fetched_at for known in chain),
        is_confirmed=all(known.is_fresh for known in chain),
    )


def kind_of(form: str, name: str, *, is_listed: bool) -> OrganisationKind | None:
    """What a top unit is to us (D5); None is not eligible."""
    if form == MUNICIPALITY:
        return OrganisationKind.MUNICIPALITY
    if is_listed or (form == SPECIAL_LAW and _TRUST_NAME.search(name.strip().upper())):
        return OrganisationKind.HEALTH_TRUST
    return None


def _form_reason(form: str) -> str:
    return str(REFUSED_FORMS.get(form) or _("Virksomheten er verken kommune eller helseforetak."))


def _refuse_ended(unit: Unit) -> None:
    if unit.deleted_on is not None:
        raise NotEligible(
            unit.name, _("Virksomheten ble slettet i Enhetsregisteret %(dato)s.", dato=show_date(unit.deleted_on))
        )
    if unit.is_bankrupt:
        raise NotEligible(unit.name, _("Virksomheten er konkurs."))
    if unit.is_winding_up:
        raise NotEligible(unit.name, _("Virksomheten er under avvikling."))


# -- what Enhetsregisteret said, and when


@dataclass(frozen=True)
class _Known:
    unit: Unit
    fetched_at: datetime
    is_fresh: bool


def _look_up(number: str, at_once: bool) -> _Known:
    """One unit: our copy while young (a day; an hour for a no), else the register; an old copy when that is away."""
    row = db.session.get(RegistryUnit, number)
    age = clock.now() - row.fetched_at if row is not None else None
    if row is not None and age is not None and not at_once and age < (KEPT if row.is_known else KEPT_WHEN_UNKNOWN):
        return _known(row, is_fresh=True)
    try:
        unit = agencies().enhetsregisteret.unit(number)
    except (UnitUnknown, UnitGone) as answer:
        return _known(_keep(number, None, is_removed=isinstance(answer, UnitGone)), is_fresh=True)
    except Unavailable:
        if row is None or age is None or not row.is_known or age > KEPT_WHEN_DOWN:
            raise
        return _known(row, is_fresh=False)
    return _known(_keep(number, unit), is_fresh=True)


def _known(row: RegistryUnit, *, is_fresh: bool) -> _Known:
    if row.is_removed:
        raise NotEligible(row.number, _("Virksomheten er fjernet fra Enhetsregisteret."))
    if not row.is_known:
        raise NotEligible(row.number, _("Vi finner ikke organisasjonsnummeret i Enhetsregisteret."))
    unit = Unit(
        number=row.number,
        name=row.name or "",
        form=row.form or "",
        form_text="",
        address=tuple(row.address),
        postal_code=row.postal_code or "",
        postal_place=row.postal_place or "",
        municipality_number=row.municipality_number or "",
        parent_number=row.parent_number,
        language=row.language,
        is_bankrupt=row.is_bankrupt,
        is_winding_up=row.is_winding_up,
        deleted_on=row.deleted_on,
    )
    return _Known(unit, row.fetched_at, is_fresh)


def _keep(number: str, unit: Unit | None, *, is_removed: bool = False) -> RegistryUnit:
    """Remember an answer, in a transaction of its own: it stays true when the request it came in is refused."""
    row = RegistryUnit(
        number=number, is_known=unit is not None, is_removed=is_removed, fetched_at=clock.now(), address=[],
        is_bankrupt=False, is_winding_up=False,
    )  # fmt: skip
    if unit is not None:
        row.name, row.form, row.address = unit.name[:300], unit.form[:10], list(unit.address)
        row.postal_code, row.postal_place = unit.postal_code[:10] or None, unit.postal_place[:100] or None
        row.municipality_number, row.parent_number = unit.municipality_number[:4] or None, unit.parent_number
        row.language = Language(unit.language) if unit.language else None
        row.is_bankrupt, row.is_winding_up, row.deleted_on = unit.is_bankrupt, unit.is_winding_up, unit.deleted_on
    values = {column.key: getattr(row, column.key) for column in RegistryUnit.__table__.columns}
    statement = insert(RegistryUnit).values(values)
    with db.new_session() as session:
        session.execute(statement.on_conflict_do_update(index_elements=["number"], set_=values))
        session.commit()
    return row


# -- our own rows


def keep(resolved: Resolved) -> Organisation:
    """Our row for the top unit, made or brought up to date with what the register said."""
    top = resolved.top
    facts = {
        "name": resolved.name,
        "kind": resolved.kind,
        "form": top.form,
        "address": ", ".join([*top.address, f"{top.postal_code} {top.postal_place}".strip()]).strip(", "),
        "language": resolved.language,
        "needs_check": resolved.needs_check,
        "verified_at": resolved.fetched_at,
    }
    # Two people may begin for the same organisation at once; both get the one row.
    statement = insert(Organisation).values(number=top.number, **facts)
    db.session.execute(statement.on_conflict_do_update(index_elements=["number"], set_=facts))
    return db.session.scalars(
        select(Organisation).where(Organisation.number == top.number).execution_options(populate_existing=True)
    ).one()


def reverify(organisation: Organisation) -> bool:
    """Ask Enhetsregisteret now and bring the row up to date; returns whether the answer is new.

    Raises NotEligible when it has ended or is no longer of the right kind, Unavailable when nothing is known.
    """
    resolved = resolve(organisation.number, at_once=True)
    keep(resolved)
    return resolved.is_confirmed


def has_ended(organisation: Organisation) -> bool:
    """Ask Enhetsregisteret now whether the organisation is deleted or removed there; the row is brought up to date.

    Bankrupt, being wound up, unknown or of another kind is for a person to judge. Raises Unavailable.
    """
    try:
        reverify(organisation)
    except NotEligible:
        answer = db.session.get(RegistryUnit, organisation.number, populate_existing=True)
        return answer is not None and (answer.is_removed or answer.deleted_on is not None)
    return False


def area(organisation: Organisation) -> list[Municipality]:
    """The municipalities an organisation finds people for (D6), by name; none when the reference data lack it."""
    if organisation.kind is OrganisationKind.MUNICIPALITY:
        own = select(Municipality).where(Municipality.organisation_number == organisation.number)
        return list(db.session.scalars(own))
    trust = db.session.get(HealthTrust, organisation.number)
    if trust is None:
        return []
    found = _catchment([trust.organisation_number])
    if not found:  # a regional trust, or one without a catchment: all of its owner's
        owner = trust.owner_number or trust.organisation_number
        owned = db.session.scalars(select(HealthTrust.organisation_number).where(HealthTrust.owner_number == owner))
        found = _catchment(list(owned))
    return found


def _catchment(numbers: Sequence[str]) -> list[Municipality]:
    return list(
        db.session.scalars(
            select(Municipality)
            .where(
                Municipality.number.in_(
                    select(HealthTrustArea.municipality_number).where(HealthTrustArea.organisation_number.in_(numbers))
                )
            )
            .order_by(Municipality.name)
        )
    )


# -- a first look at what Altinn listed


def sort_out(parties: Iterable[Party]) -> tuple[list[Candidate], list[Refused]]:
    """Who may try and who cannot, by what Altinn says; resolve() has the last word. Deleted units are left out."""
    listed = {party.organisation_number: party for party in parties if not party.is_deleted}
    names = names_of(listed)
    on_list = select(HealthTrust.organisation_number).where(HealthTrust.organisation_number.in_(listed))
    trusts = set(db.session.scalars(on_list))
    candidates, refused = [], []
    for party in listed.values():
        if not party.is_selectable:
            continue
        top = _top_of(party, listed)
        name = names.get(party.organisation_number, party.name)
        kind = kind_of(top.unit_type, top.name, is_listed=top.organisation_number in trusts)
        if kind is not None or top.unit_type in BELOW_OTHERS:
            kind_text = _kind_words(
                kind, party, names.get(top.organisation_number, top.name) if top is not party else None
            )
            candidates.append(Candidate(party.organisation_number, name, kind_text))
        else:
            refused.append(Refused(party.organisation_number, name, _form_reason(top.unit_type)))
    return candidates, refused


def names_of(numbers: Iterable[str]) -> dict[str, str]:
    """Names as people write them, of the organisations the reference data know."""
    wanted = list(numbers)
    municipality, trust = Municipality.organisation_number, HealthTrust.organisation_number
    municipalities = db.session.execute(select(municipality, Municipality.name).where(municipality.in_(wanted)))
    trusts = db.session.execute(select(trust, HealthTrust.name).where(trust.in_(wanted)))
    names = {number: _municipality_name(name) for number, name in municipalities}
    return names | dict(trusts.all())


def _top_of(party: Party, listed: Mapping[str, Party]) -> Party:
    for _hop in range(MOST_HOPS):
        above = listed.get(party.parent_number or "")
        if above is None:
            break
        party = above
    return party


def _kind_words(kind: OrganisationKind | None, party: Party, top_name: str | None) -> str:
    if top_name is not None:
        text = _("Del av %(virksomhet)s", virksomhet=top_name)
    elif kind is not None:
        text = words.ORGANISATION_KIND[kind]
    elif party.unit_type in ("BEDR", "AAFY"):
        text = _("Underenhet")
    else:
        text = _("Del av en større virksomhet")
    return str(text)


def _municipality_name(name: str) -> str:
    return f"{name} kommune"
