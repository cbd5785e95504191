"""The isolated process: `python -m services.file_checks.server`, its standard input a socket (see isolation.py).

Each message is one byte with two descriptors: the file, and a socket to read the task from and answer on. The answer is
a line of JSON, and after it the bytes of a cleaned image.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from typing import Any, BinaryIO

from services.file_checks import inspection
from services.file_checks.verdicts import FileType, RefusalReason, Refused

CPU_SECONDS = 5
"""Far above what any file needs; whoever uploads is waiting."""
WALL_SECONDS = 60
ADDRESS_SPACE = 512 * 1024 * 1024

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000


def main() -> None:
    """Serve until nobody holds the other end any more."""
    control = socket.socket(fileno=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a copy ended: its silence says it
    leave_network()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        if len(descriptors) == 2 and os.fork() == 0:
            control.close()
            os.dup2(nowhere, 2)
            work(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def work(file_descriptor: int, reply_descriptor: int) -> None:
    """One task in this copy of the process, which ends with it."""
    try:
        with socket.socket(fileno=reply_descriptor) as reply, os.fdopen(file_descriptor, "rb") as file:
            task = json.loads(reply.makefile("rb").readline())
            confine()
            answer, data = carry_out(task, file)
            reply.sendall(json.dumps(answer).encode() + b"\n" + data)
    finally:
        os._exit(0)


def carry_out(task: dict[str, Any], file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The answer to a task, and what follows it."""
    try:
        if task["task"] == "clean":
            return {"type": task["type"]}, inspection.cleaned_image(file, FileType(task["type"]))
        return {"type": inspection.inspect(file, task["name"], task["kind"])}, b""
    except Refused as refused:
        return {"reason": refused.reason, "size": refused.size}, b""
    except MemoryError:
        return {"reason": RefusalReason.UNCHECKED}, b""


def leave_network() -> None:
    """Move to an empty network of our own where the system lets us; `confine` keeps sockets away in any case."""
    if sys.platform == "linux":
        unshare = ctypes.CDLL(None).unshare
        if unshare(CLONE_NEWNET) != 0:
            unshare(CLONE_NEWUSER | CLONE_NEWNET)


def confine() -> None:
    """From here on this process ends in time, cannot grow, and opens neither file nor socket (C54)."""
    limits = {
        resource.RLIMIT_CORE: 0,  # a core would hold the person's file
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,  # those open stay open
        resource.RLIMIT_CPU: CPU_SECONDS,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = ADDRESS_SPACE
    for which, limit in limits.items():
        resource.setrlimit(which, (limit, limit))
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)


if __name__ == "__main__":
    main()
