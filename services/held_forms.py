"""What somebody had typed when the session or an outside system went away: kept sealed for half an hour (ux.md 4.2)."""

import json
import secrets
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Held:
    """A form that waits for its owner: the page it stands on, what was typed, and whether a lost session was the
    reason."""

    account_id: UUID
    path: str
    fields: Fields
    was_signed_out: bool


def keep(held: Held) -> str | None:
    """Keep one form for its owner; returns the secret for the cookie, or None when there is nothing to keep.

    Written in a transaction of its own: the request it comes from is being refused. The path is sealed with the fields,
    as it may hold the token of an invitation.
    """
    content = json.dumps({"path": held.path, "fields": held.fields, "out": held.was_signed_out}).encode()
    if not held.fields or len(content) > LARGEST:
        return None
    token = secrets.token_urlsafe(32)
    row_id = uuid4()
    with db.new_session() as session:
        session.add(
            HeldForm(
                id=row_id,
                token_hash=hash_of(token),
                account_id=held.account_id,
                fields_box=keyring().seal(Purpose.HELD, content, f"held_form|{row_id}"),
                expires_at=clock.now() + LIFETIME,
            )
        )
        session.commit()
    return token


def find(token: str) -> Held | None:
    """What is kept under this secret, or None when it is unknown or older than half an hour.

    The caller asks whose it is.
    """
    row = db.session.scalar(
        select(HeldForm).where(HeldForm.token_hash == hash_of(token), HeldForm.expires_at > clock.now())
    )
    if row is None or row.account_id is None:
        return None
    content = json.loads(keyring().open(Purpose.HELD, row.fields_box, f"held_form|{row.id}"))
    fields = [(name, value) for name, value in content["fields"]]
    return Held(row.account_id, content["path"], fields, content["out"])


def discard(token: str) -> None:
    """Forget what was kept: the form went through, or another person signed in."""
    db.session.execute(delete(HeldForm).where(HeldForm.token_hash == hash_of(token)))


def discard_expired() -> int:
    """Remove what is older than half an hour; returns how many."""
    result = db.session.execute(delete(HeldForm).where(HeldForm.expires_at <= clock.now()))
    return int(result.rowcount)  # type: ignore[attr-defined]
