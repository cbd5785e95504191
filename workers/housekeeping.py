"""Periodic work on the product's rows; what each does stands in services/housekeeping.py."""

import logging

from services import (
    alarms,
    archive,
    file_scans,
    housekeeping,
    privacy_cases,
    recipient_notices,
    register_files,
    retention,
    reveals,
    saved_searches,
    shortlists,
    staff,
)
from workers.job import job

log = logging.getLogger("jobs")


@job
def remind_invitations() -> None:
    housekeeping.remind_invitations()
    housekeeping.remind_unread_decisions()


@job
def expire_invitations() -> None:
    housekeeping.expire_invitations()


@job
def reconfirm_grants() -> None:
    housekeeping.ask_for_confirmation()
    housekeeping.end_unconfirmed()
    housekeeping.ask_of_unused()
    housekeeping.lock_unused()


@job
def discard_short_lived() -> None:
    housekeeping.discard_short_lived()


@job
def retain() -> None:
    """Remove what has been kept long enough; the counts go to the log."""
    for step in (
        housekeeping.end_pending_users,
        housekeeping.delete_drafts,
        retention.warn,
        retention.warn_again,
        retention.erase_unused,
        shortlists.warn_unused,
        shortlists.delete_unused,
        archive.remove_old,
        saved_searches.forget_ended,
        register_files.forget_old,
        recipient_notices.forget_old,
        reveals.forget_old,
        privacy_cases.forget_answered,
        alarms.forget_over,
        staff.forget_ended,
        retention.delete_unused_accounts,
        housekeeping.empty_old_messages,
        housekeeping.discard_old_links,
        housekeeping.discard_old_sessions,
        file_scans.forget_refused,
        housekeeping.discard_done_work,
    ):
        log.info("retention", extra={"event": step.__name__, "count": step()})
