"""Altinn: for which organisations may this person fill in, and may they still (integrations.md 4).

The resource-owner variant: our own machine token, the person's number in the body. Nothing is cached here but tokens.
"""

import base64
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.errors import Unavailable
from adapters.http import Answer, client
from adapters.maskinporten import Maskinporten

SYSTEM = "altinn"
SCOPES = ("altinn:accessmanagement/authorizedparties.resourceowner", "altinn:authorization/authorize")
EXCHANGE = "/authentication/api/v1/exchange/maskinporten"
PARTIES = "/accessmanagement/api/v1/resourceowner/authorizedparties"
AUTHORIZE = "/authorization/api/v1/authorize"
PERSON = "urn:altinn:person:identifier-no"
ORGANISATION = "urn:altinn:organization:identifier-no"
ACTION = "urn:oasis:names:tc:xacml:1.0:action:action-id"
MINIMUM_LEVEL = "urn:altinn:minimum-authenticationlevel"
LEVEL_FOR_ORGANISATIONS = "urn:altinn:minimum-authenticationlevel-org"  # about organisations as users: not our case
EARLY_SECONDS = 30

log = logging.getLogger(__name__)


class Decision(StrEnum):
    """What the decision point said. No answer is no decision, and is `Unavailable`."""

    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True)
class Party:
    """An organisation or sub-unit the person meets in Altinn; only a selectable one may be chosen."""

    name: str
    organisation_number: str
    unit_type: str
    is_deleted: bool
    parent_number: str | None
    is_selectable: bool


@dataclass(frozen=True)
class AuthorizedParties:
    """The person's own name as Altinn knows it, and the organisations in its order, sub-units after their parent."""

    person_name: str | None
    parties: tuple[Party, ...]


class Altinn:
    """One resource in Altinn, asked about by us as its owner.

    `fallback_role` (`utinn`) also lets in those who hold that role but not yet the access package that replaces it.
    """

    def __init__(
        self,
        base_url: str,
        maskinporten: Maskinporten,
        resource: str,
        subscription_key: str | None = None,
        fallback_role: str | None = None,
    ) -> None:
        self._maskinporten = maskinporten
        self._resource = resource
        self._fallback_role = _code(fallback_role) if fallback_role else None
        self._http = client(base_url, system=SYSTEM)
        self._headers = {"Ocp-Apim-Subscription-Key": subscription_key} if subscription_key else {}
        self._token: tuple[float, str] | None = None

    def authorized_parties(self, national_id: str) -> AuthorizedParties:
        """Whom the person may fill in for. Nobody, and an unknown person, is an empty list. Raises `Unavailable`."""
        return self._authorized_parties(national_id)

    def may_fill_in(self, national_id: str, organisation_number: str, *, level: int = 4) -> bool:
        """Whether the person may, now, fill in for the organisation with a login of this level (high = 4).

        Asks the decision point each time. Raises `Unavailable` when it has no answer: that is never a yes.
        """
        if self._decide(national_id, organisation_number, level) is Decision.PERMIT:
            return True
        if self._fallback_role is None:
            return False
        held = self._authorized_parties(national_id, organisation_number).parties
        return any(party.is_selectable and party.organisation_number == organisation_number for party in held)

    def _authorized_parties(self, national_id: str, only: str | None = None) -> AuthorizedParties:
        body: dict[str, Any] = {"type": PERSON, "value": national_id}
        if only:
            body["partyFilter"] = [{"type": ORGANISATION, "value": only}]
        params: dict[str, str | list[str]] = {
            "includeRoles": "true",
            "includeAccessPackages": "true",
            "includeResources": "true" if self._fallback_role else "false",
            "includeInstances": "false",
            "includePartiesViaKeyRoles": "false",
            "includeInactiveParties": "false",
        }
        if self._fallback_role is None:  # with a fallback the holder of the role alone must also be listed
            params["anyOfResourceIds"] = [self._resource]
        answer = self._call(PARTIES, body, params)
        if answer.status == 400:
            log.warning("altinn: authorized parties answered 400; taken as a person without rights")
            return AuthorizedParties(None, ())
        entries = answer.json()
        if not isinstance(entries, list):
            raise Unavailable(SYSTEM, "parties not a list")
        own = next((e for e in entries if isinstance(e, dict) and e.get("personId") == national_id), {})
        return AuthorizedParties(_text(own.get("name")), tuple(self._organisations(entries)))

    def _organisations(self, entries: Sequence[Any], parent: str | None = None) -> Iterator[Party]:
        for entry in entries:
            number = entry.get("organizationNumber") if isinstance(entry, dict) else None
            if not isinstance(number, str) or entry.get("type") != "Organization":
                continue
            is_deleted = entry.get("isDeleted") is True
            yield Party(
                name=_text(entry.get("name")) or number,
                organisation_number=number,
                unit_type=_text(entry.get("unitType")) or "",
                is_deleted=is_deleted,
                parent_number=parent,
                is_selectable=not is_deleted
                and entry.get("onlyHierarchyElementWithNoAccess") is not True
                and self._holds_right(entry),
            )
            subunits = entry.get("subunits")
            yield from self._organisations(subunits if isinstance(subunits, list) else [], number)

    def _holds_right(self, entry: Mapping[str, Any]) -> bool:
        if self._fallback_role is None:
            return True  # Altinn has filtered on the resource
        roles = [_code(role) for role in entry.get("authorizedRoles") or []]
        return self._fallback_role in roles or self._resource in (entry.get("authorizedResources") or [])

    def _decide(self, national_id: str, organisation_number: str, level: int) -> Decision:
        request = {
            "ReturnPolicyIdList": False,
            "AccessSubject": [_attributes({PERSON: national_id})],
            "Action": [_attributes({ACTION: "write"})],
            "Resource": [_attributes({"urn:altinn:resource": self._resource, ORGANISATION: organisation_number})],
        }
        answer = self._call(AUTHORIZE, {"Request": request})
        if answer.status != 200:
            log.error("altinn: decision request refused with %d", answer.status)
            raise Unavailable(SYSTEM, str(answer.status))
        results = _lower(answer.json_object()).get("response")
        if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
            raise Unavailable(SYSTEM, "no decision")
        match str(results[0].get("decision")).casefold():
            case "permit":
                return Decision.PERMIT if _level_asked_for(results[0]) <= level else Decision.DENY
            case "deny" | "notapplicable":
                return Decision.DENY
            case _:  # Altinn's own failures come as 200 and Indeterminate
                raise Unavailable(SYSTEM, "indeterminate")

    def _call(self, path: str, body: Mapping[str, Any], params: Mapping[str, str | list[str]] | None = None) -> Answer:
        """A read-only POST with our Altinn token; a token refused is renewed once."""
        for _ in range(2):
            headers = self._headers | {"Authorization": f"Bearer {self._altinn_token()}"}
            answer = self._http.call("POST", path, body=body, params=params, headers=headers, retry=True)
            if answer.status != 401:
                break
            self._forget()
        if answer.status in (401, 403):
            log.error("altinn: %s refused with %d: check scopes and subscription", path, answer.status)
            raise Unavailable(SYSTEM, str(answer.status))
        return answer

    def _altinn_token(self) -> str:
        """Our Maskinporten token, exchanged for Altinn's own."""
        if self._token is not None and self._maskinporten.now() < self._token[0]:
            return self._token[1]
        for _ in range(2):
            headers = self._headers | {"Authorization": f"Bearer {self._maskinporten.token(SCOPES)}"}
            answer = self._http.call("GET", EXCHANGE, headers=headers, retry=True)
            if answer.status != 401:
                break
            self._forget()
        if answer.status != 200:
            log.error("altinn: token exchange refused with %d", answer.status)
            raise Unavailable(SYSTEM, f"exchange {answer.status}")
        token = answer.text().strip().strip('"')
        self._token = (_expiry(token) - EARLY_SECONDS, token)
        return token

    def _forget(self) -> None:
        self._token = None
        self._maskinporten.forget(SCOPES)


def _level_asked_for(result: Mapping[str, Any]) -> int:
    """The highest minimum level among the obligations; one we do not know cannot be met (XACML 7.18)."""
    level = 0
    for obligation in result.get("obligations") or []:
        for assignment in obligation.get("attributeassignment") or []:
            match assignment.get("category"):
                case str(category) if category.casefold() == LEVEL_FOR_ORGANISATIONS:
                    continue
                case str(category) if category.casefold() == MINIMUM_LEVEL and str(assignment.get("value")).isdecimal():
                    level = max(level, int(assignment["value"]))
                case _:
                    log.error("altinn: an obligation of unknown kind; the permit is not used")
                    return 99
    return level


def _lower(value: Any) -> Any:
    """The same JSON with property names in lower case: Altinn's casing differs inside obligations."""
    if isinstance(value, dict):
        return {key.casefold(): _lower(item) for key, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _attributes(values: Mapping[str, str]) -> dict[str, Any]:
    """One XACML category; the action alone carries a data type, as in Altinn's own examples."""
    text = {"DataType": "http://www.w3.org/2001/XMLSchema#string"}
    return {"Attribute": [{"AttributeId": k, "Value": v} | (text if k == ACTION else {}) for k, v in values.items()]}


def _code(name: object) -> str:
    """A role or package by its bare code: it comes as `UTINN`, `utinn` or `urn:altinn:rolecode:utinn`."""
    return str(name).rsplit(":", 1)[-1].casefold()


def _expiry(token: str) -> float:
    """When a JWT says it ends; for anything else, at once. Only for caching: Altinn judges its own tokens."""
    try:
        payload = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return 0.0


def _text(value: object) -> str | None:
    return re.sub(r"\s+", " ", value).strip() or None if isinstance(value, str) else None
