"""A real clamd with a tiny signature database made at run time: for the tests and benchmarks, never downloaded.

`python -m dev.clamav` prints clamd's path, installing it first where that is allowed.
"""

import hashlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Self

from adapters.clamav import Clamav
from adapters.errors import Unavailable
from dev.packages import MissingProgram, require
from dev.processes import Process
from dev.sockets import socket_folder
from stubs.clamav import TEST_STRING

SETTINGS = """\
DatabaseDirectory {folder}/signatures
LocalSocket {socket}
Foreground yes
StreamMaxLength {stream_limit}
MaxFileSize 11M
MaxScanSize 50M
AlertEncrypted yes
AlertExceedsMax yes
{user}
"""


class Clamd(Process):
    """`with Clamd(folder) as clamd: Clamav(clamd.address)`. kill() is a crash; start() brings it back."""

    stop_signal = signal.SIGTERM
    patience = 2.0

    def __init__(self, folder: Path, *, stream_limit: str = "11M", log: Path | None = None) -> None:
        super().__init__("clamd", log or folder / "clamd.log")
        self.folder = folder.resolve()
        self.socket = socket_folder(folder, os.getuid()) / "clamd.sock"
        self._stream_limit = stream_limit

    @property
    def address(self) -> str:
        """What the product is told: CLAMAV_ADDRESS."""
        return self.socket.as_uri().replace("file:", "unix:", 1)

    def command(self) -> list[str]:
        return [executable(), "--config-file", str(self.folder / "clamd.conf")]

    def prepare(self) -> None:
        signatures = self.folder / "signatures"
        signatures.mkdir(parents=True, exist_ok=True)
        digest = hashlib.md5(TEST_STRING, usedforsecurity=False).hexdigest()  # the format's own choice
        (signatures / "tests.hdb").write_text(f"{digest}:{len(TEST_STRING)}:Eicar-Test-Signature\n")
        (signatures / "tests.ndb").write_text(f"Eicar-Test-Inside:0:*:{TEST_STRING.hex()}\n")
        self.socket = socket_folder(self.folder, os.getuid()) / "clamd.sock"
        self.socket.unlink(missing_ok=True)
        (self.folder / "clamd.conf").write_text(
            SETTINGS.format(
                folder=self.folder,
                socket=self.socket,
                stream_limit=self._stream_limit,
                user="User root" if os.getuid() == 0 else "",
            )
        )

    def answers(self) -> bool:
        try:
            return bool(Clamav(self.address, timeout=1).signatures())
        except Unavailable:  # not listening yet
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.socket.parent, ignore_errors=True)

    def __exit__(self, *_error: object) -> None:
        self.stop()


def executable() -> str:
    """CLAMD → clamd on PATH or among the system programs → Debian's package; raises MissingProgram."""
    return require("CLAMD", ("clamd",), "clamav-daemon")


if __name__ == "__main__":
    try:
        print(executable())
    except MissingProgram as missing:
        sys.exit(str(missing))
