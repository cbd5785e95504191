"""What the contract tests share: where each system is, and an adapter pointed at it."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from joserfc.jwk import RSAKey

from adapters import oidc
from adapters.altinn import Altinn
from adapters.helseid import HelseId
from adapters.hpr import Hpr
from adapters.idporten import IdPorten
from adapters.maskinporten import Maskinporten
from adapters.oidc import LoginStart
from stubs.altinn import RESOURCE
from stubs.testing import CLIENT_ID, Stubs

BASE_URL = "https://helsereserven.example"
REDIRECT_URI = f"{BASE_URL}/logg-inn/idporten/tilbake"
HELSEID_REDIRECT_URI = f"{BASE_URL}/logg-inn/helseid/tilbake"
HPR_SCOPES = ("nhn:hpr/basic", "nhn:hpr/extended")
REQUIRED = {
    "idporten": ("ISSUER", "CLIENT_ID", "KEY_FILE", "REDIRECT_URI", "PERSON"),
    "idporten_production": ("ISSUER",),
    "helseid": ("ISSUER", "CLIENT_ID", "KEY_FILE", "REDIRECT_URI", "PERSON", "SIGN_IN"),
    "maskinporten": ("ISSUER", "CLIENT_ID", "KEY_FILE"),
    "altinn": ("URL", "RESOURCE", "PERSON", "ORGANISATION", "OTHER_ORGANISATION"),
    "enhetsregisteret": ("URL",),
    "hpr": ("URL", "PERSON", "PERSON_NOT_IN_HPR"),
    "smtp": ("HOST", "PORT", "TLS", "FROM", "TO"),
}


def real(system: str) -> dict[str, str] | None:
    """The settings of a real test environment, by the end of their names; None when any is missing."""
    prefix = f"CONTRACT_{system.upper()}_"
    settings = {name.removeprefix(prefix): value for name, value in os.environ.items() if name.startswith(prefix)}
    return settings if all(settings.get(name) for name in REQUIRED[system]) else None


class Clock:
    """A clock that only goes when told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class Login:
    """A provider with a browser: what a person does between `start` and `finish`.

    `level` is the provider's own word for high. `command` signs in where there is no login without a person.
    """

    adapter: oidc.OpenIdProvider
    browser: httpx.Client
    redirect_uri: str
    person: str
    stubs: Stubs | None
    level: str = "idporten-loa-high"
    command: str | None = None

    def sign_in(self, start: LoginStart, acr: str | None = None, person: str | None = None) -> dict[str, str]:
        """The callback's query after a headless login as the person."""
        if self.command:
            back = subprocess.run([self.command, start.url], check=True, capture_output=True, text=True).stdout
            return dict(parse_qsl(urlsplit(back.strip()).query))
        hint = quote(f"testid:{person or self.person}_{acr or self.level}")
        return self.follow(f"{start.url}&login_hint={hint}")

    def follow(self, url: str) -> dict[str, str]:
        """Follow redirects until the application's own address, and give its query."""
        for _ in range(10):
            response = self.browser.get(url)
            url = str(response.next_request.url) if response.next_request else ""
            if url.startswith(self.redirect_uri):
                return dict(parse_qsl(urlsplit(url).query))
        raise AssertionError("the browser never came back")

    def finish(self, start: LoginStart, params: Mapping[str, str]) -> oidc.Login:
        return self.adapter.finish(params=params, state=start.state, nonce=start.nonce, verifier=start.verifier)

    def whole(self, **options: Any) -> oidc.Login:
        """Start, sign in and finish."""
        start = self.adapter.start(language="nb")
        return self.finish(start, self.sign_in(start, **options))


AUTHORITIES = httpx.create_ssl_context()
web = httpx.Client(verify=AUTHORITIES)  # for asking a system directly, past the adapters

_keys: dict[str, RSAKey] = {}
_import_key = RSAKey.import_key


def remembered_key(value: Any) -> RSAKey:
    """A key as RSAKey reads it, read once: checking a private key takes 80 ms."""
    text = str(value)
    if text not in _keys:
        _keys[text] = _import_key(value)
    return _keys[text]


def key_of(file: str | Path) -> dict[str, Any]:
    key: dict[str, Any] = json.loads(Path(file).read_text())
    return key


def idporten_at(stubs: Stubs, **options: Any) -> IdPorten:
    """The adapter, pointed at the stand-in."""
    issuer = options.pop("issuer", stubs.url("idporten"))
    key = options.pop("key", None) or key_of(stubs.keys / "idporten.jwk.json")
    return IdPorten(issuer, CLIENT_ID, key, REDIRECT_URI, **{"allow_test_users": True, **options})


def helseid_at(stubs: Stubs, **options: Any) -> HelseId:
    key = options.pop("key", None) or key_of(stubs.keys / "helseid.jwk.json")
    options = {"allow_test_users": True, **options}
    return HelseId(stubs.url("helseid"), CLIENT_ID, key, HELSEID_REDIRECT_URI, **options)


def maskinporten_at(stubs: Stubs, **options: Any) -> Maskinporten:
    key = key_of(stubs.keys / "maskinporten.jwk.json")
    return Maskinporten(stubs.url("maskinporten"), options.pop("client_id", CLIENT_ID), key, **options)


@dataclass
class AltinnCase:
    """Altinn with a person who holds the right for one organisation and not for another."""

    adapter: Altinn
    person: str
    organisation: str
    other_organisation: str


@dataclass
class HprCase:
    """HPR with a person who holds a valid authorisation and one who is not in it."""

    adapter: Hpr
    person: str
    other_person: str


def hpr_at(stubs: Stubs, **options: Any) -> Hpr:
    machine = options.pop("maskinporten", None) or maskinporten_at(stubs)
    return Hpr(stubs.url("hpr"), machine, options.pop("scopes", HPR_SCOPES))


def altinn_at(stubs: Stubs, **options: Any) -> Altinn:
    machine = options.pop("maskinporten", None) or maskinporten_at(stubs)
    return Altinn(stubs.url("altinn"), machine, RESOURCE, **options)
