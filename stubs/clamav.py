"""clamd's stand-in: its protocol on a TCP port, and one finding only, the harmless test string of the trade.

Modes: infected ({"name": …}), limit, error (a reply of that kind), crash (the file is read and the connection closed
without a word; with `sha256` only that file), slow ({"seconds": n} before the reply). At once: away (connections are
refused until `ok`), signatures ({"version": "27402"}).
"""

import hashlib
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from stubs.base import HOST, StandIn

TEST_STRING = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
PROGRAM = "ClamAV 0.0.0-demo"
REPLIES = {
    "infected": "stream: {name} FOUND",
    "limit": "INSTREAM size limit exceeded. ERROR",
    "error": "stream: Can't allocate memory ERROR",
}


class Clamav(StandIn):
    title = "clamd"
    modes = frozenset({*REPLIES, "crash", "slow"})

    def __init__(self) -> None:
        super().__init__("clamav")
        self.version = "27400"
        self._socket: _Server | None = None

    def serve(self, port: int = 0, url: str | None = None) -> None:
        """Answer on a port (0: a free one) until `stop`."""
        self._socket = _Server((HOST, port), self)
        self.url = url or f"tcp://{HOST}:{self._socket.server_address[1]}"
        threading.Thread(target=self._socket.serve_forever, args=(0.05,), name=self.name, daemon=True).start()

    def stop(self) -> None:
        if self._socket is not None:
            self._released.set()
            self._socket.shutdown()
            self._socket.server_close()
            self._socket = None

    def act(self, mode: str, details: Mapping[str, Any]) -> bool:
        if mode == "signatures":
            self.version = str(details["version"])
        elif mode == "away":
            self.stop()
        else:
            return False
        return True

    def reset(self) -> None:
        self.version = "27400"
        if self._socket is None and self.url:
            self.serve(int(self.url.rpartition(":")[2]), self.url)

    def reply_to(self, content: bytes) -> str | None:
        """What clamd would say to a file; None for nothing at all."""
        sha256 = hashlib.sha256(content).hexdigest()
        with self._lock:
            self._log.append({"sha256": sha256, "at": self.now()})
        fault = self.fault("slow", path="/")
        if fault:
            self._released.wait(float(fault.details.get("seconds", 2)))
        wanted = [f.details.get("sha256") for f in self._faults if f.mode == "crash"]
        if wanted and wanted[0] in (None, sha256) and self.fault("crash", path="/"):
            return None
        fault = self.fault(*REPLIES, path="/")
        if fault:
            return REPLIES[fault.mode].format(name=fault.details.get("name", "Demo.Switched.On"))
        return "stream: Eicar-Test-Signature FOUND" if TEST_STRING in content else "stream: OK"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], clamav: Clamav) -> None:
        self.clamav = clamav
        super().__init__(address, _Conversation)


class _Conversation(socketserver.StreamRequestHandler):
    """One connection, one command (zPING, zVERSION or zINSTREAM)."""

    server: _Server

    def handle(self) -> None:
        with suppress(OSError, struct.error):
            self._say(self._answer(self._until_zero()))

    def _answer(self, command: bytes) -> str | None:
        match command:
            case b"zPING":
                return "PONG"
            case b"zVERSION":
                return f"{PROGRAM}/{self.server.clamav.version}/Sun Nov 22 09:00:00 2026"
            case b"zINSTREAM":
                return self.server.clamav.reply_to(b"".join(iter(self._piece, b"")))
            case _:
                return "UNKNOWN COMMAND"

    def _until_zero(self) -> bytes:
        command = b""
        while (letter := self.rfile.read(1)) not in (b"", b"\0") and len(command) < 40:
            command += letter
        return command

    def _piece(self) -> bytes:
        (length,) = struct.unpack("!I", self.rfile.read(4))
        return self.rfile.read(length)

    def _say(self, reply: str | None) -> None:
        if reply is not None:
            self.wfile.write(reply.encode() + b"\0")
            self.connection.shutdown(socket.SHUT_WR)
