"""The erasure ledger."""

import click
from flask.cli import with_appcontext

from adapters.errors import Unavailable
from extensions.database import db
from services import erasure as erasures


@click.group("erasure")
def erasure() -> None:
    """Who has left the register."""


@erasure.command("replay")
@with_appcontext
def replay() -> None:
    """Erase again whoever came back with a restored database. Run it before the service opens; safe to repeat."""
    try:
        known, again = erasures.replay(db.session.commit)
    except Unavailable as error:
        raise click.ClickException(f"the ledger cannot be read: {error.system} gives no answer") from None
    click.echo(f"{again} erased again of {known}")


COMMANDS = (erasure,)
