"""People taken out as a file, for a purpose: asked for on a page, made by a job, fetched by whoever asked (ux.md E6,
security.md C24, C60).

Who is in a file is asked through the search scope when it is made, and again when it is fetched; nothing in it is wider
than what the organisation's own pages show. One audit row for each person is written with the file.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.language import current_language
from models.enums import AlarmKind, ContactPurpose, ExportFormat, ExportStatus, Role, Stoppable
from models.grant import IN_USE, Grant
from models.listing import Listing
from models.professional import HprRecord, Professional
from models.register import RegisterExport, RegisterExportPerson, ShortlistEntry
from services import (
    alarms,
    audit,
    authorisations,
    files,
    outbox,
    register_columns,
    reveals,
    search,
    settings,
    shortlists,
    spreadsheets,
)
from services.access import Actor, require_fresh_login
from services.errors import Conflict, NotFound
from services.outbox import Job
from services.register_columns import CONTACT, OWN, Column, Person
from services.reveals import QuotaReached
from services.search import Condition, Filters, NotAllowed, Scope
from services.settings import Key

MOST = 500
"""People in one file (C24)."""
LOOK_AGAIN = timedelta(seconds=20)
PATIENCE = timedelta(minutes=3)
"""How long a file waits for HPR's answers that are older than a day; then what HPR said last stands, as it does when
one person is shown, and the file says when that was (C26)."""
ASKED_TOGETHER = 50
SHOWN_FOR = timedelta(days=7)
"""How long the page of files tells of one."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. A search, or the people of a shortlist."""

    purpose: ContactPurpose
    format: ExportFormat
    columns: Collection[Column]
    filters: Filters | None = None
    shortlist_id: UUID | None = None


@dataclass(frozen=True)
class Asker:
    """Whoever asked for a file: the one whose act it is when a job makes it."""

    account_id: UUID
    organisation_id: UUID
    role: Role = Role.ORGANISATION_USER


def how_many(actor: Actor, filters: Filters | None, shortlist_id: UUID | None) -> int:
    """How many would fit; counted no further than a search is. Raises NotAllowed."""
    return _count(_conditions(search.scope_of(actor), filters, shortlist_id))


def ask(actor: Actor, wanted: Wanted) -> RegisterExport:
    """Have a file made. Raises Stopped, QuotaReached, NotAllowed, and NotFound for a list that is not the
    organisation's."""
    reveals.require_not_stopped(actor, Stoppable.EXPORTS)
    if wanted.shortlist_id is not None:
        shortlists.find(actor, wanted.shortlist_id)
    conditions = _conditions(search.scope_of(actor), wanted.filters, wanted.shortlist_id)
    allowed = [column for column in Column if column not in OWN or wanted.shortlist_id is not None]
    export = RegisterExport(
        id=uuid4(),
        organisation_id=actor.organisation_id,
        account_id=actor.account_id,
        shortlist_id=wanted.shortlist_id,
        filters=wanted.filters.codes() if wanted.filters is not None else None,
        purpose=wanted.purpose,
        format=wanted.format,
        columns=[column.value for column in allowed if column in wanted.columns],
        language=current_language(),
        status=ExportStatus.QUEUED,
    )
    _begin(actor, export, conditions)
    db.session.add(export)
    return export


def ask_again(actor: Actor, export_id: UUID) -> RegisterExport:
    """Have a file made that could not be made; one that is being made is. Raises NotFound, also when its search asks
    for what is the organisation's no more, and as ask()."""
    export = find(actor, export_id, lock=True)
    if export.status is ExportStatus.FAILED:
        reveals.require_not_stopped(actor, Stoppable.EXPORTS)
        try:
            conditions = _conditions_of(export)
        except NotAllowed:
            raise NotFound from None
        _begin(actor, export, conditions)
        export.move_to(ExportStatus.QUEUED)
    return export


def _begin(actor: Actor, export: RegisterExport, conditions: Sequence[Condition]) -> None:
    """Count, within what is allowed in a day, and ask for the work."""
    export.found = _count(conditions)
    export.rows = min(export.found, MOST)
    _require_within_quota(actor, export)
    export.requested_at = clock.now()
    audit.record(
        actor,
        "register_export.asked",
        export,
        purpose=export.purpose.value,
        fields=export.columns,
        found=export.found,
    )
    _ask_hpr(conditions)
    outbox.add(Job.MAKE_REGISTER_EXPORT, export_id=export.id)


def _require_within_quota(actor: Actor, export: RegisterExport) -> None:
    """Raise QuotaReached beyond the files a user and an organisation may take out in a day, and beyond the people
    whose contact details an organisation may (C23, C24). Those of one organisation wait for one another."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(actor.organisation_id), 24))))
    keys = Key.EXPORTS_PER_DAY, Key.EXPORTS_PER_ORGANISATION_AND_DAY, Key.EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY
    limits = settings.values(*keys)
    has_contact = RegisterExport.columns.overlap([column.value for column in CONTACT])
    used = db.session.execute(
        select(
            func.count().filter(RegisterExport.account_id == actor.account_id),
            func.count(),
            func.coalesce(func.sum(RegisterExport.rows).filter(has_contact), 0),
        ).where(
            RegisterExport.organisation_id == actor.organisation_id,
            RegisterExport.status != ExportStatus.FAILED,
            RegisterExport.requested_at > clock.now() - timedelta(days=1),
        )
    ).one()
    more = 1, 1, export.rows if has_contact_details(export) else 0
    for key, before, added in zip(keys, used, more, strict=True):
        if added and before + added > limits[key]:
            raise QuotaReached(key, _beyond(key, limits[key]))


def _beyond(key: Key, limit: int) -> str:
    if key is Key.EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY:
        message = _(
            "Dere kan ta ut kontaktinformasjon til %(n)s personer i døgnet. Avgrens søket, vent til i morgen, eller "
            "kontakt oss hvis dere trenger flere.",
            n=limit,
        )
    elif key is Key.EXPORTS_PER_DAY:
        message = _("Du kan ta ut %(n)s filer i døgnet. Vent litt, eller kontakt oss hvis du trenger flere.", n=limit)
    else:
        message = _(
            "Dere kan ta ut %(n)s filer i døgnet. Vent litt, eller kontakt oss hvis dere trenger flere.", n=limit
        )
    return str(message)


def find(actor: Actor, export_id: UUID, *, lock: bool = False) -> RegisterExport:
    """A file the actor asked for, in the organisation acted for now; raises NotFound for everybody else's, a
    colleague's too."""
    export = db.session.get(RegisterExport, export_id, with_for_update=lock or None, populate_existing=lock)
    if export is None or (export.account_id, export.organisation_id) != (actor.account_id, actor.organisation_id):
        raise NotFound
    return export


def own(actor: Actor) -> Sequence[RegisterExport]:
    """The files the actor asked for lately, the newest first. Those of others are not shown: the file is for whoever
    gave the reason, and the organisation reads of them in its log."""
    return db.session.scalars(
        select(RegisterExport)
        .where(
            RegisterExport.account_id == actor.account_id,
            RegisterExport.organisation_id == actor.organisation_id,
            RegisterExport.requested_at > clock.now() - SHOWN_FOR,
        )
        .options(joinedload(RegisterExport.shortlist))
        .order_by(RegisterExport.requested_at.desc(), RegisterExport.id)
    ).all()


def read(actor: Actor, export: RegisterExport) -> Iterator[bytes]:
    """The file's bytes, for whoever asked and after a fresh sign-in (C4). Raises Stopped, NeedsFreshLogin, Conflict
    when it is not ready, kept no longer or holds somebody the organisation may not see now, and what reading a file
    raises."""
    reveals.require_not_stopped(actor, Stoppable.EXPORTS)
    if not is_ready(export):
        raise Conflict(_("Filen er ikke klar, eller den er slettet. Lag en ny."))
    require_fresh_login(actor)
    visible = select(func.count()).where(
        Listing.professional_id.in_(
            select(RegisterExportPerson.professional_id).where(RegisterExportPerson.export_id == export.id)
        ),
        *search.scope_of(actor).conditions(clock.now()),
    )
    if db.session.scalar(visible) != export.rows:
        raise Conflict(_("En eller flere i filen er ikke lenger synlige for dere. Lag en ny fil."))
    audit.record(
        actor,
        "register_export.downloaded",
        export,
        purpose=export.purpose.value,
        fields=export.columns,
        rows=export.rows,
    )
    return files.read(export)


def is_ready(export: RegisterExport) -> bool:
    """Whether the file can be fetched now; a second too late is too late, also when no job runs."""
    return export.status is ExportStatus.READY and export.expires_at is not None and clock.now() < export.expires_at


def has_contact_details(export: RegisterExport) -> bool:
    return not CONTACT.isdisjoint(map(Column, export.columns))


def fail(export_id: UUID) -> None:
    """The file cannot be made: the page says so, and lets the person ask again."""
    export = db.session.get(RegisterExport, export_id, with_for_update=True, populate_existing=True)
    if export is not None and export.status is ExportStatus.QUEUED:
        export.move_to(ExportStatus.FAILED)


def make(export_id: UUID) -> None:
    """Make the file and keep it. Safe to repeat, and for two at once: one that is made or given up is left alone.

    Nobody's row is locked meanwhile, so that people may hide and leave at any moment. Raises Unavailable when the store
    is away.
    """
    export = db.session.get(RegisterExport, export_id)
    if export is None or export.status is not ExportStatus.QUEUED:
        return
    if not _may_be_made(export):
        return fail(export_id)
    try:
        conditions = _conditions_of(export)
    except (NotAllowed, NotFound):
        return fail(export_id)
    if clock.now() < export.requested_at + PATIENCE and _unchecked(conditions):
        outbox.add(Job.MAKE_REGISTER_EXPORT, after=LOOK_AGAIN, export_id=export_id)
        return
    people, found = _people(export, conditions), _count(conditions)
    content = spreadsheets.made(register_columns.table(export, people, found), export.format)
    kept = RegisterExport(id=export_id)
    files.keep(kept, [content])
    _finish(kept, people, found, len(content))


def _may_be_made(export: RegisterExport) -> bool:
    """Whether it is not stopped, and whoever asked has access still."""
    if reveals.is_stopped(export.organisation_id, Stoppable.EXPORTS):
        return False
    grant = exists().where(
        Grant.account_id == export.account_id, Grant.organisation_id == export.organisation_id, IN_USE
    )
    return bool(db.session.scalar(select(grant)))


def _finish(kept: RegisterExport, people: Sequence[Person], found: int, size: int) -> None:
    """Note where the file lies and who is in it, in one transaction. Whoever hides or leaves at this moment has done so
    before, and it is made anew without them; or comes after, and takes it away (services/register_files.py)."""
    ids = [one.Professional.id for one in people]
    held = select(Professional.id).where(Professional.id.in_(ids)).order_by(Professional.id)
    db.session.execute(held.with_for_update(read=True))
    export = db.session.get(RegisterExport, kept.id, with_for_update=True, populate_existing=True)
    if export is None or export.status is not ExportStatus.QUEUED:
        return files.discard(kept)
    if _count([*_conditions_of(export), Listing.professional_id.in_(ids)]) != len(ids):
        files.discard(kept)
        outbox.add(Job.MAKE_REGISTER_EXPORT, after=LOOK_AGAIN, export_id=export.id)
        return
    now = clock.now()
    export.move_to(ExportStatus.READY)
    export.storage_key, export.key_box, export.size = kept.storage_key, kept.key_box, size
    export.found, export.rows = found, len(ids)
    export.ready_at, export.expires_at = now, now + timedelta(hours=settings.value(Key.FILE_HOURS))
    _note(export, people)


def _note(export: RegisterExport, people: Sequence[Person]) -> None:
    """Who is in the file, each with a row in the audit log; and an alarm when one of them is nobody (C25)."""
    asker = Asker(export.account_id, export.organisation_id)
    has_contact = has_contact_details(export)
    audit.record(None, "register_export.made", export, rows=export.rows)
    if people:
        persons = [{"export_id": export.id, "professional_id": one.Professional.id} for one in people]
        db.session.execute(insert(RegisterExportPerson), persons)
    for one in people:
        audit.record(
            asker,
            "contact.taken_out" if has_contact else "person.taken_out",
            one.Professional,
            subject_id=one.Professional.account_id,
            purpose=export.purpose.value,
            fields=export.columns,
            export_id=export.id,
        )
    if has_contact and any(one.Professional.is_canary for one in people):
        alarms.raise_once(AlarmKind.CANARY, f"canary|{export.id}", asker, export_id=str(export.id))


def _conditions_of(export: RegisterExport) -> list[Condition]:
    """Raises NotAllowed when the search asks for what is the organisation's no more, NotFound when the list is gone."""
    filters = Filters.of_codes(export.filters) if export.filters is not None else None
    if filters is None and export.shortlist_id is None:
        raise NotFound
    return _conditions(search.scope_of_organisation(export.organisation_id), filters, export.shortlist_id)


def _conditions(scope: Scope, filters: Filters | None, shortlist_id: UUID | None) -> list[Condition]:
    """Whom the organisation may see now, of those asked for."""
    now = clock.now()
    if filters is not None:
        return search.fitting(scope, filters, now)
    listed = select(ShortlistEntry.professional_id).where(ShortlistEntry.shortlist_id == shortlist_id)
    return [*scope.conditions(now), Listing.professional_id.in_(listed)]


def _count(conditions: Sequence[Condition]) -> int:
    return search.count_each([conditions])[0]


def _unchecked(conditions: Sequence[Condition]) -> list[UUID]:
    """Those of the file whom HPR has said nothing of for a day."""
    newest = _newest(select(Listing.professional_id, Listing.hpr_checked_at).where(*conditions), MOST).subquery()
    limit = clock.now() - authorisations.FRESH
    return list(db.session.scalars(select(newest.c.professional_id).where(newest.c.hpr_checked_at < limit)))


def _ask_hpr(conditions: Sequence[Condition]) -> None:
    """Have HPR asked now about those it has said nothing of for a day."""
    waiting = _unchecked(conditions)
    for start in range(0, len(waiting), ASKED_TOGETHER):
        ids = [str(id_) for id_ in waiting[start : start + ASKED_TOGETHER]]
        outbox.add(Job.RECHECK_HPR, professional_ids=ids)


def _newest(query: Any, most: int) -> Any:
    """So many of them, those first who confirmed last."""
    return query.order_by(Listing.confirmed_at.desc(), Listing.professional_id).limit(most)


def _people(export: RegisterExport, conditions: Sequence[Condition]) -> Sequence[Person]:
    """Who goes into the file: no more than when it was asked for, which is what the quotas know."""
    query = (
        select(Listing, Professional, HprRecord.number.label("hpr_number"))
        .join(Professional, Professional.id == Listing.professional_id)
        .join(HprRecord, HprRecord.professional_id == Listing.professional_id)
        .where(*conditions)
    )
    if export.shortlist_id is not None:
        is_entry = ShortlistEntry.professional_id == Listing.professional_id
        query = query.add_columns(ShortlistEntry).join(ShortlistEntry, is_entry)
        query = query.where(ShortlistEntry.shortlist_id == export.shortlist_id)
    return db.session.execute(_newest(query, export.rows)).all()
