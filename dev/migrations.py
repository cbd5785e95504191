"""Migrations on a database of their own: `check` that they equal the models, `new "what it does"` from what changed."""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Enum, create_engine, pool, text

from commands.database import alembic_config
from dev.postgres import Postgres, Role
from models import Base


@contextmanager
def migrated_database() -> Iterator[tuple[Config, str]]:
    """A throw-away database at the newest migration: Alembic's configuration for it, and its owner's address."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder), durable=False) as server:
        server.create_database()
        url = server.url(Role.OWNER)
        config = alembic_config(url, Role.APP)
        command.upgrade(config, "head")
        yield config, url


def differences() -> list[Any]:
    """What the models have and the migrations do not make, or the other way round; empty when they agree."""
    with migrated_database() as (_config, url), create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata)) + _forgotten_values(connection)


def _forgotten_values(connection: Connection) -> list[Any]:
    """Enum columns whose constraint does not list just the enum's values: Alembic compares no CHECK."""
    constraints = connection.execute(
        text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'")
    )
    listed: dict[str, str] = {row[0]: row[1] for row in constraints}
    return [
        ("enum", table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum)
        and set(re.findall(r"'([^']*)'", listed.get(f"ck_{table.name}_{column.name}_known", "")))
        != set(column.type.enums)
    ]


def new(message: str) -> Path:
    """Write the next migration, numbered after the last, and return its file."""
    with migrated_database() as (config, _url):
        last = ScriptDirectory.from_config(config).get_current_head() or "0000"
        script = command.revision(config, message, autogenerate=True, rev_id=f"{int(last) + 1:04d}")
    if script is None or isinstance(script, list):
        raise RuntimeError("Alembic wrote no single file")
    return Path(script.path)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["check"]:
            found = differences()
            for difference in found:
                print("Models and migrations differ:", difference)
            return 1 if found else 0
        case ["new", message]:
            print(new(message))
            return 0
        case _:
            print(__doc__)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
