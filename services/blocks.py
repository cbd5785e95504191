"""Organisations a person hides from: they find neither the person nor that there is one (ux.md D11, seed 001)."""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CompoundSelect, func, null, select, union_all

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical
from models.organisation import County, HealthTrust, Municipality, Organisation
from models.professional import Block, Professional
from services import audit, listing, professionals
from services.access import Actor
from services.errors import NotFound

MOST_SHOWN = 20
REFERENCE = Path(__file__).parent.parent / "reference"
OTHER_NAMES = {
    "kommuner.csv": ("navn_enhetsregisteret", "navn_offisielt"),
    "helseforetak.csv": ("navn_enhetsregisteret", "nettsted"),
}
BETWEEN = re.compile(r"\b(?:kommune|municipality|herad|suohkan|gielda|tjielte|komuuni|r?hf)\b|/")
WORD = re.compile(r"[^\W_]+")
LETTERS = str.maketrans({"æ": "ae", "ø": "o", "đ": "d", "ŋ": "n", "ŧ": "t"})
"""Those that are letters of their own, and no other letter with a mark."""


@dataclass(frozen=True)
class Findable:
    """One that may be given access to the register: a municipality, with its county, or a health trust."""

    number: str
    name: str
    county: str | None


def search(text: str) -> list[Findable]:
    """Municipalities and health trusts by part of a name or the whole number: first those called just this, then those
    with the words among theirs."""
    return [one for _rank, one in sorted(_alike(text), key=lambda pair: (pair[0], alphabetical(pair[1].name)))]


def named(text: str) -> Findable | None:
    """The one that is called this, with or without «kommune» or «HF», or has this number, or else whose name begins
    with these words; None when it is none or several."""
    alike = _alike(text)
    for wanted in (Likeness.SAME, Likeness.BEGINNING):
        if found := [one for rank, one in alike if rank is wanted]:
            return found[0] if len(found) == 1 else None
    return None


class Likeness(IntEnum):
    """How a text is like a name."""

    SAME = 0
    BEGINNING = 1
    WORDS = 2
    PART = 3

    @classmethod
    def of(cls, text: str, name: str) -> "Likeness":
        if text == name:
            return cls.SAME
        if name.startswith(f"{text} "):
            return cls.BEGINNING
        return cls.WORDS if f" {text} " in f" {name} " else cls.PART


def _alike(text: str) -> list[tuple[Likeness, Findable]]:
    """Everyone with a name like the text, and how like the likest is."""
    number, texts = text.replace(" ", ""), _plain(text)
    found = []
    for one in _all():
        names = [*_plain(one.name), *_other_names().get(one.number, ())]
        alike = [Likeness.of(part, name) for part in texts for name in names if part in name]
        if number == one.number:
            found.append((Likeness.SAME, one))
        elif alike:
            found.append((min(alike), one))
    return found


@lru_cache(maxsize=1000)  # everyone's name, which is compared each time
def _plain(text: str) -> tuple[str, ...]:
    """The names in a text, as they are compared: without case, marks and dots, and without the word for what it is."""
    signs = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    parts = BETWEEN.split("".join(sign for sign in signs if not unicodedata.combining(sign)))
    return tuple(" ".join(found) for part in parts if (found := WORD.findall(part)))


@cache
def _other_names() -> Mapping[str, Sequence[str]]:
    """What each is called besides, by number: in Enhetsregisteret and officially, where the Sami names stand, and in
    the address of its site, which is the short name of many a health trust."""
    found: dict[str, list[str]] = {}
    for file, columns in OTHER_NAMES.items():
        with (REFERENCE / file).open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                texts = [row[column].replace(" - ", "/").removesuffix(".no") for column in columns]
                found[row["organisasjonsnummer"]] = [name for text in texts for name in _plain(text)]
    return found


def _all() -> list[Findable]:
    """Everyone that may be given access; at last the organisations with access that stand in neither list."""
    listed = union_all(select(Municipality.organisation_number), select(HealthTrust.organisation_number))
    found: CompoundSelect[Any] = union_all(
        select(Municipality.organisation_number, func.concat(Municipality.name, " kommune"), County.name).join(
            County, County.number == Municipality.county_number
        ),
        select(HealthTrust.organisation_number, HealthTrust.name, null()),
        select(Organisation.number, Organisation.name, null()).where(Organisation.number.not_in(listed)),
    )
    return [Findable(number, name, county) for number, name, county in db.session.execute(found)]


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
