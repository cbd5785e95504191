"""The audit log."""

import sys

import click
from flask.cli import with_appcontext

from services import audit_chain


@click.group("audit")
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@click.option("--head", "noted", help="A head from the log store, which the chain must still hold.")
@with_appcontext
def verify(noted: str | None) -> None:
    """Go through the whole chain. Ends with 1 and names the first bad row when something is wrong."""
    try:
        expected = audit_chain.Head.read(noted) if noted else None
    except ValueError:
        raise click.BadParameter("a head is its number and its hash, as in the log", param_hint="--head") from None
    found = audit_chain.verify(expected)
    if isinstance(found, audit_chain.Fault):
        click.echo(f"BROKEN  {found}")
        sys.exit(1)
    first = audit_chain.beginning().sequence + 1
    click.echo(f"whole   {found.sequence + 1 - first} events from number {first}; head {found}")


COMMANDS = (audit,)
