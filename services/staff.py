"""The Directorate's staff: who may work cases."""

from uuid import uuid4

from sqlalchemy import delete, func, select

from extensions import clock
from extensions.database import db
from models.account import Account, StaffMember
from models.enums import Role
from services import audit, national_ids, sessions, settings
from services.access import STAFF_ROLES
from services.settings import Key


def add(name: str, number: str, role: Role) -> StaffMember:
    """Put a person (checked national identity number) on the staff list in `role`, or change the role; safe to
    repeat."""
    indexes = national_ids.indexes_of(number)
    row = db.session.scalar(select(StaffMember).where(StaffMember.national_id_index.in_(indexes)))
    if row is None:
        row = StaffMember(id=uuid4(), name=name, role=role, added_at=clock.now())
        national_ids.put(row, number)
        row.account_id = db.session.scalar(select(Account.id).where(Account.national_id_index.in_(indexes)))
        db.session.add(row)
    if row.name != name or row.role is not role or row.ended_at is not None:
        row.name, row.role, row.ended_at = name, role, None
    audit.record(None, "staff.added", row, role=role.value)
    return row


def remove(number: str) -> StaffMember | None:
    """Take a person off the staff list; the sessions as staff are over at once. None when nobody has the number."""
    row = db.session.scalar(
        select(StaffMember).where(
            StaffMember.national_id_index.in_(national_ids.indexes_of(number)), StaffMember.ended_at.is_(None)
        )
    )
    if row is None:
        return None
    row.ended_at = clock.now()
    if row.account_id is not None:
        sessions.end_as(row.account_id, STAFF_ROLES)
    audit.record(None, "staff.removed", row, role=row.role.value)
    return row


def forget_ended() -> int:
    """Remove those who left as long ago as an unused account is kept. The caller commits; returns how many."""
    limit = clock.now() - func.make_interval(settings.value(Key.ACCOUNT_YEARS))
    gone = delete(StaffMember).where(StaffMember.ended_at < limit)
    return int(db.session.execute(gone).rowcount)  # type: ignore[attr-defined]
