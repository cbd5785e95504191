"""From the form to «Klar» (ux.md D5, security.md C50–C58)."""

import io
from typing import Any

from models.enums import AttachmentStatus, Visibility
from tests import papers
from tests.integration.attachments.conftest import Uploader


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
