"""Altinn: whom a person may fill in for, the decision point, and every way an answer is not a yes."""

import logging
import time
import traceback
from typing import Any

import pytest

from adapters.altinn import Altinn, Party
from adapters.errors import Unavailable
from stubs.altinn import ENDUSER_SCOPE, RESOURCE
from stubs.testing import CLIENT_ID, Stubs
from tests.contract.support import (
    REDIRECT_URI,
    AltinnCase,
    Clock,
    Login,
    altinn_at,
    maskinporten_at,
    real,
    web,
)

PARTIES = "/accessmanagement/api/v1/resourceowner/authorizedparties"
AUTHORIZE = "/authorization/api/v1/authorize"
EXCHANGE = "/authentication/api/v1/exchange/maskinporten"
stand_in = pytest.mark.needs_stand_in


# -- whom one may fill in for


def test_the_organisations_one_holds_the_right_for_are_listed(altinn: AltinnCase) -> None:
    found = altinn.adapter.authorized_parties(altinn.person)
    assert altinn.organisation in [party.organisation_number for party in found.parties if party.is_selectable]
    assert altinn.other_organisation not in [party.organisation_number for party in found.parties]


def test_altinn_tells_the_persons_name(altinn: AltinnCase) -> None:
    assert altinn.adapter.authorized_parties(altinn.person).person_name


@stand_in
def test_the_name_of_somebody_one_represents_is_not_ones_own(altinn: AltinnCase, stubs: Stubs) -> None:
    stubs.control("altinn", "other_person")
    assert altinn.adapter.authorized_parties(altinn.person).person_name == "Kari Multeglans"


@stand_in
def test_a_party_is_read_whole(altinn: AltinnCase) -> None:
    found = altinn.adapter.authorized_parties(altinn.person)
    assert found.person_name == "Kari Multeglans"
    assert found.parties == (Party("TRONDHEIM KOMMUNE", "942110464", "KOMM", False, None, True),)


@stand_in
def test_sub_units_follow_their_parent(stubs: Stubs) -> None:
    numbers = [(party.organisation_number, party.parent_number) for party in _parties(stubs, "submitter_many")]
    assert numbers.index(("310000027", "310000019")) == numbers.index(("310000019", None)) + 1


@stand_in
def test_a_parent_shown_only_for_its_sub_unit_cannot_be_chosen(stubs: Stubs) -> None:
    parties = {party.organisation_number: party.is_selectable for party in _parties(stubs, "submitter_subunit")}
    assert parties == {"310000019": False, "310000027": True}


@stand_in
@pytest.mark.parametrize("mode", ["deleted_parties", "hierarchy_only"])
def test_a_deleted_or_merely_shown_party_cannot_be_chosen(stubs: Stubs, mode: str) -> None:
    stubs.control("altinn", mode)
    (party,) = _parties(stubs, "submitter_municipality")
    assert not party.is_selectable and party.is_deleted is (mode == "deleted_parties")


@stand_in
@pytest.mark.parametrize("person", ["no_right", "submitter_role_only"])
def test_who_holds_no_right_has_a_name_and_no_organisations(stubs: Stubs, person: str) -> None:
    found = altinn_at(stubs).authorized_parties(stubs.person(person).national_id)
    assert found.parties == () and found.person_name == stubs.person(person).name


@stand_in
@pytest.mark.parametrize("mode", ["ok", "unknown_person_400"])
def test_a_person_altinn_does_not_know_has_nothing(stubs: Stubs, mode: str) -> None:
    stubs.control("altinn", mode)
    found = altinn_at(stubs).authorized_parties("05859010999")
    assert (found.person_name, found.parties) == (None, ())


@stand_in
def test_three_thousand_organisations_are_read_in_time(stubs: Stubs) -> None:
    started = time.monotonic()
    assert len(_parties(stubs, "three_thousand")) == 3001
    assert time.monotonic() - started < 5


@stand_in
def test_names_keep_every_letter(stubs: Stubs) -> None:
    found = altinn_at(stubs).authorized_parties(stubs.person("submitter_sami").national_id)
    assert found.person_name == "Áŋŋe Čeđŧá Šuoržæråsjø"
    assert found.parties[0].name == "GUOVDAGEAINNU SUOHKAN / KAUTOKEINO KOMMUNE"


# -- the old role, while it lasts


@stand_in
@pytest.mark.parametrize("style", ["ok", "roles_upper", "roles_lower", "roles_urn"])
def test_the_fallback_role_is_known_in_all_its_spellings(stubs: Stubs, style: str) -> None:
    stubs.control("altinn", style)
    adapter = altinn_at(stubs, fallback_role="urn:altinn:rolecode:UTINN")
    person = stubs.person("submitter_role_only").national_id
    assert [party.organisation_number for party in adapter.authorized_parties(person).parties] == ["964979901"]
    assert adapter.may_fill_in(person, "964979901")
    assert not adapter.may_fill_in(person, "942110464")


@stand_in
def test_with_a_fallback_role_another_role_is_not_enough(stubs: Stubs) -> None:
    adapter = altinn_at(stubs, fallback_role="utinn")
    (company,) = (party for party in adapter.authorized_parties(_number(stubs, "private_company")).parties[:1])
    assert company.is_selectable  # by the package
    stubs.control("altinn", "revoke", national_id=_number(stubs, "private_company"), organisation="310000086")
    (company,) = adapter.authorized_parties(_number(stubs, "private_company")).parties
    assert not company.is_selectable  # still a managing director, which is another role


@stand_in
def test_with_a_fallback_role_the_package_still_counts(stubs: Stubs) -> None:
    stubs.control("altinn", "packages_only")
    adapter = altinn_at(stubs, fallback_role="utinn")
    assert [p.is_selectable for p in adapter.authorized_parties(_number(stubs, "submitter_trust")).parties] == [True]
    assert adapter.may_fill_in(_number(stubs, "submitter_trust"), "883974832")


@stand_in
def test_without_a_fallback_the_role_alone_is_nothing(stubs: Stubs) -> None:
    assert not altinn_at(stubs).may_fill_in(_number(stubs, "submitter_role_only"), "964979901")


# -- the decision


def test_the_decision_point_says_yes_and_no(altinn: AltinnCase) -> None:
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    assert not altinn.adapter.may_fill_in(altinn.person, altinn.other_organisation)


@stand_in
def test_the_right_covers_sub_units(stubs: Stubs) -> None:
    assert altinn_at(stubs).may_fill_in(_number(stubs, "submitter_many"), "310000027")
    assert not altinn_at(stubs).may_fill_in(_number(stubs, "submitter_subunit"), "310000019")


@stand_in
@pytest.mark.parametrize(
    ("mode", "level", "answer"),
    [
        ("deny", 4, False),
        ("not_applicable", 4, False),
        ("obligation", 4, True),
        ("obligation", 3, False),
        ("unknown_obligation", 4, False),
        ("lower_camel", 4, True),
        ("lower_camel", 2, False),
    ],
)
def test_only_a_permit_whose_obligations_are_met_is_a_yes(
    altinn: AltinnCase, stubs: Stubs, mode: str, level: int, answer: bool
) -> None:
    stubs.control("altinn", mode)
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation, level=level) is answer


@stand_in
def test_an_indeterminate_answer_is_an_outage_and_not_a_no(altinn: AltinnCase, stubs: Stubs) -> None:
    stubs.control("altinn", "indeterminate")
    with pytest.raises(Unavailable):
        altinn.adapter.may_fill_in(altinn.person, altinn.organisation)


@stand_in
def test_a_right_taken_away_meanwhile_is_gone_at_once(altinn: AltinnCase, stubs: Stubs) -> None:
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    stubs.control("altinn", "revoke", national_id=altinn.person, organisation=altinn.organisation)
    assert not altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    assert altinn.adapter.authorized_parties(altinn.person).parties == ()
    stubs.control("altinn", "restore")
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)


@stand_in
def test_a_right_given_meanwhile_is_there_at_once(stubs: Stubs) -> None:
    person = _number(stubs, "no_right")
    stubs.control("altinn", "grant", national_id=person, organisation="942110464")
    assert [party.organisation_number for party in _parties(stubs, "no_right")] == ["942110464"]
    assert altinn_at(stubs).may_fill_in(person, "942110464")


# -- outages and tokens


@stand_in
@pytest.mark.parametrize("path", [PARTIES, AUTHORIZE, EXCHANGE])
@pytest.mark.parametrize(
    "mode", ["http500", "http503", "http401", "http403", "http429", "timeout", "reset", "html", "http302"]
)
def test_no_usable_answer_is_an_outage(altinn: AltinnCase, stubs: Stubs, path: str, mode: str) -> None:
    stubs.control("altinn", mode, path=path)
    with pytest.raises(Unavailable) as caught:
        if path == AUTHORIZE:
            altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
        else:
            altinn.adapter.authorized_parties(altinn.person)
    assert caught.value.system == "altinn"


@stand_in
@pytest.mark.parametrize("mode", ["badjson", "http400"])
def test_a_broken_decision_is_an_outage(altinn: AltinnCase, stubs: Stubs, mode: str) -> None:
    stubs.control("altinn", mode, path=AUTHORIZE)
    with pytest.raises(Unavailable):
        altinn.adapter.may_fill_in(altinn.person, altinn.organisation)


@stand_in
def test_without_maskinporten_nothing_is_asked(altinn: AltinnCase, stubs: Stubs) -> None:
    stubs.control("maskinporten", "http503")
    with pytest.raises(Unavailable) as caught:
        altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    assert caught.value.system == "maskinporten" and stubs.log("altinn") == []


@stand_in
@pytest.mark.parametrize("seconds", [1, 10])
def test_a_limit_on_calls_is_waited_out_only_when_the_wait_is_short(
    altinn: AltinnCase, stubs: Stubs, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("adapters.http.time.sleep", pauses.append)
    stubs.control("altinn", "http429", path=AUTHORIZE, count=1, retry_after=seconds)
    if seconds == 1:
        assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
        assert pauses == [1]
    else:
        with pytest.raises(Unavailable) as caught:
            altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
        assert caught.value.reason == "429" and pauses == []


@stand_in
def test_a_token_altinn_has_forgotten_is_exchanged_again_once(altinn: AltinnCase, stubs: Stubs) -> None:
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    stubs.control("altinn", "expire_tokens")
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    assert _asked(stubs, EXCHANGE) == 2


@stand_in
def test_a_machine_token_that_ended_early_is_renewed_once(stubs: Stubs) -> None:
    stubs.control("maskinporten", "expires_early", count=1)
    person = stubs.person("submitter_municipality")
    assert altinn_at(stubs).may_fill_in(person.national_id, person.rights[0])
    assert sum(entry["path"] == "/token" for entry in stubs.log("maskinporten")) == 2


@stand_in
def test_a_token_is_exchanged_once_until_it_ends(stubs: Stubs) -> None:
    clock = Clock(time.time())
    adapter = altinn_at(stubs, maskinporten=maskinporten_at(stubs, clock=clock))
    person = _number(stubs, "submitter_municipality")
    adapter.authorized_parties(person)
    adapter.may_fill_in(person, "942110464")
    assert _asked(stubs, EXCHANGE) == 1
    clock.now += 30 * 60
    stubs.advance(30 * 60)
    adapter.may_fill_in(person, "942110464")
    assert _asked(stubs, EXCHANGE) == 2


@stand_in
@pytest.mark.parametrize("mode", ["quoted", "unquoted"])
def test_a_token_comes_with_or_without_quotes(altinn: AltinnCase, stubs: Stubs, mode: str) -> None:
    stubs.control("altinn", mode)
    assert altinn.adapter.may_fill_in(altinn.person, altinn.organisation)


# -- what is sent, and what is never said


@stand_in
def test_the_number_goes_in_the_body_and_nowhere_else(altinn: AltinnCase, stubs: Stubs) -> None:
    altinn.adapter.authorized_parties(altinn.person)
    altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
    asked = [entry for entry in stubs.log("altinn") if entry["path"] != EXCHANGE]
    assert len(asked) == 2 and all(altinn.person in str(entry["json"]) for entry in asked)
    for entry in asked:
        assert altinn.person not in f"{entry['path']}{entry['query']}{entry['headers']}"
        assert entry["headers"]["x-correlation-id"]
    query = asked[0]["query"]
    assert query["anyOfResourceIds"] == [RESOURCE] and query["includeInactiveParties"] == ["false"]


@stand_in
def test_the_subscription_key_is_sent_when_there_is_one(stubs: Stubs) -> None:
    altinn_at(stubs, subscription_key="a-key").authorized_parties(_number(stubs, "no_right"))
    assert {entry["headers"].get("ocp-apim-subscription-key") for entry in stubs.log("altinn")} == {"a-key"}


@stand_in
def test_no_number_reaches_a_log_or_an_exception(
    altinn: AltinnCase, stubs: Stubs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    for mode in ("http400", "http403", "badjson", "html", "reset", "indeterminate", "unknown_obligation"):
        stubs.control("altinn", mode, path=None if "_" in mode else AUTHORIZE)
        try:
            altinn.adapter.authorized_parties(altinn.person)
            altinn.adapter.may_fill_in(altinn.person, altinn.organisation)
        except Unavailable as error:
            said += [repr(error), "".join(traceback.format_exception(error))]
        stubs.control("altinn", "ok")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    assert said and ours and altinn.person not in "\n".join(said + ours)


# -- the rest of what the stand-in must be able to


@stand_in
def test_the_old_and_the_new_name_of_the_list_answer_alike(stubs: Stubs) -> None:
    person = {"type": "urn:altinn:person:identifier-no", "value": _number(stubs, "submitter_trust")}
    answers = [
        web.post(f"{stubs.url('altinn')}{path}", json=person, headers=_token(stubs)).json()
        for path in (PARTIES, PARTIES.replace("resourceowner", "serviceowner"))
    ]
    assert answers[0] == answers[1] and len(answers[0]) == 2


@stand_in
def test_the_list_can_be_narrowed_to_an_organisation(stubs: Stubs) -> None:
    body = {
        "type": "urn:altinn:person:identifier-no",
        "value": _number(stubs, "submitter_many"),
        "partyFilter": [{"type": "urn:altinn:organization:identifier-no", "value": "940101808"}],
    }
    answer = web.post(f"{stubs.url('altinn')}{PARTIES}", json=body, headers=_token(stubs)).json()
    assert [party["organizationNumber"] for party in answer] == ["940101808"]


@stand_in
def test_another_resource_gives_nothing(stubs: Stubs) -> None:
    adapter = Altinn(stubs.url("altinn"), maskinporten_at(stubs), "another-resource")
    person = stubs.person("submitter_trust")
    assert adapter.authorized_parties(person.national_id).parties == ()
    assert not adapter.may_fill_in(person.national_id, person.rights[0])


@stand_in
@pytest.mark.parametrize("body", [{"type": "urn:altinn:wrong", "value": "05859010018"}, {"value": "x"}, []])
def test_a_wrong_question_is_a_validation_problem(stubs: Stubs, body: Any) -> None:
    answer = web.post(f"{stubs.url('altinn')}{PARTIES}", json=body, headers=_token(stubs))
    assert answer.status_code == 400 and answer.headers["content-type"].startswith("application/problem+json")


@stand_in
def test_a_token_without_the_scope_is_forbidden(stubs: Stubs) -> None:
    headers = _token(stubs, "altinn:authorization/authorize")
    answer = web.post(f"{stubs.url('altinn')}{PARTIES}", json={}, headers=headers)
    assert answer.status_code == 403
    assert web.post(f"{stubs.url('altinn')}{AUTHORIZE}", json={}).status_code == 401


@stand_in
def test_several_decisions_come_in_one_answer(stubs: Stubs) -> None:
    def category(name: str, attributes: dict[str, str], echoed: bool = False) -> dict[str, Any]:
        return {
            "Id": name,
            "Attribute": [{"AttributeId": k, "Value": v, "IncludeInResult": echoed} for k, v in attributes.items()],
        }

    resource, organisation = "urn:altinn:resource", "urn:altinn:organization:identifier-no"
    request = {
        "AccessSubject": [
            category("s1", {"urn:altinn:person:identifier-no": _number(stubs, "submitter_municipality")})
        ],
        "Action": [category("a1", {"urn:oasis:names:tc:xacml:1.0:action:action-id": "write"})],
        "Resource": [
            category("r1", {resource: RESOURCE, organisation: "942110464"}, echoed=True),
            category("r2", {resource: RESOURCE, organisation: "883974832"}, echoed=True),
        ],
        "MultiRequests": {"RequestReference": [{"ReferenceId": ["s1", "a1", r]} for r in ("r1", "r2")]},
    }
    answer = web.post(f"{stubs.url('altinn')}{AUTHORIZE}", json={"Request": request}, headers=_token(stubs)).json()
    assert [result["Decision"] for result in answer["Response"]] == ["Permit", "NotApplicable"]
    assert answer["Response"][1]["Category"][0]["Attribute"][1]["Value"] == "883974832"


@stand_in
def test_a_persons_own_token_lists_the_same_organisations_wrapped(login: Login, stubs: Stubs) -> None:
    headers = {"Authorization": f"Bearer {_access_token(login, f'openid profile {ENDUSER_SCOPE}')}"}
    exchanged = web.get(f"{stubs.url('altinn')}{EXCHANGE.replace('maskinporten', 'id-porten')}", headers=headers)
    url = f"{stubs.url('altinn')}/accessmanagement/api/v1/enduser/authorizedparties"
    answer = web.get(url, headers={"Authorization": f"Bearer {exchanged.text.strip(chr(34))}"}).json()
    assert answer["links"] == {"next": None}
    assert [party["organizationNumber"] for party in answer["data"]] == [None, "942110464"]
    assert answer["data"][1]["authorizedRoles"] == []


@stand_in
@pytest.mark.parametrize(("provider", "status"), [("id-porten", 403), ("maskinporten", 401), ("feide", 400)])
def test_a_persons_token_is_exchanged_only_where_and_how_it_should(
    login: Login, stubs: Stubs, provider: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {_access_token(login, 'openid profile')}"}
    url = f"{stubs.url('altinn')}{EXCHANGE.replace('maskinporten', provider)}"
    assert web.get(url, headers=headers).status_code == status


# -- what the documentation leaves open


@pytest.mark.needs_real_env("altinn", "maskinporten")
def test_a_machine_token_exchange_lasts_long_enough_to_be_worth_keeping(altinn: AltinnCase) -> None:
    altinn.adapter.authorized_parties(altinn.person)
    assert altinn.adapter._token and altinn.adapter._token[0] > time.time() + 5 * 60


@pytest.mark.needs_real_env("altinn", "maskinporten")
def test_the_subscription_key_goes_in_the_header_we_send(altinn: AltinnCase) -> None:
    settings = real("altinn")
    assert settings and settings.get("SUBSCRIPTION_KEY"), "give CONTRACT_ALTINN_SUBSCRIPTION_KEY to settle this"
    assert altinn.adapter.authorized_parties(altinn.person).person_name


@pytest.mark.needs_real_env("altinn", "maskinporten")
def test_a_person_nobody_knows_has_nothing_and_is_no_outage(altinn: AltinnCase) -> None:
    assert altinn.adapter.authorized_parties("05859010999").parties == ()


@pytest.mark.needs_real_env("altinn", "maskinporten")
def test_ten_calls_in_a_row_are_not_limited(altinn: AltinnCase) -> None:
    for _ in range(10):
        altinn.adapter.may_fill_in(altinn.person, altinn.organisation)


# -- helpers


def _number(stubs: Stubs, key: str) -> str:
    return stubs.person(key).national_id


def _parties(stubs: Stubs, key: str) -> tuple[Party, ...]:
    return altinn_at(stubs).authorized_parties(_number(stubs, key)).parties


def _asked(stubs: Stubs, path: str) -> int:
    return sum(entry["path"] == path for entry in stubs.log("altinn"))


def _token(stubs: Stubs, *scopes: str) -> dict[str, str]:
    """A header with an Altinn token of our own."""
    wanted = scopes or ("altinn:accessmanagement/authorizedparties.resourceowner", "altinn:authorization/authorize")
    machine = maskinporten_at(stubs).token(wanted)
    answer = web.get(f"{stubs.url('altinn')}{EXCHANGE}", headers={"Authorization": f"Bearer {machine}"})
    return {"Authorization": f"Bearer {answer.text}"}


def _access_token(login: Login, scope: str) -> str:
    """A person's access token at ID-porten, by a request with these scopes."""
    authentication = login.adapter._authentication
    verifier = "v" * 43
    challenge = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"  # S256 of it
    request = {
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": scope,
        "state": "s" * 43,
        "nonce": "n" * 43,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    pushed = web.post(f"{login.adapter.issuer}/par", data=request | authentication()).json()["request_uri"]
    url = f"{login.adapter.issuer}/authorize?client_id={CLIENT_ID}&request_uri={pushed}"
    code = login.follow(f"{url}&login_hint=testid:{login.person}_idporten-loa-high")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": verifier}
    answer = web.post(f"{login.adapter.issuer}/token", data=form | authentication()).json()
    return str(answer["access_token"])
