"""Settings of one running process, read from the environment once at start."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

E = TypeVar("E", bound=StrEnum)
PRODUCTION_ADDRESSES = {
    "idporten_issuer": "https://idporten.no",
    "maskinporten_issuer": "https://maskinporten.no/",
    "altinn_url": "https://platform.altinn.no",
    "enhetsregisteret_url": "https://data.brreg.no/enhetsregisteret/api",
    "hpr_url": "https://api.offentlig.hpr.nhn.no",
}
"""Where the agencies are in earnest (integrations.md 1–6)."""
PRODUCTION_HELSEID = "https://helseid-sts.nhn.no"


class SettingsError(Exception):
    """A setting is missing, left at a default, or not allowed in this environment."""


class Environment(StrEnum):
    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class SmtpTls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True)
class OpenIdClient:
    """Our registration at a provider; the file holds the private key."""

    issuer: str
    client_id: str
    key_file: Path


@dataclass(frozen=True)
class Settings:
    """Everything a process must be told. Paths are to files with secrets; nothing secret has a default."""

    environment: Environment
    base_url: str
    service_name: str
    secret_key: str
    key_ring_file: Path
    database_url: str
    database_owner_url: str | None
    redis_url: str
    idporten_issuer: str
    idporten_client_id: str
    idporten_key_file: Path
    maskinporten_issuer: str
    maskinporten_client_id: str
    maskinporten_key_file: Path
    altinn_url: str
    altinn_resource: str
    altinn_package_name: str
    altinn_subscription_key: str | None
    altinn_fallback_role: str | None
    enhetsregisteret_url: str
    hpr_url: str
    hpr_scopes: tuple[str, ...]
    hpr_kinds: frozenset[str]
    """Codes of list 7704 that count as an authorisation or licence (integrations.md 6.3)."""
    files_url: str
    files_endpoint: str | None
    files_region: str | None
    files_access_key: str | None
    files_secret_key: str | None
    clamav_address: str
    clamav_is_stand_in: bool
    smtp_host: str
    smtp_port: int
    smtp_tls: SmtpTls
    smtp_user: str | None
    smtp_password: str | None
    mail_from: str
    mail_reply_to: str
    allow_synthetic_id: bool
    trusted_proxies: int
    operating_message: str | None
    helseid: OpenIdClient | None = None
    """The second provider to sign in with; without it there is no button for it."""
    smtp_timeout: int = 20
    """Seconds the mail server may take to answer."""
    upload_silence: int = 30
    upload_limit: int = 120
    """Seconds an upload may be silent, and last in all (security.md C59)."""
    job_lease: int = 120
    """Seconds a job may hold its work before another worker may take it over (security.md R4, R6)."""

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_secure(self) -> bool:
        """Whether people reach us over https, so that cookies can carry Secure and the __Host- prefix."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The public host name, with its port when it has one: the only Host header that is answered."""
        return urlsplit(self.base_url).netloc

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read and check every setting; raises SettingsError naming all that is wrong, so that one start tells it
        all."""
        reader = _Reader(environ)
        text, optional = reader.text, reader.optional
        environment = reader.choice("ENVIRONMENT", Environment)
        password_file, secret_key_file = optional("SMTP_PASSWORD_FILE"), optional("FILES_SECRET_KEY_FILE")
        settings = cls(
            environment=environment,
            base_url=text("BASE_URL").rstrip("/"),
            service_name=optional("SERVICE_NAME") or "Nasjonalt register over tilgjengelig helsepersonell",
            secret_key=text("SECRET_KEY"),
            key_ring_file=Path(text("KEY_RING_FILE")),
            database_url=text("DATABASE_URL"),
            database_owner_url=optional("DATABASE_OWNER_URL"),
            redis_url=text("REDIS_URL"),
            idporten_issuer=text("IDPORTEN_ISSUER"),
            idporten_client_id=text("IDPORTEN_CLIENT_ID"),
            idporten_key_file=Path(text("IDPORTEN_KEY_FILE")),
            maskinporten_issuer=text("MASKINPORTEN_ISSUER"),
            maskinporten_client_id=text("MASKINPORTEN_CLIENT_ID"),
            maskinporten_key_file=Path(text("MASKINPORTEN_KEY_FILE")),
            altinn_url=text("ALTINN_URL"),
            altinn_resource=optional("ALTINN_RESOURCE") or "hdir-helsepersonell-tilgang",
            altinn_package_name=optional("ALTINN_PACKAGE_NAME") or "Helsetjenester",
            altinn_subscription_key=optional("ALTINN_SUBSCRIPTION_KEY"),
            altinn_fallback_role=optional("ALTINN_FALLBACK_ROLE"),
            enhetsregisteret_url=text("ENHETSREGISTERET_URL"),
            hpr_url=text("HPR_URL"),
            hpr_scopes=tuple((optional("HPR_SCOPES") or "nhn:hpr/basic nhn:hpr/extended").split()),
            hpr_kinds=frozenset((optional("HPR_KINDS") or "1 2 4 14 17 18").split()),
            files_url=text("FILES_URL"),
            files_endpoint=optional("FILES_ENDPOINT"),
            files_region=optional("FILES_REGION"),
            files_access_key=optional("FILES_ACCESS_KEY"),
            files_secret_key=Path(secret_key_file).read_text().strip() if secret_key_file else None,
            clamav_address=text("CLAMAV_ADDRESS"),
            clamav_is_stand_in=(optional("CLAMAV_IS_STAND_IN") or "false") == "true",
            smtp_host=text("SMTP_HOST"),
            smtp_port=reader.number("SMTP_PORT"),
            smtp_tls=reader.choice("SMTP_TLS", SmtpTls),
            smtp_user=optional("SMTP_USER"),
            smtp_password=Path(password_file).read_text().strip() if password_file else None,
            mail_from=text("MAIL_FROM"),
            mail_reply_to=text("MAIL_REPLY_TO"),
            allow_synthetic_id=(optional("ALLOW_SYNTHETIC_ID") or "false") == "true",
            trusted_proxies=reader.number("TRUSTED_PROXIES", 0),
            operating_message=optional("OPERATING_MESSAGE"),
            helseid=_helseid(reader),
            smtp_timeout=reader.number("SMTP_TIMEOUT", 20),
            upload_silence=reader.number("UPLOAD_SILENCE", 30),
            upload_limit=reader.number("UPLOAD_LIMIT", 120),
            job_lease=reader.number("JOB_LEASE", 120),
        )
        if not settings.files_url.startswith(("file:///", "s3://")):
            reader.problems.append("FILES_URL must begin with file:/// or s3://")
        if not settings.clamav_address.startswith(("unix:///", "tcp://")):
            reader.problems.append("CLAMAV_ADDRESS must begin with unix:/// or tcp://")
        reader.problems.extend(_unfit_for_production(settings) if settings.is_production else [])
        if reader.problems:
            raise SettingsError("Settings: " + "; ".join(reader.problems))
        return settings


def _helseid(reader: "_Reader") -> OpenIdClient | None:
    """All three settings, or none."""
    if not any(map(reader.optional, ("HELSEID_ISSUER", "HELSEID_CLIENT_ID", "HELSEID_KEY_FILE"))):
        return None
    key_file = Path(reader.text("HELSEID_KEY_FILE"))
    return OpenIdClient(reader.text("HELSEID_ISSUER"), reader.text("HELSEID_CLIENT_ID"), key_file)


def _unfit_for_production(settings: Settings) -> list[str]:
    """What keeps these settings out of production (security.md C10, C67): the agencies' test environments, stand-ins,
    synthetic numbers, weak secrets, connections that anybody may read."""
    problems = [
        f"{name.upper()} must be {address} in production"
        for name, address in PRODUCTION_ADDRESSES.items()
        if getattr(settings, name) != address
    ]
    if not settings.is_secure:
        problems.append("BASE_URL must begin with https:// in production")
    if settings.helseid and settings.helseid.issuer != PRODUCTION_HELSEID:
        problems.append(f"HELSEID_ISSUER must be {PRODUCTION_HELSEID} in production")
    if not re.match("rediss://(?!.*ssl_(cert_reqs|check_hostname))|unix://", settings.redis_url):
        problems.append("REDIS_URL must begin with rediss:// or unix:// in production, with the certificate checked")
    for name in ("database_url", "database_owner_url"):
        if not _is_verified(getattr(settings, name) or ""):
            problems.append(f"{name.upper()} must have sslmode=verify-full in production")
    if settings.allow_synthetic_id:
        problems.append("ALLOW_SYNTHETIC_ID must not be true in production")
    if settings.clamav_is_stand_in:
        problems.append("CLAMAV_IS_STAND_IN must not be true in production")
    if (settings.files_endpoint or "https://").startswith("http://"):
        problems.append("FILES_ENDPOINT must begin with https:// in production")
    if settings.smtp_tls is SmtpTls.NONE:
        problems.append("SMTP_TLS must be starttls or tls in production")
    if len(settings.secret_key) < 32:
        problems.append("SECRET_KEY must be at least 32 characters")
    return problems


def _is_verified(database_url: str) -> bool:
    """Whether the server's certificate is checked, or nothing leaves this machine."""
    url = urlsplit(database_url)
    asked = parse_qs(url.query)
    hosts = {url.hostname or "/", *asked.get("host", ()), *asked.get("hostaddr", ())}
    stays_here = all(host.startswith("/") or host in ("localhost", "127.0.0.1", "::1") for host in hosts)
    return stays_here or set(asked.get("sslmode", ())) in ({"verify-full"}, {"verify-ca"})


class _Reader:
    """Collects what is wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def optional(self, name: str) -> str | None:
        return self.environ.get(name, "").strip() or None

    def text(self, name: str) -> str:
        value = self.optional(name)
        if value is None:
            self.problems.append(f"{name} is missing")
        return value or ""

    def number(self, name: str, default: int | None = None) -> int:
        value = self.optional(name) or ("" if default is None else str(default))
        if not value.isdecimal():
            self.problems.append(f"{name} must be a whole number")
            return 0
        return int(value)

    def choice(self, name: str, kind: type[E]) -> E:
        value = self.text(name)
        try:
            return kind(value)
        except ValueError:
            if value:
                self.problems.append(f"{name} must be one of {', '.join(kind)}")
            return next(iter(kind))
