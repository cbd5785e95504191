"""The database: one Session per app context, opened on first use, committed by the web app or the job that owns it."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from flask import Flask, current_app, g
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker

STATEMENT_TIMEOUT = "30s"
LOCK_TIMEOUT = "10s"
IDLE_IN_TRANSACTION_TIMEOUT = "120s"
"""Frees the row locks of a frozen worker, so that another can take its work (security.md R6)."""
ORGANISATION = "app.organisation"
"""The organisation somebody acts for: of the tables it owns, the database gives no other's rows while this is set
(row-level security, C12). It is set for one transaction at a time."""


def _must_be_open(connection: Any, *_pool: object) -> None:
    """Refuse a connection the server has closed, so that the pool makes a new one: an idle one has nothing to read.
    It asks the operating system, not the server, and so costs a page nothing."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


def _keep_to(organisation_id: object, connection: Connection | Session) -> None:
    values = {"name": ORGANISATION, "value": str(organisation_id)}
    connection.execute(text("SELECT set_config(:name, :value, true)"), values)


def _keep_on(session: Session, _transaction: object, connection: Connection) -> None:
    if organisation_id := session.info.get(ORGANISATION):
        _keep_to(organisation_id, connection)


class Database:
    def init_app(self, app: Flask, url: str, **engine_options: Any) -> None:
        engine = create_engine(
            url,
            pool_size=10,
            max_overflow=10,
            hide_parameters=True,  # an error's text may be logged; the values of a statement may not (C72)
            connect_args={
                "connect_timeout": 5,
                "options": (
                    f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT}"
                    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT}"
                    # Compiling takes longer than any statement of a page; and a plan that is kept for every search
                    # reads the whole register where the plan for one reads a page of it.
                    " -c jit=off -c plan_cache_mode=force_custom_plan"
                ),
            },
            **engine_options,
        )
        event.listen(engine, "checkout", _must_be_open)
        app.extensions["database"] = sessionmaker(engine, expire_on_commit=False)
        event.listen(app.extensions["database"], "after_begin", _keep_on)
        app.extensions["engine"] = engine
        app.teardown_appcontext(self._close)

    @property
    def engine(self) -> Engine:
        return cast(Engine, current_app.extensions["engine"])

    @property
    def session(self) -> Session:
        """The session of this app context."""
        session: Session | None = g.get("database_session")
        if session is None:
            session = g.database_session = current_app.extensions["database"]()
        return session

    def new_session(self) -> Session:
        """A session of its own, for what must be written whatever happens to the request; the caller commits and
        closes."""
        return cast(Session, current_app.extensions["database"]())

    def finish(self, *, keep: bool) -> None:
        """Commit (keep) or roll back what this app context has done so far, if anything."""
        session: Session | None = g.get("database_session")
        if session is not None:
            session.commit() if keep else session.rollback()

    def keep_to(self, organisation_id: UUID | None) -> None:
        """Each later transaction of this app context reaches the rows of this organisation alone; without one, all. In
        the one under way, the caller's own statement has said so."""
        self.session.info[ORGANISATION] = organisation_id

    @contextmanager
    def across_organisations(self) -> Iterator[None]:
        """For what an act for one organisation means for the others: all rows can be reached inside. An error must end
        the transaction."""
        organisation_id = self.session.info.get(ORGANISATION)
        if organisation_id is None:
            yield
            return
        _keep_to("", self.session)
        yield
        self.session.flush()
        _keep_to(organisation_id, self.session)

    @staticmethod
    def _close(_error: BaseException | None) -> None:
        session: Session | None = g.pop("database_session", None)
        if session is not None:
            session.close()


db = Database()
