"""The search table."""

import click
from flask.cli import with_appcontext

from extensions.database import db
from services import listing as listings


@click.group("listing")
def listing() -> None:
    """The search table, which follows from the registrations."""


@listing.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Judge every registration again and write its search row anew; safe at any time, and while people use it."""
    listed = seen = 0
    for batch in listings.all_ids():
        for professional_id in batch:
            listed += listings.refresh(professional_id).is_listed
            seen += 1
            db.session.commit()
    click.echo(f"{listed} listed of {seen}")


COMMANDS = (listing,)
