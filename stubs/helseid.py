"""HelseID's stand-in: as the other provider, but with tokens bound to the client's key (DPoP), levels and HPR number as
claims of its own, and a logout that tells the services behind the browser's back.

What it must do, and the failures it can play, are listed in integrations.md 9.2. HelseID itself offers no login without
a person; the stand-in takes ID-porten's `login_hint` for tests.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import httpx
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from stubs import people
from stubs.keys import claims_of, proof_of, sign
from stubs.oidc import TOKEN_FAULTS, TOKEN_SECONDS, Client, Grant, OAuthError, OpenIdStandIn, Session

IDENTITY = "helseid://claims/identity/"
HPR = "helseid://claims/hpr/"
ASSURANCE = {"4": "high", "3": "substantial", "2": "low"}
LEVELS = {"idporten-loa-high": "4", "idporten-loa-substantial": "3", "idporten-loa-low": "2"}
NONCE_SECONDS = 300
PROOF_SECONDS = 60
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
CLAIM_FAULTS = ("level_3", "low_assurance", "missing_pid", "malformed_pid", "no_hpr_number", "claims_in_userinfo")
CLIENT_FAULTS = {"invalid_client": (401, "invalid_client"), "hid_1004": (400, "invalid_request")}


class HelseId(OpenIdStandIn):
    """One issuer."""

    title = "HelseID"
    cookie = "helseid_sso"
    endpoints: Mapping[str, str] = {
        "authorization_endpoint": "/connect/authorize",
        "pushed_authorization_request_endpoint": "/connect/par",
        "token_endpoint": "/connect/token",
        "userinfo_endpoint": "/connect/userinfo",
        "jwks_uri": "/.well-known/openid-configuration/jwks",
        "end_session_endpoint": "/connect/endsession",
    }
    scopes = frozenset(
        {"openid", "profile", "helseid://scopes/hpr/hpr_number"}
        | {f"helseid://scopes/identity/{name}" for name in ("pid", "security_level", "assurance_level", "network")}
    )
    level_names: Mapping[str, str] = {"4": "Høyt (4, som BankID)", "3": "Betydelig (3, som MinID)", "2": "Lavt (2)"}
    assertion_kinds = frozenset({"client-authentication+jwt"})
    assertion_seconds = 60
    token_faults = (*TOKEN_FAULTS, *CLAIM_FAULTS)
    modes = OpenIdStandIn.modes | {
        *CLAIM_FAULTS,
        *CLIENT_FAULTS,
        *("nonce_refused", "bearer_token", "userinfo_takes_bearer", "another_pid", "no_hpr_details"),
    }

    def __init__(self) -> None:
        super().__init__("helseid")
        self._nonces: dict[str, float] = {}

    def logout_token(self, client_id: str, sid: str, kind: str = "logout+jwt", **changes: Any) -> str:
        """What a service is sent when a session ends; a change to None takes a claim away."""
        now = int(self.now())
        claims = {
            "iss": self.url,
            "aud": client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "sid": sid,
            "events": {LOGOUT_EVENT: {}},
        } | changes
        return sign(self.keys[0], {name: value for name, value in claims.items() if value is not None}, kind=kind)

    def _facts(self) -> dict[str, Any]:
        return {
            "subject_types_supported": ["public"],
            "require_pushed_authorization_requests": False,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "dpop_signing_alg_values_supported": ["ES256", "RS256"],
        }

    def _own_level(self, person: people.Person | None) -> str:
        return LEVELS.get(person.level, "2") if person else "4"

    def _is_enough(self, level: str, params: Mapping[str, str]) -> bool:
        return level == "4" or not {"Level4", "High"} & set(params.get("acr_values", "").split())

    def _authenticated_client(self) -> Client:
        fault = self.fault(*CLIENT_FAULTS)
        if fault:
            raise OAuthError(*CLIENT_FAULTS[fault.mode], f"{fault.mode.upper().replace('_', '-')}: switched on fault")
        return super()._authenticated_client()

    def _claims(self, grant: Grant) -> dict[str, Any]:
        person = people.by_number(grant.session.national_id)
        number = {f"{HPR}hpr_number": str(person.hpr.number)} if person and person.hpr else {}
        return {
            "amr": ["pwd"],
            "idp": "testidp-oidc",
            "name": person.name if person else "Ukjent Testperson",
            **_identity(grant.session),
            **number,
        }

    def _change(self, claims: dict[str, Any], mode: str) -> None:
        match mode:
            case "level_3":
                claims[f"{IDENTITY}security_level"] = "3"
            case "low_assurance":
                claims[f"{IDENTITY}assurance_level"] = "low"
            case "missing_pid":
                claims[f"{IDENTITY}pid"] = None
            case "malformed_pid":
                claims[f"{IDENTITY}pid"] = "0585901001"
            case "no_hpr_number":
                claims.pop(f"{HPR}hpr_number", None)
            case _:
                for name in [name for name in claims if name.startswith((IDENTITY, HPR))]:
                    del claims[name]

    # -- DPoP

    def _before_code(self) -> None:
        """The two steps: without our nonce, or with one we no longer know, the client is given a new one."""
        proof, _ = self._proof("POST")
        issued = self._nonces.pop(str(proof.get("nonce")), None)
        if issued is None or self.now() - issued > NONCE_SECONDS or self.fault("nonce_refused"):
            nonce = secrets.token_urlsafe(24)
            self._nonces[nonce] = self.now()
            raise OAuthError(400, "use_dpop_nonce", "DPoP nonce is required", {"DPoP-Nonce": nonce})

    def _proof(self, method: str) -> tuple[dict[str, Any], str]:
        """The claims of this request's proof and its key's thumbprint; OAuthError when anything is wrong with it."""
        claims, thumbprint = proof_of(request.headers.get("DPoP", "")) or ({}, "")
        age = self.now() - float(claims.get("iat", 0))
        jti = str(claims.get("jti"))
        if (
            (claims.get("htm"), claims.get("htu")) != (method, f"{self.url}{request.path}")
            or not -PROOF_SECONDS <= age <= PROOF_SECONDS
            or jti in self._seen
        ):
            raise OAuthError(400 if method == "POST" else 401, "invalid_dpop_proof", "htm, htu, iat, jti or signature")
        self._seen.add(jti)
        return claims, thumbprint

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        now = int(self.now())
        found = proof_of(request.headers["DPoP"])
        assert found is not None
        claims = {
            "iss": self.url,
            "client_id": grant.params["client_id"],
            "sub": self._subject(grant.params["client_id"], grant.session.national_id),
            "sid": grant.session.sid,
            "scope": grant.params["scope"].split(),
            "cnf": {"jkt": found[1]},
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        kind = "Bearer" if self.fault("bearer_token") else "DPoP"
        return {"access_token": sign(self.keys[0], claims, kind="at+jwt"), "token_type": kind, "rt_expires_in": 0}

    def _userinfo(self) -> ResponseReturnValue:
        """Who the token is about. With `userinfo_takes_bearer` only the documented scheme is taken, as servers of the
        kind HelseID runs on are known to do; otherwise only DPoP with its proof."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = next((c for key in self.keys if (c := claims_of(token, key))), None)
        wanted = "Bearer" if self.fault("userinfo_takes_bearer") else "DPoP"
        if claims is None or claims["exp"] <= self.now() or scheme != wanted:
            return jsonify(error="invalid_token"), 401
        if scheme == "DPoP":
            proof, thumbprint = self._proof("GET")
            hashed = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
            if proof.get("ath") != hashed or claims["cnf"]["jkt"] != thumbprint:
                return jsonify(error="invalid_dpop_proof"), 401
        session = next((found for found in self._sessions.values() if found.sid == claims["sid"]), None)
        if session is None:
            return jsonify(error="invalid_token"), 401
        return jsonify(self._known(session))

    def _known(self, session: Session) -> dict[str, Any]:
        """What userinfo says of the person; the approvals have no dates, and the number is a JSON number there."""
        person = people.by_number(session.national_id)
        known = {**_identity(session), "userinfo_issued_at": int(self.now())}
        if self.fault("another_pid"):
            known[f"{IDENTITY}pid"] = people.by_key("auditor").national_id
        if person:
            known["name"] = person.name
        if person and person.hpr and not self.fault("no_hpr_details"):
            known[f"{HPR}hpr_details"] = {
                "hpr_number": person.hpr.number,
                "approvals": [
                    {
                        "profession": approval.profession,
                        "authorization": {"value": approval.kind, "description": approval.kind_name},
                        "requisition_rights": [],
                        "specialities": [
                            {"value": code, "description": people.code_name("specialties", code)}
                            for code in approval.specialities
                        ],
                    }
                    for approval in person.hpr.approvals
                ],
            }
        return known

    # -- logout

    def _logout(self) -> ResponseReturnValue:
        """Without a token hint the person must press a button; the way back is only for those who gave one."""
        client = self._hinted_client()
        if client is None and request.method == "GET":
            return self.page("endsession.html", "Logg ut av HelseID", policy="frame-ancestors 'none'")
        session = self._end_session()
        if session is None:
            return self._error_page("Du er ikke logget inn", "Fant ingen innlogging hos HelseID å avslutte.")
        self._tell_services(session)
        return self._logout_page(session, {"iss": self.url, "sid": session.sid}, self._way_back(client))

    def _tell_services(self, session: Session) -> None:
        """Post the logout token to each service; one that does not answer is not waited for."""
        for client_id in session.clients:
            for uri in self.clients[client_id].logout_uris:
                try:
                    httpx.post(uri, data={"logout_token": self.logout_token(client_id, session.sid)}, timeout=2)
                except httpx.HTTPError:
                    continue


def _identity(session: Session) -> dict[str, Any]:
    return {
        f"{IDENTITY}pid": session.national_id,
        f"{IDENTITY}security_level": session.level,
        f"{IDENTITY}assurance_level": ASSURANCE[session.level],
    }
