"""An order nobody asked for is turned round, so that what leans on it fails every time, not once in a while."""

from typing import Any

from sqlalchemy import Result
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql import Select


def turn_round(state: ORMExecuteState) -> Result[Any] | None:
    """The rows of a SELECT without ORDER BY, the last one first; of one read in parts, as they come."""
    statement = state.statement
    if not isinstance(statement, Select) or statement._order_by_clauses or state.is_column_load:
        return None
    if {"yield_per", "stream_results"} & set(state.execution_options):
        return None
    frozen = state.invoke_statement().freeze()
    frozen.data = list(reversed(frozen.data))
    return frozen()
