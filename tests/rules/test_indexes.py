"""A foreign key leads an index: without one, the database reads the whole table each time a row that may be referred to
is deleted, and pages that ask by it do, too."""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import Table

import models
from models.base import Base

NEVER_DELETED = {"municipality", "organisation", "postal_code"}
"""What is referred to for as long as the register stands."""
A_FEW_ROWS = {"setting"}


def leading(table: Table) -> set[str]:
    """The columns a whole index begins with; a partial one leaves out rows that refer all the same."""
    unique = [constraint for constraint in table.constraints if hasattr(constraint, "columns") and constraint.columns]
    keys = [one for one in unique if one.__visit_name__ in ("primary_key_constraint", "unique_constraint")]
    whole = [one for one in table.indexes if one.dialect_options["postgresql"]["where"] is None and one.columns]
    return {next(iter(one.columns)).name for one in (*keys, *whole)}


def test_a_foreign_key_leads_an_index():
    for module in iter_modules(models.__path__, "models."):
        import_module(module.name)
    without = [
        str(key.parent)
        for table in Base.metadata.sorted_tables
        if table.name not in A_FEW_ROWS
        for key in table.foreign_keys
        if key.column.table.name not in NEVER_DELETED and key.parent.name not in leading(table)
    ]
    assert without == []
