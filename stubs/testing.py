"""The stand-ins for tests: every one in this process, on free ports.

stubs = start_stubs(tmp_path, base_url="http://localhost:5001")
stubs.control("altinn", "http503", count=1)
...
stubs.stop()
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from stubs.altinn import RESOURCE, Altinn
from stubs.base import HOST, StandIn
from stubs.clamav import Clamav
from stubs.enhetsregisteret import Enhetsregisteret
from stubs.helseid import LEVELS, HelseId
from stubs.hpr import Hpr
from stubs.idporten import IdPorten
from stubs.keys import make_client_key
from stubs.maskinporten import Maskinporten
from stubs.people import Person, by_key
from stubs.smtp import Mailbox

CLIENT_ID = "helsereserven"
SYSTEMS = ("idporten", "maskinporten", "altinn", "enhetsregisteret", "mail", "hpr", "clamav", "helseid")
PORTS = ("idporten", "maskinporten", "altinn", "enhetsregisteret", "mail", "smtp", "hpr", "clamav", "helseid")


class Stubs:
    """All stand-ins, agreeing on people, organisations and clients."""

    def __init__(
        self,
        keys: Path,
        mail_folder: Path | None = None,
        idporten_client: str = CLIENT_ID,
        maskinporten_client: str = CLIENT_ID,
        helseid_client: str = CLIENT_ID,
    ) -> None:
        self.keys = keys
        self.idporten_client = idporten_client
        self.maskinporten_client = maskinporten_client
        self.helseid_client = helseid_client
        self.idporten = IdPorten()
        self.helseid = HelseId()
        self.maskinporten = Maskinporten()
        self.altinn = Altinn(self.maskinporten, self.idporten)
        self.enhetsregisteret = Enhetsregisteret()
        self.mailbox = Mailbox(mail_folder)
        self.hpr = Hpr(self.maskinporten)
        self.clamav = Clamav()
        self.maskinporten.register(maskinporten_client, keys / "maskinporten.jwk.json")

    def serve(self, ports: list[int], urls: dict[str, str] | None = None) -> None:
        """Start all, on ports in the order of PORTS. A port of 0 is a free one."""
        known, port_of = urls or {}, dict(zip(PORTS, ports, strict=True))
        self.mailbox.serve(port_of.pop("mail"), known.get("mail"), smtp_port=port_of.pop("smtp"))
        for name, port in port_of.items():
            self._system(name).serve(port, known.get(name))

    def stop(self) -> None:
        """Close every port."""
        for name in SYSTEMS:
            self._system(name).stop()

    def __enter__(self) -> "Stubs":
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def register(self, base_url: str) -> None:
        """Let the application at this address sign people in; may be called for several, at any time."""
        self.idporten.register(self.idporten_client, self.keys / "idporten.jwk.json", base_url)
        self.helseid.register(self.helseid_client, self.keys / "helseid.jwk.json", base_url)

    def url(self, system: str) -> str:
        """What the application is told: the issuers, Altinn's base, Enhetsregisteret's base, the page with the mail."""
        match system:
            case "maskinporten":
                return self.maskinporten.issuer
            case "enhetsregisteret":
                return self.enhetsregisteret.base_url
            case _:
                return self._system(system).url

    @property
    def smtp_port(self) -> int:
        """Where mail is taken in, on 127.0.0.1."""
        return self.mailbox.smtp_port

    def settings(self) -> dict[str, str]:
        """The environment variables that point an application at these stand-ins."""
        return {
            "IDPORTEN_ISSUER": self.url("idporten"),
            "IDPORTEN_CLIENT_ID": self.idporten_client,
            "IDPORTEN_KEY_FILE": str(self.keys / "idporten.jwk.json"),
            "HELSEID_ISSUER": self.url("helseid"),
            "HELSEID_CLIENT_ID": self.helseid_client,
            "HELSEID_KEY_FILE": str(self.keys / "helseid.jwk.json"),
            "MASKINPORTEN_ISSUER": self.url("maskinporten"),
            "MASKINPORTEN_CLIENT_ID": self.maskinporten_client,
            "MASKINPORTEN_KEY_FILE": str(self.keys / "maskinporten.jwk.json"),
            "ALTINN_URL": self.url("altinn"),
            "ALTINN_RESOURCE": RESOURCE,
            "ENHETSREGISTERET_URL": self.url("enhetsregisteret"),
            "HPR_URL": self.url("hpr"),
            "CLAMAV_ADDRESS": self.url("clamav"),
            "CLAMAV_IS_STAND_IN": "true",
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_TLS": "none",
            "ALLOW_SYNTHETIC_ID": "true",
        }

    def control(
        self, system: str, mode: str, path: str | None = None, count: int | None = None, **details: Any
    ) -> None:
        """Switch a fault on (stubs/base.py and each system's module list them); `ok` takes it away."""
        self._system(system).control(mode, path, count, **details)

    def reset(self) -> None:
        """Every system as at the start, but for keys: no faults, no changes, no logins, no mail, empty logs."""
        for name in SYSTEMS:
            self._system(name).control("ok")
            self._system(name).forget()
        self.idporten.control("end_sessions")
        self.helseid.control("end_sessions")
        self.mailbox.clear()

    def advance(self, seconds: float) -> None:
        """Move the clock of every stand-in."""
        for name in SYSTEMS:
            self._system(name).control("clock", advance=seconds)

    def log(self, system: str) -> list[dict[str, Any]]:
        """What a system was asked: method, path, query, form, json, headers, at."""
        return self._system(system).log()

    def mail(self) -> list[dict[str, Any]]:
        """The captured messages, oldest first: recipients, subject, text, html, links, headers and more."""
        return self.mailbox.messages()

    def person(self, key: str) -> Person:
        """A person of people.json."""
        return by_key(key)

    def sign_in_as(self, url: str, key: str, acr: str | None = None) -> str:
        """The address `start()` gave, with the hint that signs this person in without the picker."""
        person = by_key(key)
        own = LEVELS[person.level] if url.startswith(f"{self.url('helseid')}/") else person.level
        hint = f"testid:{person.national_id}_{acr or own}"
        return f"{url}&login_hint={quote(hint)}"

    def _system(self, name: str) -> StandIn:
        systems: dict[str, StandIn] = {
            "idporten": self.idporten,
            "maskinporten": self.maskinporten,
            "altinn": self.altinn,
            "enhetsregisteret": self.enhetsregisteret,
            "mail": self.mailbox,
            "smtp": self.mailbox,
            "hpr": self.hpr,
            "clamav": self.clamav,
            "helseid": self.helseid,
        }
        return systems[name]


def start_stubs(folder: Path, base_url: str | None = None) -> Stubs:
    """Start every stand-in on free ports; the clients' keys are made in the folder when they are not there."""
    for client in ("idporten", "maskinporten", "helseid"):
        make_client_key(folder / f"{client}.jwk.json")
    stubs = Stubs(folder)
    stubs.serve([0] * len(PORTS))
    if base_url:
        stubs.register(base_url)
    return stubs
