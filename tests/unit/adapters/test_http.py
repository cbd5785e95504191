"""The one HTTP client: retries, limits, TLS, and what it says."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from adapters import http
from adapters.errors import Unavailable
from adapters.http import Client, client, correlation_id

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses asked for, none of them taken."""
    taken: list[float] = []
    monkeypatch.setattr("adapters.http.time.sleep", taken.append)
    return taken


def answering(*answers: httpx.Response | Exception) -> tuple[Client, list[httpx.Request]]:
    """A client whose server gives these answers in turn, the last one for ever."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(handle)
    return Client(
        "https://agency.example", "agency", httpx.Client(base_url="https://agency.example", transport=transport)
    ), asked


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_trouble_is_tried_again_twice(pauses: list[float], status: int) -> None:
    asks, asked = answering(httpx.Response(status), httpx.Response(status), httpx.Response(200, json={"a": 1}))
    assert asks.call("GET", "/x", retry=True).json() == {"a": 1}
    assert len(asked) == 3 and len(pauses) == 2 and all(0.1 <= pause <= 0.6 for pause in pauses)


@pytest.mark.parametrize("status", [429, 500, 501, 503, 599, 301, 302, 307])
def test_trouble_that_stays_is_an_outage(pauses: list[float], status: int) -> None:
    asks, asked = answering(httpx.Response(status, headers={"Location": "https://evil.example/"}))
    with pytest.raises(Unavailable) as caught:
        asks.call("GET", "/x", retry=True)
    assert (str(caught.value), caught.value.reason) == ("agency", str(status))
    assert len(asked) == (3 if status in http.RETRY_STATUSES else 1)


def test_a_call_that_may_not_be_repeated_is_not(pauses: list[float]) -> None:
    asks, asked = answering(httpx.Response(503))
    with pytest.raises(Unavailable):
        asks.call("POST", "/x", retry=False)
    assert len(asked) == 1 and pauses == []


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x")])
def test_no_connection_is_tried_again(pauses: list[float], error: Exception) -> None:
    asks, asked = answering(error, httpx.Response(204))
    assert asks.call("GET", "/x", retry=True).status == 204
    assert len(asked) == 2


@pytest.mark.parametrize("error", [httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x")])
def test_a_lost_answer_is_not_asked_for_again(pauses: list[float], error: Exception) -> None:
    asks, asked = answering(error)
    with pytest.raises(Unavailable):
        asks.call("GET", "/x", retry=True)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("header", "pause"), [("2", 2.0), ("0", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("30", None)]
)
def test_a_pause_asked_for_is_taken_when_it_is_short(pauses: list[float], header: str, pause: float | None) -> None:
    asks, _ = answering(httpx.Response(429, headers={"Retry-After": header}), httpx.Response(200))
    if pause is None:
        with pytest.raises(Unavailable):
            asks.call("GET", "/x", retry=True)
        assert pauses == []
    else:
        asks.call("GET", "/x", retry=True)
        assert pauses == [pause]


def test_a_pause_nobody_understands_is_our_own(pauses: list[float]) -> None:
    asks, _ = answering(httpx.Response(503, headers={"Retry-After": "soon"}), httpx.Response(200))
    asks.call("GET", "/x", retry=True)
    assert 0.1 <= pauses[0] <= 0.3


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 406, 409, 410, 422])
def test_an_answer_is_the_callers_to_judge(status: int) -> None:
    asks, _ = answering(httpx.Response(status))
    assert asks.call("GET", "/x", retry=True).status == status


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"half":', b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_an_outage_that_quotes_nothing(body: bytes) -> None:
    asks, _ = answering(httpx.Response(200, content=body))
    with pytest.raises(Unavailable) as caught:
        asks.call("GET", "/x", retry=True).json()
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_json_of_another_kind_is_no_object(body: object) -> None:
    asks, _ = answering(httpx.Response(200, json=body))
    with pytest.raises(Unavailable):
        asks.call("GET", "/x", retry=True).json_object()


def test_an_answer_has_a_largest_size() -> None:
    asks, _ = answering(httpx.Response(200, content=b"x" * (http.MAX_BYTES + 1)))
    with pytest.raises(Unavailable) as caught:
        asks.call("GET", "/x", retry=True)
    assert caught.value.reason == "answer too big"


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.2)

    def drops() -> Iterator[bytes]:
        while True:
            time.sleep(0.05)
            yield b"x"

    asks, _ = answering(httpx.Response(200, content=drops()))
    with pytest.raises(Unavailable) as caught:
        asks.call("GET", "/x", retry=True)
    assert caught.value.reason == "timeout"


def test_what_a_person_waits_for_ends_in_time(pauses: list[float]) -> None:
    asks, asked = answering(httpx.Response(503, headers={"Retry-After": "2"}), httpx.Response(200))
    with pytest.raises(Unavailable) as caught, http.within(1):
        asks.call("GET", "/x", retry=True)
    assert (caught.value.reason, len(asked), pauses) == ("timeout", 1, [])
    assert asked[0].extensions["timeout"]["read"] <= 1
    with pytest.raises(Unavailable), http.within(0):
        asks.call("GET", "/x", retry=True)
    assert len(asked) == 1
    assert asks.call("GET", "/x", retry=True).status == 200
    assert asked[1].extensions["timeout"] == {"connect": 3, "read": 10, "write": 10, "pool": 3}


def test_one_id_follows_a_call_all_the_way() -> None:
    asks, asked = answering(httpx.Response(200))
    token = correlation_id.set("request-7")
    try:
        asks.call("GET", "/x", retry=True)
    finally:
        correlation_id.reset(token)
    asks.call("GET", "/x", retry=True)
    assert asked[0].headers["x-correlation-id"] == "request-7"
    assert len(asked[1].headers["x-correlation-id"]) == 36


def test_a_form_made_for_each_try_is_new_each_time(pauses: list[float]) -> None:
    numbers = iter(range(10))
    asks, asked = answering(httpx.Response(503), httpx.Response(200))
    asks.call("POST", "/x", form=lambda: {"n": str(next(numbers))}, retry=True)
    assert [request.content for request in asked] == [b"n=0", b"n=1"]


def test_the_log_tells_the_path_and_neither_query_nor_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asks, _ = answering(httpx.Response(200))
    asks.call("POST", "/x", params={"secret": "q"}, body={"number": "05859010018"}, retry=True)
    (record,) = (record for record in caplog.records if record.name == "adapters.http")
    assert record.getMessage().startswith("agency POST /x -> 200 in ")
    assert "secret" not in caplog.text and "05859010018" not in caplog.text


def test_the_log_tells_no_number_in_a_path(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asks, _ = answering(httpx.Response(200))
    asks.call("GET", "/v1/people/9900123", retry=True)
    assert "agency GET /v1/people/# -> 200" in caplog.text and "9900123" not in caplog.text


def test_over_tls_only_public_addresses_are_spoken_to(pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """A name that resolves to the inside gets a connection and not a byte."""
    with socket.create_server(("127.0.0.1", 0)) as inside:
        got: list[bytes] = []
        threading.Thread(target=_listen, args=(inside, got), daemon=True).start()
        asks = client(f"https://127.0.0.1:{inside.getsockname()[1]}", system="agency")
        with pytest.raises(Unavailable) as caught:
            asks.call("GET", "/x", retry=True)
        asks.close()
    assert caught.value.reason == "no connection" and "not public" in caplog.text
    assert not any(got)


def test_a_server_that_is_not_there_is_an_outage(pauses: list[float]) -> None:
    with pytest.raises(Unavailable):
        client("http://127.0.0.1:1", system="agency").call("GET", "/x", retry=True)


def test_settings_of_the_machine_are_not_followed(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:2")
    assert client("http://127.0.0.1:1", system="agency")._http.trust_env is False


def _listen(server: socket.socket, got: list[bytes]) -> None:
    while True:
        try:
            connection, _ = server.accept()
            got.append(connection.recv(100))
        except OSError:
            return
