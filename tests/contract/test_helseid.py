"""HelseID: the login journey, tokens bound to our key, what its claims must say, logout, and the stand-in's own rules.

What it shares with ID-porten is tried in full there; here once for each kind.
"""

import logging
import time
import traceback
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from adapters.errors import Unavailable
from adapters.helseid import HelseId
from adapters.jose import ProofKey
from adapters.oidc import LoginRefused, Refusal
from stubs.helseid import HPR, IDENTITY
from stubs.keys import header_of, sign, unproven_claims
from stubs.testing import CLIENT_ID, Stubs
from tests.contract.support import BASE_URL, HELSEID_REDIRECT_URI, Login, helseid_at, idporten_at, web

stand_in = pytest.mark.needs_stand_in
TOKEN, USERINFO = "/connect/token", "/connect/userinfo"


# -- the journey


def test_the_browser_carries_only_a_reference_to_the_pushed_request(helseid: Login) -> None:
    start = helseid.adapter.start(language="nb")
    assert set(dict(parse_qsl(urlsplit(start.url).query))) == {"client_id", "request_uri"}


def test_a_person_who_signs_in_becomes_an_identity(helseid: Login) -> None:
    found = helseid.whole()
    assert found.national_id == helseid.person
    assert (found.issuer, found.acr) == (helseid.adapter.issuer, "4 high")
    assert found.subject and found.session_id and found.name and found.hpr_number
    assert abs(found.auth_time.timestamp() - time.time()) < 60


def test_the_subject_is_the_same_next_time(helseid: Login) -> None:
    assert helseid.whole().subject == helseid.whole().subject


@stand_in
def test_the_pushed_request_asks_for_all_that_protects_the_login(helseid: Login, stubs: Stubs) -> None:
    start = helseid.adapter.start(language="nn", fresh=True)
    pushed = _forms(stubs, "/connect/par")[0]
    assert pushed["state"] == start.state and pushed["nonce"] == start.nonce
    assert pushed["code_challenge_method"] == "S256" and start.verifier not in pushed.values()
    assert (pushed["acr_values"], pushed["max_age"], pushed["prompt"]) == ("Level4", "7200", "login")
    assert pushed["redirect_uri"] == HELSEID_REDIRECT_URI
    assert {f"helseid://scopes/identity/{name}" for name in ("pid", "security_level", "assurance_level")} < set(
        pushed["scope"].split()
    )
    assertion = pushed["client_assertion"]
    claims = unproven_claims(assertion)
    assert header_of(assertion)["typ"] == "client-authentication+jwt"
    assert (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT_ID, CLIENT_ID, helseid.adapter.issuer)
    assert claims["nbf"] == claims["iat"] and claims["exp"] - claims["iat"] == 60


# -- tokens bound to a key of ours (DPoP)


@stand_in
def test_the_code_is_sent_twice_and_the_second_proof_holds_the_nonce(helseid: Login, stubs: Stubs) -> None:
    helseid.whole()
    sent = [entry for entry in stubs.log("helseid") if entry["path"] == TOKEN]
    first, second = (unproven_claims(entry["headers"]["dpop"]) for entry in sent)
    assert "nonce" not in first and second["nonce"] and first["jti"] != second["jti"]
    assert (second["htm"], second["htu"]) == ("POST", f"{helseid.adapter.issuer}{TOKEN}")
    header = header_of(sent[1]["headers"]["dpop"])
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256") and "d" not in header["jwk"]
    assert len({entry["form"]["client_assertion"] for entry in sent}) == 2


@stand_in
def test_a_nonce_that_is_refused_twice_is_an_outage(
    helseid: Login, stubs: Stubs, caplog: pytest.LogCaptureFixture
) -> None:
    stubs.control("helseid", "nonce_refused")
    with pytest.raises(Unavailable) as caught:
        helseid.whole()
    assert caught.value.reason == "token 400 use_dpop_nonce" and len(_forms(stubs, TOKEN)) == 2
    assert [record.levelname for record in caplog.records if record.name == "adapters.helseid"] == ["ERROR"]


@stand_in
def test_each_process_has_a_key_of_its_own(stubs: Stubs, impatient: None) -> None:
    one, two = helseid_at(stubs)._proof_key, helseid_at(stubs)._proof_key
    assert header_of(one.proof("GET", "x", 0))["jwk"] != header_of(two.proof("GET", "x", 0))["jwk"]


# -- forged and unfit tokens (C3, C4)


@stand_in
@pytest.mark.parametrize(
    ("forgery", "refusal", "detail"),
    [
        ("alg_none", Refusal.TOKEN, "alg"),
        ("alg_hs256", Refusal.TOKEN, "alg"),
        ("bad_signature", Refusal.TOKEN, "BadSignatureError"),
        ("unknown_kid", Refusal.TOKEN, "kid"),
        ("token_wrong_iss", Refusal.TOKEN, "iss"),
        ("extra_aud", Refusal.TOKEN, "aud"),
        ("wrong_nonce", Refusal.TOKEN, "nonce"),
        ("expired", Refusal.TOKEN, "exp"),
        ("old_auth_time", Refusal.TOKEN, "auth_time"),
        ("missing_sub", Refusal.TOKEN, "sub"),
        ("level_3", Refusal.LEVEL_TOO_LOW, "3 high"),
        ("low_assurance", Refusal.LEVEL_TOO_LOW, "4 low"),
        ("missing_pid", Refusal.NO_NATIONAL_ID, ""),
        ("malformed_pid", Refusal.NO_NATIONAL_ID, ""),
    ],
)
def test_a_forged_or_unfit_token_gives_no_identity(
    helseid: Login, stubs: Stubs, forgery: str, refusal: Refusal, detail: str
) -> None:
    stubs.control("helseid", forgery, count=1)
    with pytest.raises(LoginRefused) as caught:
        helseid.whole()
    assert (caught.value.reason, caught.value.detail) == (refusal, detail)


@stand_in
@pytest.mark.parametrize("level", ["3", "2"])
def test_a_login_below_high_is_refused(helseid: Login, level: str) -> None:
    with pytest.raises(LoginRefused) as caught:
        helseid.whole(acr=level)
    assert caught.value.reason is Refusal.LEVEL_TOO_LOW


@stand_in
def test_the_test_provider_is_refused_in_production(helseid: Login, stubs: Stubs) -> None:
    helseid.adapter = helseid_at(stubs, allow_test_users=False)
    with pytest.raises(LoginRefused) as caught:
        helseid.whole()
    assert caught.value.reason is Refusal.TEST_USER


# -- what comes with the identity


@stand_in
def test_userinfo_is_not_asked_for_what_the_token_says(helseid: Login, stubs: Stubs) -> None:
    found = helseid.whole()
    assert (found.name, found.hpr_number) == ("Ragnhild Sildrebekk", "9900133")
    assert not _forms(stubs, USERINFO)


@stand_in
def test_somebody_outside_hpr_has_no_number(helseid: Login, stubs: Stubs) -> None:
    assert helseid.whole(person=stubs.person("professional_not_in_hpr").national_id).hpr_number is None


@stand_in
@pytest.mark.parametrize("takes_bearer", [False, True])
def test_userinfo_tells_what_the_token_lacks(helseid: Login, stubs: Stubs, takes_bearer: bool) -> None:
    """With the proof the token is bound to, and without it where only the documented scheme is taken."""
    stubs.control("helseid", "claims_in_userinfo")
    if takes_bearer:
        stubs.control("helseid", "userinfo_takes_bearer")
    found = helseid.whole()
    assert (found.national_id, found.acr, found.hpr_number) == (helseid.person, "4 high", "9900133")
    asked = [entry["headers"] for entry in stubs.log("helseid") if entry["path"] == USERINFO]
    schemes = [headers["authorization"].split()[0] for headers in asked]
    assert schemes == (["DPoP", "Bearer"] if takes_bearer else ["DPoP"])
    assert unproven_claims(asked[0]["dpop"])["ath"]


@stand_in
def test_the_number_may_be_missing_in_both_and_the_login_stands(helseid: Login, stubs: Stubs) -> None:
    stubs.control("helseid", "no_hpr_number")
    assert helseid.whole().hpr_number == "9900133", "the details have it, as a JSON number"
    stubs.control("helseid", "no_hpr_details")
    assert helseid.whole().hpr_number is None
    stubs.control("helseid", "http503", path=USERINFO)
    assert helseid.whole().hpr_number is None


@stand_in
@pytest.mark.parametrize("mode", ["http503", "http401", "badjson", "timeout", "bearer_token"])
def test_without_number_and_level_there_is_no_login(helseid: Login, stubs: Stubs, mode: str) -> None:
    stubs.control("helseid", "claims_in_userinfo")
    stubs.control("helseid", mode, path=TOKEN if mode == "bearer_token" else USERINFO)
    with pytest.raises(Unavailable):
        helseid.whole()


@stand_in
def test_userinfo_about_somebody_else_is_refused(helseid: Login, stubs: Stubs) -> None:
    stubs.control("helseid", "no_hpr_number")
    stubs.control("helseid", "another_pid")
    with pytest.raises(LoginRefused) as caught:
        helseid.whole()
    assert (caught.value.reason, caught.value.detail) == (Refusal.TOKEN, "userinfo")


# -- the callback (C1, C2)


@stand_in
@pytest.mark.parametrize(
    ("mode", "refusal"),
    [
        ("altered_state", Refusal.STATE),
        ("wrong_iss", Refusal.ISSUER),
        ("missing_iss", Refusal.ISSUER),
        ("access_denied", Refusal.CANCELLED),
        ("invalid_request", Refusal.PROTOCOL),
        ("invalid_grant", Refusal.CODE_USED),
    ],
)
def test_an_answer_that_is_no_login_is_refused(helseid: Login, stubs: Stubs, mode: str, refusal: Refusal) -> None:
    stubs.control("helseid", mode, count=1)
    with pytest.raises(LoginRefused) as caught:
        helseid.whole()
    assert caught.value.reason is refusal


@stand_in
def test_the_other_providers_answer_is_not_taken_nor_sent_anywhere(helseid: Login, stubs: Stubs) -> None:
    """Mix-up, both ways: each provider says honestly who it is."""
    theirs = idporten_at(stubs)
    start, ours = theirs.start(language="nb"), helseid.adapter.start(language="nb")
    answer = dict(parse_qsl(urlsplit(web.get(stubs.sign_in_as(start.url, "stranger")).headers["location"]).query))
    with pytest.raises(LoginRefused) as caught:
        helseid.finish(ours, answer | {"state": ours.state})
    assert caught.value.reason is Refusal.ISSUER and not _forms(stubs, TOKEN)
    with pytest.raises(LoginRefused) as caught:
        theirs.finish(
            params=helseid.sign_in(ours) | {"state": start.state},
            state=start.state,
            nonce=start.nonce,
            verifier=start.verifier,
        )
    assert caught.value.reason is Refusal.ISSUER


def test_a_code_works_once(helseid: Login) -> None:
    start = helseid.adapter.start(language="nb")
    params = helseid.sign_in(start)
    helseid.finish(start, params)
    with pytest.raises(LoginRefused) as caught:
        helseid.finish(start, params)
    assert caught.value.reason is Refusal.CODE_USED


# -- outages


@stand_in
@pytest.mark.parametrize("path", ["/connect/par", "/.well-known/openid-configuration"])
@pytest.mark.parametrize("mode", ["http503", "timeout", "html"])
def test_a_login_cannot_begin_while_helseid_is_away(helseid: Login, stubs: Stubs, path: str, mode: str) -> None:
    stubs.control("helseid", mode, path=path)
    with pytest.raises(Unavailable) as caught:
        helseid.adapter.start(language="nb")
    assert str(caught.value) == "helseid"


@stand_in
@pytest.mark.parametrize(
    ("mode", "reason"), [("invalid_client", "PAR 401 invalid_client"), ("hid_1004", "PAR 400 invalid_request")]
)
def test_a_client_that_is_refused_is_an_outage_and_an_error_in_the_log(
    helseid: Login, stubs: Stubs, caplog: pytest.LogCaptureFixture, mode: str, reason: str
) -> None:
    stubs.control("helseid", mode)
    with pytest.raises(Unavailable) as caught:
        helseid.adapter.start(language="nb")
    assert caught.value.reason == reason
    assert [record.levelname for record in caplog.records if record.name == "adapters.helseid"] == ["ERROR"]


@stand_in
@pytest.mark.parametrize("mode", ["http503", "timeout", "badjson", "no_id_token"])
def test_a_code_that_may_have_been_used_is_not_sent_again(helseid: Login, stubs: Stubs, mode: str) -> None:
    start = helseid.adapter.start(language="nb")
    params = helseid.sign_in(start)
    stubs.control("helseid", mode, path=TOKEN)
    with pytest.raises(Unavailable):
        helseid.finish(start, params)
    assert len(_forms(stubs, TOKEN)) == (2 if mode == "no_id_token" else 1)


# -- single sign-on and logout


@stand_in
def test_a_fresh_login_asks_the_person_although_there_is_a_session(helseid: Login) -> None:
    helseid.whole()
    again = helseid.browser.get(helseid.adapter.start(language="nb").url)
    fresh = helseid.browser.get(helseid.adapter.start(language="nb", fresh=True).url)
    assert "code=" in again.headers["location"] and fresh.headers["location"].startswith("/login?")


@stand_in
def test_logout_is_pressed_at_helseid_and_tells_the_services(helseid: Login) -> None:
    session_id = helseid.whole().session_id
    url = helseid.adapter.logout_url(post_logout_redirect_uri=f"{BASE_URL}/logget-ut", state="abc")
    assert not urlsplit(url).query, "no token, and so no number, in an address"
    assert "Vil du logge ut" in helseid.browser.get(url).text
    page = helseid.browser.post(url).text
    query = urlencode({"iss": helseid.adapter.issuer, "sid": session_id}).replace("&", "&amp;")
    assert f'src="{BASE_URL}/logg-ut/helseid?{query}"' in page
    again = helseid.browser.get(helseid.adapter.start(language="nb").url)
    assert again.headers["location"].startswith("/login?")


@stand_in
def test_a_logout_token_names_the_session(helseid: Login, stubs: Stubs) -> None:
    assert helseid.adapter.ended_session(stubs.helseid.logout_token(CLIENT_ID, "a-session")) == "a-session"


@stand_in
@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"kind": "JWT"}, "typ"),
        ({"iss": "https://helseid.example"}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": [CLIENT_ID, "another-client"]}, "aud"),
        ({"iat": int(time.time()) - 600, "exp": None}, "iat"),
        ({"iat": int(time.time()) + 36_000}, "iat"),
        ({"iat": None}, "iat"),
        ({"exp": int(time.time()) - 60}, "exp"),
        ({"jti": None}, "jti"),
        ({"sid": None, "sub": "somebody"}, "sid"),
        ({"events": None}, "events"),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, "events"),
        ({"nonce": "of-an-id-token"}, "events"),
    ],
)
def test_a_forged_logout_token_ends_nothing(helseid: Login, stubs: Stubs, changes: dict[str, Any], detail: str) -> None:
    with pytest.raises(LoginRefused) as caught:
        helseid.adapter.ended_session(stubs.helseid.logout_token(CLIENT_ID, **({"sid": "a-session"} | changes)))
    assert (caught.value.reason, caught.value.detail) == (Refusal.TOKEN, detail)


@stand_in
def test_an_id_token_is_no_logout_token_nor_is_rubbish(helseid: Login, stubs: Stubs) -> None:
    good = stubs.helseid.logout_token(CLIENT_ID, "a-session")
    head, body, signature = good.split(".")
    forged = stubs.idporten.keys[0]
    for token in ("", "x", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}", sign(forged, {"sid": "x"})):
        with pytest.raises(LoginRefused):
            helseid.adapter.ended_session(token)


# -- the stand-in's own rules


@stand_in
@pytest.mark.parametrize(
    ("method", "url", "age"), [("GET", TOKEN, 0), ("POST", USERINFO, 0), ("POST", TOKEN, 90), ("POST", TOKEN, -90)]
)
def test_a_proof_must_be_for_this_request_and_of_this_minute(
    helseid: Login, stubs: Stubs, method: str, url: str, age: int
) -> None:
    adapter = helseid.adapter
    proof = ProofKey().proof(method, f"{adapter.issuer}{url}", time.time() - age)
    form = {"grant_type": "authorization_code", "code": "x", **adapter._authentication()}
    answer = web.post(f"{adapter.issuer}{TOKEN}", data=form, headers={"DPoP": proof})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


@stand_in
def test_a_proof_works_once_and_a_nonce_too(helseid: Login) -> None:
    adapter = helseid.adapter
    key, url = ProofKey(), f"{adapter.issuer}{TOKEN}"

    def send(proof: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": "x", **adapter._authentication()}
        return web.post(url, data=form, headers={"DPoP": proof})

    bare = key.proof("POST", url, time.time())
    nonce = send(bare).headers["DPoP-Nonce"]
    assert send(bare).json()["error"] == "invalid_dpop_proof"
    assert send(key.proof("POST", url, time.time(), nonce=nonce)).json()["error"] == "invalid_grant"
    assert send(key.proof("POST", url, time.time(), nonce=nonce)).json()["error"] == "use_dpop_nonce"


@stand_in
def test_a_stolen_token_is_worthless_without_the_key_it_is_bound_to(helseid: Login) -> None:
    start = helseid.adapter.start(language="nb")
    token = helseid.adapter._redeem(helseid.sign_in(start)["code"], start.verifier)["access_token"]
    url = f"{helseid.adapter.issuer}{USERINFO}"

    def ask(key: ProofKey, for_token: str = token) -> int:
        proof = key.proof("GET", url, time.time(), token=for_token)
        return web.get(url, headers={"Authorization": f"DPoP {token}", "DPoP": proof}).status_code

    assert isinstance(helseid.adapter, HelseId)
    ours = helseid.adapter._proof_key
    assert (ask(ours), ask(ProofKey()), ask(ours, "another token")) == (200, 401, 401)
    assert web.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 401


@stand_in
def test_userinfo_lists_every_approval_without_dates(helseid: Login) -> None:
    start = helseid.adapter.start(language="nb")
    tokens = helseid.adapter._redeem(helseid.sign_in(start)["code"], start.verifier)
    assert isinstance(helseid.adapter, HelseId)
    told = helseid.adapter._userinfo(tokens)
    assert told[f"{IDENTITY}security_level"] == "4" and told[f"{HPR}hpr_details"] == {
        "hpr_number": 9900133,
        "approvals": [
            {
                "profession": profession,
                "authorization": {"value": "1", "description": "Autorisasjon"},
                "requisition_rights": [],
                "specialities": [],
            }
            for profession in ("SP", "JO")
        ],
    }


@stand_in
def test_only_a_pushed_request_is_taken(stubs: Stubs) -> None:
    query = {"client_id": CLIENT_ID, "response_type": "code", "redirect_uri": HELSEID_REDIRECT_URI}
    page = web.get(f"{stubs.url('helseid')}/connect/authorize", params=query)
    assert page.status_code == 400 and "request_uri mangler" in page.text


@stand_in
def test_the_picker_signs_in_the_one_chosen_at_the_usual_level(helseid: Login, stubs: Stubs) -> None:
    start = helseid.adapter.start(language="nb")
    page = helseid.browser.get(start.url, follow_redirects=True)
    assert "Ragnhild Sildrebekk" in page.text and "Jordmor og sykepleier" in page.text
    form = {"ticket": dict(parse_qsl(page.url.query.decode()))["ticket"], "national_id": helseid.person, "acr": "own"}
    answer = helseid.browser.post(f"{helseid.adapter.issuer}/login", data=form)
    params = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert helseid.finish(start, params).national_id == helseid.person


# -- what is said about people


@stand_in
def test_no_number_or_name_reaches_a_log_or_an_exception(
    helseid: Login, stubs: Stubs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [repr(helseid.whole())]
    for mode in ("alg_none", "level_3", "malformed_pid", "nonce_refused", "badjson", "no_hpr_number", "http503"):
        stubs.control("helseid", mode, path=TOKEN)
        stubs.control("helseid", "another_pid")
        with pytest.raises((LoginRefused, Unavailable)) as caught:
            helseid.whole()
        said += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
        stubs.control("helseid", "ok")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    everything = "\n".join(said + ours)
    assert ours and not any(word in everything for word in (helseid.person, "0585901001", "Sildrebekk", "9900133"))


# -- what the documentation leaves open


@pytest.mark.needs_real_env("helseid")
def test_an_assertion_of_the_type_we_send_is_taken(helseid: Login) -> None:
    assert helseid.adapter.start(language="nb").url


@pytest.mark.needs_real_env("helseid")
def test_userinfo_takes_the_scheme_the_token_is_bound_to(helseid: Login) -> None:
    """When this fails, Bearer is what HelseID takes; the adapter tries both."""
    start = helseid.adapter.start(language="nb")
    tokens = helseid.adapter._redeem(helseid.sign_in(start)["code"], start.verifier)
    assert isinstance(helseid.adapter, HelseId)
    url, token = helseid.adapter._endpoint("userinfo_endpoint"), tokens["access_token"]
    proof = helseid.adapter._proof_key.proof("GET", url, time.time(), token=token)
    assert web.get(url, headers={"Authorization": f"DPoP {token}", "DPoP": proof}).status_code == 200


@pytest.mark.needs_real_env("helseid")
def test_tokens_live_long_enough_to_ask_userinfo_once(helseid: Login) -> None:
    start = helseid.adapter.start(language="nb")
    tokens = helseid.adapter._redeem(helseid.sign_in(start)["code"], start.verifier)
    assert tokens["expires_in"] >= 30


@pytest.mark.needs_real_env("helseid")
def test_ten_pushes_in_a_row_are_not_limited(helseid: Login) -> None:
    for _ in range(10):
        helseid.adapter.start(language="nb")


@pytest.mark.needs_real_env("helseid")
def test_an_old_login_is_asked_for_again_when_the_request_says_how_old(helseid: Login) -> None:
    """`max_age` is OpenID Connect's own; HelseID's documentation does not name it."""
    helseid.whole()
    adapter, age = helseid.adapter, {"acr_values": "Level4", "max_age": "1"}
    time.sleep(2)
    adapter._level_asked = lambda: age  # type: ignore[method-assign]
    assert time.time() - helseid.whole().auth_time.timestamp() < 60


@pytest.mark.needs_real_env("helseid")
def test_the_browser_meets_only_helseids_own_host_before_a_provider_is_chosen(helseid: Login) -> None:
    """A form of ours may lead no further than the policy of our pages says (C62)."""
    url, hosts = helseid.adapter.start(language="nb").url, set()
    while url:
        hosts.add(urlsplit(url).netloc)
        response = helseid.browser.get(url)
        url = str(response.next_request.url) if response.next_request else ""
    assert hosts == {urlsplit(helseid.adapter.issuer).netloc}


# -- helpers


def _forms(stubs: Stubs, path: str) -> list[dict[str, Any]]:
    return [entry["form"] for entry in stubs.log("helseid") if entry["path"] == path]
