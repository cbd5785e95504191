"""Rotation of field, index and file keys (security.md section 4): resumable, in batches, while the product is in use.

Sealed forms and sign-ins under way live minutes, and are left to run out under the key that sealed them.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from extensions.database import db
from extensions.keys import CannotOpen, Purpose, keyring
from models.account import Account, StaffMember
from models.application import ContactPerson, Nominee
from models.attachment import Attachment
from models.base import Base
from models.privacy import DataExport
from models.professional import PageDraft, Professional
from models.register import RegisterExport, ShortlistEntry
from services import boxes, files, national_ids, shortlists

log = logging.getLogger("alarm")

BATCH = 500


@dataclass(frozen=True)
class Sealed:
    """A column of sealed values: how one is read, and written again with the primary keys. `is_indexed` has a blind
    index beside it. A file is not written again: what is sealed in its row is the file's own key."""

    table: type[Any]
    column: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]
    is_indexed: bool = False
    purpose: Purpose = Purpose.FIELD

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)


def _text(table: type[Base], column: str) -> Sealed:
    return Sealed(table, column, lambda row: boxes.read(row, column), lambda row, text: boxes.put(row, column, text))


ALL = (
    *(
        Sealed(table, "national_id_box", national_ids.read, national_ids.put, is_indexed=True)
        for table in (Account, StaffMember, Nominee, ContactPerson)
    ),
    _text(Professional, "street_box"),
    _text(PageDraft, "fields_box"),
    Sealed(ShortlistEntry, "note_box", shortlists.note_of, shortlists.write_note, purpose=Purpose.NOTES),
    *(
        Sealed(table, "key_box", files.key_of, files.wrap, purpose=Purpose.FILE)
        for table in (Attachment, DataExport, RegisterExport)
    ),
)


def rotate(commit: Callable[[], None]) -> Iterator[tuple[str, int]]:
    """Seal and index again, with the primary keys, every value that an older key sealed or indexed.

    Yields table and rows changed. `commit` ends each batch: stopping loses nothing, and running again goes on. A box
    that does not open is left as it is, with an alarm.
    """
    for kind in ALL:
        changed = 0
        for rows in _batches(kind):
            changed += _renew(kind, [row.id for row in rows if _is_outdated(kind, row)])
            commit()
            db.session.expunge_all()
        yield kind.name, changed


def remaining() -> int:
    """How many values are still sealed or indexed by an older key, or do not open."""
    left = 0
    for kind in ALL:
        for rows in _batches(kind):
            left += sum(_is_outdated(kind, row) for row in rows)
            db.session.expunge_all()
    return left


def _batches(kind: Sealed) -> Iterator[Sequence[Any]]:
    """Every row with a value, in the order of ids."""
    after = UUID(int=0)
    filled = (
        select(kind.table).where(getattr(kind.table, kind.column).is_not(None)).order_by(kind.table.id).limit(BATCH)
    )
    while rows := _all(filled.where(kind.table.id > after)):
        after = rows[-1].id
        yield rows


def _is_outdated(kind: Sealed, row: Any) -> bool:
    if keyring().key_id_of(getattr(row, kind.column)) != keyring().primary[kind.purpose]:
        return True
    try:
        value = kind.read(row) or ""
    except CannotOpen:
        return True
    return kind.is_indexed and row.national_id_index != national_ids.index_of(value)


def _renew(kind: Sealed, ids: list[UUID]) -> int:
    """Lock these rows alone, read them as they are now, and write what is still outdated."""
    wanted = select(kind.table).where(kind.table.id.in_(ids)).order_by(kind.table.id).with_for_update()
    locked = _all(wanted.execution_options(populate_existing=True)) if ids else ()
    renewed = 0
    for row in locked:
        try:
            value = kind.read(row)
        except CannotOpen:
            log.error("sealed value does not open: %s %s", kind.name, row.id, extra={"event": "cannot_open"})
            continue
        if value and _is_outdated(kind, row):
            kind.write(row, value)
            renewed += 1
    return renewed


def _all(statement: Select[Any]) -> Sequence[Any]:
    return db.session.scalars(statement).all()
