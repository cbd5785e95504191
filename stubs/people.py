"""The one fixture file: people, organisations and who holds what for whom, so that all stand-ins agree."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "helsetjenester"  # the access package that gives the right on our resource
REFERENCE = Path(__file__).parent.parent / "reference"

Day = str | int
"""A date as ISO text, or a number of days from today."""


@dataclass(frozen=True)
class Period:
    """From the first day to the last; without a last day it goes on."""

    starts: Day
    ends: Day | None = None


@dataclass(frozen=True)
class Approval:
    """One approval in HPR. `profession` is a code of list 9060, `kind` of 7704, `specialities` of 7426, `conditions` of
    7700 and `ended` of 7705; `reaction` is an administrative one on this approval."""

    profession: str
    period: Period
    kind: str = "1"
    name: str | None = None
    specialities: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    ended: str | None = None
    reaction: Period | None = None

    @property
    def profession_name(self) -> str:
        """What the profession is called; `name` is for a code nobody has heard of."""
        return self.name or code_name("professions", self.profession)

    @property
    def kind_name(self) -> str:
        """What the kind of approval is called."""
        return code_name("authorisation_types", self.kind)


@dataclass(frozen=True)
class Professional:
    """A person's entry in HPR. `name` only when HPR writes it otherwise; `replaces` is a number that leads to this."""

    number: int
    born: str
    approvals: tuple[Approval, ...]
    name: str | None = None
    died: str | None = None
    replaces: int | None = None
    reaction: Period | None = None


@dataclass(frozen=True)
class Person:
    """A made-up person. `rights` are organisations the package is held for, `roles` Altinn roles by organisation; `hpr`
    is the entry in HPR, which HelseID reads too."""

    key: str
    name: str
    national_id: str
    role: str
    try_: str
    rights: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    level: str = "idporten-loa-high"
    staff: str | None = None
    email: str | None = None
    title: str | None = None
    generated_parties: int = 0
    hpr: Professional | None = None


@dataclass(frozen=True)
class Organisation:
    """A unit in Enhetsregisteret; `facts` are its other fields, as people.json names them."""

    number: str
    name: str
    form: str
    parent: str | None
    facts: Mapping[str, Any]

    @property
    def is_subunit(self) -> bool:
        """Whether Enhetsregisteret keeps it among the sub-units."""
        return self.form in ("BEDR", "AAFY")


@cache
def people() -> tuple[Person, ...]:
    """Everybody, in the order of the file."""
    return tuple(
        Person(
            **{k: v for k, v in entry.items() if k not in ("try", "rights", "roles", "hpr")},
            try_=entry["try"],
            rights=tuple(entry["rights"]),
            roles={number: tuple(codes) for number, codes in entry.get("roles", {}).items()},
            hpr=_professional(entry["hpr"]) if "hpr" in entry else None,
        )
        for entry in _fixture()["people"]
    )


@cache
def organisations() -> dict[str, Organisation]:
    """Every organisation by number, in the order of the file."""
    named = ("number", "name", "form", "parent")
    return {
        entry["number"]: Organisation(
            entry["number"],
            entry["name"],
            entry["form"],
            entry.get("parent"),
            {k: v for k, v in entry.items() if k not in named},
        )
        for entry in _fixture()["organisations"]
    }


def by_key(key: str) -> Person:
    """The person with this key; KeyError when there is none."""
    return {person.key: person for person in people()}[key]


def by_number(national_id: str) -> Person | None:
    """The person with this national identity number."""
    return {person.national_id: person for person in people()}.get(national_id)


def subunits(number: str) -> list[Organisation]:
    """The sub-units of this unit; an organisational part (ORGL) is a unit of its own."""
    return [unit for unit in organisations().values() if unit.parent == number and unit.is_subunit]


def code_name(table: str, code: str) -> str:
    """What a code is called by a table of reference/, or the code itself."""
    return _codes(table).get(code, code)


@cache
def _codes(table: str) -> dict[str, str]:
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return {row["kode"]: row.get("navn") or row["navn_nb"] for row in csv.DictReader(file)}


def _professional(entry: Mapping[str, Any]) -> Professional:
    facts = {key: value for key, value in entry.items() if key not in ("approvals", "reaction")}
    return Professional(
        **facts,
        approvals=tuple(map(_approval, entry["approvals"])),
        reaction=_period(entry["reaction"]) if "reaction" in entry else None,
    )


def _approval(entry: Mapping[str, Any]) -> Approval:
    facts = {key: entry[key] for key in ("profession", "kind", "name", "ended") if key in entry}
    return Approval(
        **facts,
        period=_period(entry),
        specialities=tuple(entry.get("specialities", ())),
        conditions=tuple(entry.get("conditions", ())),
        reaction=_period(entry["reaction"]) if "reaction" in entry else None,
    )


def _period(entry: Mapping[str, Any]) -> Period:
    return Period(entry["from"], entry.get("until"))


@cache
def _fixture() -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(Path(__file__).with_name("people.json").read_text("utf-8"))
    return fixture
