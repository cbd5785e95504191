"""The one place that speaks HTTP to the outside: time-outs, retries, size limit, TLS and what may be logged.

Rules: integrations.md 0.1 and security.md C66. Callers put identity numbers in bodies only, and nothing here logs a
body, a query string or a header.
"""

import ipaddress
import json
import logging
import random
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from uuid import uuid4

import httpx

from adapters.errors import Unavailable

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 15.0  # a server that drips one byte at a time never meets the read time-out
MAX_BYTES = 5 * 1024 * 1024
RETRIES = 2
RETRY_STATUSES = frozenset({429, 502, 503, 504})
LONGEST_WAIT = 3.0  # a person is waiting; a longer Retry-After is an outage to them

# Set by the web part and the workers to the id of the request or job, so that one id follows the whole path.
correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_NUMBER = re.compile("[0-9]{5,}")

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # logs whole URLs at INFO

Form = Mapping[str, str]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give all that is asked inside the block so long together: somebody waits for the page. What is late is
    `Unavailable`."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _seconds_left() -> float:
    """How long the next request may take: by its block, and never longer than any."""
    deadline = _deadline.get()
    return TOTAL_SECONDS if deadline is None else min(TOTAL_SECONDS, deadline - time.monotonic())


@dataclass(frozen=True)
class Answer:
    """A whole response, read within the limits."""

    system: str
    status: int
    content: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON; a web page, broken JSON or another charset is an outage (`Unavailable`)."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise Unavailable(self.system, "not JSON") from None  # the cause would carry the body

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object, `Unavailable` when it is anything else."""
        body = self.json()
        if not isinstance(body, dict):
            raise Unavailable(self.system, "not a JSON object")
        return body

    def text(self) -> str:
        """The body as text; undecodable bytes are replaced."""
        return self.content.decode("utf-8", "replace")


class Client:
    """Calls to one system at one base address. Safe to share between threads."""

    def __init__(self, base_url: str, system: str, http: httpx.Client) -> None:
        self.base_url = base_url
        self.system = system
        self._http = http

    def call(
        self,
        method: str,
        path: str,
        *,
        retry: bool,
        form: Form | Callable[[], Form] | None = None,
        body: object = None,
        params: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return the answer, whatever its status below 500.

        `retry` says that the call may be repeated; a callable `form` is then made anew each time (a signed grant is
        single use). `path` may be a whole URL when it comes from pinned metadata. Raises `Unavailable` for no
        connection, time-out, 5xx, 429, a redirect and an answer that is too big.
        """
        for attempt in range(RETRIES + 1):
            may_retry = retry and attempt < RETRIES
            try:
                answer = self._once(method, path, form() if callable(form) else form, body, params, headers or {})
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not may_retry:
                    raise Unavailable(self.system, "no connection") from None
                wait = None
            except httpx.TimeoutException:
                raise Unavailable(self.system, "timeout") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unavailable(self.system, type(error).__name__) from None
            else:
                if answer.status not in RETRY_STATUSES:
                    break
                wait = _retry_after(answer.headers.get("retry-after"))
                if not may_retry or (wait or 0) > LONGEST_WAIT:
                    break
            pause = random.uniform(0.1, 0.3) * (attempt + 1) if wait is None else wait
            if pause >= _seconds_left():
                raise Unavailable(self.system, "timeout")
            time.sleep(pause)
        if answer.status == 429 or answer.status >= 500 or 300 <= answer.status < 400:
            raise Unavailable(self.system, str(answer.status))
        return answer

    def _once(
        self,
        method: str,
        path: str,
        form: Form | None,
        body: object,
        params: Mapping[str, str | list[str]] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        started, seconds = time.monotonic(), _seconds_left()
        if seconds <= 0:
            raise Unavailable(self.system, "timeout")
        connect = min(CONNECT_SECONDS, seconds)
        request = self._http.build_request(
            method,
            path,
            data=form,
            json=body,
            params=params,
            headers={"X-Correlation-Id": correlation_id.get() or str(uuid4()), **headers},
            timeout=httpx.Timeout(min(READ_SECONDS, seconds), connect=connect, pool=connect),
            extensions={"trace": self._refuse_private_addresses},
        )
        response = self._http.send(request, stream=True)
        try:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise Unavailable(self.system, "answer too big")
                if time.monotonic() - started > seconds:
                    raise Unavailable(self.system, "timeout")
        finally:
            response.close()
        log.info(
            "%s %s %s -> %d in %.0f ms",
            self.system,
            method,
            _NUMBER.sub("#", request.url.path),  # numbers of people and organisations stay out of the log
            response.status_code,
            1000 * (time.monotonic() - started),
        )
        return Answer(self.system, response.status_code, bytes(content), response.headers)

    def _refuse_private_addresses(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpx when a socket is connected, before anything is sent: the answer of DNS is not trusted.

        Plain http is for stand-ins on this machine (the settings refuse it in production) and is let through.
        """
        if event != "connection.connect_tcp.complete" or not self.base_url.startswith("https:"):
            return
        stream = info["return_value"]
        address = ipaddress.ip_address(stream.get_extra_info("server_addr")[0])
        if not address.is_global:
            stream.close()
            log.error("%s resolves to an address that is not public; call refused", self.system)
            raise httpx.ConnectError("address is not public")

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()


def client(base_url: str, *, system: str, verify: ssl.SSLContext | None = None) -> Client:
    """A client for one system. TLS certificates are always verified; `verify` brings another list of authorities."""
    http = httpx.Client(
        base_url=base_url,
        verify=verify or (_authorities() if base_url.startswith("https:") else False),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "helsereserven", "Accept": "application/json"},
    )
    return Client(base_url, system, http)


@cache
def _authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reading the list takes 20 ms: once a process


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait by a Retry-After header, in either of its two forms."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
