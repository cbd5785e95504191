"""Rotation of field and index keys (security.md section 4): resumable, in batches, under load."""

from collections.abc import Callable, Iterator

from sqlalchemy import func, or_, select

from extensions.database import db
from extensions.keys import ENVELOPE_VERSION, Purpose, keyring
from models.account import Account, StaffMember
from models.application import ContactPerson, Nominee
from services import national_ids

BATCH = 500
TABLES = (Account, StaffMember, Nominee, ContactPerson)


def rotate(commit: Callable[[], None]) -> Iterator[tuple[str, int]]:
    """Seal every number again that an older key sealed or indexed; yields table and rows done. `commit` ends each batch, so
    that stopping loses nothing and waiting rows are never locked long."""
    for table in TABLES:
        done = 0
        while rows := db.session.scalars(_outdated(table).limit(BATCH).with_for_update(skip_locked=True)).all():
            for row in rows:
                number = national_ids.read(row)
                if number is not None:
                    national_ids.put(row, number)
            done += len(rows)
            commit()
        yield table.__tablename__, done


def remaining() -> int:
    """How many boxes are still sealed by an older field key."""
    return sum(
        db.session.scalar(select(func.count()).select_from(_outdated(table).subquery())) or 0 for table in TABLES
    )


def _outdated(table: type[Account] | type[StaffMember] | type[Nominee] | type[ContactPerson]) -> "select":  # type: ignore[valid-type]
    prefix = ENVELOPE_VERSION + bytes.fromhex(keyring().primary[Purpose.FIELD])
    return select(table).where(
        table.national_id_box.is_not(None), or_(func.substr(table.national_id_box, 1, len(prefix)) != prefix)
    )
