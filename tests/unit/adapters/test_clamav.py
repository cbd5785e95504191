"""clamd's five answers, told apart (stack-edges.md)."""

import socket
from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from adapters.clamav import Clamav, NotScanned
from adapters.errors import Unavailable
from stubs.clamav import TEST_STRING
from stubs.clamav import Clamav as StandIn
from tests.site import free_port


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    clamav = StandIn()
    clamav.serve()
    yield clamav
    clamav.stop()


@pytest.fixture
def scanner(stand_in: StandIn) -> Clamav:
    return Clamav(stand_in.url, timeout=5)


def test_ok_and_found(scanner: Clamav, stand_in: StandIn) -> None:
    assert scanner.scan([b"a", b"", b"b" * 300_000]) is None
    assert scanner.scan([]) is None
    assert scanner.scan([b"before ", TEST_STRING, b" after"]) == "Eicar-Test-Signature"
    stand_in.control("infected", count=1, name="Heuristics.Encrypted.PDF")
    assert scanner.scan([b"x"]) == "Heuristics.Encrypted.PDF"


@pytest.mark.parametrize(("mode", "word"), [("limit", "size limit"), ("error", "error"), ("crash", "no reply")])
def test_no_verdict_is_never_a_clean_one(scanner: Clamav, stand_in: StandIn, mode: str, word: str) -> None:
    stand_in.control(mode, count=1)
    with pytest.raises(NotScanned, match=word):
        scanner.scan([b"x"])
    assert scanner.scan([b"x"]) is None


def test_version_of_the_signatures(scanner: Clamav, stand_in: StandIn) -> None:
    stand_in.control("signatures", version="27402")
    assert scanner.signatures() == "27402"


def test_nobody_there(stand_in: StandIn) -> None:
    for address in (f"tcp://127.0.0.1:{free_port()}", "unix:///nowhere/clamd.ctl"):
        with pytest.raises(Unavailable):
            Clamav(address, timeout=1).scan([b"x"])
        with pytest.raises(Unavailable):
            Clamav(address, timeout=1).signatures()


@pytest.mark.parametrize("address", ["localhost:3310", "unix://", "tcp://localhost", "http://localhost:3310"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="clamd"):
        Clamav(address)


def serve_once(answer: Callable[[socket.socket], None]) -> str:
    """A server that treats one connection as told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                answer(connection)

    Thread(target=serve, daemon=True).start()
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_the_reason_is_read_when_sending_breaks_off() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")

    with pytest.raises(NotScanned, match="size limit|no reply"):  # a reset on the way may take the words with it
        Clamav(serve_once(refuse), timeout=5).scan([b"x" * 100_000] * 200)


@pytest.mark.parametrize(
    "said", [b"", b"stream: OK", b"stream: O", b"OK\0", b"stream: OK FOUND ERROR\0", b"\xff\xfe\0", b"x" * 5000]
)
def test_half_an_answer_is_none(said: bytes) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(100_000)
        connection.sendall(said)

    with pytest.raises(NotScanned):
        Clamav(serve_once(say), timeout=5).scan([b"x"])


def test_a_scanner_that_hangs_is_given_up() -> None:
    def hang(connection: socket.socket) -> None:
        while connection.recv(100_000):
            pass

    with pytest.raises(NotScanned, match="no reply"):
        Clamav(serve_once(hang), timeout=0.2).scan([b"x"])
