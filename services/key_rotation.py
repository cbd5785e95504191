"""Rotation of field and index keys (security.md section 4): resumable, in batches, while the product is in use.

Sealed forms and sign-ins under way live minutes, and are left to run out under the key that sealed them.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from extensions.database import db
from extensions.keys import CannotOpen, Purpose, keyring
from models.account import Account, StaffMember
from models.application import ContactPerson, Nominee
from services import national_ids

log = logging.getLogger("alarm")

BATCH = 500
Row = Account | StaffMember | Nominee | ContactPerson
TABLES: tuple[type[Row], ...] = (Account, StaffMember, Nominee, ContactPerson)


def rotate(commit: Callable[[], None]) -> Iterator[tuple[str, int]]:
    """Seal and index again, with the primary keys, every number that an older key sealed or indexed.

    Yields table and rows changed. `commit` ends each batch: stopping loses nothing, and running again goes on. A box
    that does not open is left as it is, with an alarm.
    """
    for table in TABLES:
        changed = 0
        for rows in _batches(table):
            changed += _renew(table, [row.id for row in rows if _is_outdated(row)])
            commit()
            db.session.expunge_all()
        yield table.__tablename__, changed


def remaining() -> int:
    """How many numbers are still sealed or indexed by an older key, or do not open."""
    left = 0
    for table in TABLES:
        for rows in _batches(table):
            left += sum(_is_outdated(row) for row in rows)
            db.session.expunge_all()
    return left


def _batches(table: type[Row]) -> Iterator[Sequence[Row]]:
    """Every row with a number, in the order of ids."""
    after = UUID(int=0)
    numbered = select(table).where(table.national_id_box.is_not(None)).order_by(table.id).limit(BATCH)
    while rows := _all(numbered.where(table.id > after)):
        after = rows[-1].id
        yield rows


def _is_outdated(row: Row) -> bool:
    assert row.national_id_box is not None
    if keyring().key_id_of(row.national_id_box) != keyring().primary[Purpose.FIELD]:
        return True
    try:
        return row.national_id_index != national_ids.index_of(national_ids.read(row) or "")
    except CannotOpen:
        return True


def _renew(table: type[Row], ids: list[UUID]) -> int:
    """Lock these rows alone, read them as they are now, and write what is still outdated."""
    wanted = select(table).where(table.id.in_(ids)).order_by(table.id).with_for_update()
    locked = _all(wanted.execution_options(populate_existing=True)) if ids else ()
    renewed = 0
    for row in locked:
        try:
            number = national_ids.read(row)
        except CannotOpen:
            log.error("sealed value does not open: %s %s", table.__tablename__, row.id, extra={"event": "cannot_open"})
            continue
        if number is not None and _is_outdated(row):
            national_ids.put(row, number)
            renewed += 1
    return renewed


def _all(statement: Select[Any]) -> Sequence[Row]:
    return db.session.scalars(statement).all()
