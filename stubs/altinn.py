"""Altinn's stand-in: token exchange, authorized parties and the decision point (integrations.md 4 and 9.4).

Who holds what is in people.json, and may be changed while it runs:

    POST /_control {"mode": "revoke" | "grant", "national_id": "…", "organisation": "…"}
    POST /_control {"mode": "restore"}                      all as in the file again (also by "ok")
"""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from stubs import people
from stubs.base import StandIn
from stubs.idporten import IdPorten
from stubs.keys import claims_of, new_key, sign
from stubs.maskinporten import Maskinporten

RESOURCE = "hdir-helsepersonell-tilgang"
PERSON = "urn:altinn:person:identifier-no"
ORGANISATION = "urn:altinn:organization:identifier-no"
TOKEN_SECONDS = 30 * 60
PARTIES_SCOPE = "altinn:accessmanagement/authorizedparties.resourceowner"
DECISION_SCOPE = "altinn:authorization/authorize"
ENDUSER_SCOPE = "altinn:accessmanagement/authorizedparties"
ACTION = "urn:oasis:names:tc:xacml:1.0:action:action-id"
STATUS = "urn:oasis:names:tc:xacml:1.0:status"
ROLE_STYLES = ("roles_upper", "roles_lower", "roles_urn", "roles_only", "packages_only")
DECISIONS = ("deny", "not_applicable", "indeterminate", "obligation", "unknown_obligation")
AUTH_LEVEL = {"idporten-loa-low": 0, "idporten-loa-substantial": 3, "idporten-loa-high": 4}


class Altinn(StandIn):
    """One environment, trusting the Maskinporten and the ID-porten it is given."""

    modes = frozenset(
        {*ROLE_STYLES, *DECISIONS, "quoted", "unquoted", "hierarchy_only", "deleted_parties", "lower_camel", "empty"}
        | {"unknown_person_400", "other_person"}
    )

    def __init__(self, maskinporten: Maskinporten, idporten: IdPorten) -> None:
        super().__init__("altinn")
        self._maskinporten = maskinporten
        self._idporten = idporten
        self._key = new_key()
        self._changed: dict[tuple[str, str], bool] = {}
        base = "/accessmanagement/api/v1"
        add = self.app.add_url_rule
        add("/authentication/api/v1/exchange/<provider>", view_func=self._exchange)
        add(f"{base}/resourceowner/authorizedparties", "owner", self._for_owner, methods=["POST"])
        add(f"{base}/serviceowner/authorizedparties", "owner", self._for_owner, methods=["POST"])
        add(f"{base}/enduser/authorizedparties", view_func=self._for_enduser)
        add("/authorization/api/v1/authorize", view_func=self._authorize, methods=["POST"])

    def act(self, mode: str, details: Mapping[str, Any]) -> bool:
        """Change rights at once; `expire_tokens` makes every token given out so far worthless."""
        match mode:
            case "revoke" | "grant":
                self._changed[details["national_id"], details["organisation"]] = mode == "grant"
            case "restore":
                self.reset()
            case "expire_tokens":
                self._key = new_key()
            case _:
                return False
        return True

    def reset(self) -> None:
        """Rights as in the file."""
        self._changed.clear()

    # -- tokens

    def _exchange(self, provider: str) -> ResponseReturnValue:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        now = int(self.now())
        common = {"iss": f"{self.url}/authentication/api/v1/openid/", "jti": secrets.token_urlsafe(16), "iat": now}
        if provider == "maskinporten":
            claims = self._maskinporten.claims(token)
            if claims is None:
                return Response(status=401)
            common |= {
                "scope": claims["scope"],
                "consumer": claims["consumer"],
                "urn:altinn:orgNumber": claims["consumer"]["ID"].split(":")[1],
                "urn:altinn:authlevel": 3,
                "exp": now + TOKEN_SECONDS,
            }
        elif provider == "id-porten":
            claims = self._idporten.access_token(token)
            if claims is None or claims["acr"] not in AUTH_LEVEL or people.by_number(claims["pid"]) is None:
                return Response(status=401)
            if "altinn:" not in claims["scope"]:
                return Response(status=403)
            party_id, party_uuid = _ids(claims["pid"])
            common |= {
                "scope": claims["scope"],
                "pid": claims["pid"],
                "urn:altinn:userid": party_id,
                "urn:altinn:partyid": party_id,
                "urn:altinn:party:uuid": party_uuid,
                "urn:altinn:authlevel": AUTH_LEVEL[claims["acr"]],
                "exp": claims["exp"],
            }
        else:
            return Response(status=400)
        issued = sign(self._key, common)
        quoted = self.fault("quoted") or ("json" in request.headers.get("Accept", "") and not self.fault("unquoted"))
        return Response(f'"{issued}"' if quoted else issued, mimetype="application/json" if quoted else "text/plain")

    def _claims(self, *scopes: str) -> dict[str, Any] | int:
        """The claims of the caller's Altinn token, or the status that refuses it."""
        claims = claims_of(request.headers.get("Authorization", "").removeprefix("Bearer "), self._key)
        if claims is None or claims["exp"] <= self.now():
            return 401
        return claims if set(scopes) & set(claims["scope"].split()) else 403

    # -- who holds what

    def _packages(self, national_id: str, number: str) -> list[str]:
        """The packages held for an organisation; a sub-unit's holders are also those of the unit above it."""
        person = people.by_number(national_id)
        unit = people.organisations().get(number)
        above = [unit.parent] if unit and unit.is_subunit and unit.parent else []
        for place in (number, *above):
            held = place in person.rights if person else False
            if self._changed.get((national_id, place), held):
                return [people.PACKAGE]
            if (national_id, place) in self._changed:
                return []  # taken away here, whatever is held above
        return [people.PACKAGE] if _is_generated(person, number) else []

    def _parties(self, national_id: str, only_resource: bool) -> list[dict[str, Any]]:
        """The organisations a person meets, sub-units below; with a resource asked for, its holders' alone."""
        person = people.by_number(national_id)
        wanted = [*(person.rights if person else ()), *(person.roles if person else ())]
        wanted += [number for (who, number), held in self._changed.items() if who == national_id and held]
        tops: list[str] = []
        for number in wanted:
            unit = people.organisations()[number]
            parent = people.organisations().get(unit.parent or "") if unit.is_subunit else None
            if (top := parent.number if parent else number) not in tops:
                tops.append(top)
        found = [self._organisation(people.organisations()[top], national_id, only_resource) for top in tops]
        generated = [_generated_party(index) for index in range(person.generated_parties if person else 0)]
        return [party for party in found if party is not None] + generated

    def _organisation(self, unit: people.Organisation, national_id: str, only_resource: bool) -> dict[str, Any] | None:
        person = people.by_number(national_id)
        packages = self._packages(national_id, unit.number)
        roles = list(person.roles.get(unit.number, ())) if person else []
        below = [self._organisation(sub, national_id, only_resource) for sub in people.subunits(unit.number)]
        subunits = [sub for sub in below if sub is not None]
        has_access = bool(packages) or (bool(roles) and not only_resource)
        if not has_access and not subunits:
            return None
        return _party(
            unit.number,
            name=unit.name,
            organizationNumber=unit.number,
            type="Organization",
            unitType=unit.form,
            isDeleted=False,  # Altinn lags behind Enhetsregisteret; `deleted_parties` shows it catching up
            onlyHierarchyElementWithNoAccess=not has_access,
            authorizedAccessPackages=packages,
            authorizedResources=[RESOURCE] if packages else [],
            authorizedRoles=roles,
            subunits=subunits,
        )

    # -- authorized parties

    def _for_owner(self) -> ResponseReturnValue:
        claims = self._claims(PARTIES_SCOPE, f"{PARTIES_SCOPE.rsplit('.', 1)[0]}.admin")
        if isinstance(claims, int):
            return Response(status=claims)
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or body.get("type") != PERSON or not str(body.get("value", "")).isdecimal():
            return _validation("BODY/type")
        person = people.by_number(body["value"])
        if person is None and self.fault("unknown_person_400"):
            return _validation("BODY/value")
        wanted = {entry.get("value") for entry in body.get("partyFilter") or [] if entry.get("type") == ORGANISATION}
        return jsonify(self._answer(body["value"], wanted, default="true"))

    def _for_enduser(self) -> ResponseReturnValue:
        claims = self._claims(ENDUSER_SCOPE)
        if isinstance(claims, int):
            return Response(status=claims)
        if "pid" not in claims:
            return Response(status=401)
        return jsonify(links={"next": None}, data=self._answer(claims["pid"], set(), default="false"))

    def _answer(self, national_id: str, wanted: set[str], default: str) -> list[dict[str, Any]]:
        """The list, with the filters and includes of the query. Defaults differ between the two variants."""
        person = people.by_number(national_id)
        if person is None or self.fault("empty"):
            return []
        resources = request.args.getlist("anyOfResourceIds")
        parties = [] if resources and RESOURCE not in resources else self._parties(national_id, bool(resources))
        if self.fault("deleted_parties"):
            parties = [party | {"isDeleted": True} for party in parties]
        if not _flag("includeSubParties", "true"):
            parties = [party | {"subunits": []} for party in parties]
        if wanted:
            parties = [
                p
                for p in parties
                if wanted & {p["organizationNumber"], *(s["organizationNumber"] for s in p["subunits"])}
            ]
        if self.fault("hierarchy_only"):
            parties = [party | {"onlyHierarchyElementWithNoAccess": True} for party in parties]
        own = _party(
            national_id, name=person.name, personId=national_id, dateOfBirth="1970-01-01", type="Person", subunits=[]
        )
        listed = [own, *parties] if not wanted else parties
        if self.fault("other_person"):  # somebody the person represents, before the person
            listed = [own | {"name": "Lille Venn", "personId": "01911900000"}, *listed]
        style = self.fault(*ROLE_STYLES)
        return [self._shaped(party, style.mode if style else "", default) for party in listed]

    def _shaped(self, party: dict[str, Any], style: str, default: str) -> dict[str, Any]:
        """One party with only what was asked for, roles in the spelling switched on."""
        roles: list[str] = party["authorizedRoles"]
        if style == "roles_only" and party["authorizedAccessPackages"]:
            roles = ["utinn"]
        match style:
            case "roles_upper":
                roles = [role.upper() for role in roles]
            case "roles_urn":
                roles = [f"urn:altinn:rolecode:{role}" for role in roles]
            case "packages_only":
                roles = []
        return party | {
            "authorizedRoles": roles if _flag("includeRoles", default) else [],
            "authorizedAccessPackages": party["authorizedAccessPackages"]
            if _flag("includeAccessPackages", "false") and style != "roles_only"
            else [],
            "authorizedResources": party["authorizedResources"] if _flag("includeResources", default) else [],
            "subunits": [self._shaped(sub, style, default) for sub in party["subunits"]],
        }

    # -- the decision point

    def _authorize(self) -> ResponseReturnValue:
        claims = self._claims(DECISION_SCOPE, f"{DECISION_SCOPE}.admin")
        if isinstance(claims, int):
            return Response(status=claims)
        body = request.get_json(silent=True)
        asked = body.get("Request") if isinstance(body, dict) else None
        if not isinstance(asked, dict):
            return _validation("BODY/Request")
        try:
            results = [self._result(*attributes) for attributes in _requests(asked)]
        except (KeyError, TypeError, AttributeError):
            results = [_result("Indeterminate", "syntax-error")]
        return jsonify({"response" if self.fault("lower_camel") else "Response": results})

    def _result(self, attributes: Mapping[str, str], echo: list[dict[str, Any]]) -> dict[str, Any]:
        """One decision, right or as switched on."""
        fault = self.fault(*DECISIONS)
        extra = {"Category": echo} if echo else {}
        if fault and fault.mode == "indeterminate":
            return _result("Indeterminate", "processing-error") | extra
        if fault and fault.mode in ("deny", "not_applicable"):
            return _result("Deny" if fault.mode == "deny" else "NotApplicable") | extra
        holds = people.PACKAGE in self._packages(attributes[PERSON], attributes[ORGANISATION])
        if attributes["urn:altinn:resource"] != RESOURCE or attributes[ACTION] not in ("read", "write") or not holds:
            return _result("NotApplicable") | extra
        level = str(fault.details.get("level", 4)) if fault and fault.mode == "obligation" else "3"
        category = "urn:altinn:minimum-authenticationlevel"
        if fault and fault.mode == "unknown_obligation":
            category = "urn:altinn:something-new"
        return _result("Permit") | {"Obligations": [_obligation(category, level)]} | extra


def _requests(asked: Mapping[str, Any]) -> list[tuple[dict[str, str], list[dict[str, Any]]]]:
    """The single request, or each of several by their references, as attributes and those to be echoed."""
    categories = [c for name in ("AccessSubject", "Action", "Resource") for c in asked[name]]
    references = (asked.get("MultiRequests") or {}).get("RequestReference")
    if references is None:
        groups = [categories]
    else:
        by_id = {category.get("Id"): category for category in categories}
        groups = [[by_id[reference] for reference in entry["ReferenceId"]] for entry in references]
    answer = []
    for group in groups:
        attributes = [attribute for category in group for attribute in category["Attribute"]]
        echo = [
            {"Id": category.get("Id"), "Attribute": chosen}
            for category in group
            if (chosen := [a for a in category["Attribute"] if a.get("IncludeInResult")])
        ]
        answer.append(({a["AttributeId"]: a["Value"] for a in attributes}, echo))
    return answer


def _result(decision: str, status: str = "ok") -> dict[str, Any]:
    return {"Decision": decision, "Status": {"StatusCode": {"Value": f"{STATUS}:{status}"}}}


def _obligation(category: str, value: str) -> dict[str, Any]:
    """In lower camel case, as Altinn writes inside obligations and nowhere else."""
    return {
        "id": "urn:altinn:obligation:authenticationLevel1",
        "attributeAssignment": [
            {
                "attributeId": "urn:altinn:obligation-assignment:1",
                "value": value,
                "category": category,
                "dataType": "http://www.w3.org/2001/XMLSchema#integer",
                "issuer": None,
            }
        ],
    }


def _party(identity: str, **facts: Any) -> dict[str, Any]:
    party_id, party_uuid = _ids(identity)
    return {
        "partyUuid": party_uuid,
        "name": "",
        "organizationNumber": None,
        "parentId": None,
        "personId": None,
        "dateOfBirth": None,
        "partyId": party_id,
        "emailId": None,
        "type": "None",
        "unitType": None,
        "isDeleted": False,
        "onlyHierarchyElementWithNoAccess": False,
        "authorizedAccessPackages": [],
        "authorizedResources": [],
        "authorizedRoles": [],
        "authorizedInstances": [],
        **facts,
    }


def _ids(identity: str) -> tuple[int, str]:
    """Made-up party ids that are the same each time."""
    value = uuid5(NAMESPACE_OID, identity)
    return 50_000_000 + value.int % 1_000_000, str(value)


def _generated_number(index: int) -> str:
    return f"2{index:08d}"


def _is_generated(person: people.Person | None, number: str) -> bool:
    return person is not None and number.startswith("2") and int(number[1:]) < person.generated_parties


def _generated_party(index: int) -> dict[str, Any]:
    """One of a great many; their numbers are not in Enhetsregisteret."""
    number = _generated_number(index)
    return _party(
        number,
        name=f"OPPDIKTET VIRKSOMHET {index + 1}",
        organizationNumber=number,
        type="Organization",
        unitType="KOMM",
        authorizedAccessPackages=[people.PACKAGE],
        authorizedResources=[RESOURCE],
        subunits=[],
    )


def _numbers(party: Mapping[str, Any]) -> set[str]:
    """The numbers of a party and of those below it."""
    return {party["organizationNumber"], *(number for sub in party["subunits"] for number in _numbers(sub))}


def _flag(name: str, default: str) -> bool:
    return request.args.get(name, default).casefold() in ("true", "auto")


def _validation(path: str) -> ResponseReturnValue:
    problem = {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "code": "STD-00000",
        "validationErrors": [{"code": "AM.VLD-00001", "detail": "Invalid value.", "paths": [path]}],
    }
    response = jsonify(problem)
    response.mimetype = "application/problem+json"
    return response, 400
