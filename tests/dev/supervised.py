"""A supervisor of three small processes, run as a program by test_supervisor.py (argument: a folder to write in)."""

import sys
from pathlib import Path

from dev.processes import adopt_orphans
from dev.supervisor import Service, Stopped, Supervisor, say

OBEDIENT = "import time; time.sleep(600)"
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgrp()   # out of its parent's group, as the queue's work horses are
open(sys.argv[1] + f"/stubborn-{os.getpid()}", "w").close()
time.sleep(600)
"""
SHORT = "import sys, time; print('ERROR it hurts', flush=True); time.sleep(0.3)"


def main(folder: Path) -> None:
    adopt_orphans()
    supervisor = Supervisor()
    supervisor.handle_signals()

    def service(name: str, code: str) -> Service:
        command = [sys.executable, "-c", code, str(folder)]
        return Service(name, command, {}, folder=folder, ready=lambda _: True, patience=0.5)

    try:
        supervisor.start(service("obedient", OBEDIENT))
        supervisor.start(service("stubborn", STUBBORN), service("short", SHORT))
        say("ready")
        supervisor.watch()
    except Stopped:
        supervisor.stop()
        say("stopped")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
