"""The one fixture file: people, organisations and who holds what for whom, so that all stand-ins agree."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "helsetjenester"  # the access package that gives the right on our resource


@dataclass(frozen=True)
class Person:
    """A made-up person. `rights` are organisations the package is held for, `roles` Altinn roles by organisation."""

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
            **{k: v for k, v in entry.items() if k not in ("try", "rights", "roles")},
            try_=entry["try"],
            rights=tuple(entry["rights"]),
            roles={number: tuple(codes) for number, codes in entry.get("roles", {}).items()},
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


@cache
def _fixture() -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(Path(__file__).with_name("people.json").read_text("utf-8"))
    return fixture
