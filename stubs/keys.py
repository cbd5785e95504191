"""Keys of the stand-ins and of the clients registered with them, and the checks every signed grant gets."""

import base64
import hmac
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, RSAKey

JOSE_ERRORS = (JoseError, ValueError, KeyError, TypeError)


def new_key() -> RSAKey:
    """A new 2048-bit RSA key with an id."""
    return RSAKey.generate_key(2048, {"kid": uuid4().hex[:16], "use": "sig", "alg": "RS256"})


def make_client_key(path: Path) -> dict[str, Any]:
    """The private key in this file, made now when there is none; only its owner may read it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(new_key().as_dict(private=True), file)
        new.replace(path)
    key: dict[str, Any] = json.loads(path.read_text())
    return key


class ClientKey:
    """The public half of a client's key file; the file may come, or change, after the stand-in has started."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._key: RSAKey | None = None

    def get(self) -> RSAKey | None:
        """The key as the file is now, None while there is no file."""
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._stamp:
                private = RSAKey.import_key(json.loads(self._path.read_text()))
                self._key, self._stamp = RSAKey.import_key(private.as_dict(private=False)), stamp
        except (OSError, *JOSE_ERRORS):
            return None
        return self._key


def sign(key: RSAKey, claims: Mapping[str, Any], kid: str | None = None, kind: str = "JWT") -> str:
    """A token as the agencies sign theirs; another `kid` than the key's makes it a forgery."""
    return jwt.encode({"alg": "RS256", "kid": kid or key.kid, "typ": kind}, dict(claims), key)


def sign_none(claims: Mapping[str, Any]) -> str:
    """A forgery: no signature at all."""
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def sign_hs256(key: RSAKey, claims: Mapping[str, Any]) -> str:
    """A forgery: signed with the published key used as a shared secret."""
    text = f"{_part({'alg': 'HS256', 'kid': key.kid, 'typ': 'JWT'})}.{_part(claims)}"
    return f"{text}.{_base64(hmac.digest(key.as_pem(private=False), text.encode(), sha256))}"


def claims_of(token: str, key: RSAKey) -> dict[str, Any] | None:
    """The claims of a token this key signed, or None; times are the caller's to judge."""
    try:
        return jwt.decode(token, key, algorithms=["RS256"]).claims
    except JOSE_ERRORS:
        return None


def proof_of(token: str) -> tuple[dict[str, Any], str] | None:
    """The claims of a DPoP proof and the thumbprint of the key it was signed with, or None (RFC 9449, 4.3)."""
    header = header_of(token)
    try:
        if header["typ"] != "dpop+jwt" or "d" in header["jwk"]:
            return None
        key = JWKRegistry.import_key(header["jwk"])
        return jwt.decode(token, key, algorithms=["ES256", "RS256"]).claims, key.thumbprint()
    except JOSE_ERRORS:
        return None


def header_of(token: str) -> dict[str, Any]:
    """The unproven header of a token; empty when it is none."""
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except JOSE_ERRORS:
        return {}


def unproven_claims(token: str) -> dict[str, Any]:
    """The unproven claims of a token; empty when it is none."""
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload or b"")
    except JOSE_ERRORS:
        return {}
    return claims if isinstance(claims, dict) else {}


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
