"""Migrations and reference data."""

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from extensions.agencies import settings
from extensions.database import db
from services import reference_data

if TYPE_CHECKING:
    from alembic.config import Config


def alembic_config(owner_url: str, application_role: str) -> "Config":
    """Alembic's settings: the owner's address, and the role the application signs in with, which gets the least
    rights."""
    from alembic.config import Config  # here, as in migrate: the web app, which has every command, spares the memory

    config = Config()
    config.set_main_option("script_location", "migrations")
    config.attributes["url"] = owner_url
    config.attributes["application_role"] = application_role
    return config


@click.command("migrate")
@click.option("--to", "revision", default="head", show_default=True)
@with_appcontext
def migrate(revision: str) -> None:
    """Bring the database to the newest shape, as its owner."""
    from alembic import command

    url = settings().database_owner_url
    if not url:
        raise click.ClickException("DATABASE_OWNER_URL is missing")
    role = db.engine.url.username
    if not role:
        raise click.ClickException("DATABASE_URL names no role")
    command.upgrade(alembic_config(url, role), revision)


@click.command("load-reference")
@with_appcontext
def load_reference() -> None:
    """Load counties, municipalities, health trusts and default settings; safe to repeat."""
    for name, count in reference_data.load().items():
        click.echo(f"{name}: {count}")
    db.session.commit()


COMMANDS = (migrate, load_reference)
