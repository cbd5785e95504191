"""ID-porten: how it differs from other OpenID providers (integrations.md 1)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from adapters.oidc import Login, LoginRefused, OpenIdProvider, Refusal, word

REQUIRED_ACR = "idporten-loa-high"
# Ordered; eIDAS and self-registered levels are left out because they are never accepted here.
LEVELS = ("idporten-loa-low", "idporten-loa-substantial", "idporten-loa-high")


class IdPorten(OpenIdProvider):
    """One client at ID-porten."""

    system = "idporten"
    scope = "openid profile"

    def logout_url(self, *, post_logout_redirect_uri: str, state: str) -> str:
        """As OpenIdProvider says; the client id stands in for the token hint."""
        query = urlencode(
            {"client_id": self.client_id, "post_logout_redirect_uri": post_logout_redirect_uri, "state": state}
        )
        return f"{self._endpoint('end_session_endpoint')}?{query}"

    def _level_asked(self) -> dict[str, str]:
        return {"acr_values": REQUIRED_ACR}

    def _identity(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Login:
        acr = claims.get("acr")
        if acr not in LEVELS or LEVELS.index(acr) < LEVELS.index(REQUIRED_ACR):
            raise LoginRefused(Refusal.LEVEL_TOO_LOW, word(acr))
        amr = claims.get("amr") or []
        ways = [str(way).casefold() for way in (amr if isinstance(amr, list) else [amr])]
        if not self._allow_test_users and "testid" in ways:
            raise LoginRefused(Refusal.TEST_USER)
        return self._login(claims, national_id=claims.get("pid"), acr=acr)
