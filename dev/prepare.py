"""Bring the local database up to date: migrations, reference data and demo data, all in one process to save starts."""

import os
import sys
from pathlib import Path

from click import ClickException
from flask.cli import ScriptInfo

from app import create_app
from extensions.keys import KeyRing

COMMANDS = (["migrate"], ["load-reference"], ["demo", "load"])


def main() -> int:
    """Run each command as `flask` would; the first that fails stops the rest with its own message."""
    ring = Path(os.environ["KEY_RING_FILE"])
    KeyRing.load(ring).add_missing(ring)
    app = create_app()
    for command in COMMANDS:
        print("flask", *command, flush=True)
        try:
            app.cli.main(command, "flask", standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))
        except ClickException as error:
            error.show()
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
