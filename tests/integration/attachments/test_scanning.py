"""What a scan leads to, and what becomes of files when scanner or store fails (security.md C56, R10, R11)."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from adapters.errors import Unavailable
from adapters.storage import Missing, Storage
from extensions import clock
from extensions.database import db
from extensions.keys import CannotOpen, KeyRing, Purpose
from models.attachment import Attachment
from models.audit import AuditEvent
from models.enums import AttachmentStatus, Language, Role
from models.outbox import OutboxEntry
from services import file_scans, file_sweep, files, key_rotation, outbox
from stubs.clamav import TEST_STRING
from tests import papers
from tests.integration.attachments.conftest import Uploader
from workers import invariants


def let_pauses_pass(uploader: Uploader) -> None:
    """What was put off is due now."""
    with uploader.app.app_context():
        db.session.execute(update(OutboxEntry).where(OutboxEntry.done_at.is_(None)).values(due_at=clock.now()))
        db.session.commit()


def test_an_infected_file_is_destroyed_and_its_owner_told(
    uploader: Uploader, run_jobs: Any, stubs: Any, keys: Callable[[], list[str]]
) -> None:
    with uploader.app.app_context():
        uploader.professional.language = Language.NYNORSK
        db.session.merge(uploader.professional)
        db.session.commit()
    uploader.upload(papers.pdf(holding=TEST_STRING), "cv.pdf")
    run_jobs()
    (file,) = uploader.files()
    assert (file.status, file.storage_key, file.key_box) == (AttachmentStatus.INFECTED, None, None)
    assert file.finding == "Eicar-Test-Signature"
    assert keys() == []
    assert "Filen hadde skadelig innhold og er slettet. Last opp en ny fil." in uploader.page()
    assert uploader.open(file.id).status_code == 409
    (mail,) = stubs.mail()
    assert mail["recipients"] == [uploader.professional.email]
    assert "cv.pdf" not in mail["text"] and "Eicar" not in mail["text"]
    assert uploader.upload().status_code == 303  # it takes no room
    with uploader.app.app_context():
        assert file_scans.forget_refused() == 0
        with clock.at(clock.now() + timedelta(days=31)):
            assert file_scans.forget_refused() == 1


def test_what_cannot_be_looked_into_is_refused_in_its_own_words(uploader: Uploader, run_jobs: Any, stubs: Any) -> None:
    stubs.control("clamav", "infected", name="Heuristics.Encrypted.Zip")
    uploader.upload()
    run_jobs()
    assert "Filen har passord. Fjern passordet og last opp på nytt." in uploader.page()
    (mail,) = stubs.mail()
    assert "kunne ikke sjekkes for virus" in mail["text"] and "skadelig" not in mail["text"]


def test_a_file_waits_while_the_scanner_is_away(uploader: Uploader, run_jobs: Any, stubs: Any) -> None:
    stubs.control("clamav", "away")
    for _ in range(2):
        uploader.upload()
    run_jobs()
    assert {file.status for file in uploader.files()} == {AttachmentStatus.STORED}
    assert all(uploader.open(file.id).status_code == 409 for file in uploader.files())
    stubs.control("clamav", "ok")
    with uploader.app.app_context():
        pauses = db.session.scalars(select(OutboxEntry.due_at - clock.now()).where(OutboxEntry.done_at.is_(None)))
        assert all(pause <= timedelta(minutes=1) for pause in pauses)
    let_pauses_pass(uploader)
    run_jobs()
    assert {file.status for file in uploader.files()} == {AttachmentStatus.CLEAN}


def test_a_scanner_that_stays_away_is_asked_for_ever(uploader: Uploader, run_jobs: Any, stubs: Any) -> None:
    stubs.control("clamav", "away")
    uploader.upload()
    with uploader.app.app_context():
        scans = select(OutboxEntry).where(OutboxEntry.job == outbox.Job.SCAN_FILE)
        db.session.scalars(scans).one().created_at -= timedelta(days=3)
        db.session.commit()
    run_jobs()
    with uploader.app.app_context():
        assert db.session.scalar(
            select(func.count()).select_from(scans.where(OutboxEntry.done_at.is_(None)).subquery())
        )
    stubs.control("clamav", "ok")
    let_pauses_pass(uploader)
    run_jobs()
    assert uploader.files()[0].status is AttachmentStatus.CLEAN


def test_a_file_without_a_verdict_is_set_aside_after_three_tries(uploader: Uploader, run_jobs: Any, stubs: Any) -> None:
    content = papers.pdf()
    uploader.upload(content)
    again = "Vi prøver igjen."
    for attempt, (fault, words) in enumerate(
        (("crash", again), ("limit", again), ("error", "Last opp filen på nytt.")), 1
    ):
        stubs.control("clamav", fault, count=1)
        run_jobs()
        (file,) = uploader.files()
        assert (file.status, file.attempts) == (AttachmentStatus.UNSCANNABLE, attempt)
        assert f"Vi fikk ikke sjekket filen. {words}" in uploader.page()
        assert uploader.open(file.id).status_code == 409
        let_pauses_pass(uploader)
    assert run_jobs() == 0
    assert uploader.upload(content).status_code == 303  # the same file, once more
    run_jobs()
    (file,) = uploader.files()
    assert file.status is AttachmentStatus.CLEAN


def test_one_poison_file_holds_up_nobody(uploader: Uploader, run_jobs: Any, stubs: Any) -> None:
    poison = papers.pdf()
    uploader.upload(poison)
    stubs.control("clamav", "crash", sha256=uploader.files()[0].sha256.hex())
    uploader.upload()
    run_jobs()
    first, second = uploader.files()
    assert (first.status, second.status) == (AttachmentStatus.UNSCANNABLE, AttachmentStatus.CLEAN)


def test_a_scan_is_safe_to_repeat(uploader: Uploader, run_jobs: Any) -> None:
    uploader.upload()
    (file,) = uploader.files()
    with uploader.app.app_context():
        for _ in range(3):
            outbox.add(outbox.Job.SCAN_FILE, attachment_id=file.id)
        db.session.commit()
    run_jobs()
    assert uploader.files()[0].status is AttachmentStatus.CLEAN
    with uploader.app.app_context():
        verdicts = select(AuditEvent.action).where(AuditEvent.object_id == file.id, AuditEvent.actor_id.is_(None))
        assert db.session.scalars(verdicts).all() == ["attachment.clean"]


def test_newer_signatures_mean_a_new_scan_before_the_file_is_opened(
    uploader: Uploader, run_jobs: Any, stubs: Any
) -> None:
    uploader.upload()
    run_jobs()
    (file,) = uploader.files()
    stubs.control("clamav", "signatures", version="27399")
    assert uploader.open(file.id).mimetype == "application/pdf"
    stubs.control("clamav", "signatures", version="27402")
    page = uploader.open(file.id)
    assert page.mimetype == "text/html" and "Vi sjekker filen på nytt" in page.text
    assert uploader.files()[0].status is AttachmentStatus.CLEAN  # looking changes nothing
    asked = uploader.submit(uploader.browser, f"/min-side/cv/{file.id}/fil")
    assert asked.status_code == 303
    assert "Sjekker filen …" in uploader.page() and uploader.open(file.id).status_code == 409
    run_jobs()
    assert uploader.open(file.id).mimetype == "application/pdf"
    assert uploader.files()[0].signatures == "27402"


def test_an_organisation_opens_nothing_the_scanner_has_learnt_more_about(
    uploader: Uploader, make: Any, client_for: Any, run_jobs: Any, stubs: Any
) -> None:
    uploader.upload()
    run_jobs()
    (file,) = uploader.files()
    reader = client_for(make.user().person, Role.ORGANISATION_USER, make.organisation())
    contact = uploader.submit(reader, f"/register/person/{uploader.professional.id}", purpose="staff_now").location
    path = f"{contact}/cv/{file.id}"
    assert reader.get(path).mimetype == "application/pdf"
    stubs.control("clamav", "signatures", version="27403")
    page = reader.get(path)
    assert page.mimetype == "text/html" and "Vi sjekker filen på nytt" in page.text
    assert uploader.submit(reader, path).location == contact
    assert path not in reader.get(contact).text and reader.get(path).status_code == 404
    run_jobs()
    assert reader.get(path).mimetype == "application/pdf"


def test_nothing_is_opened_while_the_scanner_cannot_tell_what_it_knows(
    uploader: Uploader, run_jobs: Any, stubs: Any
) -> None:
    uploader.upload()
    run_jobs()
    stubs.control("clamav", "away")
    assert uploader.open(uploader.files()[0].id).status_code == 503


class BrokenStorage(Storage):
    """A store that changes, loses or withholds what it was given."""

    def __init__(self, inner: Storage, how: str) -> None:
        super().__init__(inner._store)
        self.how = how

    def get(self, key: str) -> Iterator[bytes]:
        content = bytearray(b"".join(super().get(key)))
        match self.how:
            case "flips a bit":
                content[len(content) // 2] ^= 1
            case "cuts the end":
                del content[-1:]
            case "loses it":
                raise Missing(key)
            case "is away":
                raise Unavailable("storage", "503")
            case "goes away":
                return gone_after(bytes(content[:10]))
        return iter([bytes(content)])


def gone_after(start: bytes) -> Iterator[bytes]:
    yield start
    raise Unavailable("storage", "reset")


@pytest.fixture
def broken(app: Any, storage: Storage) -> Iterator[Callable[[str], None]]:
    """Let the store misbehave: broken("flips a bit")."""

    def change(how: str) -> None:
        app.extensions["agencies"].storage = BrokenStorage(storage, how)

    yield change
    app.extensions["agencies"].storage = storage


@pytest.mark.parametrize("how", ["flips a bit", "cuts the end", "loses it", "is away", "goes away"])
def test_an_upload_the_store_does_not_give_back_is_no_upload(
    uploader: Uploader, broken: Callable[[str], None], how: str
) -> None:
    broken(how)
    answer = uploader.upload()
    assert answer.status_code == 503
    assert uploader.files() == []
    page = uploader.browser.get("/min-side/cv").text
    assert "Velg filen på nytt." in page and 'value="consented" checked' in page


@pytest.mark.parametrize("how", ["flips a bit", "cuts the end", "loses it"])
def test_wrong_bytes_are_neither_judged_nor_opened(
    uploader: Uploader, broken: Callable[[str], None], run_jobs: Any, stubs: Any, how: str
) -> None:
    uploader.upload()
    broken(how)
    run_jobs()
    (file,) = uploader.files()
    assert (file.status, file.attempts) == (AttachmentStatus.UNSCANNABLE, 1)
    broken("nothing")
    let_pauses_pass(uploader)
    run_jobs()
    assert uploader.files()[0].status is AttachmentStatus.CLEAN
    broken(how)
    assert uploader.open(file.id).status_code == 503


@pytest.mark.parametrize("how", ["is away", "goes away"])
def test_a_store_that_is_away_makes_the_scan_wait(
    uploader: Uploader, broken: Callable[[str], None], run_jobs: Any, how: str
) -> None:
    uploader.upload()
    broken(how)
    run_jobs()
    (file,) = uploader.files()
    assert (file.status, file.attempts) == (AttachmentStatus.STORED, 0)


def test_the_bytes_of_another_file_do_not_pass_for_this_one(uploader: Uploader, run_jobs: Any) -> None:
    uploader.upload()
    uploader.upload()
    first, second = uploader.files()
    with uploader.app.app_context():
        one, other = db.session.get_one(Attachment, first.id), db.session.get_one(Attachment, second.id)
        other.storage_key = "files/0/moved"
        db.session.flush()
        one.storage_key = second.storage_key
        one.key_box = second.key_box
        db.session.commit()
        with pytest.raises(CannotOpen):
            list(files.read(db.session.get_one(Attachment, first.id)))


def test_the_sweep_removes_what_nobody_owns_and_tells_what_is_lost(
    uploader: Uploader, storage: Storage, keys: Callable[[], list[str]]
) -> None:
    uploader.upload()
    uploader.upload()
    owned, lost = [file.storage_key for file in uploader.files()]
    assert owned and lost
    storage.put("files/0/orphan", [b"x"])
    storage.put("elsewhere/0/other", [b"x"])
    storage.delete(lost)
    with uploader.app.app_context():
        assert file_sweep.sweep() == file_sweep.Swept([], [lost])  # a young one may have its row tomorrow
        with clock.at(clock.now() + timedelta(hours=25)):
            assert file_sweep.sweep() == file_sweep.Swept(["files/0/orphan"], [lost])
    assert keys() == [owned]
    storage.delete("elsewhere/0/other")


def test_a_file_without_work_is_put_back_and_a_long_wait_is_told(
    uploader: Uploader, run_jobs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    uploader.upload()
    with uploader.app.app_context():
        assert invariants.forgotten_files() == [] and invariants.waiting_files() == []
        with clock.at(clock.now() + timedelta(minutes=31)), caplog.at_level(logging.ERROR):
            assert len(invariants.waiting_files()) == 1
            invariants.watch()
            assert "waited for the scanner" in caplog.text
        db.session.execute(update(OutboxEntry).values(done_at=clock.now()))
        db.session.commit()
        assert len(invariants.forgotten_files()) == 1
        db.session.commit()
    run_jobs()
    assert uploader.files()[0].status is AttachmentStatus.CLEAN


def test_keys_of_files_change_with_the_others(uploader: Uploader, run_jobs: Any, tmp_path: Any) -> None:
    ring_file, before = tmp_path / "ring.json", uploader.app.extensions["keyring"]
    uploader.app.extensions["keyring"] = KeyRing(dict(before.primary), {p: dict(k) for p, k in before.keys.items()})
    try:
        content = papers.pdf()
        uploader.upload(content)
        run_jobs()
        with uploader.app.app_context():
            old = uploader.app.extensions["keyring"].primary[Purpose.FILE]
            uploader.app.extensions["keyring"].save_with_new_primary(Purpose.FILE, ring_file)
            assert key_rotation.remaining() == 1
            assert dict(key_rotation.rotate(db.session.commit))["attachment"] == 1
            assert key_rotation.remaining() == 0
            del uploader.app.extensions["keyring"].keys[Purpose.FILE][old]
        assert uploader.open(uploader.files()[0].id).data == content
    finally:
        uploader.app.extensions["keyring"] = before


def test_a_ring_from_an_earlier_release_takes_no_files_until_it_has_a_key(
    uploader: Uploader, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    ring_file, before = tmp_path / "ring.json", uploader.app.extensions["keyring"]
    old = KeyRing.create(ring_file)
    del old.primary[Purpose.FILE]
    ring_file.write_text(old._as_json())
    uploader.app.extensions["keyring"] = KeyRing(
        {p: k for p, k in before.primary.items() if p is not Purpose.FILE}, before.keys
    )
    try:
        assert uploader.upload().status_code == 503
    finally:
        uploader.app.extensions["keyring"] = before
    loaded = KeyRing.load(ring_file)
    assert "no key for file" in caplog.text
    loaded.add_missing(ring_file)
    again = KeyRing.load(ring_file)
    assert again.primary == {**old.primary, Purpose.FILE: loaded.primary[Purpose.FILE]}
