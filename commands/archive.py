"""Closed cases to the archive."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from extensions.database import db
from services import archive as archives


@click.group("archive")
def archive() -> None:
    """Handing closed cases over to the archive."""


@archive.command("hand-over")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
def hand_over(folder: Path) -> None:
    """Write every closed case that has not been handed over into FOLDER, one folder each: what was submitted,
    questions, notes, decisions and documents. Only what was handed over is ever removed. Safe to stop and to repeat."""
    count = 0
    for application_id in archives.waiting():
        archives.hand_over(application_id, folder)
        db.session.commit()
        count += 1
    click.echo(f"{count} handed over")


COMMANDS = (archive,)
