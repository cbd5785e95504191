"""What a provider's metadata may point to, and the parts that need no server."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest
from joserfc.jwk import RSAKey

from adapters.http import Answer
from adapters.jose import Signer
from adapters.oidc import Login, belongs, signing_keys, word

ISSUER = "https://test.idporten.no"
LOG = logging.getLogger("test")


@pytest.mark.parametrize(
    ("url", "browser", "is_ours"),
    [
        ("https://test.idporten.no/token", False, True),
        ("https://login.test.idporten.no/authorize", True, True),
        ("https://login.test.idporten.no/token", False, False),
        ("https://test.idporten.no.evil.example/token", False, False),
        ("https://eviltest.idporten.no/authorize", True, False),
        ("https://evil.example/authorize", True, False),
        ("http://test.idporten.no/token", False, False),
        ("https://test.idporten.no:8443/token", False, False),
        ("https://test.idporten.no@evil.example/token", False, False),
        ("https://user@test.idporten.no/token", False, False),
        ("javascript:alert(1)", True, False),
        ("https://[broken", True, False),
        ("", True, False),
    ],
)
def test_metadata_may_only_point_to_the_issuer_itself(url: str, browser: bool, is_ours: bool) -> None:
    assert belongs(url, ISSUER, browser=browser) is is_ours


def test_a_login_does_not_show_its_number() -> None:
    login = Login(ISSUER, "subject", "05859010018", "idporten-loa-high", datetime.now(UTC), None, None, "Kari Prøve")
    assert not re.search("05859010018|Kari", f"{login} {login!r}")


def test_only_signing_keys_with_an_id_are_used() -> None:
    key = RSAKey.generate_key(2048, {"kid": "good", "use": "sig"}).as_dict(private=False)
    others = [key | {"kid": "other", "use": "enc"}, {**key, "kid": None}, {"kty": "EC"}, {"kty": "RSA", "kid": "x"}, 7]
    published = Answer("idporten", 200, json.dumps({"keys": [key, *others]}).encode(), {})
    assert set(signing_keys(published, LOG)) == {"good"}
    assert signing_keys(Answer("idporten", 200, b'{"keys": null}', {}), LOG) == {}


@pytest.mark.parametrize(("given", "clean"), [("a_B-1\n<x>", "a_b-1x"), (None, "none"), ("x" * 100, "x" * 40)])
def test_a_word_from_outside_is_cleaned_for_the_log(given: object, clean: str) -> None:
    assert word(given) == clean


def test_a_public_key_cannot_sign() -> None:
    with pytest.raises(ValueError, match="private"):
        Signer("us", RSAKey.generate_key(2048).as_dict(private=False))
