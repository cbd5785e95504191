"""What is not used is not kept: registrations left half done, and those nobody has used for years, are erased after a
warning; accounts without any use go too (security.md section 5).

Everything here is safe to repeat and to run late: nobody is erased who was not warned in time, but for those who have
no address to warn at. The caller commits; each returns how many rows it handled.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, case, delete, exists, func, or_, select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import Language, MessageKind, PrivacyCaseStatus, ProfessionalStatus
from models.message import Message
from models.privacy import PrivacyCase
from models.professional import Professional
from services import erasure, mailbox, settings
from services.settings import Key

BATCH = 500
DRAFT_NOTICE = timedelta(days=7)
"""A registration left half done is warned on day 23 of 30."""
NOTICE, LAST_NOTICE = timedelta(days=30), timedelta(days=7)
"""A whole one is warned 30 and 7 days before (ux.md e-mail 13)."""

_IS_DRAFT = Professional.status == ProfessionalStatus.STARTED
_NOTICE = case((_IS_DRAFT, DRAFT_NOTICE), else_=NOTICE)


def _ends() -> ColumnElement[datetime]:
    """When the time of a registration is up."""
    numbers = settings.values(Key.DRAFT_DAYS, Key.PROFILE_YEARS)
    return case(
        (_IS_DRAFT, Professional.last_used_at + timedelta(days=numbers[Key.DRAFT_DAYS])),
        else_=Professional.last_used_at + func.make_interval(numbers[Key.PROFILE_YEARS]),
    )


def warn() -> int:
    """E-mail 13 to those whose time is nearly up; what follows counts from this warning."""
    now = clock.now()
    due = _some(select(Professional, _ends()).where(Professional.erasure_warned_at.is_(None), _ends() - _NOTICE <= now))
    for professional, ends in due:
        is_draft = professional.status is ProfessionalStatus.STARTED
        professional.erasure_warned_at = now
        _write(professional, max(ends, now + (DRAFT_NOTICE if is_draft else NOTICE)), "first")
    return len(due)


def warn_again() -> int:
    """The second warning, a week before; once."""
    now = clock.now()
    written = exists().where(
        Message.professional_id == Professional.id,
        Message.kind == MessageKind.BEFORE_ERASURE,
        Message.created_at > Professional.erasure_warned_at + timedelta(days=1),
    )
    warned_on = Professional.erasure_warned_at
    due = _some(
        select(Professional, func.greatest(_ends(), warned_on + NOTICE)).where(
            ~_IS_DRAFT, warned_on <= now - (NOTICE - LAST_NOTICE), Professional.email.is_not(None), ~written
        )
    )
    for professional, ends in due:
        _write(professional, max(ends, now + LAST_NOTICE), "last")
    return len(due)


def erase_unused() -> int:
    """Erase those whose time is up, and who were warned in time; but nobody whose use is restricted, or who waits for
    an answer about his or her rights (article 18)."""
    now = clock.now()
    waits = exists().where(PrivacyCase.professional_id == Professional.id, PrivacyCase.status == PrivacyCaseStatus.OPEN)
    due = _some(
        select(Professional, _ends()).where(
            _ends() <= now,
            Professional.erasure_warned_at <= now - _NOTICE,
            Professional.restricted_at.is_(None),
            ~waits,
        )
    )
    for professional, _ended in due:
        erasure.begin(None, professional)
    return len(due)


def _some(query: Select[Professional, datetime]) -> list[tuple[Professional, datetime]]:
    """Registrations to handle now, locked; those somebody uses at this moment are left for the next round."""
    query = (
        query.where(Professional.status != ProfessionalStatus.LEAVING)
        .order_by(Professional.last_used_at)
        .limit(BATCH)
        .with_for_update(of=Professional, skip_locked=True)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _write(professional: Professional, ends: datetime, which: str) -> None:
    if professional.email:
        mailbox.queue(
            MessageKind.BEFORE_ERASURE,
            f"{professional.id}|{professional.last_used_at:%Y-%m-%d}|{which}",
            professional.email,
            professional.language or Language.BOKMAL,
            professional_id=professional.id,
            used_on=clock.day(professional.last_used_at),
            erased_on=clock.day(ends),
        )


def delete_unused_accounts() -> int:
    """Delete the accounts nobody has signed in with for years, and that no row keeps."""
    limit = clock.now() - func.make_interval(settings.value(Key.ACCOUNT_YEARS))
    unused = (
        select(Account.id)
        .where(func.coalesce(Account.last_login_at, Account.created_at) < limit, ~or_(*erasure.needs(Account.id)))
        .limit(BATCH)
    )
    ids = list(db.session.scalars(unused.with_for_update(of=Account, skip_locked=True)))
    db.session.execute(delete(Account).where(Account.id.in_(ids)))
    return len(ids)
