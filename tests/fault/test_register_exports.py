"""A file of people whose worker dies at the worst moment: made once all the same, with one trace for each (R4)."""

from extensions.database import db
from models.enums import ContactPurpose, ExportFormat, Role
from services import register_exports
from services.register_columns import Column
from services.register_exports import Wanted
from services.search import Filters
from tests.fault.conftest import Faults
from tests.site import until

PEOPLE = 3


def test_a_worker_killed_while_it_notes_who_is_in_the_file(faults: Faults) -> None:
    for _ in range(PEOPLE):
        faults.make.professional()
    grant = faults.make.user()
    actor = faults.make.actor(grant.person, Role.ORGANISATION_USER, faults.make.organisation())  # type: ignore[attr-defined]
    storage = faults.app.extensions["agencies"].storage
    before = {one.key for one in storage.list("files")}
    with faults.unwritable("register_export_person"):
        with faults.app.app_context():
            columns = Column.NAME, Column.PHONE
            register_exports.ask(actor, Wanted(ContactPurpose.STAFF_NOW, ExportFormat.XLSX, columns, Filters()))
            db.session.commit()
        until(lambda: {one.key for one in storage.list("files")} - before, "the bytes to be stored")
        faults.kill(faults.site.worker)
    assert faults.value("SELECT status FROM register_export") == "queued"
    faults.site.worker.start()
    faults.wait_until_done()
    assert faults.value("SELECT status FROM register_export") == "ready"
    for many in ("audit_event WHERE action = 'contact.taken_out'", "register_export_person"):
        assert faults.value(f"SELECT count(*) FROM {many}") == PEOPLE
