"""The demo data: every page worth looking at, made through the services, safe to repeat, never in production."""

import time

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


def statuses(column):
    return dict(db.session.execute(select(column, func.count()).group_by(column)).all())


def load(app: Flask):
    return app.test_cli_runner().invoke(args=["demo", "load"])


def test_every_state_is_there_in_order_of_time_and_twice_is_once(app, stubs):
    began = time.process_time()
    result = load(app)
    assert result.exit_code == 0, result.output
    assert time.process_time() - began < 15
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
    assert len(stubs.mail()) > 30
    assert load(app).exit_code == 0
    with app.app_context():
        assert statuses(AccessApplication.status) == before[0] and statuses(Message.status) == before[2]


def test_refused_in_production(app, settings):
    settings(environment=Environment.PRODUCTION)
    result = load(app)
    assert result.exit_code != 0 and "no place in production" in result.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AccessApplication)) == 0


def test_every_case_can_be_opened(app, client_for):
    assert load(app).exit_code == 0
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
