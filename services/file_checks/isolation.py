"""The inspection in a process of its own, with little to break and nothing to steal (security.md C54).

One helper process (`services.file_checks.server`) is started at the first use and imports the libraries once; each file
then gets a fresh copy of it by fork, with limits on time, memory and open files and without network. A file that kills
its copy harms nobody else. The helper goes when the last process that speaks to it goes, and is started again when it
has gone itself. It knows nothing of the product: not the settings, not the database, not even the file's place.
"""

import json
import logging
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.file_checks.verdicts import FileType, RefusalReason, Refused

if TYPE_CHECKING:
    from models.enums import AttachmentKind

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 75
"""Seconds to wait for an answer: a little more than the copy's own limit, should that fail it."""

log = logging.getLogger(__name__)


def inspect(path: str | Path, name: str, kind: "AttachmentKind") -> FileType:
    """What kind of file it is, everything about it found acceptable. Raises Refused; UNCHECKED when nobody knows."""
    answer, _ = _ask(path, task="inspect", name=name, kind=str(kind))
    return FileType(answer["type"])


def cleaned_image(path: str | Path, file_type: FileType) -> bytes:
    """The bytes of an inspected JPG or PNG, encoded anew without place, camera, comments and hidden parts (C53).

    Raises Refused.
    """
    _, data = _ask(path, task="clean", type=file_type.value)
    return data


def _ask(path: str | Path, **request: str) -> tuple[dict[str, Any], bytes]:
    """Hand a file and a task to the helper; the answer, and the bytes after it. Raises Refused."""
    with _places, open(path, "rb") as file:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                _helper.send([file.fileno(), theirs.fileno()])
            ours.settimeout(PATIENCE)
            try:
                ours.sendall(json.dumps(request).encode() + b"\n")
                with ours.makefile("rb") as reply:
                    answer, data = json.loads(reply.readline() or b"{}"), reply.read()
            except OSError:
                answer, data = {}, b""
    if not answer:
        log.warning("file_check.no_answer")
        raise Refused(RefusalReason.UNCHECKED)
    if reason := answer.get("reason"):
        raise Refused(RefusalReason(reason), answer.get("size"))
    return answer, data


class _Helper:
    """The helper process, by the socket it listens to; threads and forks of this process share it."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def send(self, descriptors: list[int]) -> None:
        """Pass open files on, starting the helper when there is none."""
        with self._lock:
            if self._control:
                try:
                    socket.send_fds(self._control, [b"+"], descriptors)
                    return
                except OSError:
                    log.warning("file_check.helper_gone")
            socket.send_fds(self._start(), [b"+"], descriptors)

    def _start(self) -> socket.socket:
        if self._process and self._control:
            self._control.close()
            self._process.poll()  # so that it is not left as a zombie
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
                cwd="/",
                start_new_session=True,  # Ctrl-C is for those who have something to stop
            )
        return self._control


_helper = _Helper("-m", "services.file_checks.server")
_places = threading.BoundedSemaphore(4)
"""So many files at once in one process: what they may use of memory in all is bounded too."""
