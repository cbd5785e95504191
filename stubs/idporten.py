"""ID-porten's stand-in. What it must do, and the failures it can play, are listed in integrations.md 9.1."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from stubs import people
from stubs.keys import claims_of, sign
from stubs.oidc import TOKEN_FAULTS, TOKEN_SECONDS, Client, Grant, OpenIdStandIn

LEVELS = ("idporten-loa-low", "idporten-loa-substantial", "idporten-loa-high")
OTHER_LEVELS = ("eidas-loa-low", "eidas-loa-substantial", "eidas-loa-high", "selfregistered-email")
LEVEL_FAULTS = ("low_acr", "eidas_acr", "selfregistered_acr", "missing_acr", "missing_pid", "malformed_pid")


class IdPorten(OpenIdStandIn):
    """One issuer."""

    title = "ID-porten"
    cookie = "idporten_sso"
    endpoints: Mapping[str, str] = {
        "authorization_endpoint": "/authorize",
        "pushed_authorization_request_endpoint": "/par",
        "token_endpoint": "/token",
        "userinfo_endpoint": "/userinfo",
        "jwks_uri": "/jwks.json",
        "end_session_endpoint": "/logout",
    }
    scopes = frozenset({"openid", "profile", "altinn:accessmanagement/authorizedparties"})
    level_names: Mapping[str, str] = {
        "idporten-loa-high": "Høyt (som BankID)",
        "idporten-loa-substantial": "Betydelig (som MinID)",
        "idporten-loa-low": "Lavt (bare passord)",
        "eidas-loa-high": "eIDAS, høyt",
        "eidas-loa-substantial": "eIDAS, betydelig",
        "eidas-loa-low": "eIDAS, lavt",
        "selfregistered-email": "Selvregistrert e-post, uten fødselsnummer",
    }
    token_faults = (*TOKEN_FAULTS, *LEVEL_FAULTS)
    modes = OpenIdStandIn.modes | {*LEVEL_FAULTS, "frontchannel_slash", "frontchannel_unknown_sid"}

    def __init__(self) -> None:
        super().__init__("idporten")

    def access_token(self, token: str) -> dict[str, Any] | None:
        """The claims of a living access token of ours, for `/userinfo` and for Altinn's exchange."""
        claims = next((c for key in self.keys if (c := claims_of(token, key))), None)
        return claims if claims and "pid" in claims and claims["exp"] > self.now() else None

    def _facts(self) -> dict[str, Any]:
        return {
            "acr_values_supported": [*LEVELS, *OTHER_LEVELS[:3]],
            "subject_types_supported": ["pairwise"],
            "ui_locales_supported": ["en", "nb", "nn", "se"],
        }

    def _own_level(self, person: people.Person | None) -> str:
        return person.level if person else LEVELS[2]

    def _is_enough(self, level: str, params: Mapping[str, str]) -> bool:
        wishes = [LEVELS.index(value) for value in params.get("acr_values", "").split() if value in LEVELS]
        return level in LEVELS and LEVELS.index(level) >= min(wishes, default=0)

    def _checks(self, params: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
        return (("acr_values", all(v in LEVELS + OTHER_LEVELS for v in params.get("acr_values", "").split())),)

    def _whole_request(self, client: Client) -> ResponseReturnValue:
        params = request.args.to_dict()
        if params.get("redirect_uri") not in client.redirect_uris:
            return self._error_page("Feil i forespørselen", "redirect_uri er ikke registrert på klienten.")
        if problem := self._problem(params, client):
            return self._back(params, error="invalid_request", error_description=problem)
        return self._ask(params)

    def _claims(self, grant: Grant) -> dict[str, Any]:
        known = {"pid": grant.session.national_id} if grant.session.level != "selfregistered-email" else {}
        return {
            **known,
            "acr": grant.session.level,
            "amr": ["TestID"],
            "locale": grant.params.get("ui_locales", "nb").split()[0],
        }

    def _change(self, claims: dict[str, Any], mode: str) -> None:
        match mode:
            case "low_acr":
                claims["acr"] = "idporten-loa-substantial"
            case "eidas_acr":
                claims["acr"] = "eidas-loa-high"
            case "selfregistered_acr":
                claims["acr"] = "selfregistered-email"
                del claims["pid"]
            case "malformed_pid":
                claims["pid"] = "0585901001"
            case _:
                del claims[mode.removeprefix("missing_")]

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        return {"access_token": sign(self.keys[0], self._access_claims(grant)), "token_type": "Bearer"}

    def _access_claims(self, grant: Grant) -> dict[str, Any]:
        now = int(self.now())
        return {
            "iss": self.url,
            "client_id": grant.params["client_id"],
            "sub": self._subject(grant.params["client_id"], grant.session.national_id),
            "pid": grant.session.national_id,
            "acr": grant.session.level,
            "scope": grant.params["scope"],
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }

    def _userinfo(self) -> ResponseReturnValue:
        claims = self.access_token(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if claims is None:
            return jsonify(error="invalid_token"), 401
        return jsonify(sub=claims["sub"], pid=claims["pid"], locale="nb")

    def _logout(self) -> ResponseReturnValue:
        """End the session, tell every service in a frame, and go back only when the way is registered."""
        session = self._end_session()
        if session is None:
            return self._error_page("Du er ikke logget inn", "Fant ingen innlogging hos ID-porten å avslutte.")
        has_hint = "id_token_hint" in request.values
        client = self._hinted_client() if has_hint else self.clients.get(request.values.get("client_id", ""))
        frontchannel = {
            "iss": f"{self.url}/" if self.fault("frontchannel_slash") else self.url,
            "sid": "unknown" if self.fault("frontchannel_unknown_sid") else session.sid,
        }
        return self._logout_page(session, frontchannel, self._way_back(client))
