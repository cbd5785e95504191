"""ID-porten: the login journey, every forgery of security.md C1-C3, logout, and the stand-in's own rules."""

import logging
import re
import time
import traceback
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.errors import Unavailable
from adapters.oidc import LoginRefused, Refusal
from stubs.idporten import IdPorten as StandIn
from stubs.testing import CLIENT_ID, Stubs
from tests.contract.support import BASE_URL, REDIRECT_URI, Clock, Login, idporten_at, key_of, web

stand_in = pytest.mark.needs_stand_in


# -- the journey


def test_the_browser_carries_only_a_reference_to_the_pushed_request(login: Login) -> None:
    start = login.adapter.start(language="nb")
    assert set(dict(parse_qsl(urlsplit(start.url).query))) == {"client_id", "request_uri"}


def test_a_person_who_signs_in_becomes_an_identity(login: Login) -> None:
    found = login.whole()
    assert found.national_id == login.person
    assert (found.issuer, found.acr) == (login.adapter.issuer, "idporten-loa-high")
    assert found.subject and found.session_id
    assert abs(found.auth_time.timestamp() - time.time()) < 60


def test_the_subject_is_the_same_next_time(login: Login) -> None:
    assert login.whole().subject == login.whole().subject


@stand_in
def test_the_pushed_request_asks_for_all_that_protects_the_login(login: Login, stubs: Stubs) -> None:
    start = login.adapter.start(language="nn", fresh=True)
    pushed = next(entry["form"] for entry in stubs.log("idporten") if entry["path"] == "/par")
    assert pushed["state"] == start.state and pushed["nonce"] == start.nonce
    assert pushed["code_challenge_method"] == "S256" and start.verifier not in pushed.values()
    assert (pushed["acr_values"], pushed["ui_locales"], pushed["prompt"]) == ("idporten-loa-high", "nn", "login")
    assert pushed["redirect_uri"] == REDIRECT_URI and pushed["scope"] == "openid profile"


def test_no_two_logins_share_a_secret(login: Login) -> None:
    one, two = login.adapter.start(language="nb"), login.adapter.start(language="nb")
    assert not {one.state, one.nonce, one.verifier} & {two.state, two.nonce, two.verifier}
    assert all(re.fullmatch("[A-Za-z0-9_-]{43,128}", secret) for secret in (one.state, one.nonce, one.verifier))


@stand_in
def test_the_language_comes_back(login: Login) -> None:
    start = login.adapter.start(language="nn")
    assert login.finish(start, login.sign_in(start)).locale == "nn"


@stand_in
def test_a_d_number_is_an_identity_too(login: Login, stubs: Stubs) -> None:
    number = stubs.person("nominee_d_number").national_id
    assert login.whole(person=number).national_id == number


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
        ("wrong_aud", Refusal.TOKEN, "aud"),
        ("extra_aud", Refusal.TOKEN, "aud"),
        ("wrong_nonce", Refusal.TOKEN, "nonce"),
        ("missing_nonce", Refusal.TOKEN, "nonce"),
        ("expired", Refusal.TOKEN, "exp"),
        ("future_iat", Refusal.TOKEN, "iat"),
        ("old_auth_time", Refusal.TOKEN, "auth_time"),
        ("missing_auth_time", Refusal.TOKEN, "auth_time"),
        ("missing_aud", Refusal.TOKEN, "aud"),
        ("missing_sub", Refusal.TOKEN, "sub"),
        ("missing_exp", Refusal.TOKEN, "exp"),
        ("missing_iat", Refusal.TOKEN, "iat"),
        ("token_missing_iss", Refusal.TOKEN, "iss"),
        ("low_acr", Refusal.LEVEL_TOO_LOW, "idporten-loa-substantial"),
        ("eidas_acr", Refusal.LEVEL_TOO_LOW, "eidas-loa-high"),
        ("selfregistered_acr", Refusal.LEVEL_TOO_LOW, "selfregistered-email"),
        ("missing_acr", Refusal.LEVEL_TOO_LOW, "none"),
        ("missing_pid", Refusal.NO_NATIONAL_ID, ""),
        ("malformed_pid", Refusal.NO_NATIONAL_ID, ""),
    ],
)
def test_a_forged_or_unfit_token_gives_no_identity(
    login: Login, stubs: Stubs, forgery: str, refusal: Refusal, detail: str
) -> None:
    stubs.control("idporten", forgery, count=1)
    with pytest.raises(LoginRefused) as caught:
        login.whole()
    assert (caught.value.reason, caught.value.detail) == (refusal, detail)


@stand_in
@pytest.mark.parametrize(
    "acr", ["idporten-loa-substantial", "idporten-loa-low", "eidas-loa-high", "eidas-loa-low", "selfregistered-email"]
)
def test_a_login_below_high_or_of_another_kind_is_refused(login: Login, acr: str) -> None:
    with pytest.raises(LoginRefused) as caught:
        login.whole(acr=acr)
    assert caught.value.reason is Refusal.LEVEL_TOO_LOW


@stand_in
def test_a_test_user_is_refused_in_production(login: Login, stubs: Stubs) -> None:
    login.adapter = idporten_at(stubs, allow_test_users=False)
    with pytest.raises(LoginRefused) as caught:
        login.whole()
    assert caught.value.reason is Refusal.TEST_USER


# -- keys


@stand_in
def test_a_new_signing_key_is_found_by_reading_the_keys_again(login: Login, stubs: Stubs) -> None:
    login.whole()
    stubs.control("idporten", "rotate")
    assert login.whole().national_id == login.person


@stand_in
def test_unknown_keys_make_us_read_the_keys_at_most_once_in_five_minutes(login: Login, stubs: Stubs) -> None:
    clock = Clock(time.time())
    login.adapter = idporten_at(stubs, clock=clock)
    login.whole()
    stubs.control("idporten", "unknown_kid")
    for _ in range(3):
        with pytest.raises(LoginRefused):
            login.whole()
    assert _asked(stubs, "/jwks.json") == 2
    stubs.control("idporten", "ok")
    stubs.control("idporten", "clock", advance=301)
    clock.now += 301
    stubs.control("idporten", "rotate")
    login.whole()
    assert _asked(stubs, "/jwks.json") == 3


@stand_in
def test_logins_go_on_with_known_keys_when_the_keys_cannot_be_read(login: Login, stubs: Stubs) -> None:
    login.whole()
    stubs.control("idporten", "http503", path="/jwks.json")
    assert login.whole().national_id == login.person


@stand_in
@pytest.mark.parametrize("mode", ["http503", "http500", "http404", "badjson", "html", "reset", "timeout"])
def test_without_keys_there_is_no_login(login: Login, stubs: Stubs, mode: str) -> None:
    start = login.adapter.start(language="nb")
    params = login.sign_in(start)
    stubs.control("idporten", mode, path="/jwks.json")
    with pytest.raises((Unavailable, LoginRefused)):
        login.finish(start, params)


# -- the callback (C1, C2)


@stand_in
@pytest.mark.parametrize(
    ("mode", "refusal"),
    [
        ("altered_state", Refusal.STATE),
        ("wrong_iss", Refusal.ISSUER),
        ("missing_iss", Refusal.ISSUER),
        ("access_denied", Refusal.CANCELLED),
        ("login_required", Refusal.PROTOCOL),
        ("invalid_request", Refusal.PROTOCOL),
        ("invalid_grant", Refusal.CODE_USED),
    ],
)
def test_an_answer_that_is_no_login_is_refused(login: Login, stubs: Stubs, mode: str, refusal: Refusal) -> None:
    stubs.control("idporten", mode, count=1)
    with pytest.raises(LoginRefused) as caught:
        login.whole()
    assert caught.value.reason is refusal


@stand_in
@pytest.mark.parametrize("mode", ["server_error", "temporarily_unavailable"])
def test_id_porten_saying_it_is_ill_is_an_outage(login: Login, stubs: Stubs, mode: str) -> None:
    stubs.control("idporten", mode, count=1)
    with pytest.raises(Unavailable):
        login.whole()


@stand_in
def test_nothing_is_asked_of_id_porten_before_state_and_issuer_are_right(login: Login, stubs: Stubs) -> None:
    start = login.adapter.start(language="nb")
    right = login.sign_in(start)
    for wrong in (
        {},
        right | {"state": ""},
        right | {"state": start.state[:-1]},
        right | {"iss": f"{right['iss']}/"},
        {k: v for k, v in right.items() if k != "code"},
        right | {"error": "access_denied"},
    ):
        with pytest.raises(LoginRefused):
            login.finish(start, wrong)
    assert _asked(stubs, "/token") == 0
    assert login.finish(start, right).national_id == login.person


@stand_in
def test_an_answer_without_a_started_login_is_refused(login: Login) -> None:
    params = login.sign_in(login.adapter.start(language="nb"))
    with pytest.raises(LoginRefused) as caught:
        login.adapter.finish(params=params | {"state": ""}, state="", nonce="", verifier="")
    assert caught.value.reason is Refusal.STATE


def test_a_code_works_once(login: Login) -> None:
    start = login.adapter.start(language="nb")
    params = login.sign_in(start)
    login.finish(start, params)
    with pytest.raises(LoginRefused) as caught:
        login.finish(start, params)
    assert caught.value.reason is Refusal.CODE_USED


@stand_in
def test_a_code_is_worthless_after_a_minute(login: Login, stubs: Stubs) -> None:
    start = login.adapter.start(language="nb")
    params = login.sign_in(start)
    stubs.control("idporten", "clock", advance=61)
    with pytest.raises(LoginRefused) as caught:
        login.finish(start, params)
    assert caught.value.reason is Refusal.CODE_USED


def test_a_stolen_code_is_worthless_without_the_verifier(login: Login) -> None:
    victim, thief = login.adapter.start(language="nb"), login.adapter.start(language="nb")
    stolen = login.sign_in(victim)
    with pytest.raises(LoginRefused) as caught:
        login.finish(thief, stolen | {"state": thief.state})
    assert caught.value.reason is Refusal.CODE_USED


@stand_in
def test_a_code_from_another_issuer_is_not_taken_nor_sent_anywhere(login: Login, stubs: Stubs) -> None:
    """Mix-up: the browser comes back with another provider's code; that provider says honestly who it is."""
    other = StandIn()
    other.serve()
    try:
        other.register(CLIENT_ID, stubs.keys / "idporten.jwk.json", BASE_URL)
        start = idporten_at(stubs, issuer=other.url).start(language="nb")
        params = login.sign_in(start)
        ours = login.adapter.start(language="nb")
        with pytest.raises(LoginRefused) as caught:
            login.finish(ours, params | {"state": ours.state})
        assert caught.value.reason is Refusal.ISSUER
        assert _asked(stubs, "/token") == 0
    finally:
        other.stop()


@stand_in
def test_a_signed_token_for_another_login_is_refused(login: Login) -> None:
    start = login.adapter.start(language="nb")
    params = login.sign_in(start)
    with pytest.raises(LoginRefused) as caught:
        login.adapter.finish(params=params, state=start.state, nonce="of-another-login", verifier=start.verifier)
    assert caught.value.reason is Refusal.TOKEN


# -- outages


@stand_in
def test_a_push_is_repeated_after_a_short_outage_with_a_fresh_assertion(login: Login, stubs: Stubs) -> None:
    stubs.control("idporten", "http503", path="/par", count=2)
    login.adapter.start(language="nb")
    assertions = [entry["form"]["client_assertion"] for entry in stubs.log("idporten") if entry["path"] == "/par"]
    assert len(set(assertions)) == 3


@stand_in
@pytest.mark.parametrize("path", ["/par", "/.well-known/openid-configuration"])
@pytest.mark.parametrize("mode", ["http503", "http500", "http429", "timeout", "reset", "badjson", "html", "http302"])
def test_a_login_cannot_begin_while_id_porten_is_away(login: Login, stubs: Stubs, path: str, mode: str) -> None:
    stubs.control("idporten", mode, path=path)
    with pytest.raises(Unavailable) as caught:
        login.adapter.start(language="nb")
    assert str(caught.value) == "idporten"


@stand_in
@pytest.mark.parametrize("mode", ["http503", "http500", "timeout", "reset", "badjson", "html", "no_id_token"])
def test_a_code_is_never_sent_twice(login: Login, stubs: Stubs, mode: str) -> None:
    start = login.adapter.start(language="nb")
    params = login.sign_in(start)
    stubs.control("idporten", mode, path="/token")
    with pytest.raises(Unavailable):
        login.finish(start, params)
    assert _asked(stubs, "/token") == 1


@stand_in
def test_a_client_that_is_refused_is_an_outage_and_an_error_in_the_log(
    stubs: Stubs, caplog: pytest.LogCaptureFixture
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "unregistered"}, private=True).as_dict(private=True)
    with pytest.raises(Unavailable) as caught:
        idporten_at(stubs, key=key).start(language="nb")
    assert caught.value.reason == "PAR 401 invalid_client"
    assert [record.levelname for record in caplog.records if record.name == "adapters.idporten"] == ["ERROR"]


@stand_in
def test_a_discovery_document_of_another_issuer_is_not_used(login: Login, stubs: Stubs) -> None:
    stubs.control("idporten", "wrong_discovery")
    with pytest.raises(Unavailable) as caught:
        login.adapter.start(language="nb")
    assert caught.value.reason == "discovery" and _asked(stubs, "/par") == 0


@stand_in
def test_discovery_and_keys_are_read_once_a_day(login: Login, stubs: Stubs) -> None:
    clock = Clock(time.time())
    login.adapter = idporten_at(stubs, clock=clock)
    login.whole()
    login.whole()
    assert (_asked(stubs, "/.well-known/openid-configuration"), _asked(stubs, "/jwks.json")) == (1, 1)
    clock.now += 24 * 3600 + 1
    stubs.control("idporten", "clock", advance=24 * 3600 + 1)
    login.whole()
    assert (_asked(stubs, "/.well-known/openid-configuration"), _asked(stubs, "/jwks.json")) == (2, 2)


# -- single sign-on and logout


@stand_in
def test_a_second_login_needs_no_person_and_keeps_the_time_of_the_first(login: Login, stubs: Stubs) -> None:
    clock = Clock(time.time())
    login.adapter = idporten_at(stubs, clock=clock)
    first = login.whole()
    clock.now += 600
    stubs.control("idporten", "clock", advance=600)
    again = login.adapter.start(language="nb")
    second = login.finish(again, login.follow(again.url))
    assert (second.auth_time, second.session_id) == (first.auth_time, first.session_id)


@stand_in
@pytest.mark.parametrize(
    ("minutes", "times", "still_there"), [(29, 1, True), (31, 1, False), (29, 4, True), (25, 5, False)]
)
def test_single_sign_on_lasts_30_minutes_idle_and_120_in_all(
    login: Login, stubs: Stubs, minutes: int, times: int, still_there: bool
) -> None:
    login.whole()
    for _ in range(times):
        stubs.control("idporten", "clock", advance=60 * minutes)
        response = login.browser.get(_pushed(stubs).url)
    assert ("code=" in response.headers["location"]) is still_there


@stand_in
def test_a_fresh_login_asks_the_person_although_there_is_a_session(login: Login) -> None:
    login.whole()
    response = login.browser.get(login.adapter.start(language="nb", fresh=True).url)
    assert response.headers["location"].startswith("/login?")


@stand_in
def test_a_session_below_the_level_asked_for_is_stepped_up(login: Login) -> None:
    with pytest.raises(LoginRefused):
        login.whole(acr="idporten-loa-substantial")
    response = login.browser.get(login.adapter.start(language="nb").url)
    assert response.headers["location"].startswith("/login?")


@stand_in
def test_logout_ends_the_session_tells_the_services_and_leads_back(login: Login) -> None:
    session_id = login.whole().session_id
    page = login.browser.get(_logout_url(login))
    assert f'href="{BASE_URL}/logget-ut?state=abc"' in page.text
    assert _frame(page.text) == {"iss": login.adapter.issuer, "sid": session_id}
    assert f"frame-src {BASE_URL};" in page.headers["content-security-policy"]
    again = login.browser.get(login.adapter.start(language="nb").url)
    assert again.headers["location"].startswith("/login?")


@stand_in
def test_logout_may_be_posted(login: Login) -> None:
    login.whole()
    url, query = _logout_url(login).split("?")
    page = login.browser.post(url, data=dict(parse_qsl(query)))
    assert f'href="{BASE_URL}/logget-ut?state=abc"' in page.text


@stand_in
def test_logout_leads_only_to_a_registered_address_of_a_known_client(login: Login) -> None:
    for change in ({"post_logout_redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}):
        login.whole()
        url, query = _logout_url(login).split("?")
        page = login.browser.get(url, params=dict(parse_qsl(query)) | change)
        assert "href=" not in page.text and "<iframe" in page.text


@stand_in
def test_logout_without_a_session_shows_id_portens_own_error(login: Login) -> None:
    page = login.browser.get(_logout_url(login))
    assert page.status_code == 400 and "Du er ikke logget inn" in page.text


@stand_in
@pytest.mark.parametrize("mode", ["frontchannel_slash", "frontchannel_unknown_sid"])
def test_the_frame_may_name_the_issuer_with_a_slash_or_a_session_nobody_knows(
    login: Login, stubs: Stubs, mode: str
) -> None:
    session_id = login.whole().session_id
    stubs.control("idporten", mode)
    frame = _frame(login.browser.get(_logout_url(login)).text)
    assert login.adapter.issuer_matches(frame["iss"])
    assert (frame["sid"] == session_id) is (mode == "frontchannel_slash")


def test_another_issuer_does_not_match(login: Login) -> None:
    assert login.adapter.issuer_matches(login.adapter.issuer)
    assert not login.adapter.issuer_matches("https://idporten.example")
    assert not login.adapter.issuer_matches("")


# -- the stand-in's own rules


@stand_in
def test_the_picker_lists_the_people_and_signs_in_the_one_chosen(login: Login, stubs: Stubs) -> None:
    start = login.adapter.start(language="nb")
    page = login.browser.get(start.url, follow_redirects=True)
    assert 'lang="nb"' in page.text and all(
        person.name in page.text for person in map(stubs.person, ("auditor", "iks"))
    )
    ticket = dict(parse_qsl(page.url.query.decode()))["ticket"]
    person = stubs.person("auditor").national_id
    answer = login.browser.post(
        f"{login.adapter.issuer}/login", data={"ticket": ticket, "national_id": person, "acr": "own"}
    )
    assert login.finish(start, _query(answer)).national_id == person


@stand_in
@pytest.mark.parametrize("number", ["", "123", "0585901001x", "<script>"])
def test_the_picker_tells_what_a_number_is(login: Login, number: str) -> None:
    page = login.browser.get(login.adapter.start(language="nb").url, follow_redirects=True)
    ticket = dict(parse_qsl(page.url.query.decode()))["ticket"]
    form = {"ticket": ticket, "national_id": number, "acr": "idporten-loa-high"}
    answer = login.browser.post(f"{login.adapter.issuer}/login", data=form)
    assert answer.status_code == 422 and "11 siffer" in answer.text and "<script>" not in answer.text


@stand_in
def test_cancelling_in_the_picker_comes_back_as_cancelled(login: Login) -> None:
    start = login.adapter.start(language="nb")
    page = login.browser.get(start.url, follow_redirects=True)
    ticket = dict(parse_qsl(page.url.query.decode()))["ticket"]
    answer = login.browser.post(f"{login.adapter.issuer}/login", data={"ticket": ticket, "cancel": "1"})
    with pytest.raises(LoginRefused) as caught:
        login.finish(start, _query(answer))
    assert caught.value.reason is Refusal.CANCELLED


@stand_in
def test_a_pushed_request_works_once_and_for_two_minutes(login: Login, stubs: Stubs) -> None:
    start = login.adapter.start(language="nb")
    assert login.browser.get(start.url).status_code == 303
    assert "utløpt" in login.browser.get(start.url).text
    late = login.adapter.start(language="nb")
    stubs.control("idporten", "clock", advance=121)
    page = login.browser.get(late.url)
    assert page.status_code == 400 and "utløpt" in page.text


@stand_in
@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri er ikke registrert"),
        ({"client_id": "nobody"}, "client_id mangler"),
    ],
)
def test_an_unregistered_address_is_never_redirected_to(stubs: Stubs, change: dict[str, str], shown: str) -> None:
    page = web.get(f"{stubs.url('idporten')}/authorize", params=_request() | change)
    assert page.status_code == 400 and shown in page.text


@stand_in
@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"state": ""},
        {"nonce": ""},
        {"scope": "profile"},
        {"response_type": "token"},
        {"acr_values": "Level4"},
        {"prompt": "select_account"},
    ],
)
def test_a_request_without_what_is_mandatory_is_sent_back(stubs: Stubs, change: dict[str, str]) -> None:
    answer = web.get(f"{stubs.url('idporten')}/authorize", params=_request() | change)
    assert _query(answer)["error"] == "invalid_request"
    pushed = web.post(f"{stubs.url('idporten')}/par", data=_request() | change | _authentication(stubs))
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_request")


@stand_in
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://evil.example"},
        {"iss": "another"},
        {"sub": "another"},
        {"exp": -60},
        {"exp": 3600},
        {"iat": 60},
    ],
)
def test_a_client_assertion_must_be_right_in_every_claim(stubs: Stubs, claims: dict[str, Any]) -> None:
    """Times are seconds from now."""
    claims = {name: int(time.time()) + value if isinstance(value, int) else value for name, value in claims.items()}
    answer = web.post(f"{stubs.url('idporten')}/par", data=_request() | _authentication(stubs, **claims))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@stand_in
def test_a_client_assertion_works_once(stubs: Stubs) -> None:
    form = _request() | _authentication(stubs)
    assert web.post(f"{stubs.url('idporten')}/par", data=form).status_code == 201
    assert web.post(f"{stubs.url('idporten')}/par", data=form).status_code == 401


@stand_in
def test_userinfo_answers_to_the_access_token_alone(stubs: Stubs) -> None:
    assert web.get(f"{stubs.url('idporten')}/userinfo").status_code == 401


# -- what is said about people


@stand_in
def test_no_number_reaches_a_log_or_an_exception(login: Login, stubs: Stubs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = [repr(login.whole())]
    for mode in ("alg_none", "wrong_nonce", "low_acr", "malformed_pid", "invalid_grant", "badjson", "http503"):
        stubs.control("idporten", mode, path="/token")
        with pytest.raises((LoginRefused, Unavailable)) as caught:
            login.whole()
        said += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
        stubs.control("idporten", "ok")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    assert ours and login.person not in "\n".join(said + ours) and "0585901001" not in "\n".join(said + ours)


# -- what the documentation leaves open


@pytest.mark.needs_real_env("idporten_production")
def test_production_discovery_names_the_endpoints_we_expect() -> None:
    issuer = "https://idporten.no"
    document = web.get(f"{issuer}/.well-known/openid-configuration").json()
    assert document["issuer"] == issuer
    assert document["pushed_authorization_request_endpoint"] == f"{issuer}/par"
    assert document["authorization_endpoint"] == "https://login.idporten.no/authorize"
    assert document["end_session_endpoint"] == "https://login.idporten.no/logout"
    assert document["authorization_response_iss_parameter_supported"] is True


@pytest.mark.needs_real_env("idporten")
def test_a_silent_login_without_a_session_comes_back_as_login_required(login: Login) -> None:
    adapter = login.adapter
    request = _request() | {"client_id": adapter.client_id, "redirect_uri": adapter.redirect_uri, "prompt": "none"}
    endpoint = adapter._endpoint("pushed_authorization_request_endpoint")
    pushed = web.post(endpoint, data=request | adapter._authentication()).json()["request_uri"]
    query = urlencode({"client_id": adapter.client_id, "request_uri": pushed})
    answer = login.follow(f"{adapter._endpoint('authorization_endpoint')}?{query}")
    assert (answer["error"], answer["iss"]) == ("login_required", adapter.issuer)


# -- helpers


def _asked(stubs: Stubs, path: str) -> int:
    return sum(entry["path"] == path for entry in stubs.log("idporten"))


def _pushed(stubs: Stubs) -> Any:
    """A new login from a client whose clock follows the stand-in's."""
    return idporten_at(stubs, clock=stubs.idporten.now).start(language="nb")


def _logout_url(login: Login) -> str:
    return login.adapter.logout_url(post_logout_redirect_uri=f"{BASE_URL}/logget-ut", state="abc")


def _frame(html: str) -> dict[str, str]:
    source = re.search('<iframe src="([^"]+)"', html)
    assert source and source[1].startswith(f"{BASE_URL}/logg-ut/idporten?")
    return dict(parse_qsl(urlsplit(source[1].replace("&amp;", "&")).query))


def _query(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["location"].startswith(REDIRECT_URI)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def _request() -> dict[str, str]:
    return {
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": "openid profile",
        "state": "s" * 43,
        "nonce": "n" * 43,
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
        "acr_values": "idporten-loa-high",
    }


def _authentication(stubs: Stubs, **claims: Any) -> dict[str, str]:
    now = int(time.time())
    key = RSAKey.import_key(key_of(stubs.keys / "idporten.jwk.json"))
    right = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": stubs.url("idporten"), "iat": now, "exp": now + 60}
    right |= {"jti": str(uuid4())} | claims
    assertion = jwt.encode({"alg": "RS256", "kid": key.kid}, right, key)
    return {
        "client_id": CLIENT_ID,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
