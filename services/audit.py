"""The audit log, written in the transaction of the act: no row, no act (invariant I5). Sealing stands in
services/audit_chain.py."""

from typing import Any
from uuid import UUID

from flask import g, has_request_context

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.base import Base
from services.access import Doer

LOOKS = (".viewed", ".revealed", "profile.opened", "listing.shown")
"""How the actions end that change nothing, but show somebody's data."""


def record(
    actor: Doer | None,
    action: str,
    row: Base | None = None,
    *,
    subject_id: UUID | None = None,
    purpose: str | None = None,
    fields: list[str] | None = None,
    **facts: Any,
) -> None:
    """Note that `actor` (None: the system) did `action` (past tense, for example application.submitted) to `row`.

    `subject_id` is the account whose data it was about; `fields` are names, never values; `facts` are ids, codes and
    counts, never a name, a number or a text of a person.
    """
    columns = {
        "at": clock.now(),
        "action": action,
        "actor_id": actor.account_id if actor else None,
        "actor_role": actor.role if actor else None,
        "organisation_id": actor.organisation_id if actor else None,
        "object_type": row.__tablename__ if row is not None else "none",
        "object_id": getattr(row, "id", None),
        "subject_id": subject_id,
        "purpose": purpose,
        "fields": fields or [],
        "facts": {key: str(value) if isinstance(value, UUID) else value for key, value in facts.items()},
        "request_id": g.get("request_id") if has_request_context() else None,
    }
    db.session.add(AuditEvent(**columns))
    if has_request_context() and action.endswith(LOOKS):
        g.setdefault("looks", []).append(columns)


def keep_looks() -> None:
    """Note the looks of this request again after all of it was rolled back: the page of a refused form is shown all the
    same. The caller commits."""
    db.session.add_all(AuditEvent(**columns) for columns in g.pop("looks", []))
