"""clamd, the virus scanner, over its own protocol: a Unix or TCP socket, one command a connection, nothing on its disk.

clamd knows no TLS: over TCP it belongs on the same host or a private network.
"""

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from adapters.errors import Unavailable

SYSTEM = "clamav"
LONGEST_REPLY = 4096


class NotScanned(Exception):
    """clamd took the file and came to no verdict: it died, gave up, or met a limit. The text is a word for the log."""


class Clamav:
    """One clamd, or a pool behind one address: `unix:///path` or `tcp://host:port`."""

    def __init__(self, address: str, timeout: float = 60) -> None:
        parts = urlsplit(address)
        self._target: str | tuple[str, int]
        if parts.scheme == "unix" and parts.path:
            self._family, self._target = socket.AF_UNIX, unquote(parts.path)
        elif parts.scheme == "tcp" and parts.hostname and parts.port:
            self._family, self._target = socket.AF_INET, (parts.hostname, parts.port)
        else:
            raise ValueError("clamd is at unix:///path or tcp://host:port")
        self._timeout = timeout

    def scan(self, content: Iterable[bytes]) -> str | None:
        """Let clamd read a file: the name of what it found, None when it says OK and only then.

        Raises Unavailable when nobody answers at all, NotScanned when this file got no verdict.
        """
        with self._connect() as connection:
            try:
                connection.sendall(b"zINSTREAM\0")
                for piece in content:
                    if piece:  # an empty one would be the end
                        connection.sendall(struct.pack("!I", len(piece)))
                        connection.sendall(piece)
                connection.sendall(struct.pack("!I", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it said why before it closed
            except TimeoutError:
                raise NotScanned("timeout") from None
            reply = _reply(connection)
        if reply == "stream: OK":
            return None
        if reply.startswith("stream: ") and reply.endswith(" FOUND"):
            return reply.removeprefix("stream: ").removesuffix(" FOUND")
        raise NotScanned("size limit" if "size limit" in reply else "error" if reply else "no reply")

    def signatures(self) -> str:
        """The version of its signature database; of the program where it has no official one. Raises Unavailable."""
        with self._connect() as connection, suppress(OSError):
            connection.sendall(b"zVERSION\0")
            program, *database = _reply(connection).split("/")
            if program.startswith("ClamAV "):
                return database[0] if database else program
        raise Unavailable(SYSTEM, "version")

    def _connect(self) -> socket.socket:
        connection = socket.socket(self._family, socket.SOCK_STREAM)
        connection.settimeout(self._timeout)
        try:
            connection.connect(self._target)
        except OSError as error:
            connection.close()
            raise Unavailable(SYSTEM, type(error).__name__) from None
        return connection


def _reply(connection: socket.socket) -> str:
    """What clamd says, to its final zero; what came so far when it falls silent."""
    said = b""
    with suppress(OSError):
        while not said.endswith(b"\0") and len(said) < LONGEST_REPLY and (more := connection.recv(LONGEST_REPLY)):
            said += more
    return said.rstrip(b"\0").decode(errors="replace").strip() if said.endswith(b"\0") else ""
