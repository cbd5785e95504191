"""Professions of the health services and kinds of approval, by HPR's codes (reference/professions.csv, code list 9060,
and authorisation_types.csv, code list 7704)."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from extensions.language import alphabetical, rendered_language
from models.enums import Language

FILE = Path(__file__).parent.parent / "reference" / "professions.csv"
HUMAN = "helsepersonell"


@dataclass(frozen=True)
class Profession:
    """A category of HPR; `is_human` leaves out those who treat animals, and categories that are no profession."""

    code: str
    names: Mapping[Language, str]
    is_human: bool


@cache
def known() -> Mapping[str, Profession]:
    """The categories we know, by code."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["kode"]: Profession(
                row["kode"],
                {
                    Language.BOKMAL: row["navn_nb"],
                    Language.NYNORSK: row["navn_nn"],
                    Language.ENGLISH: row["navn_en"],
                },
                row["omrade"] == HUMAN,
            )
            for row in csv.DictReader(file)
        }


@cache
def human() -> frozenset[str]:
    """The codes that make somebody health personnel here (integrations.md 6.3)."""
    return frozenset(code for code, profession in known().items() if profession.is_human)


def name_of(code: str, by_hpr: str = "") -> str:
    """What a profession is called in the language of the page; a code we do not know keeps the name HPR gave it."""
    profession = known().get(code)
    return profession.names[rendered_language()] if profession else by_hpr or code


@cache
def _kinds() -> Mapping[tuple[str, Language], str]:
    with (FILE.parent / "authorisation_types.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["kode"], language): row[f"navn_{language.value}"]
            for row in csv.DictReader(file)
            for language in (Language.NYNORSK, Language.ENGLISH)
        }


def kind_name_of(code: str, by_hpr: str) -> str:
    """What a kind of approval is called in the language of the page: by HPR in bokmål, and when we do not know it."""
    return _kinds().get((code, rendered_language()), by_hpr)


def choices() -> list[tuple[str, str]]:
    """The professions of human health care as (code, name), by alphabet."""
    return _choices(rendered_language())


@cache
def _choices(language: Language) -> list[tuple[str, str]]:
    names = ((code, known()[code].names[language]) for code in human())
    return sorted(names, key=lambda pair: alphabetical(pair[1]))


@cache
def specialities() -> Mapping[str, Sequence[tuple[str, str]]]:
    """The specialities in force as (code, name) by profession (reference/specialties.csv, code list 7426)."""
    found: dict[str, list[tuple[str, str]]] = {}
    with (FILE.parent / "specialties.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["status"] == "gjeldende":
                found.setdefault(row["profesjon_kode"], []).append((row["kode"], row["navn"]))
    return {code: sorted(pairs, key=lambda pair: alphabetical(pair[1])) for code, pairs in found.items()}


@cache
def speciality_names() -> Mapping[str, str]:
    """The name of each speciality in force by its code."""
    return dict(pair for pairs in specialities().values() for pair in pairs)
