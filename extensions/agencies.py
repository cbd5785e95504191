"""The outside systems of this app, one adapter each, made once from the settings."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import current_app

from adapters.altinn import Altinn
from adapters.clamav import Clamav
from adapters.enhetsregisteret import Enhetsregisteret
from adapters.helseid import HelseId
from adapters.hpr import Hpr
from adapters.idporten import IdPorten
from adapters.maskinporten import Maskinporten
from adapters.oidc import OpenIdProvider
from adapters.smtp import Smtp
from adapters.storage import Storage
from config import OpenIdClient, Settings

P = TypeVar("P", bound=OpenIdProvider)


@dataclass
class Agencies:
    idporten: IdPorten
    helseid: HelseId | None
    altinn: Altinn
    enhetsregisteret: Enhetsregisteret
    hpr: Hpr
    storage: Storage
    clamav: Clamav
    smtp: Smtp

    @classmethod
    def from_settings(cls, settings: Settings) -> "Agencies":
        maskinporten = Maskinporten(
            settings.maskinporten_issuer, settings.maskinporten_client_id, _key(settings.maskinporten_key_file)
        )
        idporten = OpenIdClient(settings.idporten_issuer, settings.idporten_client_id, settings.idporten_key_file)
        return cls(
            idporten=_provider(IdPorten, idporten, settings),
            helseid=_provider(HelseId, settings.helseid, settings) if settings.helseid else None,
            altinn=Altinn(
                settings.altinn_url,
                maskinporten,
                settings.altinn_resource,
                subscription_key=settings.altinn_subscription_key,
                fallback_role=settings.altinn_fallback_role,
            ),
            enhetsregisteret=Enhetsregisteret(settings.enhetsregisteret_url),
            hpr=Hpr(settings.hpr_url, maskinporten, settings.hpr_scopes),
            storage=Storage.at(
                settings.files_url,
                endpoint=settings.files_endpoint,
                region=settings.files_region,
                access_key=settings.files_access_key,
                secret_key=settings.files_secret_key,
            ),
            clamav=Clamav(settings.clamav_address),
            smtp=Smtp(
                settings.smtp_host,
                settings.smtp_port,
                settings.smtp_tls,
                settings.smtp_user,
                settings.smtp_password,
                timeout=settings.smtp_timeout,
            ),
        )

    @property
    def providers(self) -> dict[str, OpenIdProvider]:
        """Those that people sign in with, by the name in their addresses, in the order they are offered."""
        return {provider.system: provider for provider in (self.idporten, self.helseid) if provider is not None}

    def provider_at(self, issuer: str) -> OpenIdProvider | None:
        """The provider a session was opened with; None when it is no longer ours."""
        return next((provider for provider in self.providers.values() if provider.issuer == issuer), None)


def _provider(kind: type[P], client: OpenIdClient, settings: Settings) -> P:
    """Each has a return address of its own, so that no answer is taken for another's (C2)."""
    return kind(
        client.issuer,
        client.client_id,
        _key(client.key_file),
        f"{settings.base_url}/logg-inn/{kind.system}/tilbake",
        allow_test_users=not settings.is_production,
    )


def _key(path: Path) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(path.read_text()))


def agencies() -> Agencies:
    """The outside systems of this app."""
    return cast(Agencies, current_app.extensions["agencies"])


def settings() -> Settings:
    """The settings of this app."""
    return cast(Settings, current_app.extensions["settings"])
