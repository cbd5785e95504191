"""Alembic's environment: runs as the database's owner; `application_role` gets the least rights (security.md C67,
C80)."""

from alembic import context
from sqlalchemy import create_engine, pool

from models import Base

config = context.config
url = config.attributes["url"]

with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
