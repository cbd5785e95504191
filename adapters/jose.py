"""Signed grants (JWT) for ID-porten and Maskinporten, made from our registered key."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

LIFETIME_SECONDS = 60  # Maskinporten allows 120


class Signer:
    """Signs as one client with one private key (RS256)."""

    def __init__(self, client_id: str, private_key: Mapping[str, Any]) -> None:
        self.client_id = client_id
        self._key = RSAKey.import_key(dict(private_key))
        if not self._key.is_private:
            raise ValueError("the client key must be a private RSA key")
        self._kid = self._key.kid or self._key.thumbprint()

    def sign(self, audience: str, now: float, **claims: Any) -> str:
        """A grant for `audience`: lives a minute and is never the same twice."""
        issued = int(now)
        claims |= {"iss": self.client_id, "aud": audience, "iat": issued, "exp": issued + LIFETIME_SECONDS}
        return jwt.encode({"alg": "RS256", "kid": self._kid, "typ": "JWT"}, claims | {"jti": str(uuid4())}, self._key)
