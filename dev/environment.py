"""The settings of a local installation, and the keys and secrets it keeps in its own folder."""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from adapters.clamav import Clamav
from adapters.errors import Unavailable

CLIENTS = ("idporten", "maskinporten", "helseid")
STUBS = ("idporten", "maskinporten", "altinn", "enhetsregisteret", "mail", "smtp", "hpr", "clamav", "helseid")
"""The stand-ins in the order of their ports, from the first one's upward."""

INHERITED = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "SSL_CERT_FILE", "WEB_CONCURRENCY", "PYTHONPATH")


def stub_port(name: str, base: int) -> int:
    """The port of one stand-in."""
    return base + STUBS.index(name)


def stub_url(name: str, base: int) -> str:
    """The address of one stand-in's pages."""
    return f"http://localhost:{stub_port(name, base)}"


def local_settings(
    folder: Path,
    *,
    port: int,
    stubs_port: int,
    database_url: str,
    database_owner_url: str,
    redis_url: str,
) -> dict[str, str]:
    """Every setting of the web, worker and relay processes, and of the stand-ins; makes the keys that are missing."""
    keys = folder / "keys"
    make_keys(keys)
    return {
        "ENVIRONMENT": "demo",
        "BASE_URL": f"http://localhost:{port}",
        "SECRET_KEY": (keys / "secret_key").read_text(),
        "KEY_RING_FILE": str(keys / "ring.json"),
        "DATABASE_URL": database_url,
        "DATABASE_OWNER_URL": database_owner_url,
        "REDIS_URL": redis_url,
        # By number, so that they are another site than ours, as the agencies are.
        "IDPORTEN_ISSUER": f"http://127.0.0.1:{stub_port('idporten', stubs_port)}",
        "IDPORTEN_CLIENT_ID": "helsereserven",
        "IDPORTEN_KEY_FILE": str(keys / "idporten.jwk.json"),
        "HELSEID_ISSUER": f"http://127.0.0.1:{stub_port('helseid', stubs_port)}",
        "HELSEID_CLIENT_ID": "helsereserven",
        "HELSEID_KEY_FILE": str(keys / "helseid.jwk.json"),
        "MASKINPORTEN_ISSUER": stub_url("maskinporten", stubs_port) + "/",
        "MASKINPORTEN_CLIENT_ID": "helsereserven",
        "MASKINPORTEN_KEY_FILE": str(keys / "maskinporten.jwk.json"),
        "ALTINN_URL": stub_url("altinn", stubs_port),
        "ENHETSREGISTERET_URL": stub_url("enhetsregisteret", stubs_port) + "/enhetsregisteret/api",
        "HPR_URL": stub_url("hpr", stubs_port),
        "FILES_URL": (folder / "files").resolve().as_uri(),
        **scanner(stubs_port),
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(stub_port("smtp", stubs_port)),
        "SMTP_TLS": "none",
        "MAIL_FROM": "ikke-svar@helsereserven.example",
        "MAIL_REPLY_TO": "hjelp@helsereserven.example",
        "ALLOW_SYNTHETIC_ID": "true",
        "STUBS_PORT_BASE": str(stubs_port),
        "STUBS_CLIENT_KEYS": str(keys),
    }


def scanner(stubs_port: int, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Where files are scanned: clamd at CLAMAV_ADDRESS or where Debian has it, if one answers; else the stand-in."""
    for address in (environ.get("CLAMAV_ADDRESS"), "unix:///run/clamav/clamd.ctl"):
        if address:
            with suppress(Unavailable, ValueError):
                Clamav(address, timeout=1).signatures()
                return {"CLAMAV_ADDRESS": address}
    return {
        "CLAMAV_ADDRESS": f"tcp://127.0.0.1:{stub_port('clamav', stubs_port)}",
        "CLAMAV_IS_STAND_IN": "true",
    }


def make_keys(folder: Path) -> None:
    """The secret key, the clients' private keys and the key ring; what is there stays, for the data hangs on it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "secret_key").exists():
        _write_secret(folder / "secret_key", secrets.token_urlsafe(48))
    for client in CLIENTS:
        file = folder / f"{client}.jwk.json"
        if not file.exists():
            _write_secret(file, json.dumps(client_key(client)))
    if not (folder / "ring.json").exists():
        from extensions.keys import KeyRing  # brings Flask; wanted only once, and the start should be quick

        KeyRing.create(folder / "ring.json")


def client_key(client: str) -> dict[str, Any]:
    """A new private key for one of our clients, as a JWK."""
    from joserfc.jwk import RSAKey  # as above

    kid = f"{client}-{secrets.token_hex(4)}"
    return dict(RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256", "use": "sig"}).as_dict(private=True))


def _write_secret(file: Path, text: str) -> None:
    partial = file.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    partial.rename(file)


def process_environment(settings: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a process of ours gets: its settings, and of our own only what it needs, so no stray setting reaches it."""
    return {
        **{name: environ[name] for name in INHERITED if name in environ},
        **settings,
        "PYTHONUNBUFFERED": "1",
    }
