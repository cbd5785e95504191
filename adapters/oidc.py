"""What is the same at every OpenID provider of ours: PAR, PKCE, a signed client assertion, the checks of the answer and
its token, and single logout.

Protocol and facts: integrations.md 1 and 2. Controls: security.md C1-C4, C9. No token outlives `finish()`.
"""

import hmac
import logging
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from adapters.errors import Unavailable
from adapters.http import Answer, client
from adapters.jose import Signer, base64url_sha256

METADATA_SECONDS = 24 * 3600
KEY_RELOAD_SECONDS = 5 * 60
LEEWAY_SECONDS = 10
LONGEST_SSO_SECONDS = 120 * 60
LONGEST_LOGOUT_SECONDS = 120
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Refusal(StrEnum):
    """Why a login did not become a session."""

    CANCELLED = "cancelled"  # the person pressed cancel at the provider
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
class Login:
    """A proven identity. `acr` is the level in the provider's own words; `name` and `hpr_number` come from providers
    that know them, and prove nothing."""

    issuer: str
    subject: str
    national_id: str
    acr: str
    auth_time: datetime
    session_id: str | None
    locale: str | None
    name: str | None = None
    hpr_number: str | None = None

    def __repr__(self) -> str:
        return f"Login(issuer={self.issuer!r}, acr={self.acr!r})"  # the number and the name stay out of logs


class OpenIdProvider(ABC):
    """One client at one issuer.

    `private_key` is our registered key as a JWK. `allow_test_users` lets in the provider's own test logins.
    """

    system: ClassVar[str]
    scope: ClassVar[str]
    assertion_kind: ClassVar[str] = "JWT"

    def __init__(
        self,
        issuer: str,
        client_id: str,
        private_key: Mapping[str, Any],
        redirect_uri: str,
        clock: Callable[[], float] = time.time,
        *,
        allow_test_users: bool,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self._signer = Signer(client_id, private_key, self.assertion_kind)
        self._clock = clock
        self._allow_test_users = allow_test_users
        self._http = client(issuer, system=self.system)
        self._log = logging.getLogger(f"adapters.{self.system}")
        self._lock = Lock()
        self._metadata: tuple[float, dict[str, str]] | None = None
        self._keys: tuple[float, dict[str, RSAKey]] | None = None
        self._asked_again = float("-inf")

    def start(self, *, language: str, fresh: bool = False) -> LoginStart:
        """Push the request to the provider; the browser then carries only a reference to it.

        `language` is nb, nn, en or se; `fresh` asks for a new login even when one is going on. Raises `Unavailable`.
        """
        state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        request = {
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64url_sha256(verifier),
            "code_challenge_method": "S256",
            "ui_locales": language,
            **self._level_asked(),
        } | ({"prompt": "login"} if fresh else {})
        endpoint = self._endpoint("pushed_authorization_request_endpoint")
        answer = self._http.call("POST", endpoint, form=lambda: request | self._authentication(), retry=True)
        if answer.status not in (200, 201):
            raise self._misconfigured("PAR", answer)
        request_uri = answer.json_object().get("request_uri")
        if not isinstance(request_uri, str) or not request_uri:
            raise Unavailable(self.system, "no request_uri")
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri})
        return LoginStart(f"{self._endpoint('authorization_endpoint')}?{query}", state, nonce, verifier)

    def finish(self, *, params: Mapping[str, str], state: str, nonce: str, verifier: str) -> Login:
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
                raise Unavailable(self.system, error)
            raise LoginRefused(Refusal.CANCELLED if error == "access_denied" else Refusal.PROTOCOL, word(error))
        if not (code := params.get("code")):
            raise LoginRefused(Refusal.PROTOCOL, "no code")
        tokens = self._redeem(code, verifier)
        return self._identity(self._proven(tokens["id_token"], nonce), tokens)

    @abstractmethod
    def logout_url(self, *, post_logout_redirect_uri: str, state: str) -> str:
        """Where to send the browser to end the session at the provider and at everybody else. Raises `Unavailable`.

        The way back is not guaranteed, so the local session ends first. We keep no token to give as a hint, and would
        not let one with a national identity number in it travel in an address.
        """

    def issuer_matches(self, iss: str) -> bool:
        """Whether a front-channel logout names our issuer; ID-porten's documentation shows a trailing slash, discovery
        none."""
        return iss.removesuffix("/") == self.issuer

    def ended_session(self, logout_token: str) -> str:
        """The session a back-channel logout is about (C9). Raises `LoginRefused` for anything but a young logout token
        of this issuer's to us, and `Unavailable` when its key cannot be read."""
        claims = self._signed(logout_token, kind="logout+jwt")
        self._check(claims, iat={"essential": True}, jti={"essential": True})
        if self._clock() - claims["iat"] > LONGEST_LOGOUT_SECONDS + LEEWAY_SECONDS:
            raise LoginRefused(Refusal.TOKEN, "iat")
        events = claims.get("events")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
            raise LoginRefused(Refusal.TOKEN, "events")
        session_id = text(claims.get("sid"))
        if session_id is None:
            raise LoginRefused(Refusal.TOKEN, "sid")
        return session_id

    # -- what differs

    @abstractmethod
    def _level_asked(self) -> dict[str, str]:
        """How the request says which level is wanted."""

    @abstractmethod
    def _identity(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Login:
        """Who a proven ID token is about, when the level is high and there is a number; `LoginRefused` otherwise."""

    def _assertion_claims(self) -> dict[str, Any]:
        """What the client assertion says beside the usual."""
        return {}

    def _ask_for_tokens(self, endpoint: str, form: Mapping[str, str]) -> Answer:
        """Send the code. Never repeated: a code works once, also when the answer was lost."""
        return self._http.call("POST", endpoint, form={**form, **self._authentication()}, retry=False)

    # -- tokens

    def _redeem(self, code: str, verifier: str) -> dict[str, Any]:
        """The answer of the token endpoint for a code, with an ID token in it."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        answer = self._ask_for_tokens(self._endpoint("token_endpoint"), form)
        if answer.status != 200:
            if answer.status == 400 and answer.json_object().get("error") == "invalid_grant":
                raise LoginRefused(Refusal.CODE_USED)
            raise self._misconfigured("token", answer)
        tokens = answer.json_object()
        if not isinstance(tokens.get("id_token"), str):
            raise Unavailable(self.system, "no id_token")
        return tokens

    def _proven(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token, after everything integrations.md 1.4 says about it but level and number."""
        claims = self._signed(token)
        essential = ("sub", "exp", "iat", "auth_time")
        self._check(
            claims,
            nonce={"essential": True, "value": nonce},
            **{name: {"essential": True} for name in essential},
        )
        now, auth_time = self._clock(), claims["auth_time"]
        if (
            not isinstance(auth_time, int)
            or not -LEEWAY_SECONDS <= now - auth_time <= LONGEST_SSO_SECONDS + LEEWAY_SECONDS
        ):
            raise LoginRefused(Refusal.TOKEN, "auth_time")
        return claims

    def _check(self, claims: Mapping[str, Any], **required: Any) -> None:
        """From our issuer, to us and nobody else, not expired nor from the future, and with what else is required."""
        try:
            jwt.JWTClaimsRegistry(
                now=int(self._clock()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.client_id},
                **required,
            ).validate(dict(claims))
        except JoseError as error:
            raise LoginRefused(Refusal.TOKEN, str(getattr(error, "claim", "claims"))) from None
        if claims["aud"] not in (self.client_id, [self.client_id]):
            raise LoginRefused(Refusal.TOKEN, "aud")

    def _login(self, claims: Mapping[str, Any], *, national_id: object, acr: str, **known: str | None) -> Login:
        """The identity, when its number looks like one."""
        if not isinstance(national_id, str) or not re.fullmatch("[0-9]{11}", national_id):
            raise LoginRefused(Refusal.NO_NATIONAL_ID)
        return Login(
            issuer=self.issuer,
            subject=claims["sub"],
            national_id=national_id,
            acr=acr,
            auth_time=datetime.fromtimestamp(claims["auth_time"], UTC),
            session_id=text(claims.get("sid")),
            locale=text(claims.get("locale")),
            **known,
        )

    def _signed(self, token: str, kind: str | None = None) -> dict[str, Any]:
        """The claims of a token signed RS256 by a key the provider publishes, and of this kind when one is named."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            if header.get("alg") != "RS256":
                raise LoginRefused(Refusal.TOKEN, "alg")
            if kind is not None and header.get("typ") != kind:
                raise LoginRefused(Refusal.TOKEN, "typ")
            return jwt.decode(token, self._key(str(header.get("kid"))), algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise LoginRefused(Refusal.TOKEN, type(error).__name__) from None

    # -- keys and addresses

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
            raise Unavailable(self.system, f"jwks {answer.status}")
        return signing_keys(answer, self._log)

    def _endpoint(self, name: str) -> str:
        """An address from discovery, kept a day; the document must be the issuer's own, and point nowhere else."""
        now = self._clock()
        if self._metadata is None or now - self._metadata[0] > METADATA_SECONDS:
            answer = self._http.call("GET", f"{self.issuer}/.well-known/openid-configuration", retry=True)
            document = answer.json_object() if answer.status == 200 else {}
            if document.get("issuer") != self.issuer:
                raise Unavailable(self.system, "discovery")
            self._metadata = (now, {key: value for key, value in document.items() if isinstance(value, str)})
        url = self._metadata[1].get(name, "")
        if not belongs(url, self.issuer, browser=name in ("authorization_endpoint", "end_session_endpoint")):
            self._log.error("%s: discovery gives an address for %s outside the issuer; refused", self.system, name)
            raise Unavailable(self.system, name)
        return url

    def _authentication(self) -> dict[str, str]:
        """Fresh each time: the provider refuses an assertion it has seen."""
        assertion = self._signer.sign(self.issuer, self._clock(), sub=self.client_id, **self._assertion_claims())
        return {"client_id": self.client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def _misconfigured(self, step: str, answer: Answer) -> Unavailable:
        """The provider refuses our client: nothing the person can mend, so an outage to them and an error in the
        log."""
        try:
            error = word(answer.json_object().get("error"))
        except Unavailable:
            error = ""
        self._log.error("%s: %s refused with %d %s", self.system, step, answer.status, error)
        return Unavailable(self.system, f"{step} {answer.status} {error}".strip())


def belongs(url: str, issuer: str, *, browser: bool) -> bool:
    """Back-channel addresses lie on the issuer's own host; the browser's may lie on a host below it (`login.`)."""
    try:
        its, ours = urlsplit(url), urlsplit(issuer)
        if (its.scheme, its.port) != (ours.scheme, ours.port) or its.hostname is None or its.username:
            return False
    except ValueError:
        return False
    return its.hostname == ours.hostname or (browser and its.hostname.endswith(f".{ours.hostname}"))


def signing_keys(answer: Answer, log: logging.Logger) -> dict[str, RSAKey]:
    """Published RSA signing keys by id; keys of other kinds are left out."""
    keys = answer.json_object().get("keys")
    found: dict[str, RSAKey] = {}
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, dict) and key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("kid"):
            try:
                found[str(key["kid"])] = RSAKey.import_key(key)
            except (JoseError, ValueError, TypeError, KeyError):
                log.warning("%s: a published key could not be read", answer.system)
    return found


def text(value: object) -> str | None:
    """A claim that is a text with something in it, else None."""
    return value if isinstance(value, str) and value else None


def word(value: object) -> str:
    """A code from outside, safe to log."""
    return re.sub("[^a-z0-9_-]", "", str(value).lower())[:40]
