"""The outside systems of this app, one adapter each, made once from the settings."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import current_app

from adapters.altinn import Altinn
from adapters.clamav import Clamav
from adapters.enhetsregisteret import Enhetsregisteret
from adapters.hpr import Hpr
from adapters.idporten import IdPorten
from adapters.maskinporten import Maskinporten
from adapters.smtp import Smtp
from adapters.storage import Storage
from config import Settings


@dataclass
class Agencies:
    idporten: IdPorten
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
        return cls(
            idporten=IdPorten(
                settings.idporten_issuer,
                settings.idporten_client_id,
                _key(settings.idporten_key_file),
                f"{settings.base_url}/logg-inn/idporten/tilbake",
            ),
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


def _key(path: Path) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(path.read_text()))


def agencies() -> Agencies:
    """The outside systems of this app."""
    return cast(Agencies, current_app.extensions["agencies"])


def settings() -> Settings:
    """The settings of this app."""
    return cast(Settings, current_app.extensions["settings"])
