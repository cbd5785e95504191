"""From the form to «Klar», and what is refused on the way (ux.md D5, security.md C50–C58)."""

import io
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.audit import AuditEvent
from models.enums import AttachmentKind, AttachmentStatus, Role, Visibility
from models.listing import Listing
from services import attachments, sessions
from services.errors import TooMany
from services.file_checks.verdicts import MAX_BYTES
from services.uploads import Upload
from stubs.clamav import TEST_STRING
from tests import papers
from tests.builders import Builders
from tests.integration.attachments.conftest import Uploader
from tests.pages import Page


def test_a_file_waits_is_scanned_and_opens_as_it_was(uploader: Uploader, run_jobs: Any) -> None:
    content = papers.pdf()
    answer = uploader.upload(content, "Min CV – Ŋuorra.pdf")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/min-side/cv")
    (file,) = uploader.files()
    assert file.status is AttachmentStatus.STORED
    assert "Vi sjekker filen for virus. Du kan gå videre." in uploader.page()
    assert uploader.open(file.id).status_code == 409
    run_jobs()
    assert "Klar. Lastet opp" in uploader.page()
    opened = uploader.open(file.id)
    assert opened.data == content
    assert opened.headers["Content-Type"] == "application/pdf"
    assert opened.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert opened.headers["X-Content-Type-Options"] == "nosniff"
    assert opened.headers["Cache-Control"] == "no-store"
    assert opened.headers["Content-Disposition"].startswith('attachment; filename="Min CV')
    assert "filename*=UTF-8''Min%20CV%20%E2%80%93%20%C5%8Auorra.pdf" in opened.headers["Content-Disposition"]
    with uploader.app.app_context():
        of_file = select(AuditEvent.action).where(AuditEvent.object_id == file.id)
        acts = db.session.scalars(of_file.order_by(AuditEvent.id)).all()
        assert acts == ["attachment.received", "attachment.clean", "attachment.opened"]
        assert db.session.get_one(Listing, uploader.professional.id).has_cv


def test_no_byte_of_a_file_is_stored_in_clear(uploader: Uploader, storage: Any, keys: Any) -> None:
    content = papers.pdf(holding=b"Sykepleier i Trondheim " * 20)
    uploader.upload(content)
    (key,) = keys()
    stored = b"".join(storage.get(key))
    assert len(stored) == len(content) + 16
    assert b"PDF" not in stored and b"Sykepleier" not in stored


def test_what_is_refused_is_told_why_and_not_kept(uploader: Uploader, keys: Any) -> None:
    refused = {
        "Filen er tom.": (b"", "cv.pdf"),
        "Filen må være PDF, DOCX eller ODT.": (TEST_STRING, "cv.pdf"),
        "Innholdet i filen er noe annet enn navnet sier. Filen må være": (papers.pdf(), "cv.docx"),
        "Filen må være PDF, DOCX eller ODT": (papers.zipped(TEST_STRING), "cv.zip"),
        "Filen er 10,1 MB. Den kan være inntil 10 MB.": (b"%PDF-1.7" + b"x" * (MAX_BYTES - 7), "cv.pdf"),
        "Velg en fil.": (b"", ""),
    }
    for words, (content, name) in refused.items():
        answer = uploader.upload(content, name)
        assert answer.status_code == 422 and words in answer.text, words
        assert "<title>Feil: CV" in answer.text
        assert 'value="consented" checked' in answer.text  # what was chosen stays
    assert uploader.files() == [] and keys() == []


def test_the_largest_file_is_taken_and_one_byte_more_is_not(uploader: Uploader, keys: Any) -> None:
    assert uploader.upload(papers.pdf(size=MAX_BYTES)).status_code == 303
    assert uploader.upload(papers.pdf(size=MAX_BYTES + 1)).status_code == 422
    assert [file.size for file in uploader.files()] == [MAX_BYTES] and len(keys()) == 1


def test_a_form_with_other_faults_asks_for_the_file_again(uploader: Uploader) -> None:
    answer = uploader.upload(visibility=None)
    assert answer.status_code == 422
    assert "Velg hvem som kan se CV-en." in answer.text and "Velg filen på nytt." in answer.text


def test_the_same_file_twice_is_one(uploader: Uploader, keys: Any) -> None:
    content = papers.pdf()
    assert uploader.upload(content).status_code == 303
    again = uploader.upload(content, "samme.pdf")
    assert again.status_code == 422 and "Du har allerede lastet opp denne filen." in again.text
    assert len(uploader.files()) == len(keys()) == 1


def test_a_second_press_leads_to_the_first_result_and_another_file_does_not(uploader: Uploader) -> None:
    page = uploader.browser.get("/min-side/cv").text
    fields = {**Page(page).form().values, "visibility": "only_me"}
    content = papers.pdf()
    for body in (content, content, papers.pdf()):
        answer = uploader.browser.post("/min-side/cv", data={**fields, "file": (io.BytesIO(body), "cv.pdf")})
        assert answer.status_code == 303
    assert len(uploader.files()) == 2


def test_limits_of_one_person(uploader: Uploader, run_jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        assert uploader.upload().status_code == 303
    fourth = uploader.upload()
    assert fourth.status_code == 422 and "Du kan ha inntil 3 filer. Slett eller bytt en av dem først." in fourth.text
    first = uploader.files()[0]
    assert uploader.upload(path=f"/min-side/cv/{first.id}/bytt").status_code == 303  # one for another is no fourth
    monkeypatch.setattr(attachments, "MOST_BYTES", sum(file.size for file in uploader.files()))
    last = uploader.files()[-1]
    full = uploader.upload(papers.pdf(size=5000), path=f"/min-side/cv/{last.id}/bytt")
    assert full.status_code == 422 and "til sammen være inntil 50 MB" in full.text
    assert len(uploader.files()) == 3


def test_documents_may_be_pictures_made_anew(context: Any, make: Builders) -> None:
    picture = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "hemmelig sted"
    Image.new("RGB", (40, 30), "teal").save(picture, "JPEG", exif=exif)
    person = make.professional()
    actor = make.actor(person.person, Role.PROFESSIONAL)
    kept = attachments.receive(
        actor, Upload.of([picture.getvalue()]), "Vitnemål.jpg", AttachmentKind.DOCUMENT, Visibility.ONLY_ME
    )
    kept.status, kept.scanned_at = AttachmentStatus.CLEAN, clock.now()
    content = attachments.content_of(kept)
    assert kept.media_type == "image/jpeg" and content.startswith(b"\xff\xd8")
    assert b"hemmelig sted" in picture.getvalue() and b"hemmelig sted" not in content


def test_replacing_removing_and_hiding(uploader: Uploader, run_jobs: Any, keys: Any) -> None:
    uploader.upload(name="gammel.pdf")
    run_jobs()
    (old,) = uploader.files()
    page = uploader.browser.get(f"/min-side/cv/{old.id}/bytt").text
    assert 'value="consented" checked' in page and "gammel.pdf" in page
    assert uploader.upload(name="ny.pdf", path=f"/min-side/cv/{old.id}/bytt").status_code == 303
    run_jobs()
    (new,) = uploader.files()
    assert new.id != old.id and keys() == [new.storage_key]
    assert uploader.open(old.id).status_code == 404

    def is_shown() -> bool:
        with uploader.app.app_context():
            return db.session.get_one(Listing, uploader.professional.id).has_cv

    assert is_shown()
    change = uploader.submit(uploader.browser, f"/min-side/cv/{new.id}/synlighet", visibility="only_me")
    assert change.status_code == 303 and not is_shown()
    assert "Bare du kan se den." in uploader.page()
    assert uploader.submit(uploader.browser, f"/min-side/cv/{new.id}/slett").status_code == 303
    assert uploader.files() == [] and "ny.pdf er slettet." in uploader.page()
    run_jobs()
    assert keys() == []


def test_a_file_can_be_removed_while_it_waits(uploader: Uploader, run_jobs: Any, keys: Any) -> None:
    uploader.upload()
    (file,) = uploader.files()
    assert uploader.submit(uploader.browser, f"/min-side/cv/{file.id}/slett").status_code == 303
    run_jobs()
    assert keys() == []


def test_nobody_else_finds_the_file(
    uploader: Uploader, run_jobs: Any, make: Builders, client_for: Any, client: Any
) -> None:
    uploader.upload()
    run_jobs()
    (file,) = uploader.files()
    stranger = client_for(make.professional().person, Role.PROFESSIONAL)
    for path in ("fil", "bytt", "slett", "synlighet"):
        assert stranger.get(f"/min-side/cv/{file.id}/{path}").status_code == 404
        assert client.get(f"/min-side/cv/{file.id}/{path}").status_code == 303
    reader = client_for(make.staff(), Role.CASEWORKER)
    assert reader.get(f"/min-side/cv/{file.id}/fil").status_code in (303, 403)


def test_the_list_can_be_asked_for_alone(uploader: Uploader, run_jobs: Any) -> None:
    uploader.upload()
    part = uploader.browser.get("/min-side/cv", headers={"X-Partial": "files"}).text
    assert "<html" not in part and 'data-poll="/min-side/cv"' in part and "Oppdater status" in part
    run_jobs()
    part = uploader.browser.get("/min-side/cv", headers={"X-Partial": "files"}).text
    assert "Klar." in part and "data-poll=" not in part


def test_the_body_is_not_read_before_it_is_known_who_sends_it(uploader: Uploader, client: Any) -> None:
    class Untouched(io.BytesIO):
        def read(self, *size: int) -> bytes:
            raise AssertionError("read")

    where = {"path": "/min-side/cv", "method": "POST", "content_type": "multipart/form-data; boundary=x"}
    answer = client.open(**where, input_stream=Untouched(), content_length=1000)
    assert answer.status_code == 303 and "/logg-inn" in answer.headers["Location"]


def test_a_lost_session_asks_for_the_file_again(uploader: Uploader, client_for: Any) -> None:
    fields = Page(uploader.browser.get("/min-side/cv").text).form().values
    with uploader.app.app_context():
        sessions.end_as(uploader.professional.account_id, [Role.PROFESSIONAL])
        db.session.commit()
    file = (io.BytesIO(papers.pdf()), "cv.pdf")
    answer = uploader.browser.post("/min-side/cv", data={**fields, "visibility": "only_me", "file": file})
    assert answer.status_code == 303 and "/logg-inn" in answer.headers["Location"]
    back = client_for(uploader.professional.person, Role.PROFESSIONAL)
    held = uploader.browser.get_cookie("held")
    assert held is not None
    back.set_cookie("held", held.value)
    page = back.get("/min-side/cv").text
    assert "Du ble logget ut. Velg filen på nytt." in page and "tok vare på det du skrev" not in page
    assert uploader.files() == []


def test_a_third_upload_at_once_waits(app: Flask, make: Builders) -> None:
    actor = make.actor(make.professional().person, Role.PROFESSIONAL)
    other = make.actor(make.professional().person, Role.PROFESSIONAL)
    with app.app_context():
        attachments.take_place(actor)
        with app.app_context():
            attachments.take_place(actor)
            with app.app_context():
                attachments.take_place(other)
            with app.app_context(), pytest.raises(TooMany):
                attachments.take_place(actor)
    with app.app_context():
        attachments.take_place(actor)
