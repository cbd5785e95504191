"""What an operator does in an incident, and after a restore (docs/operations.md)."""

import click
from flask.cli import with_appcontext

from extensions.database import db
from models.enums import Role
from services import incidents
from services.errors import NotFound

ROLES = [role for role in Role if role not in (Role.ANYONE, Role.SIGNED_IN)]
reason = click.option("--reason", required=True, help="Why; it stands in the audit log.")


@click.group("sessions")
def sessions() -> None:
    """Who is signed in."""


@sessions.command("end-all")
@click.option("--role", type=click.Choice([role.value for role in ROLES]), help="Only those who act so.")
@click.option("--organisation", "number", help="Only those who act for the organisation with this number.")
@reason
@with_appcontext
def end_all(role: str | None, number: str | None, reason: str) -> None:
    """End every open session, or those of one role or organisation. Everybody may sign in again."""
    try:
        ended = incidents.end_sessions(reason, Role(role) if role else None, number)
    except NotFound:
        raise click.ClickException("No organisation has that number here") from None
    db.session.commit()
    click.echo(f"{ended} sessions ended")


@click.group("organisation")
def organisation() -> None:
    """An organisation with access."""


@organisation.command("lock")
@click.argument("number")
@reason
@with_appcontext
def lock(number: str, reason: str) -> None:
    """Shut out every user of an organisation, at once and until `unlock`. Safe to repeat."""
    try:
        name, count = incidents.shut_out(number, reason)
    except NotFound:
        raise click.ClickException("No organisation has that number here") from None
    db.session.commit()
    click.echo(f"{name}: {count} users locked")


@organisation.command("unlock")
@click.argument("number")
@reason
@with_appcontext
def unlock(number: str, reason: str) -> None:
    """Let in again those whom `lock` shut out."""
    try:
        name, count = incidents.let_in(number, reason)
    except NotFound:
        raise click.ClickException("No organisation with that number is locked") from None
    db.session.commit()
    click.echo(f"{name}: {count} users let in again")


@click.group("links")
def links() -> None:
    """The links in e-mails."""


@links.command("expire-all")
@reason
@with_appcontext
def expire_all(reason: str) -> None:
    """Make every link that was sent, and every invitation, worthless. New ones can be sent at once."""
    sent, invited = incidents.expire_links(reason)
    db.session.commit()
    click.echo(f"{sent} links and {invited} invitations expired")


COMMANDS = (sessions, organisation, links)
