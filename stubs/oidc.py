"""What the OpenID providers' stand-ins share: pushed requests, a picker of made-up people, single sign-on, codes that
work once, tokens with every forgery, and the end of a session told to the services."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, jsonify, make_response, redirect, request
from flask.typing import ResponseReturnValue

from stubs import people
from stubs.base import StandIn
from stubs.keys import JOSE_ERRORS, ClientKey, claims_of, header_of, new_key, sign, sign_hs256, sign_none

REQUEST_SECONDS = 120
CODE_SECONDS = 60
TOKEN_SECONDS = 120
PICKER_SECONDS = 30 * 60
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 120 * 60
SKEW_SECONDS = 10
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CALLBACK_ERRORS = ("access_denied", "login_required", "invalid_request", "server_error", "temporarily_unavailable")
TOKEN_FAULTS = (
    *("alg_none", "alg_hs256", "bad_signature", "unknown_kid", "token_wrong_iss", "wrong_aud", "extra_aud"),
    *("wrong_nonce", "missing_nonce", "expired", "future_iat", "old_auth_time", "missing_auth_time"),
    *("missing_aud", "missing_sub", "missing_exp", "missing_iat", "token_missing_iss"),
)


@dataclass
class Client:
    """A registered client (relying party)."""

    client_id: str
    key: ClientKey
    redirect_uris: set[str] = field(default_factory=set)
    post_logout_redirect_uris: set[str] = field(default_factory=set)
    logout_uris: set[str] = field(default_factory=set)


@dataclass
class Session:
    """One person's single sign-on session in one browser, at a level in the provider's own words."""

    national_id: str
    level: str
    auth_time: float
    started: float
    used: float
    sid: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    clients: set[str] = field(default_factory=set)


@dataclass
class Grant:
    """What an authorization code stands for."""

    params: Mapping[str, str]
    session: Session
    issued: float


class OAuthError(Exception):
    """An error answer on a back channel."""

    def __init__(self, status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers or {})


class OpenIdStandIn(StandIn):
    """One issuer. Clients are registered at start or by `register`."""

    cookie = ""
    """Cookies know no ports, so the name must not meet one of the application's or of another stand-in's."""
    endpoints: Mapping[str, str] = {}
    """Path by the name discovery has for it."""
    scopes: frozenset[str] = frozenset()
    level_names: Mapping[str, str] = {}
    assertion_kinds: frozenset[str | None] = frozenset({"JWT", None})
    assertion_seconds = 120
    token_faults: tuple[str, ...] = TOKEN_FAULTS
    modes = frozenset(
        {*CALLBACK_ERRORS, *TOKEN_FAULTS, "altered_state", "wrong_iss", "missing_iss", "invalid_grant", "no_id_token"}
        | {"wrong_discovery"}
    )

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.clients: dict[str, Client] = {}
        self.keys = [new_key(), new_key()]
        self._pushed: dict[str, tuple[float, dict[str, str]]] = {}
        self._picking: dict[str, tuple[float, dict[str, str]]] = {}
        self._codes: dict[str, Grant] = {}
        self._sessions: dict[str, Session] = {}
        self._seen: set[str] = set()
        views = {
            "pushed_authorization_request_endpoint": (self._par, ["POST"]),
            "authorization_endpoint": (self._authorize, ["GET"]),
            "token_endpoint": (self._token, ["POST"]),
            "userinfo_endpoint": (self._userinfo, ["GET"]),
            "end_session_endpoint": (self._logout, ["GET", "POST"]),
            "jwks_uri": (lambda: jsonify(keys=[key.as_dict(private=False) for key in self.keys]), ["GET"]),
        }
        rules = [(self.endpoints[name], *view) for name, view in views.items()]
        rules += [("/login", self._picker, ["GET"]), ("/login", self._pick, ["POST"])]
        rules += [("/.well-known/openid-configuration", self._discovery, ["GET"])]
        for path, view, methods in rules:
            self.app.add_url_rule(path, endpoint=f"{path}{methods[0]}", view_func=view, methods=methods)
        self.app.register_error_handler(OAuthError, self._oauth_error)

    def register(self, client_id: str, key_file: Path, base_url: str) -> None:
        """Register the application at `base_url`; one more address for a client that is known."""
        client = self.clients.setdefault(client_id, Client(client_id, ClientKey(key_file)))
        client.redirect_uris.add(f"{base_url}/logg-inn/{self.name}/tilbake")
        client.post_logout_redirect_uris.add(f"{base_url}/logget-ut")
        client.logout_uris.add(f"{base_url}/logg-ut/{self.name}")

    def act(self, mode: str, details: Mapping[str, Any]) -> bool:
        """`rotate` publishes a new key, signs with it and withdraws the oldest; `end_sessions` forgets all logins."""
        if mode == "rotate":
            self.keys = [new_key(), self.keys[0]]
        elif mode == "end_sessions":
            self._sessions.clear()
        else:
            return False
        return True

    # -- what differs

    def _facts(self) -> dict[str, Any]:
        """What discovery says beside the addresses and what both providers say."""
        raise NotImplementedError

    def _own_level(self, person: people.Person | None) -> str:
        """The level a person signs in at unless another is chosen."""
        raise NotImplementedError

    def _is_enough(self, level: str, params: Mapping[str, str]) -> bool:
        """Whether a session's level satisfies the request."""
        raise NotImplementedError

    def _claims(self, grant: Grant) -> dict[str, Any]:
        """What the ID token says about the person, beside `sub` and the times."""
        raise NotImplementedError

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        """The answer of the token endpoint, but for the ID token."""
        raise NotImplementedError

    def _userinfo(self) -> ResponseReturnValue:
        raise NotImplementedError

    def _logout(self) -> ResponseReturnValue:
        raise NotImplementedError

    def _checks(self, params: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
        """What else must be right about an authorization request."""
        return ()

    def _change(self, claims: dict[str, Any], mode: str) -> None:
        """Do to the claims what one of the provider's own token faults says."""

    def _subject(self, client_id: str, national_id: str) -> str:
        """A name for the person that is the same each time for this client, and another for others."""
        return base64.urlsafe_b64encode(hashlib.sha256(f"{client_id}:{national_id}".encode()).digest()).decode()[:32]

    # -- authorization request

    def _discovery(self) -> ResponseReturnValue:
        return jsonify(
            issuer=f"https://{self.name}.example" if self.fault("wrong_discovery") else self.url,
            **{name: f"{self.url}{path}" for name, path in self.endpoints.items()},
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=["authorization_code"],
            prompt_values_supported=["login", "none"],
            scopes_supported=sorted(self.scopes),
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported=["RS256"],
            code_challenge_methods_supported=["S256"],
            id_token_signing_alg_values_supported=["RS256"],
            frontchannel_logout_supported=True,
            frontchannel_logout_session_supported=True,
            authorization_response_iss_parameter_supported=True,
            request_parameter_supported=False,
            **self._facts(),
        )

    def _par(self) -> ResponseReturnValue:
        client = self._authenticated_client()
        params = {k: v for k, v in request.form.items() if not k.startswith("client_assertion")}
        if problem := self._problem(params, client):
            raise OAuthError(400, "invalid_request", problem)
        request_uri = f"urn:{self.name}:{secrets.token_urlsafe(32)}"
        self._pushed[request_uri] = (self.now(), params)
        return jsonify(request_uri=request_uri, expires_in=REQUEST_SECONDS), 201

    def _authorize(self) -> ResponseReturnValue:
        """A pushed request by reference; then single sign-on, a headless login or the picker."""
        client = self.clients.get(request.args.get("client_id", ""))
        if client is None:
            return self._error_page("Klienten er ikke kjent", "client_id mangler eller er ikke registrert.")
        if "request_uri" not in request.args:
            return self._whole_request(client)
        pushed_at, params = self._pushed.pop(request.args["request_uri"], (0.0, {}))
        if not params or params["client_id"] != client.client_id or self.now() - pushed_at > REQUEST_SECONDS:
            return self._error_page("Innloggingen er utløpt", "request_uri er brukt, utløpt eller ukjent.")
        if extra := set(request.args) - {"client_id", "request_uri", "login_hint"}:
            return self._error_page("Feil i forespørselen", f"Skal ikke gjentas: {', '.join(sorted(extra))}.")
        return self._ask(params | {k: request.args[k] for k in ("login_hint",) if k in request.args})

    def _whole_request(self, client: Client) -> ResponseReturnValue:
        """A request that was not pushed."""
        return self._error_page("Feil i forespørselen", "request_uri mangler.")

    def _ask(self, params: dict[str, str]) -> ResponseReturnValue:
        if fault := self.fault(*CALLBACK_ERRORS):
            return self._back(params, error=fault.mode, error_description="switched on fault")
        if hint := re.fullmatch("testid:([0-9]{11})_([a-z0-9-]+)", params.get("login_hint", "")):
            return self._signed_in(params, hint[1], hint[2])
        session = self._session()
        if session and params.get("prompt") != "login" and self._may_go_on(session, params):
            session.used = self.now()
            return self._with_code(params, session)
        if params.get("prompt") == "none":
            return self._back(params, error="login_required", error_description="no session")
        ticket = secrets.token_urlsafe(24)
        self._picking[ticket] = (self.now(), params)
        return redirect(f"/login?{urlencode({'ticket': ticket})}", 303)

    def _may_go_on(self, session: Session, params: Mapping[str, str]) -> bool:
        oldest = float(params.get("max_age", "inf"))
        return self.now() - session.auth_time <= oldest and self._is_enough(session.level, params)

    def _problem(self, params: Mapping[str, str], client: Client) -> str | None:
        """What is wrong with an authorization request, None when nothing is."""
        scopes = set(params.get("scope", "").split())
        challenge = params.get("code_challenge", "")
        checks = (
            ("client_id", params.get("client_id") == client.client_id),
            ("redirect_uri", params.get("redirect_uri") in client.redirect_uris),
            ("request_uri must not be pushed", "request_uri" not in params and "request" not in params),
            ("response_type must be code", params.get("response_type") == "code"),
            ("scope", "openid" in scopes and scopes <= self.scopes),
            ("state", re.fullmatch("[A-Za-z0-9_-]{8,}", params.get("state", "")) is not None),
            ("nonce", len(params.get("nonce", "")) >= 8),
            ("code_challenge is required", re.fullmatch("[A-Za-z0-9_-]{43}", challenge) is not None),
            ("code_challenge_method must be S256", params.get("code_challenge_method") == "S256"),
            ("prompt", params.get("prompt", "login") in ("login", "none")),
            ("max_age", params.get("max_age", "0").isdecimal()),
            *self._checks(params),
        )
        return next((name for name, is_right in checks if not is_right), None)

    # -- the person

    def _picker(self, error: str = "") -> ResponseReturnValue:
        ticket = request.values.get("ticket", "")
        started, params = self._picking.get(ticket, (0.0, {}))
        if not params or self.now() - started > PICKER_SECONDS:
            return self._error_page("Innloggingen er utløpt", "Gå tilbake til tjenesten og logg inn på nytt.")
        return self.page(
            "picker.html",
            "Velg hvem du logger inn som",
            422 if error else 200,
            "frame-ancestors 'none'",
            ticket=ticket,
            people=people.people(),
            levels=self.level_names,
            wanted=params.get("acr_values", ""),
            error=error,
            typed=request.form.get("national_id", ""),
        )

    def _pick(self) -> ResponseReturnValue:
        started, params = self._picking.get(request.form.get("ticket", ""), (0.0, {}))
        if not params or self.now() - started > PICKER_SECONDS:
            return self._picker()
        if "cancel" in request.form:
            return self._back(params, error="access_denied", error_description="The user cancelled")
        national_id = re.sub(r"\s", "", request.form.get("national_id", ""))
        level = request.form.get("acr", "")
        if level == "own":
            level = self._own_level(people.by_number(national_id))
        if not re.fullmatch("[0-9]{11}", national_id) or level not in self.level_names:
            return self._picker("Skriv inn et nummer med 11 siffer, og velg et nivå")
        self._picking.pop(request.form["ticket"], None)
        return self._signed_in(params, national_id, level)

    def _signed_in(self, params: Mapping[str, str], national_id: str, level: str) -> Response:
        """Start a session, or go on with this person's own after a login anew, and send the browser back."""
        now = self.now()
        session = self._session()
        if session is None or session.national_id != national_id:
            session = Session(national_id, level, now, now, now)
        session.level, session.auth_time, session.started, session.used = level, now, now, now
        cookie = secrets.token_urlsafe(32)
        self._sessions = {k: v for k, v in self._sessions.items() if v is not session} | {cookie: session}
        response = self._with_code(params, session)
        response.set_cookie(self.cookie, cookie, httponly=True, samesite="Lax", path="/")
        return response

    def _session(self) -> Session | None:
        """The browser's session while it lasts: 30 minutes idle, 120 in all."""
        session = self._sessions.get(request.cookies.get(self.cookie, ""))
        now = self.now()
        if session and now - session.used <= IDLE_SECONDS and now - session.started <= LONGEST_SECONDS:
            return session
        return None

    def _with_code(self, params: Mapping[str, str], session: Session) -> Response:
        code = secrets.token_urlsafe(32)
        self._codes[code] = Grant(params, session, self.now())
        session.clients.add(params["client_id"])
        return self._back(params, code=code)

    def _back(self, params: Mapping[str, str], **answer: str) -> Response:
        """The browser's way back, with the faults of a callback."""
        answer |= {"state": params.get("state", ""), "iss": self.url}
        if self.fault("altered_state"):
            answer["state"] += "x"
        if self.fault("wrong_iss"):
            answer["iss"] = f"https://{self.name}.example"
        if self.fault("missing_iss"):
            del answer["iss"]
        response = redirect(f"{params['redirect_uri']}?{urlencode(answer)}", 302)
        response.headers["Cache-Control"] = "no-store"
        return make_response(response)

    # -- tokens

    def _token(self) -> ResponseReturnValue:
        client = self._authenticated_client()
        if request.form.get("grant_type") != "authorization_code":
            raise OAuthError(400, "unsupported_grant_type", "only authorization_code")
        self._before_code()
        grant = self._codes.pop(request.form.get("code", ""), None)
        verifier = request.form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            grant is None
            or self.now() - grant.issued > CODE_SECONDS
            or grant.params["client_id"] != client.client_id
            or request.form.get("redirect_uri") != grant.params["redirect_uri"]
            or not re.fullmatch("[A-Za-z0-9._~-]{43,128}", verifier)
            or challenge != grant.params["code_challenge"]
            or self.fault("invalid_grant")
        ):
            raise OAuthError(400, "invalid_grant", "The code is used, expired or not for this client")
        body = {"id_token": self._id_token(grant), "expires_in": TOKEN_SECONDS, "scope": grant.params["scope"]}
        body |= self._tokens(grant)
        if self.fault("no_id_token"):
            del body["id_token"]
        return jsonify(body), {"Cache-Control": "no-store"}

    def _before_code(self) -> None:
        """What must be right before the code is looked at, and used up."""

    def _id_token(self, grant: Grant) -> str:
        """The identity token, or the forgery that is switched on."""
        now = int(self.now())
        session = grant.session
        claims = {
            "iss": self.url,
            "aud": grant.params["client_id"],
            "sub": self._subject(grant.params["client_id"], session.national_id),
            "auth_time": int(session.auth_time),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": grant.params["nonce"],
            "sid": session.sid,
            "jti": secrets.token_urlsafe(16),
            **self._claims(grant),
        }
        key = self.keys[0]
        fault = self.fault(*self.token_faults)
        match fault.mode if fault else None:
            case "wrong_nonce":
                claims["nonce"] = secrets.token_urlsafe(32)
            case "token_wrong_iss":
                claims["iss"] = f"https://{self.name}.example"
            case "wrong_aud":
                claims["aud"] = "another-client"
            case "extra_aud":
                claims["aud"] = [claims["aud"], "another-client"]
            case "expired":
                claims |= {"iat": now - 600, "exp": now - 480}
            case "future_iat":
                claims |= {"iat": now + 300, "exp": now + 420}
            case "old_auth_time":
                claims["auth_time"] = now - LONGEST_SECONDS - 60
            case "alg_none":
                return sign_none(claims)
            case "alg_hs256":
                return sign_hs256(key, claims)
            case "bad_signature":
                return sign(self.keys[1], claims, kid=key.kid)
            case "unknown_kid":
                return sign(key, claims, kid="never-published")
            case str(mode) if mode not in TOKEN_FAULTS:
                self._change(claims, mode)
            case str(mode):
                del claims[mode.partition("missing_")[2]]
        return sign(key, claims)

    def _authenticated_client(self) -> Client:
        """private_key_jwt: signature, iss = sub = client_id, aud, lifetime, and no assertion twice."""
        client = self.clients.get(request.form.get("client_id", ""))
        key = client.key.get() if client else None
        if client is None or key is None:
            raise OAuthError(401, "invalid_client", "client_id is unknown, or has no key")
        assertion = request.form.get("client_assertion", "")
        if request.form.get("client_assertion_type") != ASSERTION_TYPE:
            raise OAuthError(401, "invalid_client", "client_assertion_type")
        claims, header = claims_of(assertion, key), header_of(assertion)
        if claims is None or header.get("kid") != key.kid or header.get("typ") not in self.assertion_kinds:
            raise OAuthError(401, "invalid_client", "signature, kid or typ")
        now = self.now()
        try:
            wrong = [
                name
                for name, is_right in (
                    ("iss", claims.get("iss") == client.client_id),
                    ("sub", claims.get("sub") == client.client_id),
                    ("aud", claims.get("aud") in (self.url, f"{self.url}{self.endpoints['token_endpoint']}")),
                    ("exp", now - SKEW_SECONDS < claims["exp"] <= claims["iat"] + self.assertion_seconds),
                    ("iat", claims["iat"] <= now + SKEW_SECONDS),
                    ("jti", isinstance(claims["jti"], str) and claims["jti"] not in self._seen),
                )
                if not is_right
            ]
        except JOSE_ERRORS:
            wrong = ["missing claim"]
        if wrong:
            raise OAuthError(401, "invalid_client", f"client_assertion: {', '.join(wrong)}")
        self._seen.add(claims["jti"])
        return client

    def _oauth_error(self, error: OAuthError) -> ResponseReturnValue:
        return jsonify(error=error.error, error_description=error.description), error.status, error.headers

    # -- logout

    def _logout_page(self, session: Session, frontchannel: Mapping[str, str], back: str = "") -> Response:
        """The page that tells every service in a frame, and then goes back when there is a way."""
        frames = [
            f"{uri}?{urlencode(frontchannel)}"
            for client_id in sorted(session.clients)
            for uri in sorted(self.clients[client_id].logout_uris)
        ]
        origins = " ".join({f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in frames}) or "'none'"
        policy = f"script-src 'unsafe-inline'; frame-src {origins}; frame-ancestors 'none'"
        response = self.page("logout.html", "Du er logget ut", policy=policy, frames=frames, back=back)
        response.delete_cookie(self.cookie, path="/")
        return response

    def _end_session(self) -> Session | None:
        """Forget the browser's session, and return it."""
        return self._sessions.pop(request.cookies.get(self.cookie, ""), None)

    def _hinted_client(self) -> Client | None:
        """Whom the token hint was for."""
        hint = request.values.get("id_token_hint", "")
        claims = next((c for key in self.keys if (c := claims_of(hint, key))), {})
        return self.clients.get(str(claims.get("aud")))

    def _way_back(self, client: Client | None) -> str:
        """Where the person may be sent after logout: only to what the client has registered."""
        state, target = request.values.get("state", ""), request.values.get("post_logout_redirect_uri", "")
        if client is None or target not in client.post_logout_redirect_uris or not re.fullmatch(r"[\x20-\x7E]*", state):
            return ""
        return f"{target}?{urlencode({'state': state})}" if state else target

    def _error_page(self, title: str, text: str) -> Response:
        """The provider's own page: for everything that must not be sent to the client's address."""
        return self.page("base.html", title, 400, "frame-ancestors 'none'", text=text)
