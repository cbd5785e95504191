"""Closed cases are handed over to the archive, and removed here when they have been kept long enough; never before they
were handed over (arkivlova, security.md sections 5 and 8)."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import undefer

from extensions import clock
from extensions.database import db
from models.application import AccessApplication, Decision, Nominee, Question
from models.enums import ApplicationStatus, DecisionStatus, GrantStatus
from models.grant import Grant
from services import audit, letters, settings
from services.case_rules import DECIDED
from services.settings import Key

CLOSED = DECIDED | {ApplicationStatus.WITHDRAWN}
BATCH = 500
_closed_at = func.coalesce(AccessApplication.decided_at, AccessApplication.withdrawn_at)


def waiting() -> Sequence[UUID]:
    """Closed cases that were not handed over yet, or have got a new outcome since; the oldest first."""
    return db.session.scalars(
        select(AccessApplication.id)
        .where(
            AccessApplication.status.in_(CLOSED),
            or_(AccessApplication.archived_at.is_(None), AccessApplication.archived_at < _closed_at),
        )
        .order_by(_closed_at, AccessApplication.id)
    ).all()


def hand_over(application_id: UUID, folder: Path) -> Path:
    """Write one closed case into a folder of its own, whole or not at all, and note that it is handed over. A folder
    from before is replaced."""
    application = db.session.get_one(
        AccessApplication, application_id, with_for_update=True, options=[undefer(AccessApplication.receipt_pdf)]
    )
    documents = {"receipt.pdf": application.receipt_pdf} if application.receipt_pdf else {}
    final = [decision for decision in application.decisions if decision.status is DecisionStatus.FINAL]
    for number, decision in enumerate(final, 1):
        documents[f"decision-{number}.pdf"] = letters.pdf_of(letters.letter_of_decision(application, decision))
    facts = _facts(application, final) | {
        "documents": {name: hashlib.sha256(content).hexdigest() for name, content in documents.items()}
    }
    documents["case.json"] = json.dumps(facts, ensure_ascii=False, indent=2, default=_plain).encode()
    target = folder / application.reference
    half_done = folder / f".{application.reference}"
    shutil.rmtree(half_done, ignore_errors=True)
    half_done.mkdir(mode=0o700, parents=True)
    for name, content in documents.items():
        (half_done / name).write_bytes(content)
    shutil.rmtree(target, ignore_errors=True)
    half_done.rename(target)
    application.archived_at = clock.now()
    audit.record(None, "application.archived", application, documents=len(documents))
    return target


def _facts(application: AccessApplication, final: list[Decision]) -> dict[str, Any]:
    return {
        "reference": application.reference,
        "status": application.status.value,
        "organisation": {"number": application.organisation.number, "name": application.organisation.name},
        "submitted_at": application.submitted_at,
        "decided_at": application.decided_at,
        "withdrawn_at": application.withdrawn_at,
        "caseworker": application.caseworker.name if application.caseworker else None,
        "application": application.snapshot,
        "provisional_reply": {
            "sent_at": application.provisional_reply_at,
            "reason": application.delay_reason,
            "expected_on": application.expected_on,
        }
        if application.provisional_reply_at
        else None,
        "questions": [_question(question) for question in application.questions],
        "notes": [{"at": note.written_at, "by": note.author.name, "text": note.text} for note in application.notes],
        "decisions": [
            {
                "decided_at": decision.decided_at,
                "by": decision.proposed_by.name,
                "approved_by": decision.approved_by.name if decision.approved_by else None,
                "outcomes": decision.outcomes,
                "letter": decision.letter,
            }
            for decision in final
        ],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "asked_at": question.asked_at,
        "text": question.text,
        "due_on": question.due_on,
        "status": question.status.value,
        "answered_at": question.answered_at,
        "answered_by": question.answered_by_name,
        "answer": question.answer,
    }


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def remove_old() -> int:
    """Remove the cases that were closed and handed over years ago, and whose access ended as long ago."""
    limit = clock.now() - func.make_interval(settings.value(Key.APPLICATION_YEARS))
    old = db.session.scalars(
        select(AccessApplication)
        .where(
            AccessApplication.status.in_(CLOSED),
            _closed_at < limit,
            AccessApplication.archived_at >= _closed_at,
            ~_gives_access_since(limit),
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for application in old:
        ids = [nominee.id for nominee in application.nominees]
        for grant in db.session.scalars(select(Grant).where(Grant.nominee_id.in_(ids))):
            db.session.delete(grant)
        db.session.flush()  # a grant names its nominee
        audit.record(None, "application.removed", application)
        db.session.delete(application)
    return len(old)


def _gives_access_since(limit: ColumnElement[datetime]) -> ColumnElement[bool]:
    return (
        select(Grant.id)
        .join(Nominee, Nominee.id == Grant.nominee_id)
        .where(
            Nominee.application_id == AccessApplication.id,
            or_(Grant.status != GrantStatus.ENDED, Grant.ended_at >= limit),
        )
        .exists()
    )
