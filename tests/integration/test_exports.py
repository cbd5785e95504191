"""The copy one takes home: everything the person gave, everyone who looked, valid by its own schema (must show 6)."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pypdf import PdfReader
from sqlalchemy import select

from adapters.storage import Storage
from extensions import clock
from extensions.database import db
from models.account import Account
from models.audit import AuditEvent
from models.enums import AttachmentStatus, ExportStatus, Language, Role
from models.privacy import DataExport
from models.professional import Professional
from services import audit, exports, files, personal_copy
from services.personal_copy_schema import schema
from tests.integration.filled import WORDS, attach, fill


@pytest.fixture(autouse=True)
def store(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app.extensions["agencies"], "storage", Storage.at(tmp_path.as_uri()))
    return tmp_path


def validated(data):
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema(), format_checker=FormatChecker()).validate(data)
    return data


def status():
    db.session.commit()
    return db.session.scalars(select(DataExport.status).order_by(DataExport.requested_at)).all()


def opened(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def test_everything_the_person_gave_and_everyone_who_looked(context, make, client_for, submit, run_jobs):
    person = fill(make)
    account = db.session.get_one(Account, person.account_id)
    organisation = make.organisation(name="Stillevik kommune")
    reader = make.actor(make.account("Leif Leser"), Role.ORGANISATION_USER, organisation)
    audit.record(reader, "profile.opened", person, subject_id=account.id, purpose="Vikar i uke 30")
    audit.record(reader, "listing.shown", shown=[str(account.id)])
    audit.record(reader, "listing.shown", shown=[str(account.id)])
    db.session.commit()
    client = client_for(account, Role.PROFESSIONAL)
    waiting = client.get("/min-side/eksport").text
    assert "Vi lager filen" in waiting  # asked for when the person was made
    assert 'data-poll="/min-side/eksport"' in waiting
    assert re.search(r'href="/min-side/eksport"[^>]*>\s*Oppdater status', waiting), "the whole page, anew"
    run_jobs()
    page = client.get("/min-side/eksport").text
    assert "Kopien er klar" in page
    export = db.session.scalars(select(DataExport)).one()
    answer = client.get(f"/min-side/eksport/{export.id}/fil")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    archive = opened(answer.data)
    data = validated(json.loads(archive.read("data.json")))
    assert json.loads(archive.read("data.schema.json")) == json.loads(json.dumps(schema()))
    told = json.dumps(data, ensure_ascii=False)
    left_out = [name for name, word in WORDS.items() if word not in told and name not in ("held", "content")]
    assert left_out == []
    assert person.number not in told
    assert archive.read(f"files/01 {WORDS['file name']}").decode() == WORDS["content"]
    assert {(look["organisation"], look["action"], look["times"]) for look in data["who_has_looked"]} == {
        ("Stillevik kommune", "profile.opened", 1),
        ("Stillevik kommune", "listing.shown", 2),
    }
    assert "Leif" not in told
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(archive.read("data.pdf"))).pages)
    for word in ("given name", "e-mail", "summary", "workplace", "case", "blocked"):
        assert WORDS[word] in " ".join(text.split()), word
    assert "Vikar i uke 30" in text
    downloads = select(AuditEvent).where(AuditEvent.action == "export.downloaded")
    assert db.session.scalars(downloads).one().subject_id == account.id


def test_a_bare_registration_is_valid_too(context, make):
    person = make.registration()
    person = db.session.get_one(Professional, person.id)
    data = validated(json.loads(json.dumps(personal_copy.data_of(person))))
    assert data["competence"] is None
    for language in Language:
        assert personal_copy.pdf_of(person, language).startswith(b"%PDF")


def test_a_download_asks_for_a_fresh_login_and_belongs_to_one(app, make, client_for, run_jobs, store):
    with app.app_context():
        person = fill(make)
        account = db.session.get_one(Account, person.account_id)
    run_jobs()
    with app.app_context():
        export = db.session.scalars(select(DataExport)).one()
    address = f"/min-side/eksport/{export.id}/fil"
    old = client_for(account, Role.PROFESSIONAL, signed_in_ago=timedelta(minutes=16))
    answer = old.get(address)
    assert answer.status_code == 303
    assert "ny=1" in answer.headers["Location"]
    other = make.account("Annen Person")
    make.professional(other)
    assert client_for(other, Role.PROFESSIONAL).get(address).status_code == 404
    with app.app_context():
        with clock.at(export.expires_at - timedelta(seconds=1)):
            assert exports.is_ready(export)
            assert exports.expire_old() == 0
        with clock.at(export.expires_at):
            assert not exports.is_ready(export)
            assert exports.expire_old() == 1
        db.session.commit()
    with clock.at(export.expires_at):
        run_jobs()
    assert len(list(store.glob("files/*/*"))) == 1  # the person's own file
    mine = client_for(account, Role.PROFESSIONAL)
    assert mine.get(address).status_code == 409
    assert "slettet" in mine.get("/min-side/eksport").text


def test_two_presses_make_one_and_a_new_one_replaces_the_old(context, make, submit, client_for, run_jobs, store):
    account = make.account("Kari Prøve")
    make.professional(account)
    client = client_for(account, Role.PROFESSIONAL)
    assert submit(client, "/min-side/eksport", to="/min-side/eksport").status_code == 303
    assert status() == [ExportStatus.QUEUED]
    actor = make.actor(account, Role.PROFESSIONAL)
    assert exports.ask(actor).id == exports.ask(actor).id
    db.session.commit()
    run_jobs()
    assert status() == [ExportStatus.READY]
    submit(client, "/min-side/eksport", to="/min-side/eksport")
    run_jobs()
    assert status() == [ExportStatus.EXPIRED, ExportStatus.READY]
    assert len(list(store.glob("files/*/*"))) == 1


def test_files_that_are_not_found_clean_stay_out(context, make, run_jobs, store):
    person = fill(make)
    person = db.session.get_one(Professional, person.id)
    attach(person, "smittet.pdf", b"x").status = AttachmentStatus.UNSCANNABLE
    person.attachments[-1].attempts = 3
    db.session.commit()
    run_jobs()
    export = db.session.scalars(select(DataExport)).one()
    archive = opened(b"".join(files.read(export)))
    assert [name for name in archive.namelist() if name.startswith("files/")] == [f"files/01 {WORDS['file name']}"]
    paths = {file["name"]: file["path"] for file in json.loads(archive.read("data.json"))["files"]}
    assert paths == {WORDS["file name"]: f"files/01 {WORDS['file name']}", "smittet.pdf": None}


def test_a_file_the_scanner_knows_more_about_now_is_scanned_first(context, make, run_jobs):
    person = fill(make)
    file = db.session.get_one(Professional, person.id).attachments[0]
    file.signatures = "1"
    export = db.session.scalars(select(DataExport)).one()
    db.session.commit()
    exports.make(export.id)
    assert file.status is AttachmentStatus.SCANNING
    assert export.status is ExportStatus.QUEUED
    db.session.commit()
    with clock.at(clock.now() + timedelta(minutes=1)):
        run_jobs()
    assert status() == [ExportStatus.READY]


def test_a_copy_that_is_not_wanted_any_more_is_removed(context, make, run_jobs, store):
    person = fill(make)
    export = db.session.scalars(select(DataExport)).one()
    kept = DataExport(id=export.id)
    files.keep(kept, [b"copy"])
    before = len(list(store.glob("files/*/*")))
    export.move_to(ExportStatus.FAILED)
    db.session.commit()
    exports._finish(kept, 4)
    db.session.commit()
    run_jobs()
    assert len(list(store.glob("files/*/*"))) == before - 1
    assert status() == [ExportStatus.FAILED]
    assert exports.ask(make.actor(db.session.get_one(Account, person.account_id), Role.PROFESSIONAL)).id == export.id
    db.session.commit()
    assert status() == [ExportStatus.QUEUED]
    exports.fail(export.id)
    db.session.commit()
    assert status() == [ExportStatus.FAILED]
