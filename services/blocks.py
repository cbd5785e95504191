"""Organisations a person hides from: they find neither the person nor that there is one (ux.md D11, seed 001)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, CompoundSelect, func, null, or_, select, union_all

from extensions import clock
from extensions.database import db
from models.organisation import County, HealthTrust, Municipality, Organisation
from models.professional import Block, Professional
from services import audit, listing, professionals
from services.access import Actor
from services.errors import NotFound

MOST_FOUND = 20
KINDS = (" kommune", " municipality")


@dataclass(frozen=True)
class Findable:
    """One that may be given access to the register: a municipality, with its county, or a health trust."""

    number: str
    name: str
    county: str | None


def search(text: str) -> list[Findable]:
    """Municipalities and health trusts by part of the name or the whole number, at most twenty."""
    text = text.strip()
    if not text:
        return []
    number, municipality = text.replace(" ", ""), _without_kind(text)
    return _found(
        or_(
            Municipality.name.icontains(municipality, autoescape=True),
            Municipality.official_name.icontains(municipality, autoescape=True),
            Municipality.organisation_number == number,
        ),
        or_(HealthTrust.name.icontains(text, autoescape=True), HealthTrust.organisation_number == number),
        or_(Organisation.name.icontains(text, autoescape=True), Organisation.number == number),
    )


def named(text: str) -> Findable | None:
    """The one that is called this, with or without «kommune» or «HF», or has this number; None when it is none or
    several."""
    name = text.strip().lower()
    number, municipality = name.replace(" ", ""), _without_kind(name)
    found = _found(
        or_(
            func.lower(Municipality.name) == municipality,
            func.lower(Municipality.official_name) == municipality,
            Municipality.organisation_number == number,
        ),
        or_(func.lower(HealthTrust.name).in_([name, f"{name} hf"]), HealthTrust.organisation_number == number),
        or_(func.lower(Organisation.name) == name, Organisation.number == number),
    )
    return found[0] if len(found) == 1 else None


def _without_kind(name: str) -> str:
    """The name of a municipality without the word for it."""
    return next((name[: -len(word)].rstrip() for word in KINDS if name.lower().endswith(word)), name)


def _found(municipality: ColumnElement[bool], trust: ColumnElement[bool], other: ColumnElement[bool]) -> list[Findable]:
    """Those that fit; `other` are organisations with access that stand in neither list."""
    listed = union_all(select(Municipality.organisation_number), select(HealthTrust.organisation_number))
    found: CompoundSelect[Any] = union_all(
        select(Municipality.organisation_number, func.concat(Municipality.name, " kommune").label("name"), County.name)
        .join(County, County.number == Municipality.county_number)
        .where(municipality),
        select(HealthTrust.organisation_number, HealthTrust.name, null()).where(trust),
        select(Organisation.number, Organisation.name, null()).where(other, Organisation.number.not_in(listed)),
    )
    rows = db.session.execute(found.order_by("name").limit(MOST_FOUND))
    return [Findable(number, name, county) for number, name, county in rows]


def of(actor: Actor) -> list[Block]:
    """Those the person hides from."""
    return professionals.own(actor).blocks


def hide(actor: Actor, number: str) -> Block:
    """Hide from one; hiding twice is the same as once. Raises NotFound for one that cannot be given access."""
    professional = professionals.own(actor, lock=True)
    found = named(number)
    if found is None or found.number != number:
        raise NotFound
    block = next((block for block in professional.blocks if block.organisation_number == number), None)
    if block is None:
        block = _add(actor, professional, found)
        listing.refresh(professional.id)
    return block


def show_again(actor: Actor, block_id: UUID) -> str:
    """Stop hiding; returns the organisation's name. Raises NotFound."""
    professional = professionals.own(actor, lock=True)
    block = next((block for block in professional.blocks if block.id == block_id), None)
    if block is None:
        raise NotFound
    _remove(actor, professional, block)
    listing.refresh(professional.id)
    return block.organisation_name


def hide_from_employer(actor: Actor, professional: Professional, employer: Findable | None) -> None:
    """Hide from this employer, and from no employer before it; whom the person hid from by hand stays hidden from. The
    caller holds the row and refreshes the listing."""
    for block in list(professional.blocks):
        if block.is_employer and (employer is None or block.organisation_number != employer.number):
            _remove(actor, professional, block)
    if employer is not None and not is_hidden_from(professional, employer):
        _add(actor, professional, employer, is_employer=True)


def is_hidden_from(professional: Professional, found: Findable) -> bool:
    return any(block.organisation_number == found.number for block in professional.blocks)


def _add(actor: Actor, professional: Professional, found: Findable, *, is_employer: bool = False) -> Block:
    block = Block(
        id=uuid4(),
        organisation_number=found.number,
        organisation_name=found.name,
        is_employer=is_employer,
        created_at=clock.now(),
    )
    professional.blocks.append(block)
    audit.record(actor, "block.added", block, subject_id=professional.account_id, organisation_number=found.number)
    return block


def _remove(actor: Actor, professional: Professional, block: Block) -> None:
    professional.blocks.remove(block)
    audit.record(
        actor,
        "block.removed",
        block,
        subject_id=professional.account_id,
        organisation_number=block.organisation_number,
    )
