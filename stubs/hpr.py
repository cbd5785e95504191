"""HPR's stand-in: entries of health personnel, behind Maskinporten's scopes (integrations.md 6 and 9.6).

Who is approved for what is in people.json, and may be changed while it runs:

    POST /_control {"mode": "react" | "end" | "end_period" | "die" | "remove", "national_id": "…"}
    POST /_control {"mode": "restore"}                      all as in the file again (also by "ok")

`react` puts an administrative reaction on the person, with "on": "approval" on each approval; `end` ends the approvals;
`end_period` lets them have run out yesterday, or "ends" days from today; `remove` takes the person out of HPR.
`everybody` makes any number nobody else has a nurse's. The people of `flask demo people` are known too, by a rule
instead of a list (commands/made_up.py).
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from commands.made_up import entry_of
from stubs import people
from stubs.base import StandIn
from stubs.maskinporten import Maskinporten
from stubs.people import Approval, Day, Period, Professional, code_name

BASIC, EXTENDED, EXPORT = "nhn:hpr/basic", "nhn:hpr/extended", "nhn:hpr/export"
LISTS = {
    "7700": "Begrensning",
    "7704": "Godkjenningstype HPR",
    "7705": "Årsak til bortfall",
    "7426": "Spesialitet",
    "9060": "Kategori helsepersonell",
}
WORDS = {
    ("7700", "2"): "Begrenset til arbeidsoppgaver",
    ("7705", "1"): "Tilbakekalt",
    ("7705", "3"): "Frivillig avkalt",
}
TABLES = {"7426": "specialties", "7704": "authorisation_types", "9060": "professions"}
OSLO = ZoneInfo("Europe/Oslo")
CHANGES = frozenset({"react", "end", "end_period", "die", "remove"})


class Hpr(StandIn):
    """The register, trusting the Maskinporten it is given."""

    title = "Helsepersonellregisteret"
    modes = frozenset({"not_found", "string_ids", "other_person", "no_number", "truncated_zip", "everybody"})

    def __init__(self, maskinporten: Maskinporten) -> None:
        super().__init__("hpr")
        self._maskinporten = maskinporten
        self._changed: dict[str, Professional | None] = {}
        self._refused: set[str] = set()
        self.app.add_url_rule("/v1/personer/<number>", view_func=self._open)
        self.app.add_url_rule("/v1/personerutvidet/<number>", view_func=self._by_number)
        self.app.add_url_rule("/v1/personerutvidet", view_func=self._by_national_id, methods=["POST"])
        self.app.add_url_rule("/v1/export", view_func=self._export)

    # -- what tests may change

    def act(self, mode: str, details: Mapping[str, Any]) -> bool:
        """Change one person's entry at once; `expire_tokens` refuses every token shown so far."""
        if mode in CHANGES:
            number = str(details["national_id"])
            self._changed[number] = self._change(mode, self._entry(number), details)
        elif mode == "restore":
            self.reset()
        elif mode == "expire_tokens":
            self._refused |= {entry["headers"].get("authorization", "") for entry in self.log()}
        else:
            return False
        return True

    def _change(self, mode: str, entry: Professional | None, details: Mapping[str, Any]) -> Professional | None:
        if entry is None or mode == "remove":
            return None
        approvals = entry.approvals
        match mode:
            case "react" if details.get("on", "person") == "person":
                return replace(entry, reaction=Period(0, details.get("ends")))
            case "react":
                approvals = tuple(replace(one, reaction=Period(0, details.get("ends"))) for one in approvals)
            case "end":
                approvals = tuple(replace(one, ended="1") for one in approvals)
            case "end_period":
                ends: Day = details.get("ends", -1)
                approvals = tuple(replace(one, period=Period(one.period.starts, ends)) for one in approvals)
            case "die":
                return replace(entry, died=self._day(0))
        return replace(entry, approvals=approvals)

    def reset(self) -> None:
        """Entries as in the file."""
        self._changed.clear()

    # -- calls

    def _open(self, number: str) -> ResponseReturnValue:
        """The open variant: an entry without the national identity number."""
        return self._refusal(BASIC) or self._answer(*self._numbered(number), is_open=True)

    def _by_number(self, number: str) -> ResponseReturnValue:
        return self._refusal(BASIC, EXTENDED) or self._answer(*self._numbered(number))

    def _by_national_id(self) -> ResponseReturnValue:
        if refusal := self._refusal(BASIC, EXTENDED):
            return refusal
        body = request.get_json(silent=True)
        number = body.get("nin") if isinstance(body, dict) else None
        if not isinstance(number, str) or not number.isdecimal() or len(number) != 11:
            return _problem(400, "One or more validation errors occurred.")
        entry = self._entry(number)
        if entry is None and number not in self._changed and self.fault("everybody"):
            entry = Professional(int(number[:9]), "1990-01-01", (Approval("SP", Period("2015-06-20", "2070-01-01")),))
        if entry is None or self.fault("not_found"):
            return _problem(404, "Not Found")
        if entry.replaces:  # the person is known by the number that was replaced
            return jsonify(self._document(replace(entry, number=entry.replaces), number) | self._replacement(entry))
        return self._answer(number, entry)

    def _export(self) -> ResponseReturnValue:
        if refusal := self._refusal(EXPORT):
            return refusal
        known = ((person.national_id, self._entry(person.national_id)) for person in people.people())
        documents = [self._document(entry, number) for number, entry in known if entry is not None]
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("helsepersonell.json", json.dumps(documents, ensure_ascii=False))
        data = content.getvalue()
        return Response(data[: len(data) // 2] if self.fault("truncated_zip") else data, mimetype="application/zip")

    def _refusal(self, *scopes: str) -> Response | None:
        """401 without a living token, 403 without every scope."""
        header = request.headers.get("Authorization", "")
        claims = None if header in self._refused else self._maskinporten.claims(header.removeprefix("Bearer "))
        if claims is None:
            return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return None if set(scopes) <= set(claims["scope"].split()) else _problem(403, "Forbidden")

    # -- entries

    def _entry(self, national_id: str) -> Professional | None:
        if national_id in self._changed:
            return self._changed[national_id]
        person = people.by_number(national_id)
        return person.hpr if person else self._of_population(national_id)

    def _of_population(self, national_id: str) -> Professional | None:
        made_up = entry_of(national_id, self._today())
        if made_up is None:
            return None
        period = Period(made_up.valid_from.isoformat(), made_up.valid_to.isoformat())
        approval = Approval(made_up.profession, period, made_up.kind, specialities=made_up.specialities)
        name = f"{made_up.given_name} {made_up.family_name}"
        return Professional(made_up.number, made_up.born.isoformat(), (approval,), name)

    def _numbered(self, number: str) -> tuple[str, Professional | None]:
        for person in people.people():
            entry = self._entry(person.national_id)
            if entry is not None and number == str(entry.number):
                return person.national_id, entry
        return "", None

    def _answer(self, national_id: str, entry: Professional | None, *, is_open: bool = False) -> ResponseReturnValue:
        if entry is None:
            return _problem(404, "Not Found")
        document = self._document(entry, national_id)
        if is_open or self.fault("no_number"):
            del document["person"]["nin"]
        elif self.fault("other_person"):
            document["person"]["nin"] = "01911900000"
        return jsonify(_as_text(document) if self.fault("string_ids") else document)

    @staticmethod
    def _replacement(entry: Professional) -> dict[str, Any]:
        return {"erstattetAvHprNummer": entry.number, "godkjenninger": []}

    def _document(self, entry: Professional, national_id: str) -> dict[str, Any]:
        person = people.by_number(national_id)
        given, *middle, family = (entry.name or (person.name if person else "Målt Måling")).split()
        return {
            "hprNummer": entry.number,
            "erstattetAvHprNummer": None,
            "sistOppdatert": "2026-10-01T08:15:00",
            "gjelderForDato": self._day(0),
            "person": {
                "fornavn": given,
                "mellomnavn": " ".join(middle) or None,
                "etternavn": family,
                "fødselsdato": entry.born,
                "dødsdato": entry.died,
                "manglerNin": False,
                "nin": national_id,
            },
            "administrativeReaksjoner": self._reactions(entry.reaction),
            "godkjenninger": [self._approval(approval) for approval in entry.approvals],
        }

    def _approval(self, approval: Approval) -> dict[str, Any]:
        return {
            "helsepersonellkategori": _code("9060", approval.profession, approval.name),
            "autorisasjon": _code("7704", approval.kind),
            "periode": self._period(approval.period),
            "godkjentTurnusDato": None,
            "rekvisisjonsretter": [],
            "spesialistgodkjenninger": [
                {
                    "type": _code("7426", speciality),
                    "periode": self._period(Period(approval.period.starts)),
                    "avsluttetStatus": None,
                    "administrativeReaksjoner": [],
                }
                for speciality in approval.specialities
            ],
            "tilleggskompetanser": [],
            "vilkår": [{"type": _code("7700", condition)} for condition in approval.conditions],
            "avsluttetStatus": _code("7705", approval.ended) if approval.ended else None,
            "administrativeReaksjoner": self._reactions(approval.reaction),
        }

    def _reactions(self, period: Period | None) -> list[dict[str, Any]]:
        kind = {"verdi": "1", "navn": "Suspensjon", "kodeverk": {"id": 7706, "navn": "Administrativ reaksjon"}}
        return [{"type": kind, "periode": self._period(period)}] if period else []

    def _period(self, period: Period) -> dict[str, str | None]:
        return {"fra": self._day(period.starts), "til": None if period.ends is None else self._day(period.ends)}

    def _day(self, day: Day) -> str:
        """A day as ISO text; a number is counted from this system's today, in Oslo."""
        if isinstance(day, str):
            return day
        return (self._today() + timedelta(days=day)).isoformat()

    def _today(self) -> date:
        return datetime.fromtimestamp(self.now(), UTC).astimezone(OSLO).date()


@lru_cache
def _code(list_: str, value: str, name: str | None = None) -> dict[str, Any]:
    known = code_name(TABLES[list_], value) if list_ in TABLES else WORDS.get((list_, value), value)
    return {"verdi": value, "navn": name or known, "kodeverk": {"id": int(list_), "navn": LISTS[list_]}}


def _as_text(value: Any) -> Any:
    """The same document with every number written as a text, as some answers have them."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _problem(status: int, title: str) -> Response:
    response: Response = jsonify(type="about:blank", title=title, status=status)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response
