"""What somebody had typed when the session or an outside system went away: kept sealed for half an hour (ux.md 4.2)."""

import json
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select

from extensions import clock
from extensions.database import db
from extensions.keys import Purpose, keyring
from models.account import HeldForm
from services.sessions import hash_of

LIFETIME = timedelta(minutes=30)
LARGEST = 200_000
"""Bytes of fields; more than any form of ours holds."""

Fields = list[tuple[str, str]]


def keep(path: str, fields: Fields, account_id: UUID) -> str | None:
    """Keep the fields of one form for its owner; returns the secret for the cookie, or None when there is nothing to keep.

    Written in a transaction of its own: the request it comes from is being refused.
    """
    content = json.dumps(fields).encode()
    if not fields or len(content) > LARGEST:
        return None
    token = secrets.token_urlsafe(32)
    row_id = uuid4()
    with db.new_session() as session:
        session.add(
            HeldForm(
                id=row_id,
                token_hash=hash_of(token),
                account_id=account_id,
                path=path,
                fields_box=keyring().seal(Purpose.HELD, content, f"held_form|{row_id}"),
                expires_at=clock.now() + LIFETIME,
            )
        )
        session.commit()
    return token


def find(token: str, path: str, account_id: UUID) -> Fields | None:
    """The fields that were kept for this person and this page, or None."""
    row = db.session.scalar(
        select(HeldForm).where(
            HeldForm.token_hash == hash_of(token),
            HeldForm.path == path,
            HeldForm.account_id == account_id,
            HeldForm.expires_at > clock.now(),
        )
    )
    if row is None:
        return None
    content = keyring().open(Purpose.HELD, row.fields_box, f"held_form|{row.id}")
    return [(name, value) for name, value in json.loads(content)]


def discard(token: str) -> None:
    """Forget what was kept: the form went through, or another person signed in."""
    db.session.execute(delete(HeldForm).where(HeldForm.token_hash == hash_of(token)))


def discard_expired() -> int:
    """Remove what is older than half an hour; returns how many."""
    result = db.session.execute(delete(HeldForm).where(HeldForm.expires_at <= clock.now()))
    return int(result.rowcount)  # type: ignore[attr-defined]
