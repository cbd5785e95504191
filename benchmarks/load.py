"""A small load generator: keep-alive connections over plain sockets, so that it costs little beside the server."""

import socket
import statistics
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

CONNECTIONS = 8


@dataclass(frozen=True)
class Result:
    """One round: requests answered per second, and the median and 95th percentile in milliseconds."""

    per_second: float
    p50: float
    p95: float


def run(
    port: int, request: Callable[[], bytes], expected: int, seconds: float, connections: int = CONNECTIONS
) -> Result:
    """Send `request()` over and over on so many connections. Raises AssertionError on the first unexpected status."""
    deadline = perf_counter() + seconds
    times: list[float] = []
    problems: list[str] = []

    def work() -> None:
        mine: list[float] = []
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while perf_counter() < deadline and not problems:
                    began = perf_counter()
                    connection.sendall(request())
                    status, body = receive(connection)
                    mine.append(perf_counter() - began)
                    if status != expected:
                        problems.append(f"{status} instead of {expected}: {body[:300]!r}")
        except OSError as error:
            problems.append(repr(error))
        times.extend(mine)

    began = perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems[0]
    spent = perf_counter() - began
    cuts = statistics.quantiles(times, n=20) if len(times) > 1 else [spent] * 19
    return Result(len(times) / spent, cuts[9] * 1000, cuts[18] * 1000)


def receive(connection: socket.socket) -> tuple[int, bytes]:
    """Read one answer with a Content-Length; returns its status and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("closed")
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return int(lines[0].split()[1]), body
