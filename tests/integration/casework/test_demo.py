"""The demo data: every page worth looking at, made through the services, safe to repeat, never in production."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from config import Environment
from extensions.database import db
from models.account import Account, StaffMember
from models.application import AccessApplication, Decision, InternalNote, Question
from models.audit import AuditEvent
from models.enums import ApplicationStatus, DecisionStatus, GrantStatus, InvitationStatus, QuestionStatus, Role
from models.grant import Grant, Invitation
from models.message import Message
from stubs.testing import Stubs
from workers import invariants


def statuses(column):
    return dict(db.session.execute(select(column, func.count()).group_by(column)).all())


def load(app: Flask):
    return app.test_cli_runner().invoke(args=["demo", "load"])


@dataclass(frozen=True)
class Loaded:
    """How it went to load the demo data."""

    result: Result
    seconds: float
    mails: int


@pytest.fixture
def loaded(app: Flask, stubs: Stubs, once: Callable[..., Loaded]) -> Loaded:
    """The demo data is there."""

    def build() -> Loaded:
        began = time.process_time()
        return Loaded(load(app), time.process_time() - began, len(stubs.mail()))

    return once(build)


def test_every_state_is_there_in_order_of_time_and_twice_is_once(app, loaded):
    assert loaded.result.exit_code == 0, loaded.result.output
    assert loaded.seconds < 15
    with app.app_context():
        assert set(statuses(AccessApplication.status)) == set(ApplicationStatus)
        assert set(statuses(Grant.status)) == set(GrantStatus)
        assert {InvitationStatus.SENT, InvitationStatus.ACCEPTED, InvitationStatus.EXPIRED} <= set(
            statuses(Invitation.status)
        )
        assert {QuestionStatus.OPEN, QuestionStatus.ANSWERED} <= set(statuses(Question.status))
        assert {DecisionStatus.PROPOSED, DecisionStatus.FINAL} <= set(statuses(Decision.status))
        assert db.session.scalar(select(func.count()).select_from(StaffMember)) == 4
        assert db.session.scalar(select(func.count()).select_from(InternalNote)) >= 3
        times = db.session.scalars(select(AuditEvent.at).order_by(AuditEvent.id)).all()
        made = [at for at in times if at < max(times)]
        assert len(made) > 100
        before = (statuses(AccessApplication.status), len(times), statuses(Message.status))
        assert not invariants.late_work()
    assert loaded.mails > 30
    assert load(app).exit_code == 0
    with app.app_context():
        assert statuses(AccessApplication.status) == before[0] and statuses(Message.status) == before[2]


def test_refused_in_production(app, settings):
    settings(environment=Environment.PRODUCTION)
    result = load(app)
    assert result.exit_code != 0 and "no place in production" in result.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AccessApplication)) == 0


def test_every_case_can_be_opened(app, loaded, client_for):
    with app.app_context():
        cases = db.session.scalars(select(AccessApplication.id).where(AccessApplication.status != "draft")).all()
        auditor = db.session.scalars(
            select(Account)
            .join(StaffMember, StaffMember.account_id == Account.id)
            .where(StaffMember.role == Role.AUDITOR)
        ).one()
    reader = client_for(auditor, Role.AUDITOR)
    for case in cases:
        for page in ("", "/personer", "/meldinger", "/historikk", "/vedtak/brev"):
            assert reader.get(f"/sak/{case}{page}").status_code in (200, 303)
