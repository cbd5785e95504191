"""HPR, Helsepersonellregisteret: what the state has approved a person to work as (integrations.md 6).

Asked with our own machine token. A national identity number goes in a body alone, and what comes back about a person
shows in no representation of these objects.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.errors import Unavailable
from adapters.http import Answer, client
from adapters.maskinporten import Maskinporten

SYSTEM = "hpr"
PEOPLE = "/v1/personerutvidet"
NO_END = 9000
"""Years from here on are how some systems write that a period has no end."""

log = logging.getLogger(__name__)


class NotInHpr(Exception):
    """HPR answered, and has nobody with this number."""


@dataclass(frozen=True)
class Code:
    """A value of one of HPR's code lists, with HPR's own name for it; the name is the value when it has none."""

    value: str
    name: str


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included; None is without end."""

    starts: date | None
    ends: date | None

    def covers(self, day: date) -> bool:
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


@dataclass(frozen=True)
class Speciality:
    """A speciality of a profession (spesialistgodkjenning)."""

    code: Code
    period: Period | None
    is_ended: bool = False
    reactions: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Approval:
    """An authorisation or licence (godkjenning). A period that could not be read is None: it then holds on no day.

    Why something ended, and what a reaction was, is not read: it is nowhere needed (security.md section 3).
    """

    profession: Code
    kind: Code
    period: Period | None
    specialities: tuple[Speciality, ...] = ()
    has_conditions: bool = False
    is_ended: bool = False
    reactions: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One person's entry. `national_id` is None when the answer left it out, as the open variant does."""

    number: str
    replaced_by: str | None = None
    national_id: str | None = field(default=None, repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    is_deceased: bool = False
    approvals: tuple[Approval, ...] = ()
    reactions: tuple[Period, ...] = ()


class Hpr:
    """HPR's open interface (Offentlig API) with the scopes the Directorate has given us."""

    def __init__(self, base_url: str, maskinporten: Maskinporten, scopes: Sequence[str]) -> None:
        self._maskinporten = maskinporten
        self._scopes = tuple(scopes)
        self._http = client(base_url.rstrip("/"), system=SYSTEM)

    def by_national_id(self, national_id: str, on: date) -> Entry:
        """The entry of the person as it is on a day; a replaced number is followed once.

        Raises NotInHpr, or `Unavailable` when there is no answer about this very person.
        """
        # Without history: an earlier version of an approval could look as if it still held.
        body = {"nin": national_id, "atDate": on.isoformat(), "includeHistory": False}
        entry = self._entry("POST", PEOPLE, body)
        if entry.replaced_by is not None:
            entry = self.by_number(entry.replaced_by)
        if entry.national_id is None:
            log.error("hpr: an answer without the person's number: check that the extended scope is granted")
            raise Unavailable(SYSTEM, "no number")
        return entry

    def by_number(self, number: str) -> Entry:
        """The entry with this HPR number, as it is now. Raises NotInHpr or `Unavailable`."""
        if not re.fullmatch("[0-9]{1,9}", number):
            raise NotInHpr
        return self._entry("GET", f"{PEOPLE}/{number}")

    def _entry(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Entry:
        answer = self._call(method, path, body)
        if answer.status == 404:
            raise NotInHpr
        if answer.status != 200:
            log.error("hpr: %s refused with %d", PEOPLE, answer.status)
            raise Unavailable(SYSTEM, str(answer.status))
        return _entry(answer.json_object())

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        """A read-only call with our token; a token refused is renewed once."""
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self._maskinporten.token(self._scopes)}"}
            answer = self._http.call(method, path, body=body, headers=headers, retry=True)
            if answer.status != 401:
                break
            self._maskinporten.forget(self._scopes)
        if answer.status in (401, 403):
            log.error("hpr: refused with %d: check the scopes", answer.status)
            raise Unavailable(SYSTEM, str(answer.status))
        return answer


def _entry(document: Mapping[str, Any]) -> Entry:
    """Read an entry. Without its HPR number, or with a list that is none, it is no answer: what we did not read might
    have been a reaction."""
    number = _digits(document.get("hprNummer"))
    if number is None:
        raise Unavailable(SYSTEM, "unexpected document")
    person = _object(document, "person")
    national_id = _digits(person.get("nin"))
    return Entry(
        number=number,
        replaced_by=_digits(document.get("erstattetAvHprNummer")),
        national_id=national_id and national_id.zfill(11),
        given_name=_name(person.get("fornavn"), person.get("mellomnavn")),
        family_name=_name(person.get("etternavn")),
        is_deceased=person.get("dødsdato") is not None,
        approvals=tuple(map(_approval, _list(document, "godkjenninger"))),
        reactions=_reactions(document),
    )


def _approval(document: Mapping[str, Any]) -> Approval:
    return Approval(
        profession=_code(document, "helsepersonellkategori"),
        kind=_code(document, "autorisasjon"),
        period=_period(document),
        specialities=tuple(map(_speciality, _list(document, "spesialistgodkjenninger"))),
        has_conditions=bool(_list(document, "vilkår")),
        is_ended=document.get("avsluttetStatus") is not None,
        reactions=_reactions(document),
    )


def _speciality(document: Mapping[str, Any]) -> Speciality:
    is_ended = document.get("avsluttetStatus") is not None
    return Speciality(_code(document, "type"), _period(document), is_ended, _reactions(document))


def _reactions(document: Mapping[str, Any]) -> tuple[Period, ...]:
    """When the administrative reactions hold; one whose period cannot be read always does."""
    reactions = _list(document, "administrativeReaksjoner")
    return tuple(_period(reaction) or Period(None, None) for reaction in reactions)


def _period(document: Mapping[str, Any]) -> Period | None:
    """The period, or None when it has no first day or cannot be read."""
    period = _object(document, "periode")
    try:
        starts, ends = _date(period["fra"]), _date(period.get("til"))
    except (KeyError, ValueError):
        return None
    return Period(starts, ends) if starts is not None else None


def _date(value: object) -> date | None:
    """A day, with or without a time after it. Raises ValueError."""
    if value is None:
        return None
    day = date.fromisoformat(str(value)[:10])
    return day if day.year < NO_END else None


def _code(document: Mapping[str, Any], key: str) -> Code:
    code = _object(document, key)
    value = str(code.get("verdi") or "").strip()
    return Code(value, _text(code.get("navn")) or value)


def _list(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = document.get(key)
    entries = [] if value is None else value
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unavailable(SYSTEM, "unexpected document")
    return entries


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _digits(value: object) -> str | None:
    """A number that comes as a number or as a text."""
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdecimal() else None


def _name(*parts: object) -> str:
    """Names as one text; what is written in capitals alone gets the case people write it in."""
    name = " ".join(filter(None, map(_text, parts)))
    if len(name) < 2 or not name.isupper():
        return name
    return re.sub(r"\w+", lambda word: word[0][0] + word[0][1:].lower(), name)


def _text(value: object) -> str:
    return re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else ""
