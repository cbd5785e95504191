"""Reminders, expiry, half-year confirmation and retention, by moving the clock (design.md D3, D12; ux.md C)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from adapters.errors import Unavailable
from extensions import clock
from extensions.database import db
from models.account import Account, FormKey, HeldForm, LoginAttempt, LoginSession
from models.application import AccessApplication, Nominee
from models.audit import AuditEvent
from models.enums import (
    AccessLevel,
    ApplicationStatus,
    GrantEnd,
    GrantStatus,
    InvitationStatus,
    Language,
    MessageKind,
    MessageStatus,
    Role,
)
from models.grant import Grant, Invitation
from models.message import Message
from models.outbox import OutboxEntry
from services import applications, form_keys, grants, held_forms, housekeeping, mailbox, sign_in


def later(**span):
    return clock.at(clock.now() + timedelta(**span))


def count(table, *conditions):
    db.session.flush()
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


def kinds():
    return sorted(db.session.scalars(select(Message.kind)))


@pytest.fixture
def invitation(context, make):
    row = make.invitation()
    db.session.commit()
    return row


def get(row):
    return db.session.get_one(type(row), row.id)


def declined(make):
    """An application with its decision."""
    application = make.application(ApplicationStatus.DECLINED)
    make.decision(application, decided_at=application.decided_at)
    return application


class TestDecisions:
    def test_one_that_is_not_opened_within_a_week_is_told_of_once_more(self, context, make):
        read, unread = (declined(make) for _ in range(2))
        reader = make.actor(db.session.get_one(Account, read.submitter_id))
        applications.note_viewed(reader, read, "vedtak")
        applications.note_viewed(reader, unread, "status")
        db.session.commit()
        for days, told in ((6, 0), (7, 1), (8, 0), (15, 0)):
            with later(days=days, minutes=1):
                assert housekeeping.remind_unread_decisions() == told, days
        assert kinds() == [MessageKind.APPLICATION_DECLINED]
        assert db.session.scalars(select(Message.application_id)).one() == unread.id

    def test_not_of_one_that_an_appeal_has_opened_again(self, context, make):
        application = declined(make)
        db.session.merge(application).move_to(ApplicationStatus.IN_REVIEW)
        db.session.commit()
        with later(days=8):
            assert housekeeping.remind_unread_decisions() == 0
        assert not kinds()

    def test_of_the_last_alone_when_there_are_two(self, context, make):
        application = declined(make)
        with later(days=1):
            again = make.decision(application)
            db.session.merge(application).decided_at = again.decided_at
            db.session.commit()
        with later(days=9):
            assert housekeeping.remind_unread_decisions() == 1


class TestInvitations:
    def test_a_reminder_after_a_week_once(self, invitation):
        with later(days=6, hours=23):
            assert housekeeping.remind_invitations() == 0
        with later(days=7, minutes=1):
            assert housekeeping.remind_invitations() == 1
            assert housekeeping.remind_invitations() == 0
        assert get(invitation).reminded_at is not None
        assert kinds() == [MessageKind.INVITATION_REMINDER]

    @pytest.mark.parametrize(
        "status", [InvitationStatus.ACCEPTED, InvitationStatus.REVOKED, InvitationStatus.UNDELIVERABLE]
    )
    def test_no_reminder_of_what_does_not_wait(self, context, make, status):
        make.invitation(status=status)
        with later(days=8):
            assert housekeeping.remind_invitations() == 0

    def test_it_runs_out_after_two_weeks_and_the_person_is_told(self, invitation):
        with later(days=13):
            assert housekeeping.expire_invitations() == 0
        with later(days=14, minutes=1):
            assert housekeeping.expire_invitations() == 1
            assert housekeeping.expire_invitations() == 0
        assert get(invitation).status is InvitationStatus.EXPIRED
        assert kinds() == [MessageKind.INVITATION_EXPIRED]
        assert count(AuditEvent, AuditEvent.action == "invitation.expired") == 1

    def test_one_that_never_arrived_runs_out_in_silence(self, context, make):
        make.invitation(status=InvitationStatus.UNDELIVERABLE)
        with later(days=15):
            assert housekeeping.expire_invitations() == 1
        assert kinds() == []

    def test_one_that_somebody_is_using_is_left_for_the_next_round(self, app, invitation):
        with app.app_context():
            db.session.get_one(Invitation, invitation.id, with_for_update=True)
            with app.app_context(), later(days=15):
                assert housekeeping.expire_invitations() == 0
        with later(days=15):
            assert housekeeping.expire_invitations() == 1

    def test_who_never_came_is_forgotten_after_a_month_and_the_application_stays(self, invitation):
        with later(days=15):
            housekeeping.expire_invitations()
            db.session.commit()
            assert housekeeping.end_pending_users() == 0
        with later(days=44, minutes=1):
            assert housekeeping.end_pending_users() == 1
            assert housekeeping.end_pending_users() == 0
        db.session.commit()
        grant = db.session.get_one(Grant, invitation.grant_id)
        assert (grant.status, grant.ended_as) == (GrantStatus.ENDED, GrantEnd.EXPIRED)
        assert count(Invitation) == 0
        assert count(Message) == 0, "the address in the mail is gone with it"
        assert count(Nominee) == 1

    def test_a_new_invitation_gives_a_new_month(self, context, make, invitation):
        with later(days=20):
            get(invitation).status = InvitationStatus.EXPIRED
            db.session.commit()
            make.invitation(db.session.get_one(Grant, invitation.grant_id))
        with later(days=45):
            assert housekeeping.end_pending_users() == 0


class TestHalfYear:
    def test_the_organisation_is_asked_and_then_what_nobody_confirmed_ends(self, context, make):
        reader, administrator = make.user(), make.user(AccessLevel.USER_ADMINISTRATOR)
        for days in (140, 152, 153):
            with later(days=days):
                housekeeping.ask_for_confirmation()
        db.session.commit()
        (asked,) = db.session.scalars(select(Message))
        assert asked.kind is MessageKind.RECONFIRMATION_DUE
        assert asked.recipient == get(administrator.nominee).email
        with later(days=170):
            get(administrator).confirmed_at = clock.now()
            db.session.commit()
            assert housekeeping.end_unconfirmed() == 0
        with later(days=185):
            assert housekeeping.end_unconfirmed() == 1
        assert (get(reader).status, get(reader).ended_as) == (GrantStatus.ENDED, GrantEnd.NOT_RECONFIRMED)
        assert get(administrator).status is GrantStatus.ACTIVE

    def test_nothing_ends_unasked(self, context, make):
        grant = make.user()
        with later(days=185):
            assert housekeeping.end_unconfirmed() == 0
            assert housekeeping.ask_for_confirmation() == 1
            db.session.commit()
            assert housekeeping.end_unconfirmed() == 0
        assert get(grant).status is GrantStatus.ACTIVE

    def test_where_nobody_manages_users_the_contact_person_is_asked(self, context, make):
        make.user()
        with later(days=160):
            assert housekeeping.ask_for_confirmation() == 1
        assert db.session.scalars(select(Message.recipient)).one() == "innsender@kommune.example"
        assert len(grants.due_for_reconfirmation()) == 0


class TestUnusedAccess:
    def test_who_does_not_use_it_is_asked_and_then_locked_out_until_it_is_confirmed(
        self, app, make, client_for, submit
    ):
        grant, administrator = make.user(), make.user(AccessLevel.USER_ADMINISTRATOR)
        with app.app_context():
            for days, asked in ((83, 0), (84, 1), (90, 0)):
                with later(days=days):
                    get(administrator).last_login_at = clock.now()
                    assert (housekeeping.ask_of_unused(), housekeeping.lock_unused()) == (asked, 0), days
                    db.session.commit()
            with later(days=98):
                assert (housekeeping.lock_unused(), housekeeping.lock_unused()) == (1, 0)
                db.session.commit()
            told = select(Message.kind, Message.recipient).order_by(Message.kind, Message.recipient)
            person, opener = get(grant).nominee.email, get(administrator).nominee.email
            assert [tuple(row) for row in db.session.execute(told)] == [
                *((MessageKind.ACCESS_LOCKED, address) for address in sorted((person, opener))),
                (MessageKind.ACCESS_UNUSED, person),
            ]
            assert sign_in.hats(grant.person.id) == [] and get(grant).status is GrantStatus.ACTIVE
        locked_out = client_for(grant.person, Role.ORGANISATION_USER, make.organisation())
        assert locked_out.get("/virksomhet").location.startswith("/logg-inn")
        waiting = client_for(grant.person)
        assert waiting.get("/register").location == "/virksomhet/velg?next=/register"
        for page in ("/velkommen", "/virksomhet/velg"):
            assert "er låst fordi den ikke har vært brukt" in waiting.get(page).text
        browser = client_for(administrator.person, Role.ORGANISATION_USER, make.organisation())
        assert "Låst fordi den ikke har vært brukt." in browser.get("/virksomhet/brukere").text
        assert submit(browser, "/virksomhet/brukere", users=[str(grant.id)]).status_code == 303
        with app.app_context():
            assert get(grant).locked_at is None and len(sign_in.hats(grant.person.id)) == 1

    def test_nobody_is_locked_unasked_or_having_signed_in_since(self, context, make):
        grant = make.user()
        with later(days=200):
            assert housekeeping.lock_unused() == 0
            assert housekeeping.ask_of_unused() == 1
            assert housekeeping.lock_unused() == 0
        with later(days=210):
            get(grant).last_login_at = clock.now()
            db.session.flush()
        with later(days=220):
            assert housekeeping.lock_unused() == 0
        assert get(grant).locked_at is None


class TestEndedOrganisations:
    def test_the_access_of_one_that_is_deleted_ends_and_of_others_stays(self, context, make, stubs):
        deleted, standing = (make.organisation(number, verified_at=None) for number in ("942110464", "940101808"))
        gone, invited, stays = (
            make.user(organisation=deleted),
            make.user(organisation=deleted, status=GrantStatus.INVITED),
            make.user(organisation=standing),
        )
        stubs.control("enhetsregisteret", "delete", organisation=deleted.number)
        assert (housekeeping.end_of_ended_organisations(), housekeeping.end_of_ended_organisations()) == (2, 0)
        db.session.commit()
        assert [get(grant).ended_as for grant in (gone, invited, stays)] == [GrantEnd.ORGANISATION_ENDED] * 2 + [None]
        assert kinds() == [MessageKind.ACCESS_ENDED] * 4

    def test_too_many_at_once_are_doubted(self, context, make, stubs, monkeypatch):
        monkeypatch.setattr(housekeeping, "MOST_ENDED", 0)
        grant = make.user(organisation=make.organisation(verified_at=clock.now() - timedelta(days=8)))
        stubs.control("enhetsregisteret", "remove", organisation="942110464")
        assert housekeeping.end_of_ended_organisations() == 0
        assert get(grant).status is GrantStatus.ACTIVE

    def test_what_was_answered_lately_or_is_not_answered_changes_nothing(self, context, make, stubs):
        make.user()
        stubs.control("enhetsregisteret", "delete", organisation="942110464")
        assert housekeeping.end_of_ended_organisations() == 0
        stubs.control("enhetsregisteret", "http503")
        with later(days=8), pytest.raises(Unavailable):
            housekeeping.end_of_ended_organisations()


class TestRetention:
    def test_drafts_go_after_thirty_days_without_a_touch(self, context, make):
        draft, sent = make.application(nominees=2), make.application(ApplicationStatus.SUBMITTED)
        with later(days=29):
            assert housekeeping.delete_drafts() == 0
            touched = make.application()
            db.session.commit()
        with later(days=31):
            assert housekeeping.delete_drafts() == 1
            db.session.commit()
        assert set(db.session.scalars(select(AccessApplication.id))) == {sent.id, touched.id}
        assert count(Nominee, Nominee.application_id == draft.id) == 0
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "application.deleted")).one()
        assert event.object_id == draft.id and event.actor_id is None

    def test_mails_lose_their_words_after_a_month_and_the_trace_after_a_year(self, context):
        def queue(number):
            return mailbox.queue(
                MessageKind.ACCESS_ENDED, number, "a@b.example", Language.BOKMAL, organisation="Stillevik"
            )

        sent, waiting = queue(1), queue(2)
        sent.status, sent.sent_at = MessageStatus.SENT, clock.now()
        db.session.commit()
        with later(days=29):
            assert housekeeping.empty_old_messages() == 0
        with later(days=31):
            assert housekeeping.empty_old_messages() == 1
            assert housekeeping.empty_old_messages() == 0
        db.session.expire_all()
        assert (get(sent).facts, get(waiting).facts) == ({}, {"organisation": "Stillevik"})
        with later(days=366):
            housekeeping.empty_old_messages()
        assert set(db.session.scalars(select(Message.id))) == {waiting.id}

    def test_what_lives_minutes_goes_within_days(self, context, make):
        account = make.account()
        held_forms.keep(held_forms.Held(account.id, "/soknad", [("a", "b")], was_signed_out=False))
        form_keys.claim(uuid4(), b"x", account.id)
        db.session.add(
            LoginAttempt(state_hash=b"s", browser_hash=b"b", secrets_box=b"x", issuer="i", created_at=clock.now())
        )
        db.session.commit()
        assert housekeeping.discard_short_lived() == 0
        with later(days=3):
            assert housekeeping.discard_short_lived() == 3
        assert count(HeldForm) == count(FormKey) == count(LoginAttempt) == 0

    def test_sessions_go_a_month_after_they_ended(self, context, make, client_for):
        client_for(make.account())
        with later(days=30):
            assert housekeeping.discard_old_sessions() == 0
        with later(days=31):
            assert housekeeping.discard_old_sessions() == 1
        assert count(LoginSession) == 0

    def test_done_work_goes_after_two_weeks_and_the_rest_stays(self, context):
        def entry(**facts):
            row = OutboxEntry(job="x", arguments={}, created_at=clock.now(), due_at=clock.now(), **facts)
            db.session.add(row)
            db.session.flush()
            return row.id

        entry(done_at=clock.now())
        kept = {entry(), entry(set_aside_at=clock.now())}
        with later(days=15):
            assert housekeeping.discard_done_work() == 1
        assert set(db.session.scalars(select(OutboxEntry.id))) == kept
