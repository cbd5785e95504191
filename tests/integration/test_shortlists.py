"""Shortlists: shared in the organisation and read by nobody else, through the scope each time, and deleted when nobody
uses them (ux.md E5, I4, I6, I12)."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from dev.postgres import Role as DatabaseRole
from extensions import clock
from extensions.database import db
from extensions.keys import CannotOpen
from models.audit import AuditEvent
from models.enums import AccessLevel, ContactOutcome, GrantEnd, MessageKind, ProfessionalStatus, Role
from models.grant import Grant
from models.message import Message
from models.organisation import Setting
from models.professional import Professional
from models.register import Shortlist, ShortlistEntry
from services import boxes, erasure, grants, held_forms, listing, shortlists
from services.access import Actor
from services.errors import NotFound, Unfit
from services.held_forms import Held
from services.settings import Key
from tests import leaks
from tests.builders import Builders
from tests.pages import Page

LISTS = "/register/kortlister"
NOTE = "Ringte tirsdag, kan ta nattevakter på Fjellheim"


@pytest.fixture
def owner(make: Builders) -> Grant:
    return make.user()


@pytest.fixture
def actor(make: Builders, owner: Grant) -> Actor:
    return actor_of(make, owner)


def actor_of(make: Builders, grant: Grant) -> Actor:
    return make.actor(grant.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]


@pytest.fixture
def reader(make: Builders, owner: Grant, client_for: Any) -> FlaskClient:
    return client_for(owner.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def limit(app: Flask) -> Iterator[Callable[[Key, int], None]]:
    """limit(key, number): another limit for one test."""
    before: dict[Key, int] = {}

    def change(key: Key, number: int) -> None:
        with app.app_context():
            row = db.session.get_one(Setting, key.value)
            before.setdefault(key, row.value)
            row.value = number
            db.session.commit()

    yield change
    for key, number in before.items():
        change(key, number)


def a_list(reader: FlaskClient, submit: Any, name: str = "Nattevakter i sommer") -> str:
    """The address of a new list."""
    answer = submit(reader, f"{LISTS}/ny", name=name)
    assert answer.status_code == 303
    return str(answer.location)


def put(reader: FlaskClient, submit: Any, path: str, person: Professional) -> str:
    """Put a person on a list; the address of the place on it."""
    answer = submit(reader, f"/register/person/{person.id}/kortliste", shortlist=path.rsplit("/", 1)[1])
    assert answer.status_code == 303
    return f"{path}/{entry_of(reader.application, person.id)}"


def entry_of(app: Flask, professional_id: UUID) -> UUID:
    """The place of somebody who is on one list."""
    with app.app_context():
        wanted = select(ShortlistEntry.id).where(ShortlistEntry.professional_id == professional_id)
        return db.session.scalars(wanted).one()


def events(app: Flask, action: str) -> list[AuditEvent]:
    with app.app_context():
        wanted = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
        return list(db.session.scalars(wanted))


def test_a_list_is_shared_renamed_and_deleted(
    app: Flask, reader: FlaskClient, make: Builders, submit: Any, client_for: Any
) -> None:
    assert "Dere har ingen kortlister ennå." in reader.get(LISTS).text
    refused = submit(reader, f"{LISTS}/ny", name=" ")
    assert refused.status_code == 422 and refused.text.count("Skriv et navn på kortlisten.") == 2
    path = a_list(reader, submit)
    assert "Ingen er lagt i kortlisten ennå." in reader.get(path).text
    kai = make.user(account=make.account("Kai Kollega"))
    colleague = client_for(kai.person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
    assert "Nattevakter i sommer" in colleague.get(LISTS).text and "Berit Bruker" in colleague.get(LISTS).text
    assert submit(colleague, f"{path}/navn", name="Nattevakter i høst").status_code == 303
    assert "Nattevakter i høst" in reader.get(path).text
    taken = submit(reader, f"{LISTS}/ny", name="nattevakter i HØST")
    assert taken.status_code == 422 and "Dere har allerede en kortliste som heter" in taken.text
    asked = colleague.get(f"{path}/slett").text
    assert "Vil du slette kortlisten Nattevakter i høst?" in asked and reader.get(path).status_code == 200
    assert submit(colleague, f"{path}/slett").location.endswith(LISTS)
    assert reader.get(path).status_code == 404
    for action in ("created", "renamed", "deleted"):
        assert len(events(app, f"shortlist.{action}")) == 1, action


def test_a_person_is_put_on_a_list_from_the_search(
    app: Flask, reader: FlaskClient, make: Builders, submit: Any
) -> None:
    person = make.professional(given_name="Nora")
    search = "/register?yrke=SP&bekreftet=alle"
    link = re.search(r'href="([^"]*/kortliste\?[^"]*)"', reader.get(search).text)[1].replace("&amp;", "&")  # type: ignore[index]
    page = reader.get(link).text
    assert "Legg Nora Prøve i en kortliste" in page and "98 76 54 32" not in page
    nameless = submit(reader, link)
    assert nameless.status_code == 422 and "Skriv et navn på kortlisten." in nameless.text
    added = submit(reader, link, name="Til <høsten>")
    assert added.status_code == 303 and added.location.endswith(search)
    flashed = re.search(
        r'Personen ligger nå i <a class="ds-link" href="([^"]*)">Til &lt;høsten&gt;</a>', reader.get(search).text
    )
    assert flashed
    shown = reader.get(flashed[1]).text
    assert "Nora Prøve" in shown and f'href="/register/person/{person.id}"' in shown and "Ikke kontaktet" in shown
    assert "Personen ligger her allerede." in reader.get(link).text
    again = submit(reader, link, shortlist=flashed[1].rsplit("/", 1)[1])
    assert again.status_code == 303 and "Personen lå allerede i" in reader.get(search).text
    assert len(events(app, "shortlist.person_added")) == 1
    entry_of(app, person.id)  # there once
    unknown = submit(reader, link, shortlist=str(uuid4()))
    assert unknown.status_code == 422
    for elsewhere in ("//ond.example", "https://ond.example", "/\\ond.example"):
        back = submit(
            reader, f"/register/person/{person.id}/kortliste?fra={quote(elsewhere)}", shortlist="ny", name=elsewhere
        )
        assert back.location == f"/register/person/{person.id}"


def test_status_and_note_are_the_organisations_own(
    app: Flask, reader: FlaskClient, make: Builders, submit: Any, client_for: Any, postgres: Any, valkey: Any
) -> None:
    person = make.professional()
    path = a_list(reader, submit)
    place = put(reader, submit, path, person)
    assert "Personen kan be om innsyn i notatet." in reader.get(place).text
    long = submit(reader, place, note="x" * 1001)
    assert long.status_code == 422 and long.text.count("» er 1 tegn for lang.") == 2 and "x" * 1001 in long.text
    assert submit(reader, place, outcome="interested", note=NOTE).status_code == 303
    shown = reader.get(path).text
    assert NOTE in shown and "Interessert" in shown
    url = postgres.url(DatabaseRole.ADMIN, "tests")
    assert leaks.find([NOTE, "Fjellheim"], database_url=url, redis=valkey.client()) == []
    (changed,) = events(app, "shortlist.note_changed")
    assert (changed.subject_id, changed.fields) == (person.account_id, ["outcome", "note"])
    assert submit(reader, place).status_code == 303 and len(events(app, "shortlist.note_changed")) == 1, (
        "nothing changed"
    )
    with app.app_context():
        entry = db.session.get_one(ShortlistEntry, UUID(place.rsplit("/", 1)[1]))
        assert shortlists.note_of(entry) == NOTE
        with pytest.raises(CannotOpen):
            boxes.read_note(entry, "note_box", uuid4())
        kept, entry.note_box = entry.note_box, b"x" * 60
        db.session.commit()
    assert "Notatet kan ikke vises nå." in reader.get(path).text
    with app.app_context():
        db.session.get_one(ShortlistEntry, entry.id).note_box = kept
        db.session.commit()
    own = client_for(person.person, Role.PROFESSIONAL)  # type: ignore[attr-defined]
    insight = own.get("/min-side/innsyn").text
    assert (
        "Følger opp en kortliste" in insight
        and "La deg i en kortliste" in insight
        and "i kortlister" in insight
        and "Fjellheim" not in insight
    )
    assert submit(reader, place, outcome="", note="").status_code == 303
    with app.app_context():
        entry = db.session.get_one(ShortlistEntry, entry.id)
        assert (entry.outcome, entry.note_box) == (None, None)


def test_what_came_of_a_contact_is_the_status_on_the_lists(
    reader: FlaskClient, make: Builders, submit: Any, client_for: Any
) -> None:
    """Of the organisation's own lists: for whoever is put on one afterwards, and for whoever is there."""
    person = make.professional(reach__municipalities=["5001", "5501"])
    before, after = a_list(reader, submit, "Før"), a_list(reader, submit, "Etter")
    foreign = make.user(organisation=make.organisation("940101808", "TROMSØ KOMMUNE"))
    theirs = client_for(foreign.person, Role.ORGANISATION_USER, make.organisation("940101808"))  # type: ignore[attr-defined]
    elsewhere = a_list(theirs, submit)
    for browser, path in ((reader, before), (theirs, elsewhere)):
        submit(browser, f"/register/person/{person.id}/kortliste", shortlist=path.rsplit("/", 1)[1])
    contact = submit(reader, f"/register/person/{person.id}", purpose="staff_now").location
    assert "Ikke kontaktet" in reader.get(before).text
    assert submit(reader, contact, outcome="hired").status_code == 303
    submit(reader, f"/register/person/{person.id}/kortliste", shortlist=after.rsplit("/", 1)[1])
    assert all("Ansatt hos oss" in reader.get(path).text for path in (before, after))
    assert "Ikke kontaktet" in theirs.get(elsewhere).text


def test_the_same_form_in_two_tabs(reader: FlaskClient, make: Builders, submit: Any) -> None:
    path = a_list(reader, submit)
    place = put(reader, submit, path, make.professional())
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', reader.get(place).text)[1]  # type: ignore[index]
    assert submit(reader, place, outcome="hired", note="Begynner mandag").status_code == 303
    both = submit(reader, place, outcome="interested", note="Ringte i dag", seen=seen)
    assert both.status_code == 409
    for words in ("Begynner mandag", "Ringte i dag", "Ansatt hos oss", "Interessert", "Bruk min versjon"):
        assert words in both.text, words
    assert "Begynner mandag" in reader.get(path).text
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', reader.get(f"{path}/navn").text)[1]  # type: ignore[index]
    assert submit(reader, f"{path}/navn", name="Ett navn").status_code == 303
    assert submit(reader, f"{path}/navn", name="Et annet", seen=seen).status_code == 409


def test_a_note_on_somebody_a_colleague_took_off_is_not_lost(
    app: Flask, reader: FlaskClient, make: Builders, submit: Any, owner: Grant
) -> None:
    path = a_list(reader, submit)
    for address, take_away in (("fjern", "{place}/fjern"), ("slett", "{path}/slett")):
        place = put(reader, submit, path, make.professional())
        fields = Page(reader.get(place).text).form(0).values
        assert submit(reader, take_away.format(path=path, place=place)).status_code == 303
        late = reader.post(place, data={**fields, "note": "Ringte i <dag>\nHelst natt"})
        assert late.status_code == 404, address
        assert "Personen er ikke lenger i kortlisten" in late.text and "Ringte i &lt;dag&gt;\nHelst natt" in late.text
        assert "Vi finner ikke siden" in reader.post(place, data={**fields, "note": ""}).text
        assert "Vi finner ikke siden" in reader.get(place).text
        with app.app_context():
            waiting = Held(owner.account_id, place, [("note", "Skrev lenge")], was_signed_out=True)  # type: ignore[arg-type]
            reader.set_cookie("held", held_forms.keep(waiting) or "")
        assert "Skrev lenge" in reader.get(place).text, "the session ended meanwhile"
        reader.delete_cookie("held")
    assert events(app, "shortlist.note_changed") == []


def test_nobody_else_reads_a_list(reader: FlaskClient, make: Builders, submit: Any, client_for: Any) -> None:
    path = a_list(reader, submit)
    place = put(reader, submit, path, make.professional(given_name="Nora"))
    tromso = make.organisation("940101808", "TROMSØ KOMMUNE")
    stranger = client_for(make.user(organisation=tromso).person, Role.ORGANISATION_USER, tromso)  # type: ignore[attr-defined]
    own = a_list(stranger, submit, "Egen")
    unknown, nowhere = f"{LISTS}/{uuid4()}", f"{path}/{uuid4()}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.get(f"{own}/slett").text)[1]  # type: ignore[index]
    for address in (path, f"{path}/navn", f"{path}/slett", place, f"{place}/fjern"):
        gone = address.replace(path, unknown)
        answers = [same_page(stranger.get(one), one) for one in (address, gone)]
        assert answers[0] == answers[1] and answers[0][0] == 404, address
        if address != path:
            assert stranger.post(address, data={"csrf_token": token, "name": "x", "note": "x"}).status_code == 404
        assert "Nora" not in stranger.get(address).text
    assert stranger.get(place.replace(path, own)).status_code == 404, "a place belongs to its list"
    assert reader.get(nowhere).status_code == 404
    for role in (Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR):
        staff = client_for(make.staff(role), role)
        assert staff.get(LISTS).status_code == staff.get(path).status_code == staff.get(place).status_code == 403
    assert "Nora" in reader.get(path).text


def same_page(answer: Any, path: str) -> tuple[int, str]:
    """What a page says, without what is new each time."""
    text = re.sub(
        r'(name="(?:csrf_token|form_key)" value=)"[^"]*"|[0-9a-f]{16}', r"\1", answer.text.replace(path, "PATH")
    )
    return answer.status_code, text


def test_whoever_is_not_visible_any_more_is_a_place_with_a_note(
    app: Flask, reader: FlaskClient, make: Builders, submit: Any
) -> None:
    path = a_list(reader, submit)
    gone, stays = make.professional(given_name="Borte"), make.professional(given_name="Blir")
    place = put(reader, submit, path, gone)
    put(reader, submit, path, stays)
    submit(reader, place, outcome="no_answer", note=NOTE)
    with app.app_context():
        db.session.get_one(Professional, gone.id).move_to(ProfessionalStatus.PAUSED)
        listing.refresh(gone.id)
        db.session.commit()
    shown = reader.get(path).text
    assert "Ikke lenger synlig" in shown and NOTE in shown and "Fikk ikke svar" in shown and "Blir Prøve" in shown
    assert "Borte" not in shown and str(gone.id) not in shown
    assert events(app, "listing.shown")[-1].facts["shown"] == [str(stays.account_id)]
    for address in (place, f"{place}/fjern"):
        page = reader.get(address).text
        assert NOTE in page and "Borte" not in page and str(gone.id) not in page
    assert reader.get(f"/register/person/{gone.id}/kortliste").status_code == 404
    assert submit(reader, f"{place}/fjern").status_code == 303
    assert "Ikke lenger synlig" not in reader.get(path).text
    assert events(app, "shortlist.person_removed")[0].subject_id == gone.account_id


def test_lists_and_people_have_a_limit(reader: FlaskClient, make: Builders, submit: Any, limit: Any) -> None:
    limit(Key.SHORTLISTS_PER_ORGANISATION, 1)
    limit(Key.PEOPLE_PER_SHORTLIST, 1)
    path = a_list(reader, submit)
    full = submit(reader, f"{LISTS}/ny", name="Én til")
    assert full.status_code == 422 and "inntil 1 kortlister" in full.text and 'value="Én til"' in full.text
    put(reader, submit, path, make.professional())
    other = f"/register/person/{make.professional().id}/kortliste"
    refused = submit(reader, other, shortlist=path.rsplit("/", 1)[1])
    assert refused.status_code == 422 and refused.text.count("Kortlisten er full. Den kan ha inntil 1 personer.") == 2
    refused = submit(reader, other, shortlist="ny", name="Én til")
    assert refused.status_code == 422 and "inntil 1 kortlister" in refused.text


def test_the_limit_holds_for_many_at_once(app: Flask, make: Builders, owner: Grant, actor: Actor, limit: Any) -> None:
    limit(Key.PEOPLE_PER_SHORTLIST, 2)
    people = [make.professional().id for _ in range(4)]
    row = make.shortlist(owner)

    def add(person: UUID) -> bool:
        with app.app_context():
            try:
                is_new = shortlists.add(actor, row.id, person)
            except Unfit:
                return False
            db.session.commit()
            return is_new

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, [*people, *people])) == 2
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ShortlistEntry)) == 2


def test_a_long_list_comes_in_pages(
    reader: FlaskClient, make: Builders, owner: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortlists, "PAGE", 2)
    row = make.shortlist(owner, *(make.professional(given_name=name) for name in ("Anne", "Bo", "Carl")))
    first, second = reader.get(f"{LISTS}/{row.id}").text, reader.get(f"{LISTS}/{row.id}?side=2").text
    assert first.count('class="ds-card person"') == 2 and second.count('class="ds-card person"') == 1
    assert all(name in first + second for name in ("Anne", "Bo", "Carl"))
    assert "(side 2 av 2)" in second
    for odd in ("99", "0", "-1", "x", "9" * 30):
        assert reader.get(f"{LISTS}/{row.id}?side={odd}").status_code == 200, odd


def test_an_erased_person_leaves_every_list(
    context: Any, make: Builders, owner: Grant, actor: Actor, postgres: Any, run_jobs: Any
) -> None:
    person = make.professional(given_name="Kjellfrid", family_name="Ørnungsdalen")
    row = make.shortlist(owner, person)
    shortlists.change(actor, row.id, row.places[0], ContactOutcome.HIRED, NOTE)  # type: ignore[attr-defined]
    db.session.commit()
    erasure.ask(make.actor(person.person, Role.PROFESSIONAL))  # type: ignore[attr-defined]
    db.session.commit()
    run_jobs()
    db.session.expire_all()
    assert db.session.scalar(select(func.count()).select_from(ShortlistEntry)) == 0
    assert db.session.get(Shortlist, row.id) is not None
    assert leaks.find(["Ørnungsdalen", NOTE], database_url=postgres.url(DatabaseRole.ADMIN, "tests")) == []


def day(days: float) -> str:
    return (clock.now() + timedelta(days=days)).astimezone(clock.OSLO).date().isoformat()


class TestUnused:
    """A list nobody uses is warned of on day 76 and deleted on day 90."""

    @pytest.fixture
    def unused(self, context: Any, owner: Grant, make: Builders) -> Shortlist:
        return make.shortlist(owner, make.professional(), name="Glemt")

    def night(self, days: float) -> tuple[int, int]:
        """What a night so long from now does."""
        with clock.at(clock.now() + timedelta(days=days)):
            done = shortlists.warn_unused(), shortlists.delete_unused()
            db.session.commit()
        return done

    def mails(self) -> list[Message]:
        found = select(Message).where(Message.kind == MessageKind.SHORTLIST_UNUSED).order_by(Message.created_at)
        return list(db.session.scalars(found))

    def test_the_owner_is_warned_once_and_then_it_goes(
        self, app: Flask, unused: Shortlist, owner: Grant, actor: Actor, run_jobs: Any, stubs: Any
    ) -> None:
        assert shortlists.of_organisation(actor)[0].deleted_on.isoformat() == day(90)
        assert [self.night(days) for days in (75, 76.1, 77, 89)] == [(0, 0), (1, 0), (0, 0), (0, 0)]
        (mail,) = self.mails()
        own = db.session.get_one(Grant, owner.id).nominee.email
        assert (mail.recipient, mail.facts) == (own, {"deleted_on": day(90.1)})
        assert shortlists.of_organisation(actor)[0].deleted_on.isoformat() == day(90.1)
        with clock.at(clock.now() + timedelta(days=77)):
            run_jobs()
        sent = stubs.mail()[-1]
        assert "Kortlister i" in sent["text"] and "Glemt" not in sent["text"] and "Prøve" not in sent["text"]
        assert self.night(90.2) == (0, 1)
        assert db.session.scalar(select(func.count()).select_from(ShortlistEntry)) == 0
        assert events(app, "shortlist.deleted")[0].actor_id is None
        assert self.night(91) == (0, 0)

    def test_to_look_and_to_change_are_uses(self, unused: Shortlist, actor: Actor) -> None:
        unused.used_at = clock.now() - timedelta(days=80)
        db.session.commit()
        assert self.night(0) == (1, 0)
        shortlists.read(actor, unused.id)
        db.session.commit()
        used_at = unused.used_at
        db.session.refresh(unused)
        assert unused.used_at == used_at, "looking writes nothing but the log"
        assert [self.night(days) for days in (15, 75)] == [(0, 0), (0, 0)]
        assert self.night(77) == (1, 0), "warned anew, as it has been used"
        with clock.at(clock.now() + timedelta(days=77.5)):
            shortlists.rename(actor, unused.id, "Husket igjen")
            db.session.commit()
        assert self.night(92) == (0, 0)
        assert len(self.mails()) == 2

    def test_a_late_warning_moves_the_end(self, unused: Shortlist) -> None:
        assert [self.night(days) for days in (120, 133, 134.1)] == [(1, 0), (0, 0), (0, 1)]
        assert self.mails()[0].facts == {"deleted_on": day(134)}

    def test_one_mail_tells_of_all_lists_of_a_day(self, unused: Shortlist, owner: Grant, make: Builders) -> None:
        make.shortlist(owner, name="Også glemt")
        assert self.night(76.1) == (2, 0)
        assert len(self.mails()) == 1

    @pytest.mark.parametrize("has_administrator", [True, False])
    def test_without_the_owner_others_are_warned(
        self, unused: Shortlist, owner: Grant, make: Builders, has_administrator: bool
    ) -> None:
        administrator = make.user(AccessLevel.USER_ADMINISTRATOR) if has_administrator else None
        grants.end(None, db.session.get_one(Grant, owner.id), GrantEnd.REMOVED, "Sluttet")
        db.session.commit()
        assert self.night(76.1) == (1, 0)
        told = (
            db.session.get_one(Grant, administrator.id).nominee.email if administrator else "innsender@kommune.example"
        )
        assert [mail.recipient for mail in self.mails()] == [told]


def test_an_actor_of_another_organisation_finds_nothing(context: Any, make: Builders, owner: Grant) -> None:
    person = make.professional()
    row = make.shortlist(owner, person)
    (entry_id,) = row.places  # type: ignore[attr-defined]
    tromso = make.organisation("940101808", "TROMSØ KOMMUNE")
    stranger = make.actor(make.account(), Role.ORGANISATION_USER, tromso)
    acts: list[Callable[[], object]] = [
        lambda: shortlists.read(stranger, row.id),
        lambda: shortlists.member(stranger, row.id, entry_id),
        lambda: shortlists.rename(stranger, row.id, "x"),
        lambda: shortlists.change(stranger, row.id, entry_id, None, "x"),
        lambda: shortlists.remove(stranger, row.id, entry_id),
        lambda: shortlists.delete(stranger, row.id),
        lambda: shortlists.add(stranger, row.id, person.id),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert shortlists.of_organisation(stranger) == [] and shortlists.with_person(stranger, person.id) == frozenset()
