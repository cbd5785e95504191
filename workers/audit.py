"""The audit log's watch: its head to the log store, and the nightly verification."""

import logging

from services import audit_chain, log_reviews, outbox
from services.audit_chain import Head
from services.outbox import Job
from workers.job import job

log = logging.getLogger("audit")


@job
def note_head() -> None:
    """Write the chain's head to the log, which leaves the host: what is sealed can then not be rewritten (C80)."""
    log.info("head %s", audit_chain.head())


@job
def verify(verified: str | None = None) -> None:
    """Seal what was overtaken, and go through the chain, some of it at a time; a fault is an alarm."""
    start = Head.read(verified) if verified else audit_chain.beginning()
    if verified is None:
        audit_chain.seal(everything=True)
    found = audit_chain.verify(after=start, most=audit_chain.VERIFIED_AT_ONCE)
    if isinstance(found, audit_chain.Fault):
        log.critical("the chain is broken", extra={"event": "audit_broken", "reason": str(found)})
    elif found.sequence - start.sequence >= audit_chain.VERIFIED_AT_ONCE:
        outbox.add(Job.VERIFY_AUDIT, verified=str(found))
    else:
        log.info("verified %s", found)


@job
def forget() -> None:
    """Forget the events whose years are over, some at a time; where the chain begins then goes to the log, too."""
    if count := audit_chain.forget_old_events():
        log.info("forgotten until %s", audit_chain.beginning(), extra={"event": "events_forgotten", "count": count})
        outbox.add(Job.FORGET_EVENTS)


@job
def draw_reviews() -> None:
    """Draw some of the week's looks by the Directorate's own people, for somebody else to go over (C27)."""
    log.info("drawn", extra={"event": "reviews_drawn", "count": log_reviews.draw()})
