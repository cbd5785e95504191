"""Enhetsregisteret's stand-in: units, sub-units, search and roles as HAL documents (integrations.md 5 and 9.5).

POST /_control {"mode": "rename", "organisation": "…", "name": "…"}
POST /_control {"mode": "delete" | "remove", "organisation": "…"}    slettedato, or 410; "ok" undoes
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from stubs import people
from stubs.base import StandIn
from stubs.people import Organisation

FORMS = {
    "KOMM": "Kommune",
    "FYLK": "Fylkeskommune",
    "ORGL": "Organisasjonsledd",
    "BEDR": "Underenhet til næringsdrivende og offentlig forvaltning",
    "AAFY": "Underenhet til ikke-næringsdrivende",
    "KF": "Kommunalt foretak",
    "IKS": "Interkommunalt selskap",
    "SÆR": "Annet foretak iflg. særskilt lov",
    "AS": "Aksjeselskap",
}
SECTORS = {"6500": "Kommuneforvaltningen", "6100": "Statsforvaltningen", "2100": "Private aksjeselskaper mv."}
LAST_HIT = 10_000
OPTIONAL = ("hjemmeside", "antallAnsatte", "postadresse", "forretningsadresse", "maalform", "naeringskode1")


class Enhetsregisteret(StandIn):
    """The open part of the register, below `/enhetsregisteret/api`."""

    modes = frozenset({"missing_fields"})

    def __init__(self) -> None:
        super().__init__("enhetsregisteret")
        self._changes: dict[str, dict[str, Any]] = {}
        for collection in ("enheter", "underenheter"):
            base = f"/enhetsregisteret/api/{collection}"
            self.app.add_url_rule(base, f"search {collection}", self._search, defaults={"collection": collection})
            self.app.add_url_rule(
                f"{base}/<number>", f"unit {collection}", self._unit, defaults={"collection": collection}
            )
        self.app.add_url_rule("/enhetsregisteret/api/enheter/<number>/roller", view_func=self._roles)

    @property
    def base_url(self) -> str:
        """The address clients are given."""
        return f"{self.url}/enhetsregisteret/api"

    def act(self, mode: str, details: Mapping[str, Any]) -> bool:
        """Change a unit while it runs."""
        changes: dict[str, dict[str, Any]] = {
            "rename": {"name": details.get("name")},
            "delete": {"deleted_on": "2026-11-01"},
            "remove": {"removed": True},
        }
        if mode not in changes:
            return False
        self._changes.setdefault(details["organisation"], {}).update(changes[mode])
        return True

    def reset(self) -> None:
        """Units as in the file."""
        self._changes.clear()

    def _unit(self, collection: str, number: str) -> ResponseReturnValue:
        if refusal := self._not_acceptable(collection):
            return refusal
        if not re.fullmatch("[0-9]{9}", number):
            return _error(400, f"Feilmelding: {collection} har ugyldig organisasjonsnummer")
        unit = self._known(number)
        if unit is None or unit.is_subunit != (collection == "underenheter"):
            return _error(404, "Ingen enhet med dette organisasjonsnummeret")
        if unit.facts.get("removed"):
            return _error(410, "Enheten er fjernet")
        document = self._document(unit)
        if self.fault("missing_fields"):
            document = {key: value for key, value in document.items() if key not in OPTIONAL}
        kind = collection.removesuffix("er")
        response = jsonify(document)
        response.mimetype = f"application/vnd.brreg.enhetsregisteret.{kind}.v2+json"
        return response

    def _roles(self, number: str) -> ResponseReturnValue:
        """The managing director, when the file gives somebody that role; otherwise no groups."""
        unit = self._known(number)
        if unit is None or unit.is_subunit:
            return _error(404, "Ingen enhet med dette organisasjonsnummeret")
        groups = [
            {
                "type": _role_type("DAGL", "Daglig leder"),
                "sistEndret": "2024-01-01",
                "roller": [
                    {
                        "type": _role_type("DAGL", "Daglig leder"),
                        "person": {
                            "fodselsdato": "1970-01-01",
                            "navn": {"fornavn": person.name.split()[0], "etternavn": person.name.split()[-1]},
                            "erDoed": False,
                        },
                        "avregistrert": False,
                        "rekkefolge": 0,
                    }
                ],
            }
            for person in people.people()
            if "dagl" in person.roles.get(number, ())
        ]
        return jsonify(rollegrupper=groups, _links={"self": {"href": f"{self.base_url}/enheter/{number}/roller"}})

    def _search(self, collection: str) -> ResponseReturnValue:
        if refusal := self._not_acceptable(collection):
            return refusal
        try:
            size, page = int(request.args.get("size", 20)), int(request.args.get("page", 0))
        except ValueError:
            return _error(400, "size og page skal være heltall")
        if size < 1 or page < 0 or size * (page + 1) > LAST_HIT:
            return _error(400, f"size * (page + 1) kan ikke være over {LAST_HIT}")
        units = [self._known(number) for number in people.organisations()]
        hits = [
            unit
            for unit in units
            if unit and unit.is_subunit == (collection == "underenheter") and not _is_ended(unit) and _matches(unit)
        ]
        if request.args.get("sort", "").startswith("navn"):
            hits.sort(key=lambda unit: unit.name, reverse=request.args["sort"].casefold().endswith("desc"))
        pages = -(-len(hits) // size)
        shown = [self._document(unit) for unit in hits[size * page : size * (page + 1)]]
        address = f"{self.base_url}/{collection}"

        def link(number: int) -> dict[str, str]:
            return {"href": f"{address}?{urlencode({**request.args, 'page': number, 'size': size})}"}

        links = {"self": link(page), "first": link(0), "last": link(max(pages - 1, 0))}
        links |= {"next": link(page + 1)} if page + 1 < pages else {}
        links |= {"prev": link(page - 1)} if page > 0 else {}
        counts = {"size": size, "totalElements": len(hits), "totalPages": pages, "number": page}
        return jsonify(({"_embedded": {collection: shown}} if shown else {}) | {"_links": links, "page": counts})

    def _known(self, number: str) -> Organisation | None:
        """The unit as changed."""
        unit = people.organisations().get(number)
        if unit is None or number not in self._changes:
            return unit
        change = dict(self._changes[number])
        return Organisation(number, change.pop("name", unit.name), unit.form, unit.parent, {**unit.facts, **change})

    def _document(self, unit: Organisation) -> dict[str, Any]:
        """A unit as the register writes it: absent facts are left out, a deleted unit is nearly bare."""
        facts = unit.facts
        collection = "underenheter" if unit.is_subunit else "enheter"
        links: dict[str, Any] = {"self": {"href": f"{self.base_url}/{collection}/{unit.number}"}}
        document: dict[str, Any] = {
            "respons_klasse": "Underenhet" if unit.is_subunit else "Enhet",
            "organisasjonsnummer": unit.number,
            "navn": unit.name,
            "organisasjonsform": {
                "kode": unit.form,
                "beskrivelse": FORMS[unit.form],
                "_links": {"self": {"href": f"{self.base_url}/organisasjonsformer/{unit.form}"}},
            },
        }
        if facts.get("deleted_on"):
            return document | {"respons_klasse": "SlettetEnhet", "slettedato": facts["deleted_on"], "_links": links}
        if unit.parent:
            document["overordnetEnhet"] = unit.parent
            links["overordnetEnhet"] = {"href": f"{self.base_url}/enheter/{unit.parent}"}
        code, text = facts.get("industry", ("84.110", "Generell offentlig administrasjon"))
        sector = facts.get("sector", "6500")
        optional = {
            "registreringsdatoEnhetsregisteret": facts.get("registered_on"),
            "hjemmeside": facts.get("website"),
            "naeringskode1": {"kode": code, "beskrivelse": text},
            "antallAnsatte": facts.get("employees"),
            "harRegistrertAntallAnsatte": "employees" in facts,
            "beliggenhetsadresse" if unit.is_subunit else "forretningsadresse": _address(facts),
            "postadresse": _address(facts.get("post_address", {})),
        }
        if not unit.is_subunit:
            optional |= {
                "institusjonellSektorkode": {"kode": sector, "beskrivelse": SECTORS[sector]},
                "konkurs": "bankrupt_on" in facts,
                "konkursdato": facts.get("bankrupt_on"),
                "underAvvikling": bool(facts.get("winding_up")),
                "underTvangsavviklingEllerTvangsopplosning": False,
                "maalform": facts.get("language"),
            }
        return document | {key: value for key, value in optional.items() if value is not None} | {"_links": links}

    def _not_acceptable(self, collection: str) -> ResponseReturnValue | None:
        """406 unless the caller takes JSON, HAL or this collection's own type in a version there is."""
        kind = collection.removesuffix("er")
        ours = ["application/json", "application/hal+json"]
        ours += [f"application/vnd.brreg.enhetsregisteret.{kind}.{version}+json" for version in ("v1", "v2")]
        accepted = {media.split(";")[0] for media, _ in request.accept_mimetypes}
        if not accepted or accepted & {*ours, "*/*", "application/*"}:
            return None
        return _error(406, "Støtter ikke formatet i Accept")


def _matches(unit: Organisation) -> bool:
    """Whether a unit satisfies every search parameter given; lists are separated by commas."""
    facts = unit.facts
    values = {
        "organisasjonsnummer": unit.number,
        "organisasjonsform": unit.form,
        "overordnetEnhet": unit.parent,
        "kommunenummer": facts.get("municipality_number"),
        "institusjonellSektorkode": facts.get("sector", "6500"),
    }
    words = request.args.get("navn", "").casefold().split()
    return all(word in unit.name.casefold() for word in words) and all(
        value in request.args[name].split(",") for name, value in values.items() if request.args.get(name)
    )


def _is_ended(unit: Organisation) -> bool:
    return bool(unit.facts.get("deleted_on") or unit.facts.get("removed"))


def _address(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """An address with what is known of it; a unit may have its municipality alone."""
    if "municipality" not in facts:
        return None
    known = {
        "land": "Norge",
        "landkode": "NO",
        "postnummer": facts.get("postal_code"),
        "poststed": facts.get("postal_place"),
        "adresse": facts.get("address"),
        "kommune": facts["municipality"],
        "kommunenummer": facts["municipality_number"],
    }
    return {key: value for key, value in known.items() if value is not None}


def _role_type(code: str, text: str) -> dict[str, str]:
    return {"kode": code, "beskrivelse": text}


def _error(status: int, message: str) -> Response:
    response = jsonify(timestamp="2026-11-22T12:00:00.000+00:00", status=status, error=message, path=request.path)
    response.status_code = status
    return response
