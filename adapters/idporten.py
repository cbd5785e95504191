"""ID-porten: login by authorization code with PAR, PKCE and a signed client assertion; single logout.

Protocol and facts: integrations.md 1. Controls: security.md C1-C4. No token outlives `finish()`.
"""

import base64
import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from adapters.errors import Unavailable
from adapters.http import Answer, client
from adapters.jose import Signer

SYSTEM = "idporten"
PRODUCTION = "https://idporten.no"
REQUIRED_ACR = "idporten-loa-high"
# Ordered; eIDAS and self-registered levels are left out because they are never accepted here.
LEVELS = ("idporten-loa-low", "idporten-loa-substantial", "idporten-loa-high")
METADATA_SECONDS = 24 * 3600
KEY_RELOAD_SECONDS = 5 * 60
LEEWAY_SECONDS = 10
LONGEST_SSO_SECONDS = 120 * 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

log = logging.getLogger(__name__)


class Refusal(StrEnum):
    """Why a login did not become a session."""

    CANCELLED = "cancelled"  # the person pressed cancel at ID-porten
    LEVEL_TOO_LOW = "level_too_low"  # an electronic id below high, or of a kind we never take
    NO_NATIONAL_ID = "no_national_id"
    STATE = "state"  # not the login this browser started
    ISSUER = "issuer"  # the answer is from somebody else (mix-up)
    TOKEN = "token"
    CODE_USED = "code_used"  # pressed twice, or waited too long
    TEST_USER = "test_user"  # a test login reached production
    PROTOCOL = "protocol"  # any other no; starting again may help


class LoginRefused(Exception):
    """The login ended without an identity. `detail` is for the log, and holds nothing personal."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class LoginStart:
    """Where to send the browser, and the three secrets to keep until it returns (one use, 10 minutes)."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class IdPortenLogin:
    """A proven identity."""

    issuer: str
    subject: str
    national_id: str
    acr: str
    auth_time: datetime
    session_id: str | None
    locale: str | None

    def __repr__(self) -> str:
        return f"IdPortenLogin(issuer={self.issuer!r}, acr={self.acr!r})"  # the number stays out of logs


class IdPorten:
    """One client at one issuer.

    `private_key` is our registered key as a JWK. `allow_test_users` lets in logins made with `TestID`; unless told,
    everywhere but at the production issuer.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        private_key: Mapping[str, Any],
        redirect_uri: str,
        clock: Callable[[], float] = time.time,
        *,
        allow_test_users: bool | None = None,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self._signer = Signer(client_id, private_key)
        self._clock = clock
        self._allow_test_users = issuer != PRODUCTION if allow_test_users is None else allow_test_users
        self._http = client(issuer, system=SYSTEM)
        self._lock = Lock()
        self._metadata: tuple[float, dict[str, str]] | None = None
        self._keys: tuple[float, dict[str, RSAKey]] | None = None
        self._asked_again = float("-inf")

    def start(self, *, language: str, fresh: bool = False) -> LoginStart:
        """Push the request to ID-porten; the browser then carries only a reference to it.

        `language` is nb, nn, en or se; `fresh` asks for a new login even when one is going on. Raises `Unavailable`.
        """
        state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        request = {
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "acr_values": REQUIRED_ACR,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "ui_locales": language,
        } | ({"prompt": "login"} if fresh else {})
        endpoint = self._endpoint("pushed_authorization_request_endpoint")
        answer = self._http.call("POST", endpoint, form=lambda: request | self._authentication(), retry=True)
        if answer.status not in (200, 201):
            raise self._misconfigured("PAR", answer)
        request_uri = answer.json_object().get("request_uri")
        if not isinstance(request_uri, str) or not request_uri:
            raise Unavailable(SYSTEM, "no request_uri")
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri})
        return LoginStart(f"{self._endpoint('authorization_endpoint')}?{query}", state, nonce, verifier)

    def finish(self, *, params: Mapping[str, str], state: str, nonce: str, verifier: str) -> IdPortenLogin:
        """Turn the callback's query into an identity. Raises `LoginRefused` or `Unavailable`.

        The caller has found `state`, `nonce` and `verifier` for this browser and used them up. Order matters: nothing
        of the answer is read before it is known to belong to this browser and to come from this issuer.
        """
        if not state or not hmac.compare_digest(params.get("state", "").encode(), state.encode()):
            raise LoginRefused(Refusal.STATE)
        if params.get("iss") != self.issuer:
            raise LoginRefused(Refusal.ISSUER)
        if error := params.get("error"):
            if error in ("server_error", "temporarily_unavailable"):
                raise Unavailable(SYSTEM, error)
            raise LoginRefused(Refusal.CANCELLED if error == "access_denied" else Refusal.PROTOCOL, _word(error))
        if not (code := params.get("code")):
            raise LoginRefused(Refusal.PROTOCOL, "no code")
        return self._identity(self._redeem(code, verifier), nonce)

    def logout_url(self, *, post_logout_redirect_uri: str, state: str) -> str:
        """Where to send the browser to end the session at ID-porten and at everybody else. Raises `Unavailable`.

        The client id stands in for the token hint, as we keep no token. The way back is not guaranteed, so the local
        session ends first.
        """
        query = urlencode(
            {"client_id": self.client_id, "post_logout_redirect_uri": post_logout_redirect_uri, "state": state}
        )
        return f"{self._endpoint('end_session_endpoint')}?{query}"

    def issuer_matches(self, iss: str) -> bool:
        """Whether a front-channel logout names our issuer; its documentation shows a trailing slash, discovery none."""
        return iss.removesuffix("/") == self.issuer

    def _redeem(self, code: str, verifier: str) -> str:
        """The identity token for a code. Never repeated: a code works once, also when the answer was lost."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        answer = self._http.call(
            "POST", self._endpoint("token_endpoint"), form=form | self._authentication(), retry=False
        )
        if answer.status != 200:
            if answer.status == 400 and answer.json_object().get("error") == "invalid_grant":
                raise LoginRefused(Refusal.CODE_USED)
            raise self._misconfigured("token", answer)
        token = answer.json_object().get("id_token")
        if not isinstance(token, str):
            raise Unavailable(SYSTEM, "no id_token")
        return token

    def _identity(self, token: str, nonce: str) -> IdPortenLogin:
        """Everything integrations.md 1.4 says about the token, in its order."""
        claims = self._verified(token)
        now = self._clock()
        try:
            registry = jwt.JWTClaimsRegistry(
                now=int(now),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.client_id},
                nonce={"essential": True, "value": nonce},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                auth_time={"essential": True},
            )
            registry.validate(claims)
        except JoseError as error:
            raise LoginRefused(Refusal.TOKEN, str(getattr(error, "claim", "claims"))) from None
        if claims["aud"] not in (self.client_id, [self.client_id]):
            raise LoginRefused(Refusal.TOKEN, "aud")
        auth_time = claims["auth_time"]
        if (
            not isinstance(auth_time, int)
            or not -LEEWAY_SECONDS <= now - auth_time <= LONGEST_SSO_SECONDS + LEEWAY_SECONDS
        ):
            raise LoginRefused(Refusal.TOKEN, "auth_time")
        acr = claims.get("acr")
        if acr not in LEVELS or LEVELS.index(acr) < LEVELS.index(REQUIRED_ACR):
            raise LoginRefused(Refusal.LEVEL_TOO_LOW, _word(acr))
        amr = claims.get("amr") or []
        if not self._allow_test_users and "testid" in [
            str(way).casefold() for way in (amr if isinstance(amr, list) else [amr])
        ]:
            raise LoginRefused(Refusal.TEST_USER)
        national_id = claims.get("pid")
        if not isinstance(national_id, str) or not re.fullmatch("[0-9]{11}", national_id):
            raise LoginRefused(Refusal.NO_NATIONAL_ID)
        return IdPortenLogin(
            issuer=self.issuer,
            subject=claims["sub"],
            national_id=national_id,
            acr=acr,
            auth_time=datetime.fromtimestamp(auth_time, UTC),
            session_id=_text(claims.get("sid")),
            locale=_text(claims.get("locale")),
        )

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a token signed RS256 by a key ID-porten publishes."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            if header.get("alg") != "RS256":
                raise LoginRefused(Refusal.TOKEN, "alg")
            return jwt.decode(token, self._key(str(header.get("kid"))), algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise LoginRefused(Refusal.TOKEN, type(error).__name__) from None

    def _key(self, kid: str) -> RSAKey:
        """The key with this id; an unknown id reads the published keys again, at most once in five minutes."""
        with self._lock:
            now = self._clock()
            if self._keys is None or now - self._keys[0] > METADATA_SECONDS:
                self._keys = (now, self._published_keys())
            elif kid not in self._keys[1] and now - self._asked_again >= KEY_RELOAD_SECONDS:
                self._asked_again = now
                self._keys = (now, self._published_keys())
            known = self._keys[1]
        if kid not in known:
            raise LoginRefused(Refusal.TOKEN, "kid")
        return known[kid]

    def _published_keys(self) -> dict[str, RSAKey]:
        answer = self._http.call("GET", self._endpoint("jwks_uri"), retry=True)
        if answer.status != 200:
            raise Unavailable(SYSTEM, f"jwks {answer.status}")
        return _signing_keys(answer)

    def _endpoint(self, name: str) -> str:
        """An address from discovery, kept a day; the document must be the issuer's own, and point nowhere else."""
        now = self._clock()
        if self._metadata is None or now - self._metadata[0] > METADATA_SECONDS:
            answer = self._http.call("GET", f"{self.issuer}/.well-known/openid-configuration", retry=True)
            document = answer.json_object() if answer.status == 200 else {}
            if document.get("issuer") != self.issuer:
                raise Unavailable(SYSTEM, "discovery")
            self._metadata = (now, {key: value for key, value in document.items() if isinstance(value, str)})
        url = self._metadata[1].get(name, "")
        if not _belongs(url, self.issuer, browser=name in ("authorization_endpoint", "end_session_endpoint")):
            log.error("idporten: discovery gives an address for %s outside the issuer; refused", name)
            raise Unavailable(SYSTEM, name)
        return url

    def _authentication(self) -> dict[str, str]:
        """Fresh each time: ID-porten refuses an assertion it has seen."""
        assertion = self._signer.sign(self.issuer, self._clock(), sub=self.client_id)
        return {"client_id": self.client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def _misconfigured(self, step: str, answer: Answer) -> Unavailable:
        """ID-porten refuses our client: nothing the person can mend, so an outage to them and an error in the log."""
        try:
            error = _word(answer.json_object().get("error"))
        except Unavailable:
            error = ""
        log.error("idporten: %s refused with %d %s", step, answer.status, error)
        return Unavailable(SYSTEM, f"{step} {answer.status} {error}".strip())


def _belongs(url: str, issuer: str, *, browser: bool) -> bool:
    """Back-channel addresses lie on the issuer's own host; the browser's may lie on a host below it (`login.`)."""
    try:
        its, ours = urlsplit(url), urlsplit(issuer)
        if (its.scheme, its.port) != (ours.scheme, ours.port) or its.hostname is None or its.username:
            return False
    except ValueError:
        return False
    return its.hostname == ours.hostname or (browser and its.hostname.endswith(f".{ours.hostname}"))


def _signing_keys(answer: Answer) -> dict[str, RSAKey]:
    """Published RSA signing keys by id; keys of other kinds are left out."""
    keys = answer.json_object().get("keys")
    found: dict[str, RSAKey] = {}
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, dict) and key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("kid"):
            try:
                found[str(key["kid"])] = RSAKey.import_key(key)
            except (JoseError, ValueError, TypeError, KeyError):
                log.warning("idporten: a published key could not be read")
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _word(value: object) -> str:
    """A code from outside, safe to log."""
    return re.sub("[^a-z0-9_-]", "", str(value).lower())[:40]
