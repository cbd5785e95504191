"""People taken out as a file: who and what is in it, for whom, for how long, and what stops it (ux.md E6, security.md
C24–C26, C60, I8)."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import insert, select, update

from adapters.storage import Storage
from extensions import clock
from extensions.database import db
from models.account import Account
from models.audit import AuditEvent
from models.enums import (
    AlarmKind,
    ConsentPurpose,
    ContactOutcome,
    ContactPurpose,
    ExportFormat,
    ExportStatus,
    Role,
    Stoppable,
)
from models.grant import Grant
from models.listing import Listing
from models.organisation import Setting
from models.privacy import ErasureRecord
from models.professional import HprRecord, Professional
from models.register import Alarm, RegisterExport, RegisterExportPerson, ShortlistEntry, Stop
from services import (
    alarms,
    blocks,
    consents,
    erasure,
    file_sweep,
    files,
    housekeeping,
    listing,
    register_exports,
    register_files,
    shortlists,
)
from services.access import Actor
from services.errors import NotFound
from services.register_columns import CONTACT, OWN, Column
from services.register_exports import Wanted
from services.search import Filters
from services.settings import Key
from tests.builders import Builders
from tests.pages import Page

EVERYBODY = Filters(confirmed_within=None)
NEW = "/register/eksport/ny?bekreftet=alle"


@pytest.fixture(autouse=True)
def store(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(app.extensions["agencies"], "storage", Storage.at(tmp_path.as_uri()))
    return tmp_path


@pytest.fixture
def account(make: Builders) -> Account:
    """A reader in Trondheim."""
    person: Account = make.user(organisation=make.organisation(name="Trondheim kommune")).person  # type: ignore[attr-defined]
    return person


@pytest.fixture
def reader(make: Builders, client_for: Any, account: Account) -> FlaskClient:
    client: FlaskClient = client_for(account, Role.ORGANISATION_USER, make.organisation())
    return client


@pytest.fixture
def actor(make: Builders, account: Account) -> Actor:
    return make.actor(account, Role.ORGANISATION_USER, make.organisation())


def ask(actor: Actor, *columns: Column, **changes: Any) -> RegisterExport:
    """A file of everybody in the area, asked for and committed."""
    facts: dict[str, Any] = {"filters": EVERYBODY, **changes}
    wanted = Wanted(ContactPurpose.STAFF_NOW, ExportFormat.XLSX, columns or (Column.NAME,), **facts)
    export = register_exports.ask(actor, wanted)
    db.session.commit()
    return export


def made(export: RegisterExport) -> RegisterExport:
    """The file, when the job has run."""
    db.session.expire_all()
    register_exports.make(export.id)
    db.session.commit()
    db.session.refresh(export)
    return export


def sheet(content: bytes) -> Worksheet:
    book = load_workbook(io.BytesIO(content))
    assert book.active is not None and len(book.worksheets) == 1
    return book.active  # type: ignore[return-value]


def rows_of(content: bytes) -> list[dict[str, Any]]:
    """The rows of a spreadsheet by their headings."""
    _notice, headings, *rows = sheet(content).iter_rows(values_only=True)
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


def names_in(export: RegisterExport) -> list[str]:
    return [row["Navn"] for row in rows_of(b"".join(files.read(export)))]


def events(action: str) -> list[AuditEvent]:
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def stored(store: Path) -> int:
    return len(list(store.glob("files/*/*")))


def test_a_spreadsheet_with_its_mark_and_one_trace_for_each(
    reader: FlaskClient, make: Builders, app: Flask, submit: Any, run_jobs: Any, client_for: Any
) -> None:
    sami = make.professional(given_name="Áŋŋel-Brit", family_name="Čáhppe Ødegård", hpr__number="0012345")
    make.professional(given_name="=HYPERLINK(1)", family_name="@Ås", competence__other="Fri tekst")
    page = reader.get(NEW).text
    assert "2 personer passer." in page and "HPR-nummer" in page
    assert submit(reader, NEW, purpose=None).status_code == 422
    nothing = submit(reader, NEW, purpose="exercise", columns=None)
    assert nothing.status_code == 422 and nothing.text.count("Velg minst én opplysning.") == 2
    usual = ["name", "hpr_number", "home", "areas", "available_from", "workload", "times"]
    answer = submit(reader, NEW, purpose="exercise", columns=usual)
    assert answer.status_code == 303
    waiting = reader.get(answer.location).text
    assert "Vi lager filen" in waiting
    again = re.search(r'href="([^"]*)"[^>]*>\s*Oppdater status', waiting)
    assert again and again[1] == answer.location, "with a place on the page the browser would only go there"
    run_jobs()
    ready = reader.get(answer.location).text
    assert "Filen er klar" in ready and "Dere er ansvarlige for filen." in ready
    file = reader.get(f"{answer.location}/fil")
    assert file.headers["Content-Type"].endswith("spreadsheetml.sheet")
    disposition = file.headers["Content-Disposition"]
    assert disposition.startswith("attachment") and ".xlsx" in disposition
    assert int(file.headers["Content-Length"]) == len(file.data)
    found = sheet(file.data)
    kinds = {(cell.data_type, type(cell.value)) for row in found.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {("s", str), ("d", datetime)}
    for text in ("Trondheim kommune", "Berit Bruker", "Beredskapsøvelse", "Inneholder personopplysninger"):
        assert text in str(found["A1"].value) and text in str(found.oddHeader.left.text)
    assert found.freeze_panes == "B3"
    rows = {row["Navn"]: row for row in rows_of(file.data)}
    assert set(rows) == {"Áŋŋel-Brit Čáhppe Ødegård", "=HYPERLINK(1) @Ås"}
    one = rows["Áŋŋel-Brit Čáhppe Ødegård"]
    assert one["HPR-nummer"] == "0012345" and one["Tilgjengelig fra"].date() == clock.today()
    assert one["Bosted (kommune)"] == one["Kan jobbe i"] == "Trondheim" and one["Stillingsprosent"] == "100 prosent"
    assert "Trondheim kommune" in one["Om filen"] and one["Sist sjekket i HPR"].date() == clock.today()
    everything = " ".join(str(cell) for row in found.iter_rows(values_only=True) for cell in row)
    assert not [word for word in ("kari.prove", "98 76", "7013", "Fri tekst", sami.number) if word in everything]
    with app.app_context():
        looks = events("person.taken_out")
        assert {look.subject_id for look in looks} >= {sami.person.id} and len(looks) == 2  # type: ignore[attr-defined]
        assert {(look.purpose, tuple(look.fields), look.actor_role) for look in looks} == {
            ("exercise", tuple(usual), Role.ORGANISATION_USER)
        }
        assert len(events("register_export.downloaded")) == 1
    seen = client_for(sami.person, Role.PROFESSIONAL).get("/min-side/innsyn").text  # type: ignore[attr-defined]
    assert "Tok deg ut i en fil" in seen and "Beredskapsøvelse" in seen and "Trondheim kommune" in seen


def test_values_that_could_be_formulas_stay_text_in_csv(context: Any, make: Builders, actor: Actor) -> None:
    risky = ("=1+1", "+4", "-1", "@SUM(A1)", "\t=1", "＝1", "＋1", "－1", "＠1", " =1")
    for number, name in enumerate([*risky, 'Øre; «sitat"']):
        make.professional(given_name=name, family_name="Prøve", hpr__number=str(number), phone="+46701234567")
    columns = (Column.NAME, Column.PHONE, Column.AVAILABLE_FROM)
    wanted = Wanted(ContactPurpose.STAFF_NOW, ExportFormat.CSV, columns, EVERYBODY)
    export = made(register_exports.ask(actor, wanted))
    content = b"".join(files.read(export))
    assert content.startswith(b"\xef\xbb\xbf") and content.endswith(b"\r\n")
    headings, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert headings == ["Navn", "Tilgjengelig fra", "Mobil", "Sist sjekket i HPR", "Om filen"]
    today = clock.today().strftime("%d.%m.%Y")
    assert all(len(row) == 5 and row[1] == today and row[2] == "'+46 70 123 45 67" for row in rows)
    apart = [row[0] for row in rows if not row[0].startswith("'")]
    assert apart == ['Øre; «sitat" Prøve'] and len(rows) == len(risky) + 1


def test_contact_details_are_for_those_who_ask_for_them(
    reader: FlaskClient, make: Builders, app: Flask, submit: Any, run_jobs: Any, client_for: Any
) -> None:
    make.professional(given_name="Vanlig")
    make.professional(given_name="Ubekreftet", email="feil@example.no", email_confirmed_at=None)
    make.professional(given_name="Kanari", is_canary=True)
    assert "checked" not in reader.get(NEW).text.split('id="contact"')[1].split("</fieldset>")[0]
    answer = submit(reader, "/register/kontaktliste?bekreftet=alle", purpose="staff_now")
    run_jobs()
    rows = {row["Navn"].split()[0]: row for row in rows_of(reader.get(f"{answer.location}/fil").data)}
    assert (rows["Vanlig"]["Mobil"], rows["Vanlig"]["E-post"]) == ("98 76 54 32", "kari.prove@example.no")
    assert rows["Ubekreftet"]["E-post"] is None
    with app.app_context():
        assert len(events("contact.taken_out")) == 3 and events("person.taken_out") == []
        alarm = db.session.scalars(select(Alarm)).one()
        assert alarm.kind is AlarmKind.CANARY and alarm.account_id is not None
    worker = client_for(make.staff(), Role.CASEWORKER)
    assert "En fil med kontaktinformasjon" in worker.get(f"/sak/varsler/{alarm.id}").text


def crowd(make: Builders, count: int) -> None:
    """One, and so many more like it, each confirmed a minute before the one before."""
    one = make.professional()
    now = clock.now()
    others = [(number, uuid4(), uuid4()) for number in range(1, count + 1)]

    def copy(table: Any, of: Any, changes: Callable[[int, UUID, UUID], dict[str, Any]]) -> None:
        like = db.session.execute(select(table.__table__).where(of)).mappings().one()
        db.session.execute(insert(table.__table__), [{**like, **changes(*other)} for other in others])

    account_id: UUID = one.person.id  # type: ignore[attr-defined]
    nothing = {"national_id_box": None, "national_id_index": None}
    copy(Account, Account.id == account_id, lambda n, account, person: {"id": account, **nothing})
    copy(Professional, Professional.id == one.id, lambda n, account, person: {"id": person, "account_id": account})
    copy(HprRecord, HprRecord.professional_id == one.id, lambda n, account, person: {"professional_id": person})
    copy(
        Listing,
        Listing.professional_id == one.id,
        lambda n, account, person: {
            "professional_id": person,
            "account_id": account,
            "name": f"Nummer {n}",
            "confirmed_at": now - timedelta(minutes=n),
        },
    )
    db.session.commit()


def test_five_hundred_at_most_those_who_confirmed_last(
    context: Any, make: Builders, actor: Actor, reader: FlaskClient
) -> None:
    crowd(make, register_exports.MOST)
    before = reader.get(NEW + "&antall=5000").text
    assert "501 personer passer." in before and "de 500 som bekreftet sist, av 501 treff" in before
    export = made(ask(actor))
    rows = rows_of(b"".join(files.read(export)))
    names = [row["Navn"] for row in rows]
    assert len(names) == 500 and names[0] == "Kari Prøve" and names[-1] == "Nummer 499"
    assert (export.rows, export.found, len(events("person.taken_out"))) == (500, 501, 500)
    assert "av 501 treff" in rows[0]["Om filen"]


def test_a_stop_works_when_asked_when_made_and_when_fetched(
    context: Any, make: Builders, actor: Actor, reader: FlaskClient, submit: Any, run_jobs: Any
) -> None:
    make.professional()
    lead = make.actor(make.staff(Role.CASE_LEAD), Role.CASE_LEAD)

    def stop(number: str | None) -> None:
        alarms.stop(lead, Stoppable.EXPORTS, number, "Uvanlig bruk")
        db.session.commit()

    def lift() -> None:
        for one in db.session.scalars(select(Stop)):
            alarms.lift(lead, one.id)
        db.session.commit()

    form = {"purpose": "staff_now"}
    make.organisation("940101808", "TROMSØ KOMMUNE")
    stop("940101808")  # another's
    asked = submit(reader, NEW, **form)
    assert asked.status_code == 303
    filled = {**Page(reader.get(NEW).text).form(0).values, **form}
    stop(None)
    assert reader.get(NEW).status_code == reader.post(NEW, data=filled).status_code == 403
    run_jobs()
    page = reader.get(asked.location).text
    assert "Vi fikk ikke laget filen" in page and "stoppet uttak av filer" in page
    assert reader.get(f"{asked.location}/fil").status_code == 403
    lift()
    assert submit(reader, asked.location).location == asked.location  # «Prøv igjen»
    run_jobs()
    assert reader.get(f"{asked.location}/fil").status_code == 200
    stop("942110464")
    assert reader.get(f"{asked.location}/fil").status_code == 403
    assert len(events("register_export.downloaded")) == 1


def test_the_file_is_for_whoever_asked_there_and_while_signed_in_lately(
    app: Flask, make: Builders, actor: Actor, account: Account, reader: FlaskClient, run_jobs: Any, client_for: Any
) -> None:
    with app.app_context():
        make.professional()
        export = ask(actor)
        address = f"/register/eksport/{export.id}"
        list_id = shortlists.create(actor, "Sommer").id
        db.session.commit()
    run_jobs()
    here, user = make.organisation(), Role.ORGANISATION_USER
    elsewhere = make.organisation("940101808", "TROMSØ KOMMUNE")
    make.user(account=account, organisation=elsewhere)
    colleague = client_for(make.user().person, user, here)  # type: ignore[attr-defined]
    for stranger in (colleague, client_for(account, user, elsewhere)):
        assert [stranger.get(path).status_code for path in (address, f"{address}/fil")] == [404, 404]
        assert address not in stranger.get("/register/eksport").text
    assert stranger.get(f"/register/eksport/ny?kortliste={list_id}").status_code == 404
    assert address in reader.get("/register/eksport").text
    old = client_for(account, user, here, signed_in_ago=timedelta(minutes=16)).get(f"{address}/fil")
    assert old.status_code == 303 and "ny=1" in old.location
    assert reader.get(f"{address}/fil").status_code == 200
    with app.app_context():
        db.session.execute(update(Grant).where(Grant.account_id == account.id).values(locked_at=clock.now()))
        again = ask(actor).id
    assert reader.get(f"{address}/fil").status_code in (303, 403)
    run_jobs()
    with app.app_context():
        assert db.session.get_one(RegisterExport, again).status is ExportStatus.FAILED


def test_a_file_nobody_manages_to_make_is_given_up(context: Any, make: Builders, actor: Actor) -> None:
    make.professional()
    export = ask(actor)
    with clock.at(clock.now() + timedelta(hours=23)):
        register_files.expire_old()
        assert export.status is ExportStatus.QUEUED
    with clock.at(clock.now() + timedelta(hours=25)):
        assert register_files.expire_old() == 0
        assert export.status is ExportStatus.FAILED


def test_a_file_of_what_is_the_organisations_no_more_is_not_asked_for_again(
    context: Any, make: Builders, actor: Actor
) -> None:
    make.professional()
    export = ask(actor)
    register_exports.fail(export.id)
    export.filters = {"municipalities": ["0301"]}
    with pytest.raises(NotFound):
        register_exports.ask_again(actor, export.id)
    assert export.status is ExportStatus.FAILED


def test_a_file_lives_a_day(
    context: Any, make: Builders, actor: Actor, reader: FlaskClient, run_jobs: Any, store: Path
) -> None:
    make.professional()
    export = made(ask(actor))
    assert export.expires_at and export.ready_at and export.expires_at - export.ready_at == timedelta(hours=24)
    assert register_files.expire_old() == 0
    with clock.at(export.expires_at):
        assert not register_exports.is_ready(export)
        housekeeping.discard_short_lived()
        db.session.commit()
        run_jobs()
    assert stored(store) == 0 and db.session.scalars(select(RegisterExportPerson)).all() == []
    assert export.status is ExportStatus.EXPIRED and export.rows == 1
    assert reader.get(f"/register/eksport/{export.id}/fil").status_code == 409
    assert "Filen er slettet" in reader.get(f"/register/eksport/{export.id}").text
    with clock.at(clock.now() + timedelta(days=31)):
        assert register_files.forget_old() == 1


def test_whoever_is_seen_no_more_is_not_in_it_and_takes_it_away(
    context: Any, make: Builders, actor: Actor, reader: FlaskClient, run_jobs: Any, store: Path
) -> None:
    names = ("Blir", "Trakk", "Skjulte", "Slettet", "Flyttet", "Gjenoppstod")
    people = {name: make.professional(given_name=name) for name in names}

    def person(name: str) -> Actor:
        return make.actor(people[name].person, Role.PROFESSIONAL)  # type: ignore[attr-defined]

    def withdraw() -> None:
        consents.withdraw(person("Trakk"), ConsentPurpose.SHOWN_TO_ORGANISATIONS)
        listing.refresh(people["Trakk"].id)

    def move() -> None:
        row = db.session.get_one(Professional, people["Flyttet"].id)
        assert row.reach is not None
        row.reach.municipalities = ["0301"]
        listing.refresh(row.id)

    def come_back() -> None:
        """Erased, and there again after a restore."""
        facts = {"reference": "ABCD-EFGH-JKLM", "national_id_index": b"x", "asked_at": clock.now()}
        db.session.add(ErasureRecord(professional_id=people["Gjenoppstod"].id, **facts))
        db.session.commit()
        assert erasure.replay(db.session.commit) == (2, 2)  # and the one whose job has not run

    late = ask(actor)
    withdraw()
    db.session.commit()
    made(late)
    assert "Trakk Prøve" not in names_in(late) and len(names_in(late)) == 5
    blocks.hide(person("Blir"), "940101808")
    db.session.commit()
    db.session.refresh(late)
    assert late.status is ExportStatus.READY  # hidden from another one
    acts: dict[str, Callable[[], object]] = {
        "Skjulte": lambda: blocks.hide(person("Skjulte"), "942110464"),
        "Slettet": lambda: erasure.ask(person("Slettet")),
        "Gjenoppstod": come_back,
        "Flyttet": move,
    }
    for name, act in acts.items():
        export = made(ask(actor))
        assert export.status is ExportStatus.READY and f"{name} Prøve" in names_in(export)
        act()
        db.session.commit()
        db.session.refresh(export)
        gone = ExportStatus.READY if name == "Flyttet" else ExportStatus.EXPIRED
        assert export.status is gone, name
        assert reader.get(f"/register/eksport/{export.id}/fil").status_code == 409, name
    run_jobs()
    assert stored(store) == 1  # of the one who moved, until its day is over


def test_somebody_who_hides_while_it_is_made(context: Any, make: Builders, actor: Actor, run_jobs: Any, store: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    make.professional(given_name="Blir")
    leaves = make.professional(given_name="Skjulte")
    export = ask(actor)
    keep = files.keep

    def keep_slowly(*given: Any) -> None:
        keep(*given)
        monkeypatch.setattr(files, "keep", keep)
        with db.new_session() as other:
            other.delete(other.get_one(Listing, leaves.id))
            other.commit()

    monkeypatch.setattr(files, "keep", keep_slowly)
    run_jobs()
    with clock.at(clock.now() + register_exports.LOOK_AGAIN):
        run_jobs()
    db.session.refresh(export)
    assert names_in(export) == ["Blir Prøve"] and stored(store) == 1
    assert len(events("person.taken_out")) == export.rows == 1


def test_somebody_who_hides_at_the_very_end(
    app: Flask, make: Builders, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waits until the file is ready, and takes it away."""
    person = make.professional()
    with app.app_context():
        export_id = ask(actor).id

    def hide() -> None:
        with app.app_context():
            blocks.hide(make.actor(person.person, Role.PROFESSIONAL), "942110464")  # type: ignore[attr-defined]
            db.session.commit()

    hider, note = Thread(target=hide), register_exports._note

    def note_meanwhile(*given: Any) -> None:
        note(*given)
        hider.start()
        hider.join(0.2)
        assert hider.is_alive()

    monkeypatch.setattr(register_exports, "_note", note_meanwhile)
    with app.app_context():
        register_exports.make(export_id)
        db.session.commit()
    hider.join(10)
    with app.app_context():
        assert db.session.get_one(RegisterExport, export_id).status is ExportStatus.EXPIRED
        assert [event.facts for event in events("register_export.expired")] == [{"reason": "somebody left"}]


def test_a_killed_worker_and_two_at_once_make_one_file(
    app: Flask, make: Builders, actor: Actor, run_jobs: Any, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        make.professional()
        export = ask(actor)
        export_id = export.id
        register_exports.make(export_id)
        db.session.rollback()  # killed before its commit; the bytes are in the store
        assert stored(store) == 1
    both, keep = Barrier(2), files.keep

    def keep_together(*given: Any) -> None:
        keep(*given)
        both.wait(10)

    def work() -> None:
        with app.app_context():
            register_exports.make(export_id)
            db.finish(keep=True)

    monkeypatch.setattr(files, "keep", keep_together)
    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    monkeypatch.undo()
    monkeypatch.setattr(app.extensions["agencies"], "storage", Storage.at(store.as_uri()))
    run_jobs()
    with app.app_context():
        made = db.session.get_one(RegisterExport, export_id)
        assert names_in(made) == ["Kari Prøve"] and stored(store) == 2
        assert (len(events("person.taken_out")), len(events("register_export.made"))) == (1, 1)
        with clock.at(clock.now() + file_sweep.YOUNG * 1.1):
            assert len(file_sweep.sweep().orphans) == 1
        assert stored(store) == 1


@contextmanager
def limit(key: Key, number: int) -> Iterator[None]:
    where = update(Setting).where(Setting.key == key.value)
    before = db.session.scalar(select(Setting.value).where(Setting.key == key.value))
    db.session.execute(where.values(value=number))
    db.session.commit()
    yield
    db.session.execute(where.values(value=before))
    db.session.commit()


def test_no_more_than_a_days_quota(
    context: Any, make: Builders, actor: Actor, reader: FlaskClient, submit: Any
) -> None:
    for _ in range(2):
        make.professional()
    ask(actor)
    with limit(Key.EXPORTS_PER_DAY, 1):
        refused = submit(reader, NEW, purpose="staff_now")
        assert refused.status_code == 429 and "Du kan ta ut 1 filer i døgnet" in refused.text
        assert submit(reader, NEW, purpose="staff_now").status_code == 429
        assert db.session.scalars(select(Alarm.kind)).all() == [AlarmKind.QUOTA]
        with clock.at(clock.now() + timedelta(days=1, seconds=1)):
            ask(actor)
    with limit(Key.EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY, 3):
        ask(actor, *CONTACT)
        colleague = make.actor(make.user().person, Role.ORGANISATION_USER, make.organisation())  # type: ignore[attr-defined]
        with pytest.raises(register_exports.QuotaReached):
            ask(colleague, *CONTACT)
        db.session.rollback()
        ask(colleague)


def test_many_at_once_stay_within_the_quota(app: Flask, make: Builders, actor: Actor) -> None:
    with app.app_context():
        make.professional()
    outcomes: list[bool] = []

    def press() -> None:
        with app.app_context():
            try:
                ask(actor)
            except register_exports.QuotaReached:
                outcomes.append(False)
            else:
                outcomes.append(True)

    with app.app_context(), limit(Key.EXPORTS_PER_DAY, 2):
        people = [Thread(target=press) for _ in range(5)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert sorted(outcomes) == [False] * 3 + [True] * 2
        assert len(db.session.scalars(select(RegisterExport.id)).all()) == 2


def test_people_of_a_shortlist_with_what_the_organisation_noted(
    context: Any, make: Builders, actor: Actor, reader: FlaskClient, submit: Any, run_jobs: Any
) -> None:
    on_it, hidden = make.professional(given_name="Valgt"), make.professional(given_name="Skjult")
    make.professional(given_name="Utenfor")
    row = shortlists.create(actor, "Sommer")
    for person in (on_it, hidden):
        shortlists.add(actor, row.id, person.id)
    entry = db.session.scalars(select(ShortlistEntry).where(ShortlistEntry.professional_id == on_it.id)).one()
    shortlists.change(actor, row.id, entry.id, ContactOutcome.INTERESTED, "Ring etter kl. 16")
    blocks.hide(make.actor(hidden.person, Role.PROFESSIONAL), "942110464")  # type: ignore[attr-defined]
    db.session.commit()
    path = f"/register/eksport/ny?kortliste={row.id}"
    assert "1 person på listen er synlig" in reader.get(path).text
    answer = submit(reader, path, purpose="fill_vacancy", notes=["outcome", "note"])
    run_jobs()
    (found,) = rows_of(reader.get(f"{answer.location}/fil").data)
    assert found["Navn"] == "Valgt Prøve"
    assert (found["Resultat av kontakt"], found["Notat"]) == ("Interessert", "Ring etter kl. 16")
    assert "Kortlisten Sommer" in reader.get("/register/eksport").text
    assert reader.get(f"{path}x").status_code == 404
    late = ask(actor, *OWN, filters=None, shortlist_id=row.id)
    shortlists.delete(actor, row.id)
    db.session.commit()
    made(late)
    assert late.status is ExportStatus.FAILED  # and not everybody
    assert "Kortlisten er slettet." in reader.get(f"/register/eksport/{late.id}").text


def test_what_hpr_said_long_ago_is_asked_anew(
    context: Any, make: Builders, actor: Actor, run_jobs: Any, stubs: Any
) -> None:
    """The stand-in knows neither of these; when it is silent, what it said stands."""
    make.professional(given_name="Fersk")
    long_ago = clock.now() - timedelta(hours=30)
    make.professional(given_name="Gammel", hpr__checked_at=long_ago)
    stubs.control("hpr", "http503")
    silent = ask(actor)
    run_jobs()
    db.session.refresh(silent)
    assert silent.status is ExportStatus.QUEUED  # waits for the answer
    with clock.at(clock.now() + register_exports.PATIENCE):
        run_jobs()
    db.session.refresh(silent)
    rows = {row["Navn"]: row["Sist sjekket i HPR"].date() for row in rows_of(b"".join(files.read(silent)))}
    assert rows == {"Fersk Prøve": clock.today(), "Gammel Prøve": date.fromordinal(_oslo(long_ago).toordinal())}
    stubs.reset()
    answered = ask(actor)
    with clock.at(clock.now() + register_exports.LOOK_AGAIN):
        run_jobs()
    db.session.refresh(answered)
    assert names_in(answered) == ["Fersk Prøve"]


def _oslo(moment: datetime) -> date:
    return moment.astimezone(clock.OSLO).date()


def test_nothing_in_the_address_widens_it(reader: FlaskClient, make: Builders) -> None:
    make.professional(reach__municipalities=["0301"], given_name="Osloer")
    for query in ("kommune=0301", "yrke=QQ", "bekreftet=9999"):
        assert reader.get(f"/register/eksport/ny?{query}").status_code == 400, query
    nobody = f"{NEW}&rader=9999&kolonne=street"
    assert "Ingen passer til søket." in reader.get(nobody).text
    fields = {**Page(reader.get("/register/sok/nytt").text).form(0).values, "purpose": "staff_now", "columns": "name"}
    assert reader.post(nobody, data=fields).status_code == 422


@pytest.mark.parametrize("of_list", [False, True])
def test_a_new_sign_in_asks_for_the_same_people(
    app: Flask, make: Builders, actor: Actor, account: Account, client_for: Any, submit: Any, of_list: bool
) -> None:
    with app.app_context():
        list_id = shortlists.create(actor, "Sommer").id
        shortlists.add(actor, list_id, make.professional().id)
        db.session.commit()
    path = f"/register/eksport/ny?kortliste={list_id}" if of_list else "/register/eksport/ny?yrke=SP&bekreftet=7"
    late = client_for(account, Role.ORGANISATION_USER, make.organisation(), signed_in_ago=timedelta(minutes=16))
    answer = submit(late, path, purpose="staff_now")
    assert answer.status_code == 303 and parse_qs(urlsplit(answer.location).query)["next"] == [path]
    assert re.search(r'value="staff_now"[^>]* checked', late.get(path).text)
