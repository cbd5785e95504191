"""People an organisation keeps an eye on, with what it notes of them, shared by its users (kortlister, ux.md E5).

Who is on a list is asked through the search scope each time: of somebody the organisation may not see now it is told
that there is one, and what the organisation itself noted. No list and no note is read by anybody else (I6).

A list nobody uses is deleted after a warning. A change is a use, and is written in the row; so is a look, which the
audit log tells, as looking writes nothing else (I12).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import joinedload

from extensions import clock
from extensions.database import db
from extensions.keys import CannotOpen
from extensions.language import alphabetical
from models.account import Account
from models.audit import AuditEvent
from models.enums import ContactOutcome, MessageKind
from models.listing import Listing
from models.organisation import Organisation
from models.professional import Professional
from models.register import Reveal, Shortlist, ShortlistEntry
from services import audit, boxes, grants, insight, search, words
from services.access import Actor
from services.errors import NotFound, Unfit
from services.settings import Key, value, values

PAGE = 50
BATCH = 500
_looked_at = (
    select(func.max(AuditEvent.at))
    .where(
        AuditEvent.object_type == Shortlist.__tablename__,
        AuditEvent.object_id == Shortlist.id,
        AuditEvent.action == insight.SHOWN,
    )
    .scalar_subquery()
)
_last_use: ColumnElement[datetime] = func.greatest(Shortlist.used_at, _looked_at, type_=Shortlist.used_at.type)
_people = (
    select(func.count())
    .select_from(ShortlistEntry)
    .where(ShortlistEntry.shortlist_id == Shortlist.id)
    .correlate(Shortlist)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Overview:
    """A list among the others."""

    id: UUID
    name: str
    owner: str | None
    people: int
    deleted_on: date
    """Unless somebody uses it before."""


@dataclass(frozen=True)
class Member:
    """One person on a list, and what the organisation noted."""

    entry: ShortlistEntry
    person: Row[Any] | None
    """The row of the search table; None when the organisation may not see the person now."""

    @property
    def note(self) -> str:
        return shown_note(self.entry)


@dataclass(frozen=True)
class Content:
    """One page of a list."""

    shortlist: Shortlist
    people: int
    """How many are on the whole list."""
    page: int
    pages: int
    members: Sequence[Member]


def of_organisation(actor: Actor) -> list[Overview]:
    """The lists of the organisation, by name."""
    keep, notice = _limits()
    rows = db.session.execute(
        select(Shortlist, Account.name, _people.label("people"), _last_use.label("used_at"))
        .outerjoin(Account, Account.id == Shortlist.created_by_id)
        .where(Shortlist.organisation_id == actor.organisation_id)
    )
    found = [
        Overview(row.id, row.name, owner, people, clock.day(_ends(row, used_at, keep, notice)))
        for row, owner, people, used_at in rows
    ]
    return sorted(found, key=lambda one: (alphabetical(one.name), one.id))


def find(actor: Actor, shortlist_id: UUID, *, lock: bool = False) -> Shortlist:
    """A list of the organisation the actor acts for; `lock` holds it, and all that is done to it, until the end of the
    transaction. Raises NotFound."""
    query = (
        select(Shortlist)
        .where(Shortlist.id == shortlist_id, Shortlist.organisation_id == actor.organisation_id)
        .options(joinedload(Shortlist.created_by))
    )
    row = db.session.scalar(query.with_for_update(of=Shortlist) if lock else query)
    if row is None:
        raise NotFound
    return row


def read(actor: Actor, shortlist_id: UUID, page: int = 1) -> Content:
    """One page of a list, those added last first; the look is noted. Raises NotFound."""
    shortlist = find(actor, shortlist_id)
    people = _count(shortlist)
    pages = max(1, ceil(people / PAGE))
    page = min(page, pages)
    found = _members(actor, shortlist, page=page)
    note_look(actor, [one.person for one in found], shortlist, page=page)
    return Content(shortlist, people, page, pages, found)


def member(actor: Actor, shortlist_id: UUID, entry_id: UUID, *, lock: bool = False) -> Member:
    """One person on a list. Raises NotFound. Whoever shows it notes the look."""
    shortlist = find(actor, shortlist_id, lock=lock)
    found = _members(actor, shortlist, ShortlistEntry.id == entry_id)
    if not found:
        raise NotFound
    return found[0]


def note_look(
    actor: Actor, people: Iterable[Row[Any] | None], shortlist: Shortlist | None = None, **facts: Any
) -> None:
    """Note that these were shown to the actor, from this list or to be put on one."""
    shown = [str(person.account_id) for person in people if person is not None]
    purpose = words.SHORTLIST if shortlist is not None else None
    audit.record(actor, insight.SHOWN, shortlist, purpose=purpose, shown=shown, **facts)


def candidate(actor: Actor, professional_id: UUID) -> Row[Any]:
    """The row of the search table of somebody to put on a list. Raises NotFound. Whoever shows it notes the look."""
    conditions = search.scope_of(actor).conditions(clock.now())
    query = select(*Listing.__table__.columns).where(Listing.professional_id == professional_id, *conditions)
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def with_person(actor: Actor, professional_id: UUID) -> frozenset[UUID]:
    """The lists of the organisation that a person is on."""
    query = select(Shortlist.id).join(ShortlistEntry).where(ShortlistEntry.professional_id == professional_id)
    return frozenset(db.session.scalars(query.where(Shortlist.organisation_id == actor.organisation_id)))


def create(actor: Actor, name: str) -> Shortlist:
    """Begin a list. Raises Unfit for a name that is taken, and when the organisation has as many as it may."""
    taken = _names(actor)
    limit = value(Key.SHORTLISTS_PER_ORGANISATION)
    if len(taken) >= limit:
        raise Unfit("name", _("Dere kan ha inntil %(n)s kortlister. Slett en dere ikke bruker.", n=limit))
    _require_free(name, taken.values())
    now = clock.now()
    shortlist = Shortlist(
        id=uuid4(),
        organisation_id=actor.organisation_id,
        name=name,
        created_by_id=actor.account_id,
        created_at=now,
        used_at=now,
    )
    db.session.add(shortlist)
    db.session.flush()  # whoever is put on it refers to it
    audit.record(actor, "shortlist.created", shortlist)
    return shortlist


def rename(actor: Actor, shortlist_id: UUID, name: str) -> None:
    """Raises NotFound, and Unfit for a name that is taken."""
    others = {id_: other for id_, other in _names(actor).items() if id_ != shortlist_id}
    shortlist = _to_change(actor, shortlist_id)
    _require_free(name, others.values())
    if name != shortlist.name:
        shortlist.name = name
        audit.record(actor, "shortlist.renamed", shortlist)


def delete(actor: Actor, shortlist_id: UUID) -> None:
    """Delete a list with all that is noted on it. Raises NotFound."""
    _delete(actor, find(actor, shortlist_id, lock=True))


def add(actor: Actor, shortlist_id: UUID, professional_id: UUID) -> bool:
    """Put a person on a list; False when the person is there already. Raises NotFound, and Unfit when the list is
    full."""
    person = candidate(actor, professional_id)
    shortlist = _to_change(actor, shortlist_id)
    there = select(ShortlistEntry.id).where(
        ShortlistEntry.shortlist_id == shortlist_id, ShortlistEntry.professional_id == professional_id
    )
    if db.session.scalar(there) is not None:
        return False
    limit = value(Key.PEOPLE_PER_SHORTLIST)
    if _count(shortlist) >= limit:
        raise Unfit("shortlist", _("Kortlisten er full. Den kan ha inntil %(n)s personer.", n=limit))
    db.session.add(
        ShortlistEntry(
            id=uuid4(),
            shortlist_id=shortlist_id,
            professional_id=professional_id,
            outcome=_last_outcome(actor, professional_id),
            added_by_id=actor.account_id,
            added_at=clock.now(),
        )
    )
    audit.record(actor, "shortlist.person_added", shortlist, subject_id=person.account_id)
    return True


def _last_outcome(actor: Actor, professional_id: UUID) -> ContactOutcome | None:
    """What came of the organisation's last contact with a person, when it has told."""
    theirs = Reveal.professional_id == professional_id, Reveal.organisation_id == actor.organisation_id
    query = select(Reveal.outcome).where(*theirs, Reveal.outcome.is_not(None)).order_by(Reveal.outcome_at.desc())
    return db.session.scalar(query.limit(1))


def follow(actor: Actor, professional_id: UUID, outcome: ContactOutcome) -> None:
    """What came of a contact is the person's status on the organisation's lists too."""
    own = select(Shortlist.id).where(Shortlist.organisation_id == actor.organisation_id)
    there = ShortlistEntry.professional_id == professional_id, ShortlistEntry.shortlist_id.in_(own)
    db.session.execute(update(ShortlistEntry).where(*there).values(outcome=outcome))


def change(actor: Actor, shortlist_id: UUID, entry_id: UUID, outcome: ContactOutcome | None, note: str) -> None:
    """Note what came of the contact, and what the organisation wants to remember. Raises NotFound."""
    shortlist = _to_change(actor, shortlist_id)
    entry, account_id = _entry(shortlist, entry_id)
    changed = [
        name for name, differs in (("outcome", outcome != entry.outcome), ("note", note != note_of(entry))) if differs
    ]
    if changed:
        entry.outcome = outcome
        write_note(entry, note)
        audit.record(actor, "shortlist.note_changed", shortlist, subject_id=account_id, fields=changed)


def remove(actor: Actor, shortlist_id: UUID, entry_id: UUID) -> None:
    """Take a person off a list, with what is noted. Raises NotFound."""
    shortlist = _to_change(actor, shortlist_id)
    entry, account_id = _entry(shortlist, entry_id)
    db.session.delete(entry)
    audit.record(actor, "shortlist.person_removed", shortlist, subject_id=account_id)


def note_of(entry: ShortlistEntry) -> str:
    """What the organisation noted, empty when nothing. Raises CannotOpen."""
    return boxes.read_note(entry, "note_box", entry.shortlist.organisation_id)


def shown_note(entry: ShortlistEntry) -> str:
    """The note to read; of one that does not open, that it does not: the rest of the list works (security.md 4)."""
    try:
        return note_of(entry)
    except CannotOpen:
        return str(_("Notatet kan ikke vises nå."))


def write_note(entry: ShortlistEntry, text: str) -> None:
    boxes.put_note(entry, "note_box", entry.shortlist.organisation_id, text)


def _members(actor: Actor, shortlist: Shortlist, *conditions: ColumnElement[bool], page: int = 1) -> list[Member]:
    """Those on a page of a list, each with the row of the search table when the organisation may see the person now."""
    visible = search.scope_of(actor).conditions(clock.now())
    rows = db.session.execute(
        select(ShortlistEntry, *Listing.__table__.columns)
        .outerjoin(Listing, and_(Listing.professional_id == ShortlistEntry.professional_id, *visible))
        .where(ShortlistEntry.shortlist_id == shortlist.id, *conditions)
        .order_by(ShortlistEntry.added_at.desc(), ShortlistEntry.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return [Member(row.ShortlistEntry, row if row.name is not None else None) for row in rows]


def _entry(shortlist: Shortlist, entry_id: UUID) -> tuple[ShortlistEntry, UUID]:
    """A place on a list, and the account of the person."""
    found = db.session.execute(
        select(ShortlistEntry, Professional.account_id)
        .join(Professional, Professional.id == ShortlistEntry.professional_id)
        .where(ShortlistEntry.id == entry_id, ShortlistEntry.shortlist_id == shortlist.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found.ShortlistEntry, found.account_id


def _to_change(actor: Actor, shortlist_id: UUID) -> Shortlist:
    """A list to change now; those who change the same one wait for one another."""
    shortlist = find(actor, shortlist_id, lock=True)
    shortlist.used_at = clock.now()
    return shortlist


def _count(shortlist: Shortlist) -> int:
    return db.session.scalar(select(func.count()).where(ShortlistEntry.shortlist_id == shortlist.id)) or 0


def _names(actor: Actor) -> dict[UUID, str]:
    """The organisation's lists; those who name one wait for one another, so that none is called the same."""
    db.session.execute(
        select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update(key_share=True)
    )
    rows = select(Shortlist.id, Shortlist.name).where(Shortlist.organisation_id == actor.organisation_id)
    return dict(db.session.execute(rows).all())


def _require_free(name: str, taken: Iterable[str]) -> None:
    if name.casefold() in {other.casefold() for other in taken}:
        raise Unfit("name", _("Dere har allerede en kortliste som heter %(navn)s.", navn=name))


def _delete(actor: Actor | None, shortlist: Shortlist) -> None:
    audit.record(actor, "shortlist.deleted", shortlist, people=_count(shortlist))
    db.session.delete(shortlist)


def warn_unused() -> int:
    """Tell whose list will be deleted when nobody uses it; once until it is used again. Safe to repeat and to run late;
    the caller commits. Returns how many lists."""
    keep, notice = _limits()
    now = clock.now()
    is_unwarned = or_(Shortlist.warned_at.is_(None), Shortlist.warned_at < _last_use)
    due = _unused_since(now - (keep - notice), is_unwarned)
    for shortlist, used_at in due:
        shortlist.warned_at = now
        deleted_on = clock.day(_ends(shortlist, used_at, keep, notice))
        key = f"{shortlist.organisation_id}|{deleted_on}"  # one e-mail for all of a day
        owner = shortlist.organisation_id, shortlist.created_by_id
        grants.tell_user(MessageKind.SHORTLIST_UNUSED, key, *owner, deleted_on=deleted_on)
    return len(due)


def delete_unused() -> int:
    """Delete the lists nobody has used, when they were warned of in time. Safe to repeat and to run late; the caller
    commits. Returns how many."""
    keep, notice = _limits()
    now = clock.now()
    is_warned = and_(Shortlist.warned_at >= _last_use, Shortlist.warned_at <= now - notice)
    due = _unused_since(now - keep, is_warned)
    for shortlist, _used_at in due:
        _delete(None, shortlist)
    return len(due)


def _unused_since(moment: datetime, condition: ColumnElement[bool]) -> Sequence[Row[Shortlist, datetime]]:
    """Lists to handle now, locked; one somebody changes at this moment is left for the next round."""
    return db.session.execute(
        select(Shortlist, _last_use)
        .where(Shortlist.used_at <= moment, _last_use <= moment, condition)
        .order_by(Shortlist.used_at)
        .limit(BATCH)
        .with_for_update(of=Shortlist, skip_locked=True)
    ).all()


def _limits() -> tuple[timedelta, timedelta]:
    """How long a list is kept without use, and how long before its end it is warned of."""
    numbers = values(Key.SHORTLIST_DAYS, Key.SHORTLIST_NOTICE_DAYS)
    return timedelta(days=numbers[Key.SHORTLIST_DAYS]), timedelta(days=numbers[Key.SHORTLIST_NOTICE_DAYS])


def _ends(shortlist: Shortlist, used_at: datetime, keep: timedelta, notice: timedelta) -> datetime:
    """When a list is deleted if nobody uses it: a late warning moves the end."""
    warned_at = shortlist.warned_at
    return max(used_at + keep, warned_at + notice) if warned_at and warned_at >= used_at else used_at + keep
