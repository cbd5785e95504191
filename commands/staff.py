"""The Directorate's staff list."""

import click
from flask.cli import with_appcontext

from extensions.agencies import settings
from extensions.database import db
from models.enums import Role
from models.national_numbers import is_valid, normalise
from services import staff


@click.command("add-caseworker")
@click.option("--name", prompt="Name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in (Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR)]),
    default=Role.CASEWORKER.value,
    show_default=True,
)
@with_appcontext
def add_caseworker(name: str, role: str) -> None:
    """Put a person on the staff list. The national identity number is asked for, or read from standard input: it must
    not stand in the shell's history or the list of processes."""
    number = normalise(click.prompt("National identity number", hide_input=True))
    if not is_valid(number, allow_synthetic=settings().allow_synthetic_id):
        raise click.ClickException("That is not a valid national identity number")
    staff.add(name, number, Role(role))
    db.session.commit()
    click.echo(f"{name}: {role}")


@click.command("remove-caseworker")
@with_appcontext
def remove_caseworker() -> None:
    """Take a person off the staff list, in any role: he or she is signed out and keeps no case page open."""
    number = normalise(click.prompt("National identity number", hide_input=True))
    row = staff.remove(number)
    if row is None:
        raise click.ClickException("Nobody on the staff list has that number")
    db.session.commit()
    click.echo(f"{row.name}: removed")


COMMANDS = (add_caseworker, remove_caseworker)
