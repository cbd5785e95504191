"""The rules of grants and invitations as services: who may, how often, what never happens (C9, C19, C30, C37)."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import (
    AccessLevel,
    ApplicationStatus,
    GrantEnd,
    GrantStatus,
    InvitationStatus,
    MessageKind,
    NomineeOutcome,
    Role,
)
from models.grant import Grant, Invitation
from models.message import Message
from services import grants, invitations, national_ids, sessions
from services.errors import Conflict, Forbidden, NotFound, TooMany
from tests.builders import synthetic_number


@pytest.fixture
def caseworker(make):
    return make.actor(make.staff(), Role.CASEWORKER)


@pytest.fixture
def granted(context, make, caseworker):
    """A nominee who was just given access by a decision."""
    application = make.application(ApplicationStatus.GRANTED)
    nominee = application.nominees[0]
    nominee.access_level = AccessLevel.RECRUITER
    nominee.outcome = NomineeOutcome.GRANTED
    grant = grants.open_for(caseworker, nominee, AccessLevel.RECRUITER, application)
    db.session.commit()
    return grant


def test_a_decision_gives_an_invited_grant_with_its_link_and_mail(granted):
    invitation = invitations.latest(granted)
    assert (granted.status, granted.level, granted.granted_level) == ("invited", "recruiter", "recruiter")
    assert invitation.status is InvitationStatus.QUEUED and invitation.email == granted.nominee.email
    assert sessions.hash_of(invitations.token_of(invitation.id)) == invitation.token_hash
    message = db.session.scalars(select(Message)).one()
    assert (message.kind, message.invitation_id) == (MessageKind.INVITATION, invitation.id)
    assert invitations.token_of(invitation.id) not in str(message.facts)


def test_a_decision_cannot_give_more_than_was_applied_for(context, make, caseworker):
    application = make.application(ApplicationStatus.IN_REVIEW)
    with pytest.raises(ValueError):
        grants.open_for(caseworker, application.nominees[0], AccessLevel.USER_ADMINISTRATOR, application)


@pytest.mark.parametrize("role", [Role.SUBMITTER, Role.ORGANISATION_USER, Role.AUDITOR])
def test_only_a_caseworker_opens_access(context, make, role):
    application = make.application(ApplicationStatus.IN_REVIEW)
    with pytest.raises(Forbidden):
        grants.open_for(make.actor(make.account(), role), application.nominees[0], AccessLevel.READER, application)


def who(make, granted):
    here, there = granted.organisation, make.organisation("945475056", "KAUTOKEINO KOMMUNE")
    user = Role.ORGANISATION_USER
    administrator = AccessLevel.USER_ADMINISTRATOR
    return {
        "caseworker": (make.actor(make.account(), Role.CASEWORKER), None),
        "case lead": (make.actor(make.account(), Role.CASE_LEAD), None),
        "administrator": (make.actor(make.account(), user, here, level=administrator), None),
        "recruiter": (make.actor(make.account(), user, here, level=AccessLevel.RECRUITER), Forbidden),
        "reader": (make.actor(make.account(), user, here, level=AccessLevel.READER), Forbidden),
        "another's administrator": (make.actor(make.account(), user, there, level=administrator), NotFound),
        "auditor": (make.actor(make.account(), Role.AUDITOR), NotFound),
        "stranger": (make.actor(make.account(), Role.SUBMITTER), NotFound),
    }


@pytest.mark.parametrize(
    "name",
    [
        "caseworker",
        "case lead",
        "administrator",
        "recruiter",
        "reader",
        "another's administrator",
        "auditor",
        "stranger",
    ],
)
@pytest.mark.parametrize("act", ["resend", "revoke", "end"])
def test_who_may_send_withdraw_and_end(make, granted, name, act):
    actor, refusal = who(make, granted)[name]
    acts = {
        "resend": lambda: invitations.resend(actor, granted),
        "revoke": lambda: invitations.revoke(actor, granted),
        "end": lambda: grants.end(actor, granted, GrantEnd.REMOVED, "x"),
    }
    if refusal is None:
        acts[act]()
    else:
        with pytest.raises(refusal):
            acts[act]()


def test_the_applicant_may_end_and_the_contact_person_only_resend(app, make, stubs):
    with app.app_context():
        applicant = make.account("Kari", stubs.person("submitter_municipality").national_id)
        contact = make.account("Kontakt")
        application = make.application(ApplicationStatus.GRANTED, submitter=contact)
        grant = grants.open_for(
            make.actor(make.staff(), Role.CASEWORKER), application.nominees[0], AccessLevel.READER, application
        )
        invitations.resend(make.actor(contact), grant)
        with pytest.raises(Forbidden):
            invitations.revoke(make.actor(contact), grant)
        with pytest.raises(Forbidden):
            grants.end(make.actor(contact), grant, GrantEnd.REMOVED, "")
        invitations.revoke(make.actor(applicant), grant)
        grants.end(make.actor(applicant), grant, GrantEnd.REMOVED, "")
        assert grant.status is GrantStatus.ENDED


def test_a_new_link_kills_the_old(granted, caseworker):
    old = invitations.latest(granted)
    new = invitations.resend(caseworker, granted)
    assert invitations.state_of(old) is invitations.LinkState.GONE
    assert invitations.state_of(new) is invitations.LinkState.OPEN
    assert new.token_hash != old.token_hash


def test_a_withdrawn_link_is_gone_and_the_grant_waits(granted, caseworker):
    invitations.revoke(caseworker, granted)
    assert invitations.state_of(invitations.latest(granted)) is invitations.LinkState.GONE
    assert granted.status is GrantStatus.INVITED
    assert invitations.state_of(invitations.resend(caseworker, granted)) is invitations.LinkState.OPEN


def test_three_links_a_day_to_an_address(granted, caseworker):
    for _ in range(2):
        invitations.resend(caseworker, granted)
    with pytest.raises(TooMany):
        invitations.resend(caseworker, granted)
    with clock.at(clock.now() + timedelta(days=1, seconds=1)):
        invitations.resend(caseworker, granted)


def test_twenty_links_an_hour_for_an_organisation(context, make, caseworker, granted):
    for _ in range(19):
        make.invitation(make.user(status=GrantStatus.INVITED))
    with pytest.raises(TooMany):
        invitations.resend(caseworker, granted)
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        invitations.resend(caseworker, granted)


@pytest.mark.parametrize("status", [GrantStatus.ACTIVE, GrantStatus.ENDED])
def test_nothing_is_sent_for_a_grant_in_use_or_ended(context, make, caseworker, status):
    grant = db.session.get_one(Grant, make.user(status=status).id)
    for act in (invitations.resend, invitations.revoke):
        with pytest.raises(Conflict):
            act(caseworker, grant)


def test_a_mistyped_number_is_mended_with_a_new_link(granted, make, caseworker):
    person = make.account("Rett Person")
    old = invitations.latest(granted)
    assert not invitations.is_for(make.actor(person), old)
    new = invitations.correct_number(caseworker, granted, person.number)
    assert invitations.is_for(make.actor(person), new)
    assert invitations.state_of(old) is invitations.LinkState.GONE
    with pytest.raises(Forbidden):
        invitations.correct_number(make.actor(person), granted, synthetic_number())


def test_a_newer_decision_replaces_the_access_the_person_had(granted, make, caseworker):
    person = make.account("Nora", national_ids.read(granted.nominee))
    earlier = make.user(account=person, organisation=granted.organisation)
    grants.accept(make.actor(person), invitations.latest(granted), "x")
    db.session.commit()
    assert granted.status is GrantStatus.ACTIVE
    assert db.session.get_one(Grant, earlier.id).status is GrantStatus.ENDED


def test_a_link_whose_mail_came_back_still_works_for_the_right_person(granted, make):
    person = make.account("Nora", national_ids.read(granted.nominee))
    invitation = invitations.latest(granted)
    invitation.move_to(InvitationStatus.UNDELIVERABLE)
    grants.accept(make.actor(person), invitation, "x")
    assert invitation.status is InvitationStatus.ACCEPTED


@pytest.mark.parametrize("how", ["another person", "expired", "withdrawn", "ended"])
def test_a_dead_link_is_never_accepted(granted, make, caseworker, how):
    person = make.account("Nora", None if how == "another person" else national_ids.read(granted.nominee))
    invitation = invitations.latest(granted)
    if how == "expired":
        invitation.expires_at = clock.now()
        db.session.flush()
    elif how == "withdrawn":
        invitations.revoke(caseworker, granted)
    elif how == "ended":
        grants.end(caseworker, granted, GrantEnd.REMOVED, "")
    with pytest.raises(Forbidden if how == "another person" else Conflict):
        grants.accept(make.actor(person), invitation, "x")
    assert granted.account_id is None


def test_two_administrators_cannot_remove_each_other_at_once(app, make):
    organisation = make.organisation()
    both = [make.user(AccessLevel.USER_ADMINISTRATOR) for _ in range(2)]
    outcomes, start = [], threading.Barrier(2)

    def remove(mine, theirs):
        with app.app_context():
            actor = make.actor(mine.person, Role.ORGANISATION_USER, organisation, level=AccessLevel.USER_ADMINISTRATOR)
            other = db.session.get_one(Grant, theirs.id)
            start.wait(5)
            try:
                grants.end(actor, other, GrantEnd.REMOVED, "")
                db.session.commit()
                outcomes.append("done")
            except (Conflict, Forbidden):
                db.session.rollback()
                outcomes.append("refused")

    threads = [threading.Thread(target=remove, args=pair) for pair in (both, both[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]


def test_a_link_accepted_twice_at_once_is_one_access(app, make, granted):
    person = make.account("Nora", national_ids.read(granted.nominee))
    invitation_id, start, results = invitations.latest(granted).id, threading.Barrier(2), []

    def press():
        with app.app_context():
            invitation = db.session.get_one(Invitation, invitation_id)
            start.wait(5)
            results.append(grants.accept(make.actor(person), invitation, "x").status)
            db.session.commit()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [GrantStatus.ACTIVE, GrantStatus.ACTIVE]
    told = db.session.scalars(select(Message).where(Message.kind == MessageKind.INVITATION_ACCEPTED)).all()
    assert len(told) == 1


def test_the_page_and_the_job_count_the_half_year_alike(context, make):
    from datetime import UTC, datetime

    grant = db.session.get_one(Grant, make.user().id)
    for confirmed in (
        datetime(2026, 8, 31, 10, tzinfo=UTC),
        datetime(2027, 8, 30, tzinfo=UTC),
        datetime(2028, 2, 29, tzinfo=UTC),
    ):
        grant.confirmed_at = confirmed
        db.session.flush()
        ((_grant, limit),) = _at(confirmed + timedelta(days=170), lambda: grants.to_confirm([grant]))
        assert _at(limit - timedelta(days=30, seconds=1), grants.due_for_reconfirmation) == []
        assert _at(limit - timedelta(days=30), grants.due_for_reconfirmation) == [grant]


def _at(moment, ask):
    with clock.at(moment):
        return ask()


def test_the_account_is_the_only_one_with_the_number(granted, make):
    """I3: an active grant belongs to an account whose number the application named."""
    person = make.account("Nora", national_ids.read(granted.nominee))
    grants.accept(make.actor(person), invitations.latest(granted), "x")
    account = db.session.get_one(Account, granted.account_id)
    assert national_ids.is_same_person(account, granted.nominee)


def _together(app, first, second):
    """Do `first` up to its commit, begin `second`, and let both finish; returns what `second` raised, if anything."""
    raised = []

    def other():
        with app.app_context():
            try:
                second()
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                raised.append(error)

    with app.app_context():
        first()
        db.session.flush()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.7)  # it waits for our rows
        db.session.commit()
    thread.join()
    return raised


def test_a_link_taken_into_use_is_not_replaced_at_the_same_moment(app, make):
    grant = make.user(status=GrantStatus.INVITED)
    invitation, worker = make.invitation(grant), make.actor(make.staff(), Role.CASEWORKER)

    def accept():
        grants.accept(make.actor(grant.person), db.session.get_one(Invitation, invitation.id), "Ja")

    def resend():
        found = db.session.get_one(Grant, grant.id)
        assert found.invitations  # read before the wait, as a page does
        invitations.resend(worker, found)

    (raised,) = _together(app, accept, resend)
    assert isinstance(raised, Conflict)
    with app.app_context():
        states = db.session.scalars(select(Invitation.status)).all()
        kinds = db.session.scalars(select(Message.kind)).all()
    assert states == [InvitationStatus.ACCEPTED] and MessageKind.INVITATION not in kinds


def test_accepting_and_stopping_at_once_wait_for_one_another(app, make):
    grant = make.user(status=GrantStatus.INVITED)
    invitation, worker = make.invitation(grant), make.actor(make.staff(), Role.CASEWORKER)

    def stop():
        grants.end(worker, db.session.get_one(Grant, grant.id), GrantEnd.REMOVED, "Feil person")

    def accept():
        grants.accept(make.actor(grant.person), db.session.get_one(Invitation, invitation.id), "Ja")

    (raised,) = _together(app, stop, accept)
    assert isinstance(raised, Conflict)


def test_stopping_takes_a_link_that_was_sent_meanwhile_too(app, make):
    grant = make.user(status=GrantStatus.INVITED)
    make.invitation(grant)
    worker = make.actor(make.staff(), Role.CASEWORKER)

    def resend():
        invitations.resend(worker, db.session.get_one(Grant, grant.id))

    def stop():
        found = db.session.get_one(Grant, grant.id)
        assert found.invitations
        grants.end(worker, found, GrantEnd.REMOVED, "Feil person")

    assert _together(app, resend, stop) == []
    with app.app_context():
        assert set(db.session.scalars(select(Invitation.status))) == {InvitationStatus.REVOKED}
