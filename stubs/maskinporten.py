"""Maskinporten's stand-in: signed grants in, signed tokens out (integrations.md 3 and 9.3)."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from stubs.base import StandIn
from stubs.keys import JOSE_ERRORS, ClientKey, claims_of, header_of, new_key, sign, unproven_claims

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OUR_ORGANISATION = "983544622"  # Helsedirektoratet
TOKEN_SECONDS = 599
SKEW_SECONDS = 10
LONGEST_GRANT_SECONDS = 120
SCOPES = frozenset(
    {
        "altinn:accessmanagement/authorizedparties.resourceowner",
        "altinn:authorization/authorize",
        "nhn:hpr/basic",
        "nhn:hpr/extended",
        "nhn:hpr/export",
    }
)
# Code, OAuth error and status of the refusals that can be switched on as a mode.
REFUSALS = {
    "MP-011": ("invalid_request", 400, "Malformed grant"),
    "MP-012": ("invalid_grant", 400, "The grant has been used before"),
    "MP-100": ("invalid_grant", 400, "Unknown client, or wrong environment"),
    "MP-110": ("invalid_grant", 400, "Invalid audience"),
    "MP-120": ("invalid_grant", 400, "Invalid signature"),
    "MP-121": ("invalid_grant", 400, "The key is more than a year old"),
    "MP-130": ("invalid_grant", 400, "The grant is expired, or issued in the future"),
    "MP-200": ("invalid_scope", 400, "A scope is not registered on the client"),
    "MP-250": ("invalid_scope", 403, "The organisation is not granted the scope"),
}


@dataclass
class Client:
    """A registered machine client."""

    key: ClientKey
    scopes: frozenset[str] = SCOPES


class Refused(Exception):
    """A refusal by its code."""


class Maskinporten(StandIn):
    """One issuer, whose name ends with a slash."""

    title = "Maskinporten"
    modes = frozenset(REFUSALS) | {"expires_early"}

    def __init__(self) -> None:
        super().__init__("maskinporten")
        self.clients: dict[str, Client] = {}
        self.key = new_key()
        self._seen: set[str] = set()
        self.app.add_url_rule("/.well-known/oauth-authorization-server", view_func=self._metadata)
        self.app.add_url_rule("/jwks", view_func=self._jwks)
        self.app.add_url_rule("/token", view_func=self._token, methods=["POST"])

    @property
    def issuer(self) -> str:
        """The address with the slash that clients must name as audience."""
        return f"{self.url}/"

    def register(self, client_id: str, key_file: Path) -> None:
        """Register a client with all the scopes we use."""
        self.clients[client_id] = Client(ClientKey(key_file))

    def claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a living token of ours: what an API behind Maskinporten checks."""
        claims = claims_of(token, self.key)
        return claims if claims and claims["exp"] > self.now() else None

    def _metadata(self) -> ResponseReturnValue:
        return jsonify(
            issuer=self.issuer,
            token_endpoint=f"{self.url}/token",
            jwks_uri=f"{self.url}/jwks",
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            grant_types_supported=[GRANT_TYPE],
            token_endpoint_auth_signing_alg_values_supported=["RS256", "RS384", "RS512"],
        )

    def _jwks(self) -> ResponseReturnValue:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def _token(self) -> ResponseReturnValue:
        try:
            fault = self.fault(*REFUSALS)
            if fault:
                raise Refused(fault.mode)
            client_id, scope = self._judge()
        except Refused as refused:
            error, status, text = REFUSALS[str(refused)]
            description = f"{text}. {refused} (correlation_id: {uuid4()})"
            return jsonify(error=error, error_description=description, error_uri="https://docs.digdir.no"), status
        now = int(self.now())
        ends = now + (0 if self.fault("expires_early") else TOKEN_SECONDS)
        claims = {
            "iss": self.issuer,
            "client_id": client_id,
            "client_amr": "private_key_jwt",
            "consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{OUR_ORGANISATION}"},
            "scope": scope,
            "token_type": "Bearer",
            "iat": now,
            "exp": ends,
            "jti": secrets.token_urlsafe(16),
        }
        token = sign(self.key, claims)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": scope}
        return jsonify(body), {"Cache-Control": "no-store"}

    def _judge(self) -> tuple[str, str]:
        """The client and scopes of a grant in order; `Refused` for the first thing that is not."""
        grant = request.form.get("assertion", "")
        unproven = unproven_claims(grant)
        if request.form.get("grant_type") != GRANT_TYPE or not unproven:
            raise Refused("MP-011")
        client = self.clients.get(str(unproven.get("iss")))
        key = client.key.get() if client else None
        if client is None or key is None:
            raise Refused("MP-100")
        claims = claims_of(grant, key)
        if claims is None or header_of(grant).get("kid") != key.kid:
            raise Refused("MP-120")
        if claims.get("aud") != self.issuer:
            raise Refused("MP-110")
        now = self.now()
        try:
            lifetime = claims["exp"] - claims["iat"]
            if (
                abs(now - claims["iat"]) > SKEW_SECONDS
                or now > claims["exp"]
                or not 0 < lifetime <= LONGEST_GRANT_SECONDS
            ):
                raise Refused("MP-130")
            grant_id = str(claims["jti"])
        except JOSE_ERRORS:
            raise Refused("MP-011") from None
        if grant_id in self._seen:
            raise Refused("MP-012")
        self._seen.add(grant_id)
        scopes = str(claims.get("scope", "")).split()
        if not scopes or not set(scopes) <= client.scopes:
            raise Refused("MP-200")
        return str(claims["iss"]), " ".join(scopes)
