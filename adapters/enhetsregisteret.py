"""Enhetsregisteret: what the state says about an organisation (integrations.md 5). Open data, no login."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.errors import Unavailable
from adapters.http import client

SYSTEM = "enhetsregisteret"
LANGUAGES = {"bokmål": "nb", "nynorsk": "nn"}


class UnitUnknown(Exception):
    """No unit has this number."""


class UnitGone(Exception):
    """The unit is removed from the register for legal reasons."""


@dataclass(frozen=True)
class Unit:
    """A main unit or sub-unit. Absent facts are empty, never made up; addresses fall back from business to post."""

    number: str
    name: str
    form: str
    form_text: str
    address: tuple[str, ...]
    postal_code: str
    postal_place: str
    municipality_number: str
    parent_number: str | None
    language: str | None
    is_bankrupt: bool
    is_winding_up: bool
    deleted_on: date | None


class Enhetsregisteret:
    """The public register at one address (`…/enhetsregisteret/api`)."""

    def __init__(self, base_url: str) -> None:
        self._http = client(base_url.rstrip("/"), system=SYSTEM)

    def unit(self, number: str) -> Unit:
        """The unit with this number, among main units and then sub-units.

        Raises `UnitUnknown` (also for what is no number), `UnitGone` or `Unavailable`. A deleted unit is returned,
        with `deleted_on`.
        """
        if not re.fullmatch("[0-9]{9}", number):
            raise UnitUnknown
        for collection, kind in (("enheter", "enhet"), ("underenheter", "underenhet")):
            accept = f"application/vnd.brreg.enhetsregisteret.{kind}.v2+json;charset=UTF-8"
            answer = self._http.call("GET", f"/{collection}/{number}", headers={"Accept": accept}, retry=True)
            match answer.status:
                case 200:
                    return _unit(answer.json_object(), number)
                case 410:
                    raise UnitGone
                case 400 | 404:
                    continue
                case status:
                    raise Unavailable(SYSTEM, str(status))
        raise UnitUnknown


def _unit(document: Mapping[str, Any], number: str) -> Unit:
    """Read a document; one without the number, name and form it must have is no answer."""
    form = _object(document, "organisasjonsform")
    name = _text(document, "navn")
    if document.get("organisasjonsnummer") != number or not name or not _text(form, "kode"):
        raise Unavailable(SYSTEM, "unexpected document")
    addresses = [_object(document, key) for key in ("forretningsadresse", "beliggenhetsadresse", "postadresse")]
    # A unit may be registered with its municipality alone: then the place to write to is the post address.
    place = next((a for a in addresses if _text(a, "postnummer")), {})
    lines = place.get("adresse")
    return Unit(
        number=number,
        name=name,
        form=_text(form, "kode"),
        form_text=_text(form, "beskrivelse"),
        address=tuple(line for line in lines if isinstance(line, str) and line) if isinstance(lines, list) else (),
        postal_code=_text(place, "postnummer"),
        postal_place=_text(place, "poststed"),
        municipality_number=next((n for a in addresses if (n := _text(a, "kommunenummer"))), ""),
        parent_number=_text(document, "overordnetEnhet") or None,
        language=LANGUAGES.get(_text(document, "maalform").casefold()),
        is_bankrupt=document.get("konkurs") is True,
        is_winding_up=any(
            document.get(key) is True for key in ("underAvvikling", "underTvangsavviklingEllerTvangsopplosning")
        ),
        deleted_on=_date(document.get("slettedato")),
    )


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value.strip() if isinstance(value, str) else ""


def _date(value: object) -> date | None:
    """A date; an unreadable one still means deleted, so it is an outage and not a living unit."""
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Unavailable(SYSTEM, "unexpected date") from None
