"""Background work: the jobs, the processes that feed and do them, and their commands."""

from flask import Flask


def register(app: Flask) -> None:
    """Add `flask worker`, `flask relay` and `flask jobs`."""
    from workers import commands

    for command in commands.COMMANDS:
        app.cli.add_command(command)
