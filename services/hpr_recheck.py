"""The daily re-check of everybody registered, spread over the day at a rate that is a setting (security.md C26)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from adapters import http
from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from extensions.keys import CannotOpen
from extensions.log import security
from models.enums import ProfessionalStatus
from models.outbox import OutboxEntry
from models.professional import HprRecord, Professional
from services import authorisations, national_ids, outbox
from services.authorisations import Answer
from services.settings import Key, value

EVERY = timedelta(minutes=5)
"""How often those who are due are picked (workers/schedule.py)."""
BATCH = 50
"""People a job: few enough that nobody waits for its transaction, and that little is asked anew after a crash."""
SECONDS = 60
"""How long a job may ask; well under the time after which another worker would take it over."""
PICKED_FOR = timedelta(hours=1)
"""How long those who are picked are left to the job that got them."""


def plan() -> int:
    """Pick as many of those who are due as the rate allows until next time, and hand them out in jobs spread over the
    minutes between. Picks nobody while the last jobs are not done. Returns how many were picked."""
    now = clock.now()
    if _are_busy():
        return 0
    rate = max(1, value(Key.HPR_CHECKS_PER_MINUTE))
    due = db.session.scalars(
        select(HprRecord.professional_id)
        .join(Professional, Professional.id == HprRecord.professional_id)
        .where(
            HprRecord.next_check_at <= now,
            Professional.status != ProfessionalStatus.LEAVING,
            ~Professional.is_canary,  # HPR knows nothing of them (services/canaries.py)
        )
        .order_by(HprRecord.next_check_at)
        .limit(rate * (EVERY // timedelta(minutes=1)))
        .with_for_update(of=HprRecord, skip_locked=True)
    ).all()
    for start in range(0, len(due), BATCH):
        ids = due[start : start + BATCH]
        db.session.execute(
            update(HprRecord).where(HprRecord.professional_id.in_(ids)).values(next_check_at=now + PICKED_FOR)
        )
        outbox.add(
            outbox.Job.RECHECK_HPR,
            after=timedelta(minutes=start / rate),
            professional_ids=[str(id_) for id_ in ids],
        )
    return len(due)


def _are_busy() -> bool:
    """Whether jobs of the last rounds still wait: HPR or the workers are slow, and more would only pile up."""
    return (
        db.session.scalar(
            select(OutboxEntry.id)
            .where(
                OutboxEntry.job == outbox.Job.RECHECK_HPR,
                OutboxEntry.done_at.is_(None),
                OutboxEntry.set_aside_at.is_(None),
                OutboxEntry.created_at > clock.now() - PICKED_FOR,
            )
            .limit(1)
        )
        is not None
    )


def run(professional_ids: Sequence[UUID]) -> None:
    """Ask about each, and keep the answers together. When HPR falls silent the rest are left for a later round."""
    answers: dict[UUID, Answer] = {}
    silent: list[UUID] = []
    accounts = authorisations.accounts_of(professional_ids)
    waiting = iter(accounts)
    with http.within(SECONDS):
        for professional_id in waiting:
            try:
                if number := national_ids.read(accounts[professional_id]):
                    answers[professional_id] = authorisations.ask(number)
            except CannotOpen:
                security.error("a number does not open", extra={"event": "cannot_open"})
            except Unavailable:
                silent.append(professional_id)
                break
    if silent:
        authorisations.hold(accounts)  # those who are written one after another are locked at once
        authorisations.note_silence(silent)
        authorisations.note_silence([*waiting], asked=False)
    authorisations.keep(answers)
