"""HelseID: how it differs from other OpenID providers (integrations.md 2).

Tokens are bound to a key of ours (DPoP). The level is two claims of HelseID's own, and the number of a person who is in
HPR comes with the identity.
"""

import re
from collections.abc import Mapping
from typing import Any

from adapters.errors import Unavailable
from adapters.http import Answer
from adapters.jose import ProofKey
from adapters.oidc import LONGEST_SSO_SECONDS, Login, LoginRefused, OpenIdProvider, Refusal, text, word

PID = "helseid://claims/identity/pid"
SECURITY_LEVEL = "helseid://claims/identity/security_level"
ASSURANCE_LEVEL = "helseid://claims/identity/assurance_level"
HPR_NUMBER = "helseid://claims/hpr/hpr_number"
HPR_DETAILS = "helseid://claims/hpr/hpr_details"
IDENTITY = (PID, SECURITY_LEVEL, ASSURANCE_LEVEL)
LONGEST_NAME = 210


class HelseId(OpenIdProvider):
    """One client at HelseID."""

    system = "helseid"
    scope = (
        "openid profile helseid://scopes/identity/pid helseid://scopes/identity/security_level "
        "helseid://scopes/identity/assurance_level helseid://scopes/hpr/hpr_number"
    )
    assertion_kind = "client-authentication+jwt"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._proof_key = ProofKey()

    def logout_url(self, *, post_logout_redirect_uri: str, state: str) -> str:
        """As OpenIdProvider says. HelseID takes the other parameters only with a token hint, and asks the person to
        press a button without one."""
        return self._endpoint("end_session_endpoint")

    def _level_asked(self) -> dict[str, str]:
        return {"acr_values": "Level4", "max_age": str(LONGEST_SSO_SECONDS)}

    def _assertion_claims(self) -> dict[str, Any]:
        return {"nbf": int(self._clock())}

    def _ask_for_tokens(self, endpoint: str, form: Mapping[str, str]) -> Answer:
        """The first try is always refused with a nonce, and uses nothing up; the second carries it."""
        first = self._send_code(endpoint, form, None)
        nonce = first.headers.get("dpop-nonce")
        if first.status != 400 or not nonce or first.json_object().get("error") != "use_dpop_nonce":
            return first
        return self._send_code(endpoint, form, nonce)

    def _send_code(self, endpoint: str, form: Mapping[str, str], nonce: str | None) -> Answer:
        proof = self._proof_key.proof("POST", endpoint, self._clock(), nonce=nonce)
        return self._http.call(
            "POST", endpoint, form={**form, **self._authentication()}, headers={"DPoP": proof}, retry=False
        )

    def _identity(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Login:
        facts = self._facts(claims, tokens)
        level = f"{word(facts.get(SECURITY_LEVEL))} {word(facts.get(ASSURANCE_LEVEL))}"
        if level != "4 high":
            raise LoginRefused(Refusal.LEVEL_TOO_LOW, level)
        if not self._allow_test_users and str(claims.get("idp")).startswith("testidp"):
            raise LoginRefused(Refusal.TEST_USER)
        name = " ".join((text(facts.get("name")) or "").split())[:LONGEST_NAME]
        return self._login(
            claims, national_id=facts.get(PID), acr=level, name=name or None, hpr_number=_hpr_number(facts)
        )

    def _facts(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        """The ID token's claims, and userinfo's when something is missing; the two must agree on who the person is.
        HPR's part is a nicety that may be missing still."""
        if all(name in claims for name in (*IDENTITY, HPR_NUMBER)):
            return claims
        try:
            told = self._userinfo(tokens)
        except Unavailable:
            if all(name in claims for name in IDENTITY):
                return claims
            raise
        if any(name in claims and name in told and claims[name] != told[name] for name in ("sub", *IDENTITY)):
            raise LoginRefused(Refusal.TOKEN, "userinfo")
        return {**told, **claims}

    def _userinfo(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        """What userinfo says. It should be asked with the scheme DPoP; HelseID documents Bearer, which is tried when
        the other is refused."""
        token, endpoint = tokens.get("access_token"), self._endpoint("userinfo_endpoint")
        if not isinstance(token, str) or str(tokens.get("token_type")).lower() != "dpop":
            raise Unavailable(self.system, "token_type")
        proof = self._proof_key.proof("GET", endpoint, self._clock(), token=token)
        answer = self._http.call(
            "GET", endpoint, headers={"Authorization": f"DPoP {token}", "DPoP": proof}, retry=False
        )
        if answer.status == 401:
            answer = self._http.call("GET", endpoint, headers={"Authorization": f"Bearer {token}"}, retry=True)
        if answer.status != 200:
            raise self._misconfigured("userinfo", answer)
        return answer.json_object()


def _hpr_number(facts: Mapping[str, Any]) -> str | None:
    """The number as its own claim, or as the JSON number of the details."""
    details = facts.get(HPR_DETAILS)
    number = facts.get(HPR_NUMBER) or (details.get("hpr_number") if isinstance(details, dict) else None)
    return str(number) if re.fullmatch("[0-9]{1,9}", str(number)) else None
