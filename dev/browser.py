"""The browser of the end-to-end tests: the system's own Chromium, never a downloaded one, and never a skipped test.

`python -m dev.browser` prints its path, installing it first where that is allowed.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import TypedDict

from dev.packages import MissingProgram, require

FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",  # containers often have 64 MB of it
)


class LaunchOptions(TypedDict):
    """Keyword arguments of Playwright's chromium.launch()."""

    executable_path: str
    args: list[str]
    env: dict[str, str | float | bool]


def executable() -> str:
    """PLAYWRIGHT_CHROMIUM → the shell of Chromium that has no windows, which costs a quarter of the rest → Chromium or
    Chrome on PATH → Debian's package; raises MissingProgram."""
    shell = "chromium-headless-shell"
    names = (shell, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return require("PLAYWRIGHT_CHROMIUM", names, shell)


def launch_options() -> LaunchOptions:
    """`playwright.chromium.launch(**launch_options())` works as root, in a container, and without a home folder."""
    flags = [*FLAGS, "--no-sandbox"] if os.getuid() == 0 else list(FLAGS)
    scratch = Path(tempfile.gettempdir()) / f"hr-browser-{os.getuid()}"  # for its crash handler, when there is no home
    scratch.mkdir(mode=0o700, exist_ok=True)
    return {
        "executable_path": executable(),
        "args": flags,
        "env": {**os.environ, "XDG_CONFIG_HOME": str(scratch), "XDG_CACHE_HOME": str(scratch)},
    }


if __name__ == "__main__":
    try:
        print(executable())
    except MissingProgram as missing:
        sys.exit(str(missing))
