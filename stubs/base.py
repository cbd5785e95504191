"""What every stand-in has: a clock that can be moved, a log of requests, a fault switch, and a server in a thread.

    POST /_control {"mode": "http503", "path": "/token", "count": 1}
    GET  /_log

Modes everywhere: ok, http<status>, timeout, slow, reset, badjson, html, clock ({"advance": seconds}). `path` limits a
fault to one path, `count` to so many requests; `ok` takes faults away. Each system adds its own modes.
"""

import os
import re
import socket
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = "127.0.0.1"
STANDARD_MODES = frozenset({"timeout", "slow", "reset", "badjson", "html"})
LONGEST_HOLD = 60.0


@dataclass
class Fault:
    """One switched-on fault. `left` counts the requests it still hits, None for all."""

    mode: str
    path: str | None
    left: int | None
    details: Mapping[str, Any] = field(default_factory=dict)


class StandIn:
    """A Flask app playing one outside system. Subclasses add routes to `self.app` and their own `modes`."""

    title = ""
    modes: frozenset[str] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = ""
        self.app = Flask(
            f"stubs.{name}", root_path=str(Path(__file__).parent), template_folder="pages", static_folder=None
        )
        self.app.json.ensure_ascii = False  # type: ignore[attr-defined]
        self.app.json.sort_keys = False  # type: ignore[attr-defined]
        self._offset = 0.0
        self._faults: list[Fault] = []
        self._log: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self._released = threading.Event()
        self._server: BaseWSGIServer | None = None
        self.app.before_request(self._record)
        self.app.before_request(self._standard_fault)
        self.app.add_url_rule("/_control", view_func=self._control, methods=["POST"])
        self.app.add_url_rule("/_log", "log", lambda: jsonify(self.log()))

    # -- clock, log and faults, also used directly by tests in the same process

    def now(self) -> float:
        """This system's clock, as moved."""
        return time.time() + self._offset

    def log(self) -> list[dict[str, Any]]:
        """The requests so far, oldest first, without those to the switch itself."""
        with self._lock:
            return list(self._log)

    def control(self, mode: str, path: str | None = None, count: int | None = None, **details: Any) -> None:
        """Switch a fault on, or do what the mode says at once. ValueError for a mode this system does not have."""
        with self._lock:
            if mode == "ok":
                self._faults = [fault for fault in self._faults if path is not None and fault.path != path]
                self._released.set()
                self._released = threading.Event()
                if path is None:
                    self.reset()
            elif mode == "clock":
                self._offset += float(details["advance"])
            elif self.act(mode, details):
                return
            elif mode in STANDARD_MODES | self.modes or re.fullmatch("http[1-5][0-9][0-9]", mode):
                self._faults.append(Fault(mode, path, count, details))
            else:
                raise ValueError(f"{self.name} has no mode {mode}")

    def act(self, mode: str, details: Mapping[str, Any]) -> bool:
        """Modes that change the stand-in at once instead of waiting for a request. True when it was one."""
        return False

    def reset(self) -> None:
        """What `ok` also undoes; nothing unless a system says so."""

    def forget(self) -> None:
        """Empty the log, and set the clock right again."""
        with self._lock:
            self._log.clear()
            self._offset = 0.0

    def fault(self, *modes: str, path: str | None = None) -> Fault | None:
        """The first switched-on fault among these modes that hits this request; it is used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.mode in modes and fault.path in (None, path or request.path):
                    if fault.left is not None:
                        fault.left -= 1
                        if fault.left <= 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def _record(self) -> None:
        if request.path.startswith("/_"):
            return
        entry = {
            "method": request.method,
            "path": request.path,
            "query": request.args.to_dict(flat=False),
            "form": request.form.to_dict(),
            "json": request.get_json(silent=True),
            "headers": {key.lower(): value for key, value in request.headers.items()},
            "at": self.now(),
        }
        with self._lock:
            self._log.append(entry)
            del self._log[:-2000]

    def _standard_fault(self) -> ResponseReturnValue | None:
        if request.path.startswith("/_"):
            return None
        modes = [f.mode for f in self._faults if f.mode in STANDARD_MODES or f.mode.startswith("http")]
        fault = self.fault(*modes)
        match fault.mode if fault else None:
            case None:
                return None
            case "slow":
                self._released.wait(float(fault.details.get("seconds", 2)) if fault else 0)
                return None
            case "timeout":
                self._released.wait(LONGEST_HOLD)
                return _reset()
            case "reset":
                return _reset()
            case "badjson":
                return Response('{"half": ', mimetype="application/json")
            case "html":
                return Response("<!doctype html><title>Vedlikehold</title><h1>Vedlikehold</h1>", mimetype="text/html")
            case mode:
                status = int(str(mode).removeprefix("http"))
                wait = fault.details.get("retry_after") if fault else None
                headers = {"Retry-After": str(wait)} if wait is not None else {}
                return Response('{"error": "switched_on_fault"}', status, headers, mimetype="application/json")

    def _control(self) -> ResponseReturnValue:
        body: dict[str, Any] = request.get_json(silent=True) or {}
        try:
            self.control(**body)
        except (TypeError, ValueError, KeyError) as error:
            known = {"ok", "clock", "http<status>"} | STANDARD_MODES | self.modes
            return jsonify(error=str(error), modes=sorted(known)), 400
        return jsonify(status="ok")

    def page(self, template: str, title: str, status: int = 200, policy: str = "", **facts: Any) -> Response:
        """One of the stand-in's own pages; `policy` is what its content may do beside being read."""
        html = render_template(template, title=title, system=self.title, **facts)
        headers = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; {policy}",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }
        return Response(html, status, headers, mimetype="text/html")

    # -- serving

    def serve(self, port: int = 0, url: str | None = None) -> None:
        """Answer on a port (0: a free one) from a thread of its own, until `stop`; `url` is what the world calls it."""
        self._server = make_server(HOST, port, self.app, threaded=True, request_handler=_Quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self.url = url or f"http://{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Close the port and let go of requests held back."""
        self._released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Quiet(WSGIRequestHandler):
    """No access log: a headless login has a (made-up) national identity number in its address."""

    def log(self, type: str, message: str, *args: Any) -> None:
        return None

    def connection_dropped(self, error: BaseException, environ: "WSGIEnvironment | None" = None) -> None:
        """Close at once instead of politely, so that the client sees a reset."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())


def _reset() -> Response:
    """No answer: the server takes the exception for a client that is gone, and closes."""
    return Response(map(_drop, [b""]))


def _drop(_: bytes) -> bytes:
    raise ConnectionResetError
