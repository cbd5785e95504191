"""Maskinporten: machine tokens, their cache, and each way it says no."""

import logging
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.errors import Unavailable
from adapters.jose import LIFETIME_SECONDS, Signer
from adapters.maskinporten import GRANT_TYPE, Maskinporten
from stubs.altinn import DECISION_SCOPE, PARTIES_SCOPE
from stubs.testing import CLIENT_ID, Stubs
from tests.contract.support import Clock, key_of, maskinporten_at, real, web

SCOPES = (PARTIES_SCOPE, DECISION_SCOPE)
stand_in = pytest.mark.needs_stand_in


def test_a_token_is_given_for_the_scopes_asked_for(maskinporten: Maskinporten) -> None:
    assert len(maskinporten.token(SCOPES).split(".")) == 3


def test_a_token_is_kept_whatever_the_order_of_its_scopes(maskinporten: Maskinporten) -> None:
    assert maskinporten.token(SCOPES) == maskinporten.token(tuple(reversed(SCOPES)))


def test_a_forgotten_token_is_asked_for_anew(maskinporten: Maskinporten) -> None:
    first = maskinporten.token(SCOPES)
    maskinporten.forget(SCOPES)
    assert maskinporten.token(SCOPES) != first


@stand_in
def test_a_token_is_renewed_half_a_minute_before_it_ends(stubs: Stubs) -> None:
    clock = Clock(time.time())
    adapter = maskinporten_at(stubs, clock=clock)
    first = adapter.token(SCOPES)
    clock.now += 599 - 31
    assert adapter.token(SCOPES) == first
    clock.now += 2
    stubs.control("maskinporten", "clock", advance=599 - 29)
    assert adapter.token(SCOPES) != first


@stand_in
def test_each_set_of_scopes_has_its_own_token(maskinporten: Maskinporten) -> None:
    assert maskinporten.token(SCOPES) != maskinporten.token(SCOPES[:1])


@stand_in
def test_metadata_is_read_once(maskinporten: Maskinporten, stubs: Stubs) -> None:
    maskinporten.token(SCOPES)
    maskinporten.forget(SCOPES)
    maskinporten.token(SCOPES)
    assert _asked(stubs, "/.well-known/oauth-authorization-server") == 1


@stand_in
@pytest.mark.parametrize(
    "code", ["MP-011", "MP-012", "MP-100", "MP-110", "MP-120", "MP-121", "MP-130", "MP-200", "MP-250"]
)
def test_a_refusal_is_an_outage_whose_code_and_support_id_are_logged(
    maskinporten: Maskinporten, stubs: Stubs, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    stubs.control("maskinporten", code)
    with pytest.raises(Unavailable) as caught:
        maskinporten.token(SCOPES)
    assert (str(caught.value), caught.value.reason) == ("maskinporten", code)
    error = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert code in error.getMessage() and "support id -" not in error.getMessage()


@stand_in
def test_a_refusal_is_not_remembered(maskinporten: Maskinporten, stubs: Stubs) -> None:
    stubs.control("maskinporten", "MP-130", count=1)
    with pytest.raises(Unavailable):
        maskinporten.token(SCOPES)
    assert maskinporten.token(SCOPES)


@stand_in
@pytest.mark.parametrize("path", ["/token", "/.well-known/oauth-authorization-server"])
@pytest.mark.parametrize("mode", ["http503", "http500", "http429", "timeout", "reset", "badjson", "html"])
def test_no_usable_answer_is_an_outage(maskinporten: Maskinporten, stubs: Stubs, path: str, mode: str) -> None:
    stubs.control("maskinporten", mode, path=path)
    with pytest.raises(Unavailable):
        maskinporten.token(SCOPES)


@stand_in
def test_a_short_outage_is_ridden_over_with_a_fresh_grant_each_time(maskinporten: Maskinporten, stubs: Stubs) -> None:
    stubs.control("maskinporten", "http503", path="/token", count=2)
    assert maskinporten.token(SCOPES)
    grants = [entry["form"]["assertion"] for entry in stubs.log("maskinporten") if entry["path"] == "/token"]
    assert len(set(grants)) == 3


@stand_in
def test_a_cached_token_carries_us_over_an_outage(maskinporten: Maskinporten, stubs: Stubs) -> None:
    token = maskinporten.token(SCOPES)
    stubs.control("maskinporten", "http503")
    assert maskinporten.token(SCOPES) == token


@stand_in
def test_a_slow_answer_within_the_limit_is_an_answer(maskinporten: Maskinporten, stubs: Stubs) -> None:
    stubs.control("maskinporten", "slow", path="/token", seconds=0.1)
    assert maskinporten.token(SCOPES)


# -- the rules a grant is judged by: our own, and forged


@stand_in
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"aud": "https://maskinporten.example/"}, "MP-110"),
        ({"iss": "nobody"}, "MP-100"),
        ({"iat": -15}, "MP-130"),
        ({"iat": 15}, "MP-130"),
        ({"exp": 121}, "MP-130"),
        ({"scope": "somebody:elses"}, "MP-200"),
        ({"scope": ""}, "MP-200"),
    ],
)
def test_a_grant_must_be_right_in_every_claim(stubs: Stubs, change: dict[str, Any], code: str) -> None:
    assert code in _grant(stubs, change)["error_description"]


@stand_in
def test_the_audience_needs_its_slash(stubs: Stubs) -> None:
    assert "MP-110" in _grant(stubs, {"aud": stubs.url("maskinporten").rstrip("/")})["error_description"]


@stand_in
def test_a_grant_works_once(stubs: Stubs) -> None:
    assert "access_token" in _grant(stubs, {"jti": "the-same"})
    assert "MP-012" in _grant(stubs, {"jti": "the-same"})["error_description"]


@stand_in
def test_a_grant_by_another_key_is_refused(stubs: Stubs) -> None:
    other = RSAKey.generate_key(2048, {"kid": key_of(stubs.keys / "maskinporten.jwk.json")["kid"]})
    assert "MP-120" in _grant(stubs, {}, other)["error_description"]


@stand_in
def test_what_is_no_grant_is_malformed(stubs: Stubs) -> None:
    form = {"grant_type": GRANT_TYPE, "assertion": "not a token"}
    answer = web.post(f"{stubs.url('maskinporten')}token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_our_grants_keep_within_what_maskinporten_allows() -> None:
    key = RSAKey.generate_key(2048, {"kid": "k"})
    signer = Signer("us", key.as_dict(private=True))
    one, two = (jwt.decode(signer.sign("https://a/", 1000.7), key, algorithms=["RS256"]).claims for _ in range(2))
    assert (one["iat"], one["exp"], one["aud"], one["iss"]) == (1000, 1000 + LIFETIME_SECONDS, "https://a/", "us")
    assert one["jti"] != two["jti"] and LIFETIME_SECONDS <= 120


@pytest.mark.needs_real_env("maskinporten")
def test_a_scope_we_lack_is_refused_with_a_status_we_tolerate() -> None:
    settings = real("maskinporten")
    assert settings
    adapter = Maskinporten(settings["ISSUER"], settings["CLIENT_ID"], key_of(settings["KEY_FILE"]))
    with pytest.raises(Unavailable) as caught:
        adapter.token(["helsereserven:does.not.exist"])
    assert caught.value.reason.startswith(("MP-2", "invalid_scope"))


def _asked(stubs: Stubs, path: str) -> int:
    return sum(entry["path"] == path for entry in stubs.log("maskinporten"))


def _grant(stubs: Stubs, change: dict[str, Any], key: RSAKey | None = None) -> dict[str, Any]:
    """What Maskinporten answers to a grant with these claims changed; `iat` and `exp` are seconds from now."""
    now = int(time.time())
    ours = RSAKey.import_key(key_of(stubs.keys / "maskinporten.jwk.json"))
    issued = now + change.get("iat", 0)
    claims = {"iss": CLIENT_ID, "aud": stubs.url("maskinporten"), "scope": SCOPES[0], "jti": f"{time.time_ns()}"}
    claims |= {**change, "iat": issued, "exp": issued + change.get("exp", 60)}
    grant = jwt.encode({"alg": "RS256", "kid": ours.kid}, claims, key or ours)
    answer = web.post(f"{stubs.url('maskinporten')}token", data={"grant_type": GRANT_TYPE, "assertion": grant})
    body: dict[str, Any] = answer.json()
    return body
