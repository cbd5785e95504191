"""Store and rows compared both ways (security.md section 11): bytes nobody owns are removed, lost bytes are told of."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select, union_all

from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from models.attachment import Attachment
from models.privacy import DataExport
from models.register import RegisterExport
from services.files import FOLDER

OWNERS = (Attachment, DataExport, RegisterExport)
YOUNG = timedelta(days=1)
"""Younger bytes may belong to a row that is not committed yet."""
PARTS = "0123456789abcdef"


@dataclass
class Swept:
    """What a sweep came upon: keys of bytes that were removed, and keys that rows hold but the store does not."""

    orphans: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def sweep() -> Swept:
    """Remove what is older than a day and owned by no row, and find rows whose bytes are not there.

    One sixteenth of the store at a time, so that memory stays small. Raises Unavailable; what was done stays done.
    """
    found = Swept()
    storage, limit = agencies().storage, clock.now() - YOUNG
    for part in PARTS:
        owned_before = _owned(part)
        stored = {one.key: one.modified_at for one in storage.list(f"{FOLDER}/{part}")}
        owned = _owned(part)
        found.lost += sorted((owned_before & owned) - stored.keys())
        for key in sorted(stored.keys() - owned):
            if stored[key] < limit:
                storage.delete(key)
                found.orphans.append(key)
    return found


def _owned(part: str) -> set[str]:
    keys = [select(table.storage_key).where(table.storage_key.startswith(f"{FOLDER}/{part}/")) for table in OWNERS]
    return set(db.session.scalars(union_all(*keys)))
