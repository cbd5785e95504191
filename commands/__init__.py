"""Commands for people and processes: `flask …`."""

from flask import Flask


def register(app: Flask) -> None:
    from commands import archive, audit, canary, database, demo, erasure, incident, keys, listing, population, staff

    for module in (archive, audit, canary, database, demo, erasure, incident, keys, listing, population, staff):
        for command in module.COMMANDS:
            app.cli.add_command(command)
