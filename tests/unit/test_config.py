"""Settings: everything missing is named at once, and nothing of a development machine starts in production (C10)."""

import pytest

from config import Settings, SettingsError

GOOD = {
    "ENVIRONMENT": "production",
    "BASE_URL": "https://helsereserven.example",
    "SECRET_KEY": "x" * 40,
    "KEY_RING_FILE": "/run/secrets/ring.json",
    "DATABASE_URL": "postgresql+psycopg://app@db/helsereserven?sslmode=verify-full",
    "REDIS_URL": "rediss://redis",
    "IDPORTEN_ISSUER": "https://idporten.no",
    "IDPORTEN_CLIENT_ID": "client",
    "IDPORTEN_KEY_FILE": "/run/secrets/idporten.json",
    "MASKINPORTEN_ISSUER": "https://maskinporten.no/",
    "MASKINPORTEN_CLIENT_ID": "client",
    "MASKINPORTEN_KEY_FILE": "/run/secrets/maskinporten.json",
    "ALTINN_URL": "https://platform.altinn.no",
    "ENHETSREGISTERET_URL": "https://data.brreg.no/enhetsregisteret/api",
    "HPR_URL": "https://api.offentlig.hpr.nhn.no",
    "FILES_URL": "s3://helsereserven",
    "CLAMAV_ADDRESS": "unix:///run/clamav/clamd.ctl",
    "SMTP_HOST": "smtp.example",
    "SMTP_PORT": "587",
    "SMTP_TLS": "starttls",
    "MAIL_FROM": "ikke-svar@helsedirektoratet.example",
    "MAIL_REPLY_TO": "hjelp@helsedirektoratet.example",
}


def test_good_settings_are_taken():
    settings = Settings.from_environment(GOOD)
    assert settings.is_production and settings.is_secure and settings.host == "helsereserven.example"
    assert settings.allow_synthetic_id is False


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_missing_setting_stops_the_start(name):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({**GOOD, name: ""})


def test_all_that_is_missing_is_told_at_once():
    with pytest.raises(SettingsError) as told:
        Settings.from_environment({})
    assert all(name in str(told.value) for name in GOOD)


def test_helseid_is_wholly_told_or_not_at_all():
    helseid = {
        "HELSEID_ISSUER": "https://helseid-sts.nhn.no",
        "HELSEID_CLIENT_ID": "client",
        "HELSEID_KEY_FILE": "/run/secrets/helseid.json",
    }
    assert Settings.from_environment(GOOD).helseid is None
    found = Settings.from_environment({**GOOD, **helseid}).helseid
    assert found and found.issuer == helseid["HELSEID_ISSUER"]
    for name in helseid:
        with pytest.raises(SettingsError, match=name):
            Settings.from_environment({**GOOD, **helseid, name: ""})
    for issuer in ("http://localhost:8108", "https://helseid-sts.test.nhn.no"):
        with pytest.raises(SettingsError, match="HELSEID_ISSUER must be https://helseid-sts.nhn.no"):
            Settings.from_environment({**GOOD, **helseid, "HELSEID_ISSUER": issuer})
        assert Settings.from_environment({**GOOD, **helseid, "HELSEID_ISSUER": issuer, "ENVIRONMENT": "test"}).helseid


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BASE_URL", "http://helsereserven.example", "BASE_URL"),
        ("IDPORTEN_ISSUER", "http://localhost:8100", "IDPORTEN_ISSUER"),
        ("IDPORTEN_ISSUER", "https://test.idporten.no", "IDPORTEN_ISSUER"),
        ("IDPORTEN_ISSUER", "https://idporten.no.example", "IDPORTEN_ISSUER"),
        ("MASKINPORTEN_ISSUER", "https://test.maskinporten.no/", "MASKINPORTEN_ISSUER"),
        ("ALTINN_URL", "http://localhost:8102", "ALTINN_URL"),
        ("ALTINN_URL", "https://platform.tt02.altinn.no", "ALTINN_URL"),
        ("ENHETSREGISTERET_URL", "https://register.example", "ENHETSREGISTERET_URL"),
        ("HPR_URL", "https://api.offentlig.test.hpr.nhn.no", "HPR_URL"),
        ("REDIS_URL", "redis://redis", "REDIS_URL"),
        ("REDIS_URL", "rediss://redis?ssl_cert_reqs=none", "REDIS_URL"),
        ("DATABASE_URL", "postgresql+psycopg://app@db/helsereserven", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql+psycopg://app@db/helsereserven?sslmode=require", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql+psycopg://app@localhost/helsereserven?host=db", "DATABASE_URL"),
        ("DATABASE_OWNER_URL", "postgresql+psycopg://owner@db/helsereserven", "DATABASE_OWNER_URL"),
        ("ALLOW_SYNTHETIC_ID", "true", "ALLOW_SYNTHETIC_ID"),
        ("SMTP_TLS", "none", "SMTP_TLS"),
        ("FILES_URL", "var/files", "FILES_URL"),
        ("FILES_ENDPOINT", "http://store", "FILES_ENDPOINT"),
        ("CLAMAV_ADDRESS", "localhost:3310", "CLAMAV_ADDRESS"),
        ("CLAMAV_IS_STAND_IN", "true", "CLAMAV_IS_STAND_IN"),
        ("SECRET_KEY", "kort", "SECRET_KEY"),
        ("SMTP_PORT", "mange", "SMTP_PORT"),
        ("ENVIRONMENT", "prod", "ENVIRONMENT"),
        ("TRUSTED_PROXIES", "to", "TRUSTED_PROXIES"),
    ],
)
def test_what_does_not_belong_in_production_stops_the_start(name, value, words):
    with pytest.raises(SettingsError, match=words):
        Settings.from_environment({**GOOD, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "rediss://redis?ssl_ca_certs=/etc/ssl/own.pem"),
        ("REDIS_URL", "unix:///run/valkey/valkey.sock"),
        ("DATABASE_URL", "postgresql+psycopg://app@/helsereserven?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql+psycopg://app@localhost:5433/helsereserven"),
        ("DATABASE_URL", "postgresql+psycopg://app@db/helsereserven?sslmode=verify-ca"),
    ],
)
def test_a_connection_is_verified_or_stays_on_the_machine(name, value):
    assert Settings.from_environment({**GOOD, name: value}).is_production
