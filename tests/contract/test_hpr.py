"""HPR: entries as it writes them, numbers that were replaced, and every way there is no answer."""

import io
import json
import logging
import time
import traceback
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest

from adapters import http
from adapters.errors import Unavailable
from adapters.hpr import PEOPLE, Code, Entry, Hpr, NotInHpr, Period
from extensions import clock
from stubs.hpr import BASIC, EXPORT
from stubs.people import people
from stubs.testing import Stubs
from tests.contract.support import HprCase, hpr_at, maskinporten_at, real, web

DAY = date(2026, 11, 22)
stand_in = pytest.mark.needs_stand_in


def ask(case: HprCase) -> Entry:
    return case.adapter.by_national_id(case.person, DAY)


def entry_of(stubs: Stubs, key: str) -> Entry:
    return hpr_at(stubs).by_national_id(stubs.person(key).national_id, DAY)


# -- entries


def test_an_authorisation_is_read(hpr: HprCase) -> None:
    found = ask(hpr)
    assert found.number.isdecimal() and found.replaced_by is None and found.national_id == hpr.person
    assert any(one.profession.value and one.kind.value == "1" and one.period for one in found.approvals)


def test_somebody_who_is_not_there_is_not_found(hpr: HprCase) -> None:
    with pytest.raises(NotInHpr):
        hpr.adapter.by_national_id(hpr.other_person, DAY)


def test_a_person_is_found_by_hpr_number_too(hpr: HprCase) -> None:
    assert hpr.adapter.by_number(ask(hpr).number).national_id == hpr.person


@pytest.mark.parametrize("number", ["", "1/../2", "99001x1", "٩٩٠٠١٣١", "1" * 10])
def test_what_is_no_hpr_number_is_not_asked_about(hpr: HprCase, number: str) -> None:
    with pytest.raises(NotInHpr):
        hpr.adapter.by_number(number)


@stand_in
def test_an_entry_is_read_whole(stubs: Stubs) -> None:
    found = entry_of(stubs, "professional_doctor")
    assert (found.number, found.given_name, found.family_name) == ("9900132", "Aksel", "Nordlysdal")
    (doctor,) = found.approvals
    assert (doctor.profession, doctor.kind) == (Code("LE", "Lege"), Code("1", "Autorisasjon"))
    assert doctor.period == Period(date(2001, 8, 15), date(2053, 9, 19))
    assert [one.code for one in doctor.specialities] == [Code("1", "Allmennmedisin"), Code("194", "Geriatri")]
    assert not (doctor.has_conditions or doctor.is_ended or doctor.reactions or found.reactions or found.is_deceased)


@stand_in
def test_numbers_may_come_as_texts(hpr: HprCase, stubs: Stubs) -> None:
    as_numbers = ask(hpr)
    stubs.control("hpr", "string_ids")
    assert ask(hpr) == as_numbers


@stand_in
def test_a_replaced_number_is_followed_once(stubs: Stubs) -> None:
    found = entry_of(stubs, "professional_replaced")
    assert (found.number, found.replaced_by, len(found.approvals)) == ("9900141", None, 1)
    assert [entry["path"] for entry in stubs.log("hpr")] == [PEOPLE, f"{PEOPLE}/9900141"]


@stand_in
def test_each_end_and_reaction_is_told_without_its_reason(stubs: Stubs) -> None:
    assert entry_of(stubs, "professional_ended").approvals[0].is_ended
    assert entry_of(stubs, "professional_suspended").reactions
    assert entry_of(stubs, "professional_restricted").approvals[0].reactions
    assert entry_of(stubs, "professional_deceased").is_deceased
    for key in ("professional_ended", "professional_suspended", "professional_restricted"):
        text = repr(entry_of(stubs, key))
        assert not any(
            word in text for word in ("Frivillig", "Tilbakekalt", "Suspensjon", "Steinar", "Ingolf", "Bodil")
        )


@stand_in
def test_conditions_are_told(stubs: Stubs) -> None:
    assert entry_of(stubs, "professional_conditions").approvals[0].has_conditions


@stand_in
def test_an_unknown_profession_keeps_its_name(stubs: Stubs) -> None:
    (approval,) = entry_of(stubs, "professional_new_profession").approvals
    assert approval.profession == Code("ZZ", "Klinisk helseteknolog")


@stand_in
def test_names_keep_every_letter_and_capitals_are_put_right(stubs: Stubs) -> None:
    sami, capitals = entry_of(stubs, "professional_sami"), entry_of(stubs, "professional_capitals")
    assert (sami.given_name, sami.family_name) == ("Máret Áile Čuovžajávri", "Šoŋgegieđđi")
    assert (capitals.given_name, capitals.family_name) == ("Olaug Storm", "Brattli")


@stand_in
def test_everybody_in_the_file_can_be_read(stubs: Stubs) -> None:
    known = [person for person in people() if person.hpr]
    assert len(known) > 20
    adapter = hpr_at(stubs)
    for person in known:
        assert adapter.by_national_id(person.national_id, DAY).national_id == person.national_id


@stand_in
def test_what_changes_in_the_register_is_there_at_once(hpr: HprCase, stubs: Stubs) -> None:
    def change(mode: str, **details: Any) -> Entry:
        stubs.control("hpr", "restore")
        stubs.control("hpr", mode, national_id=hpr.person, **details)
        return ask(hpr)

    assert change("react").reactions
    assert change("react", on="approval").approvals[0].reactions
    assert change("end").approvals[0].is_ended
    yesterday = change("end_period").approvals[0].period
    assert yesterday and yesterday.ends == clock.today() - timedelta(days=1)
    assert change("die").is_deceased
    with pytest.raises(NotInHpr):
        change("remove")
    stubs.control("hpr", "ok")
    assert ask(hpr).approvals[0].period == Period(date(2012, 6, 20), date(2068, 10, 21))


# -- outages, scopes and tokens


@stand_in
@pytest.mark.parametrize(
    "mode",
    [
        "http400",
        "http401",
        "http403",
        "http429",
        "http500",
        "http503",
        "timeout",
        "reset",
        "badjson",
        "html",
        "http302",
    ],
)
def test_no_usable_answer_is_an_outage(hpr: HprCase, stubs: Stubs, mode: str) -> None:
    stubs.control("hpr", mode)
    with pytest.raises(Unavailable) as caught:
        ask(hpr)
    assert caught.value.system == "hpr"


@stand_in
def test_an_answer_about_nobody_in_particular_is_an_outage(hpr: HprCase, stubs: Stubs) -> None:
    stubs.control("hpr", "no_number")
    with pytest.raises(Unavailable):
        ask(hpr)


@stand_in
def test_whose_entry_it_is_can_be_checked(hpr: HprCase, stubs: Stubs) -> None:
    stubs.control("hpr", "other_person")
    assert ask(hpr).national_id != hpr.person


@stand_in
def test_without_maskinporten_nothing_is_asked(hpr: HprCase, stubs: Stubs) -> None:
    stubs.control("maskinporten", "http503")
    with pytest.raises(Unavailable) as caught:
        ask(hpr)
    assert caught.value.system == "maskinporten" and stubs.log("hpr") == []


@stand_in
def test_a_token_hpr_refuses_is_renewed_once(hpr: HprCase, stubs: Stubs) -> None:
    ask(hpr)
    stubs.control("hpr", "expire_tokens")
    assert ask(hpr)
    assert sum(entry["path"] == "/token" for entry in stubs.log("maskinporten")) == 2


@stand_in
def test_the_open_scope_is_not_enough(stubs: Stubs, caplog: pytest.LogCaptureFixture) -> None:
    adapter = hpr_at(stubs, scopes=(BASIC,))
    with pytest.raises(Unavailable) as caught:
        adapter.by_national_id(stubs.person("professional_nurse").national_id, DAY)
    assert caught.value.reason == "403" and "check the scopes" in caplog.text


@stand_in
@pytest.mark.parametrize("mode", ["timeout", "http503"])
def test_a_person_who_waits_gets_an_answer_in_time(stubs: Stubs, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    adapter = hpr_at(stubs)
    stubs.control("hpr", mode)
    started = time.monotonic()
    with pytest.raises(Unavailable), http.within(0.3):
        adapter.by_national_id(stubs.person("professional_nurse").national_id, DAY)
    assert time.monotonic() - started < 1.0


# -- what is sent, and what is never said


@stand_in
def test_the_number_goes_in_the_body_and_nowhere_else(
    hpr: HprCase, stubs: Stubs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask(hpr)
    (entry,) = stubs.log("hpr")
    assert entry["json"] == {"nin": hpr.person, "atDate": "2026-11-22", "includeHistory": False}
    assert hpr.person not in f"{entry['path']}{entry['query']}{entry['headers']}"
    stubs.control("hpr", "badjson")
    with pytest.raises(Unavailable) as caught:
        ask(hpr)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert hpr.person not in told and "9900131" not in told


@stand_in
def test_an_hpr_number_stays_out_of_the_log(stubs: Stubs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hpr_at(stubs).by_number("9900131")
    assert f"hpr GET {PEOPLE}/# -> 200" in caplog.text and "9900131" not in caplog.text


# -- what the stand-in has for others


@stand_in
def test_the_open_variant_leaves_out_the_number(stubs: Stubs) -> None:
    document = _get(stubs, "/v1/personer/9900131", BASIC).json()
    assert document["hprNummer"] == 9900131 and "nin" not in document["person"]
    assert _get(stubs, "/v1/personer/9999999", BASIC).status_code == 404
    assert _get(stubs, f"{PEOPLE}/9900131", BASIC).status_code == 403
    assert web.get(f"{stubs.url('hpr')}/v1/personer/9900131").status_code == 401


@stand_in
def test_the_whole_register_can_be_taken_out_and_may_be_cut_short(stubs: Stubs) -> None:
    assert _get(stubs, "/v1/export", BASIC).status_code == 403
    with zipfile.ZipFile(io.BytesIO(_get(stubs, "/v1/export", EXPORT).content)) as archive:
        documents = json.loads(archive.read("helsepersonell.json"))
    assert len(documents) == sum(person.hpr is not None for person in people())
    stubs.control("hpr", "truncated_zip")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(_get(stubs, "/v1/export", EXPORT).content))


@stand_in
@pytest.mark.parametrize("body", [{}, [], {"nin": 5859010018}, {"nin": "0585901001"}, {"nin": "0585901001x"}])
def test_a_question_without_a_number_is_refused(stubs: Stubs, body: Any) -> None:
    token = maskinporten_at(stubs).token(("nhn:hpr/basic", "nhn:hpr/extended"))
    headers = {"Authorization": f"Bearer {token}"}
    assert web.post(f"{stubs.url('hpr')}{PEOPLE}", json=body, headers=headers).status_code == 400


# -- what the documentation leaves open


@pytest.mark.needs_real_env("hpr", "maskinporten")
def test_without_history_only_what_holds_on_the_day_is_told(hpr: HprCase) -> None:
    day = clock.today()
    assert all(one.period and one.period.covers(day) for one in hpr.adapter.by_national_id(hpr.person, day).approvals)


@pytest.mark.needs_real_env("hpr", "maskinporten")
def test_the_open_variant_tells_no_number(hpr: HprCase) -> None:
    settings = real("hpr") or {}
    adapter = Hpr(settings["URL"], hpr.adapter._maskinporten, (BASIC,))
    number = ask(hpr).number
    answer = adapter._call("GET", f"/v1/personer/{number}", None)
    assert "nin" not in answer.json_object()["person"]


@pytest.mark.needs_real_env("hpr", "maskinporten")
def test_two_calls_a_second_for_a_minute_are_not_limited(hpr: HprCase) -> None:
    """The rate of the daily re-check (services/settings.py: HPR_CHECKS_PER_MINUTE)."""
    for _ in range(120):
        ask(hpr)
        time.sleep(0.5)


def _get(stubs: Stubs, path: str, scope: str) -> Any:
    token = maskinporten_at(stubs).token((scope,))
    return web.get(f"{stubs.url('hpr')}{path}", headers={"Authorization": f"Bearer {token}"})
