"""The key ring: add a key, rotate what older keys sealed."""

import sys

import click
from flask.cli import with_appcontext

from extensions.agencies import settings
from extensions.database import db
from extensions.keys import Purpose, keyring
from services import key_rotation


@click.group("keys")
def keys() -> None:
    """The key ring."""


@keys.command("add")
@click.argument("purpose", type=click.Choice([purpose.value for purpose in Purpose]))
@with_appcontext
def add(purpose: str) -> None:
    """Add a key and make it primary. Restart every process, then run `flask keys rotate`."""
    key_id = keyring().save_with_new_primary(Purpose(purpose), settings().key_ring_file)
    click.echo(f"{purpose}: new primary {key_id}")


@keys.command("rotate")
@with_appcontext
def rotate() -> None:
    """Seal again, with the primary keys, what older keys sealed; in steps, may be stopped and run again."""
    for table, count in key_rotation.rotate(db.session.commit):
        click.echo(f"{table}: {count}")
    left = key_rotation.remaining()
    click.echo(f"remaining: {left}")
    if left:
        sys.exit(1)


COMMANDS = (keys,)
