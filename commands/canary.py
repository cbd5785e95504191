"""Canaries: profiles of nobody, which raise an alarm when somebody takes out their contact details."""

import random
from unicodedata import normalize
from urllib.parse import urlsplit
from uuid import UUID

import click
from flask.cli import with_appcontext

from commands.made_up import FAMILY, GIVEN
from extensions.agencies import settings
from extensions.database import db
from services import canaries
from services.canaries import Impossible, Wanted
from services.errors import NotFound

FICTION = "+467017406"
"""Sweden's telecom agency gives 070-174 06 05 to 06 99 to nobody but books and films; Norway's has no such range."""


@click.group("canary")
def canary() -> None:
    """Profiles of nobody (docs/operations.md)."""


@canary.command("add")
@click.option("--county", required=True, help="The number of the county.")
@click.option("--profession", "professions", multiple=True, default=["SP"], show_default=True, help="HPR's code.")
@click.option("--hpr-number", prompt="HPR number that HPR keeps for nobody")
@click.option("--given-name", default=lambda: random.choice(GIVEN), help="Drawn when not said.")
@click.option("--family-name", default=lambda: random.choice(FAMILY), help="Drawn when not said.")
@click.option("--email", help="Under the service's own domain when not said.")
@click.option("--phone", help="With +47; of a range for fiction when not said.")
@with_appcontext
def add(
    county: str,
    professions: tuple[str, ...],
    hpr_number: str,
    given_name: str,
    family_name: str,
    email: str | None,
    phone: str | None,
) -> None:
    """Make one and list it in a county, at once and for good."""
    wanted = Wanted(
        given_name=given_name,
        family_name=family_name,
        email=email or f"{_ascii(given_name)}.{_ascii(family_name)}@{urlsplit(settings().base_url).hostname}",
        phone=phone or f"{FICTION}{random.randint(5, 99):02d}",
        hpr_number=hpr_number,
        county=county,
        professions=professions,
    )
    try:
        person = canaries.add(wanted)
    except Impossible as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"{person.id} {person.name}")


def _ascii(name: str) -> str:
    letters = name.casefold().replace("æ", "ae").translate(str.maketrans("øđŋŧ ", "odnt."))
    return normalize("NFD", letters).encode("ascii", "ignore").decode()


@canary.command("list")
@with_appcontext
def listed() -> None:
    """Each with its counties and professions, and whether it is listed now."""
    for person, is_listed in canaries.everyone():
        assert person.reach is not None and person.competence is not None
        where, what = ",".join(person.reach.counties), ",".join(person.competence.professions)
        click.echo(f"{person.id} {where} {what} {'listed' if is_listed else 'HIDDEN'} {person.name}")


@canary.command("remove")
@click.argument("canary_id", type=click.UUID)
@with_appcontext
def remove(canary_id: UUID) -> None:
    """Hide one at once and have it erased, as a person who leaves is."""
    try:
        canaries.remove(canary_id)
    except NotFound:
        raise click.ClickException("No canary has that id") from None
    db.session.commit()
    click.echo("removed")


COMMANDS = (canary,)
