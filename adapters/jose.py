"""What we sign: grants (JWT) with a registered key, and proofs that a token is in the right hands (DPoP)."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

LIFETIME_SECONDS = 60  # Maskinporten allows 120, HelseID 60


class Signer:
    """Signs as one client with one private key (RS256). `kind` is what the header calls the token."""

    def __init__(self, client_id: str, private_key: Mapping[str, Any], kind: str = "JWT") -> None:
        self.client_id = client_id
        self._key = RSAKey.import_key(dict(private_key))
        if not self._key.is_private:
            raise ValueError("the client key must be a private RSA key")
        self._header = {"alg": "RS256", "kid": self._key.kid or self._key.thumbprint(), "typ": kind}

    def sign(self, audience: str, now: float, **claims: Any) -> str:
        """A grant for `audience`: lives a minute and is never the same twice."""
        issued = int(now)
        claims |= {"iss": self.client_id, "aud": audience, "iat": issued, "exp": issued + LIFETIME_SECONDS}
        return jwt.encode(self._header, claims | {"jti": str(uuid4())}, self._key)


class ProofKey:
    """A key of this process alone: tokens are bound to it, and useless to anybody else (RFC 9449)."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256")
        self._header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self._key.as_dict(private=False)}

    def proof(self, method: str, url: str, now: float, *, nonce: str | None = None, token: str | None = None) -> str:
        """A proof for one request, with the server's nonce or the token it goes with."""
        claims: dict[str, Any] = {"htm": method, "htu": url, "jti": str(uuid4()), "iat": int(now)}
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = base64url_sha256(token)
        return jwt.encode(self._header, claims, self._key)


def base64url_sha256(value: str) -> str:
    """The digest that DPoP and PKCE ask for."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()).rstrip(b"=").decode()
