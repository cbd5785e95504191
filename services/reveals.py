"""Seeing one person, and being shown contact details and CV for a reason: within quotas, watched, and stoppable
(ux.md E4, security.md C21–C26)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, distinct, exists, func, or_, select
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from models.attachment import Attachment
from models.enums import (
    AlarmKind,
    AttachmentKind,
    AttachmentStatus,
    ContactOutcome,
    ContactPurpose,
    Revealed,
    Stoppable,
    Visibility,
)
from models.listing import Listing
from models.professional import Professional
from models.register import Reveal, Stop
from services import alarms, attachments, audit, authorisations, file_scans, search, shortlists
from services.access import Actor
from services.errors import Forbidden, NotFound, TooMany
from services.professionals import PAGES
from services.settings import Key, in_sql, values

PARTS = (*PAGES, Professional.cv, Professional.authorisations, Professional.attachments)
SHOWN_FOR = timedelta(minutes=15)
"""How long what was revealed may be looked at again; afterwards the reason is asked for anew."""


def profile(actor: Actor, professional_id: UUID) -> Professional:
    """One person as the organisation may see; the look is noted. Raises NotFound for anybody it may not see, whoever
    that is and whatever the reason, and TooMany."""
    person = _seen(actor, professional_id)
    _require_within_walk(actor, person)
    audit.record(actor, alarms.OPENED, person, subject_id=person.account_id)
    return person


def reveal(actor: Actor, professional_id: UUID, purpose: ContactPurpose) -> Reveal:
    """Be shown one person's contact details and CV, for a reason. What HPR says is asked again when it is older than a
    day. Raises NotFound, Stopped and TooMany."""
    person = _seen(actor, professional_id)
    authorisations.ensure_fresh(professional_id)
    if not search.is_visible(search.scope_of(actor), professional_id):
        raise NotFound
    require_not_stopped(actor, Stoppable.REVEALS)
    _require_within_quota(actor)
    row = Reveal(
        id=uuid4(),
        professional_id=professional_id,
        organisation_id=actor.organisation_id,
        account_id=actor.account_id,
        what=Revealed.CONTACT,
        purpose=purpose,
        at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()  # the next one within the quota counts it
    if person.is_canary:
        alarms.raise_once(AlarmKind.CANARY, f"canary|{row.id}", actor, reveal_id=str(row.id))
    return row


def revealed(actor: Actor, professional_id: UUID, reveal_id: UUID) -> tuple[Professional, Reveal]:
    """What was revealed to this user a moment ago, to be shown now; the look is noted with its reason. Raises NotFound,
    also when the person is visible no more, and Stopped."""
    row = _live(actor, professional_id, reveal_id)
    require_not_stopped(actor, Stoppable.REVEALS)
    person = _seen(actor, professional_id)
    audit.record(
        actor,
        "contact.revealed",
        person,
        subject_id=person.account_id,
        purpose=row.purpose.value,
        fields=list(contact_of(person)),
    )
    return person, row


def contact_of(person: Professional) -> dict[str, str]:
    """What is shown for a reason, by field."""
    details = {
        "phone": person.phone,
        "email": confirmed_email(person),
        "other": person.competence.other if person.competence else None,
    }
    return {name: value for name, value in details.items() if value}


def confirmed_email(person: Professional) -> str | None:
    """An address nobody has confirmed may be somebody else's, and is shown to nobody."""
    return person.email if person.email_confirmed_at is not None else None


def shown_cvs(person: Professional) -> list[Attachment]:
    """The uploaded CVs that organisations may open."""
    return [
        file
        for file in person.attachments
        if file.kind is AttachmentKind.CV
        and file.status is AttachmentStatus.CLEAN
        and file.visibility is Visibility.CONSENTED
    ]


def open_cv(actor: Actor, professional_id: UUID, reveal_id: UUID, file_id: UUID) -> tuple[Attachment, bytes]:
    """The bytes of one uploaded CV within the time of a reveal; each download is noted. Raises NotFound, Stopped,
    NeedsNewScan, and as attachments.content_of."""
    person, row, file = _shown_cv(actor, professional_id, reveal_id, file_id)
    if file_scans.is_outdated(file):
        raise attachments.NeedsNewScan
    content = attachments.content_of(file)
    note_cv(actor, person, row)
    return file, content


def scan_cv_again(actor: Actor, professional_id: UUID, reveal_id: UUID, file_id: UUID) -> None:
    """Have a CV scanned by a scanner that knows more now, so that it can be opened (I7). Raises NotFound, Stopped,
    Unavailable."""
    person, _row, file = _shown_cv(actor, professional_id, reveal_id, file_id)
    if file_scans.is_outdated(file):
        file.move_to(AttachmentStatus.SCANNING)
        file_scans.ask_again(file.id)
        file_scans.refresh(file)
        audit.record(actor, "attachment.scan_asked_for", file, subject_id=person.account_id)


def _shown_cv(
    actor: Actor, professional_id: UUID, reveal_id: UUID, file_id: UUID
) -> tuple[Professional, Reveal, Attachment]:
    row = _live(actor, professional_id, reveal_id)
    require_not_stopped(actor, Stoppable.REVEALS)
    person = _seen(actor, professional_id)
    file = next((one for one in shown_cvs(person) if one.id == file_id), None)
    if file is None:
        raise NotFound
    return person, row, file


def open_made_cv(actor: Actor, professional_id: UUID, reveal_id: UUID) -> Professional:
    """The person whose CV was made on Min side, to make the PDF of; noted. Raises NotFound."""
    row = _live(actor, professional_id, reveal_id)
    require_not_stopped(actor, Stoppable.REVEALS)
    person = _seen(actor, professional_id)
    if person.cv is None or person.cv.visibility is not Visibility.CONSENTED:
        raise NotFound
    note_cv(actor, person, row)
    return person


def note_cv(actor: Actor, person: Professional, row: Reveal) -> None:
    audit.record(actor, "cv.downloaded", person, subject_id=person.account_id, purpose=row.purpose.value, fields=["cv"])


def note_outcome(actor: Actor, professional_id: UUID, reveal_id: UUID, outcome: ContactOutcome) -> None:
    """What came of the contact, on the organisation's shortlists too; the user who was shown it may say so for as long
    as the person is in the register."""
    row = _own(actor, professional_id, reveal_id)
    row.outcome, row.outcome_at = outcome, clock.now()
    shortlists.follow(actor, professional_id, outcome)
    person = db.session.get_one(Professional, professional_id)
    audit.record(actor, "contact.outcome_noted", row, subject_id=person.account_id, outcome=outcome.value)


def of_organisation(actor: Actor, professional_id: UUID) -> Sequence[Reveal]:
    """Earlier contact between the organisation and a person, the newest first."""
    return db.session.scalars(
        select(Reveal)
        .where(Reveal.professional_id == professional_id, Reveal.organisation_id == actor.organisation_id)
        .order_by(Reveal.at.desc())
        .limit(10)
    ).all()


def forget_old() -> int:
    """Remove what organisations were shown when the last step was so long ago; longer when it ended in work. The audit
    log remembers who saw whom. The caller commits; returns how many."""
    now, days = clock.now(), values(Key.CONTACT_DAYS, Key.HIRED_DAYS)
    last_step = func.greatest(Reveal.at, Reveal.outcome_at)
    is_over = or_(
        last_step < now - timedelta(days=days[Key.HIRED_DAYS]),
        and_(
            last_step < now - timedelta(days=days[Key.CONTACT_DAYS]),
            Reveal.outcome.is_distinct_from(ContactOutcome.HIRED),
        ),
    )
    return int(db.session.execute(delete(Reveal).where(is_over)).rowcount)  # type: ignore[attr-defined]


def require_not_stopped(actor: Actor, what: Stoppable) -> None:
    """Raise Stopped while the Directorate keeps this from the organisation or from all; asked each time, so that a stop
    works on every web process at once."""
    if is_stopped(actor.organisation_id, what):
        raise Stopped(_("Helsedirektoratet har stoppet dette inntil videre. Kontakt oss hvis det haster."))


def is_stopped(organisation_id: UUID | None, what: Stoppable) -> bool:
    """Whether the Directorate keeps this from an organisation now."""
    in_force = exists().where(
        Stop.what == what,
        Stop.lifted_at.is_(None),
        or_(Stop.organisation_id.is_(None), Stop.organisation_id == organisation_id),
    )
    return bool(db.session.scalar(select(in_force)))


class Stopped(Forbidden):
    """The Directorate has stopped this, for the organisation or for all."""


def _seen(actor: Actor, professional_id: UUID) -> Professional:
    """The person with what is shown of him or her, when the organisation may see it now."""
    scope = search.scope_of(actor)
    query = (
        select(Professional)
        .join(Listing, Listing.professional_id == Professional.id)
        .where(Professional.id == professional_id, *scope.conditions(clock.now()))
        .options(*(joinedload(part) for part in PARTS))
    )
    person = db.session.scalars(query).unique().one_or_none()
    if person is None:
        raise NotFound
    return person


def _own(actor: Actor, professional_id: UUID, reveal_id: UUID) -> Reveal:
    row = db.session.get(Reveal, reveal_id)
    mine = (actor.account_id, actor.organisation_id, professional_id)
    if row is None or (row.account_id, row.organisation_id, row.professional_id) != mine:
        raise NotFound
    return row


def _live(actor: Actor, professional_id: UUID, reveal_id: UUID) -> Reveal:
    row = _own(actor, professional_id, reveal_id)
    if clock.now() - row.at > SHOWN_FOR:
        raise NotFound
    return row


def _require_within_walk(actor: Actor, person: Professional) -> None:
    """Raise TooMany beyond the people whose profiles a user may open in a day (B1); theirs may be opened again. The
    pages of one user wait for one another."""
    _take_turn(actor.account_id, 25)
    opened = alarms.profiles_opened(actor.account_id, clock.now() - timedelta(days=1)).subquery()
    others = func.count(distinct(opened.c.subject_id)).filter(opened.c.subject_id != person.account_id)
    used, limit = db.session.execute(select(others, in_sql(Key.PROFILES_PER_DAY)).select_from(opened)).one()
    if used >= limit:
        raise QuotaReached(
            Key.PROFILES_PER_DAY,
            _(
                "Du har åpnet så mange profiler som det er lov til i døgnet (%(n)s). Vent litt, eller kontakt oss hvis "
                "du trenger flere.",
                n=limit,
            ),
        )


def _take_turn(of: UUID | None, what: int) -> None:
    """Until this transaction ends, others who do the same for this user or organisation wait."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(of), what))))


def _require_within_quota(actor: Actor) -> None:
    """Raise TooMany beyond what a user or an organisation may be shown in an hour and a day (C23). Those of one
    organisation wait for one another, so that fifty at once count right; so does a user who acts for two."""
    for one in (actor.organisation_id, actor.account_id):
        _take_turn(one, 23)
    now = clock.now()
    limits = values(Key.REVEALS_PER_HOUR, Key.REVEALS_PER_DAY, Key.REVEALS_PER_ORGANISATION_AND_DAY)
    of_user, of_organisation = (
        Reveal.account_id == actor.account_id,
        Reveal.organisation_id == actor.organisation_id,
    )
    day, hour = now - timedelta(days=1), now - timedelta(hours=1)
    with db.across_organisations():
        counted = db.session.execute(
            select(
                _count(of_user, hour).label("hour"),
                _count(of_user, day).label("day"),
                _count(of_organisation, day).label("organisation"),
            )
        ).one()
    for used, key in (
        (counted.hour, Key.REVEALS_PER_HOUR),
        (counted.day, Key.REVEALS_PER_DAY),
        (counted.organisation, Key.REVEALS_PER_ORGANISATION_AND_DAY),
    ):
        if used >= limits[key]:
            raise QuotaReached(
                key,
                _(
                    "Dere har fått vist kontaktinformasjon til så mange som det er lov til nå (%(n)s). Vent litt, "
                    "eller kontakt oss hvis dere trenger flere.",
                    n=limits[key],
                ),
            )


class QuotaReached(TooMany):
    """The user or the organisation has opened, was shown, or took out, as many as it may; a caseworker is told by
    `note_quota`."""

    def __init__(self, key: Key, message: str) -> None:
        super().__init__(message)
        self.key = key


def note_quota(actor: Actor, error: QuotaReached) -> None:
    """An alarm for the caseworkers, once a day for each user in each organisation; the caller commits, as the refused
    act does not."""
    key = f"quota|{error.key.value}|{actor.account_id}|{actor.organisation_id}|{clock.today()}"
    alarms.raise_once(AlarmKind.QUOTA, key, actor, quota=error.key.value)


def _count(condition: ColumnElement[bool], since: datetime) -> ColumnElement[int]:
    return select(func.count()).select_from(Reveal).where(condition, Reveal.at > since).scalar_subquery()
