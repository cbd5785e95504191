"""Closed cases are handed over to the archive, and removed here years later; never one that was not handed over."""

import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.application import AccessApplication
from models.enums import ApplicationStatus, DelayReason, GrantStatus
from models.grant import Grant
from services import archive, retention

YEARS = timedelta(days=5 * 365 + 3)


@pytest.fixture
def declined(context, make):
    """A case that was decided."""
    application = make.application(ApplicationStatus.DECLINED)
    row = db.session.get_one(AccessApplication, application.id)
    row.receipt_pdf, row.snapshot = b"%PDF receipt", {"submitter": {"name": "Inger Innsender"}}
    row.provisional_reply_at, row.delay_reason = clock.now(), DelayReason.EXAMINED
    make.decision(row)
    return row


def test_everything_of_a_case_once(app, declined, make, tmp_path):
    make.application(ApplicationStatus.IN_REVIEW)
    run = app.test_cli_runner().invoke
    assert run(args=["archive", "hand-over", str(tmp_path)]).output == "1 handed over\n"
    assert run(args=["archive", "hand-over", str(tmp_path)]).output == "0 handed over\n"
    assert [path.name for path in tmp_path.iterdir()] == [declined.reference]
    folder = tmp_path / declined.reference
    facts = json.loads((folder / "case.json").read_text())
    assert facts["application"] == {"submitter": {"name": "Inger Innsender"}}
    assert facts["provisional_reply"]["reason"] == "examined"
    assert facts["decisions"][0]["letter"].startswith("# Vedtak")
    assert set(facts["documents"]) == {"receipt.pdf", "decision-1.pdf"}
    for name, digest in facts["documents"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_a_new_decision_is_handed_over_anew(declined, make, tmp_path):
    archive.hand_over(declined.id, tmp_path)
    db.session.commit()
    assert archive.waiting() == []
    with clock.at(clock.now() + timedelta(days=30)):
        declined.decided_at = clock.now()
        make.decision(declined)
        db.session.refresh(declined)
        assert archive.waiting() == [declined.id]
        archive.hand_over(declined.id, tmp_path)
    assert (tmp_path / declined.reference / "decision-2.pdf").exists()


def test_removed_after_five_years_but_never_before_it_was_handed_over(declined, tmp_path):
    with clock.at(clock.now() + YEARS):
        assert archive.remove_old() == 0
    archive.hand_over(declined.id, tmp_path)
    db.session.commit()
    with clock.at(clock.now() + YEARS - timedelta(days=10)):
        assert archive.remove_old() == 0
    submitter = declined.submitter_id
    with clock.at(clock.now() + YEARS):
        assert retention.delete_unused_accounts() == 0
        assert archive.remove_old() == 1
        db.session.commit()
        assert retention.delete_unused_accounts() == 1
    assert db.session.scalar(select(func.count()).where(Account.id == submitter)) == 0
    assert db.session.scalar(select(func.count()).select_from(AccessApplication)) == 0


def test_access_that_lasts_keeps_the_case(context, make, tmp_path):
    for status in (GrantStatus.ACTIVE, GrantStatus.ENDED):
        make.user(status=status)
    for application_id in archive.waiting():
        archive.hand_over(application_id, tmp_path)
    db.session.commit()
    with clock.at(clock.now() + YEARS):
        assert archive.remove_old() == 1
    db.session.commit()
    assert db.session.scalars(select(Grant.status)).all() == [GrantStatus.ACTIVE]
