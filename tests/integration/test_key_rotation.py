"""Keys are changed while the product is in use; a box opens in its own row alone (security.md section 4)."""

from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import func, select

from extensions.database import db
from extensions.keys import CannotOpen, KeyRing, Purpose, keyring
from models.account import Account
from models.application import Nominee
from models.enums import Role
from models.professional import Professional
from models.register import ShortlistEntry
from services import boxes, key_rotation, national_ids, page_drafts, shortlists
from services.professionals import Step
from stubs.people import by_key
from tests.builders import synthetic_number


@pytest.fixture
def own_ring(app, tmp_path):
    """A key ring for one test; the others' stays as it is."""
    before = app.extensions["keyring"]
    app.extensions["keyring"] = KeyRing.create(tmp_path / "ring.json")
    yield tmp_path / "ring.json"
    app.extensions["keyring"] = before


def add_keys(ring_file: Path) -> None:
    for purpose in (Purpose.FIELD, Purpose.INDEX):
        keyring().save_with_new_primary(purpose, ring_file)


def add_accounts(make, count: int) -> list[str]:
    return [make.account(None).number for _ in range(count)]


def test_everything_is_sealed_and_indexed_anew(context, make, own_ring):
    make.application(nominees=2)
    make.staff()
    numbers = add_accounts(make, 3)
    add_keys(own_ring)
    assert key_rotation.remaining() > 0
    changed = dict(key_rotation.rotate(db.session.commit))
    assert changed["account"] >= 5 and changed["nominee"] == 2 and changed["staff_member"] == 1
    assert key_rotation.remaining() == 0
    assert dict(key_rotation.rotate(db.session.commit)) == dict.fromkeys(changed, 0)
    for number in numbers:
        account = db.session.scalars(
            select(Account).where(Account.national_id_index == national_ids.index_of(number))
        ).one()
        assert national_ids.read(account) == number


def test_addresses_and_half_done_pages_are_sealed_anew(context, make, own_ring):
    row = make.professional()
    boxes.put(row, "street_box", "Storgata 1")
    page_drafts.keep(row, Step.COMPETENCE, [("other", "Halvferdig")])
    make.registration()
    db.session.commit()
    add_keys(own_ring)
    changed = dict(key_rotation.rotate(db.session.commit))
    assert (changed["professional"], changed["page_draft"], key_rotation.remaining()) == (1, 1, 0)
    row = db.session.get(Professional, row.id)
    assert keyring().key_id_of(row.street_box) == keyring().primary[Purpose.FIELD]
    assert boxes.read(row, "street_box") == "Storgata 1"
    assert page_drafts.find(row, Step.COMPETENCE) == [("other", "Halvferdig")]


def test_notes_are_sealed_anew_each_under_its_organisations_key(context, make, own_ring):
    organisation, person = make.organisation(), make.professional()
    actor = make.actor(make.user().person, Role.ORGANISATION_USER, organisation)
    row = shortlists.create(actor, "Sommer")
    shortlists.add(actor, row.id, person.id)
    entry = db.session.scalars(select(ShortlistEntry)).one()
    shortlists.write_note(entry, "Ring i morgen")
    db.session.commit()
    keyring().save_with_new_primary(Purpose.NOTES, own_ring)
    assert key_rotation.remaining() == 1
    assert dict(key_rotation.rotate(db.session.commit))["shortlist_entry"] == 1
    assert key_rotation.remaining() == 0
    entry = db.session.scalars(select(ShortlistEntry)).one()
    assert keyring().key_id_of(entry.note_box) == keyring().primary[Purpose.NOTES]
    assert shortlists.note_of(entry) == "Ring i morgen"


def test_people_are_found_in_the_middle_of_a_rotation(context, make, own_ring):
    number = make.account().number
    add_keys(own_ring)
    indexes = national_ids.indexes_of(number)
    assert db.session.scalar(select(func.count()).where(Account.national_id_index.in_(indexes))) == 1
    list(key_rotation.rotate(db.session.commit))
    assert db.session.scalar(select(func.count()).where(Account.national_id_index.in_(indexes))) == 1


def test_rotation_under_load_leaves_nothing_behind(app, context, make, own_ring, monkeypatch):
    monkeypatch.setattr(key_rotation, "BATCH", 20)
    add_accounts(make, 200)
    add_keys(own_ring)
    enough = Event()
    written: list[str] = []

    def keep_writing() -> None:
        with app.app_context():
            ids = db.session.scalars(select(Account.id).limit(50)).all()
            while not enough.is_set():
                account = db.session.get_one(Account, ids[len(written) % len(ids)], with_for_update=True)
                number = synthetic_number()
                national_ids.put(account, number)
                account.name = f"Ny {len(written)}"
                db.session.commit()
                written.append(number)

    writers = [Thread(target=keep_writing) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        list(key_rotation.rotate(db.session.commit))
    finally:
        enough.set()
        for writer in writers:
            writer.join()
    assert len(written) > 0
    assert key_rotation.remaining() == 0
    for account in db.session.scalars(select(Account)):
        assert account.national_id_index == national_ids.index_of(national_ids.read(account) or "")


def test_a_rotation_killed_half_way_goes_on_where_it_stopped(context, make, own_ring, monkeypatch):
    monkeypatch.setattr(key_rotation, "BATCH", 10)
    add_accounts(make, 50)
    add_keys(own_ring)
    commits = []

    def commit_thrice() -> None:
        if len(commits) == 3:
            raise KeyboardInterrupt
        commits.append(db.session.commit())

    with pytest.raises(KeyboardInterrupt):
        list(key_rotation.rotate(commit_thrice))
    db.session.rollback()
    db.session.expunge_all()
    assert key_rotation.remaining() == 20
    assert dict(key_rotation.rotate(db.session.commit))["account"] == 20
    assert key_rotation.remaining() == 0


def test_a_box_moved_to_another_row_does_not_open(context, make):
    application = make.application(nominees=2)
    first, second = db.session.scalars(select(Nominee).where(Nominee.application_id == application.id))
    first.national_id_box, second.national_id_box = second.national_id_box, first.national_id_box
    for nominee in (first, second):
        with pytest.raises(CannotOpen):
            national_ids.read(nominee)
    db.session.commit()
    assert dict(key_rotation.rotate(db.session.commit))["nominee"] == 0
    assert key_rotation.remaining() == 2


def test_a_swapped_box_gives_a_clear_page_and_the_rest_works(app, make, client_for, stubs):
    person = by_key("submitter_municipality")
    submitter = make.account(person.name, person.national_id)
    swapped, sound = (make.application(submitter=submitter, nominees=2) for _ in range(2))
    with app.app_context():
        first, second = db.session.scalars(select(Nominee).where(Nominee.application_id == swapped.id))
        first.national_id_box, second.national_id_box = second.national_id_box, first.national_id_box
        db.session.commit()
    client = client_for(submitter)
    page = client.get(f"/soknad/{swapped.id}/personer/1")
    assert page.status_code == 503
    assert client.get(f"/soknad/{sound.id}/personer/1").status_code == 200
    assert client.get("/soknad").status_code == 200
    assert client.get(f"/soknad/{swapped.id}/innsender").status_code == 200
