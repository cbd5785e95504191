"""Rows that should be impossible are found, and stuck work is put back (design.md section 5)."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.enums import (
    ApplicationStatus,
    GrantStatus,
    InvitationStatus,
    Language,
    MessageKind,
)
from models.listing import Listing
from models.outbox import OutboxEntry
from services import audit, audit_chain, listing, mailbox, national_ids, outbox, snapshots
from services.outbox import Job
from tests.builders import synthetic_number
from workers import invariants


@pytest.fixture
def alarms(caplog):
    """alarms(job): the names of the alarms a job raises."""

    def run(job):
        caplog.clear()
        with caplog.at_level(logging.ERROR, "alarm"):
            job()
        return {record.event: record.count for record in caplog.records if record.name == "alarm"}

    return run


def later(**span):
    return clock.at(clock.now() + timedelta(**span))


@pytest.fixture
def sound(context, make):
    """A submitted application that is as it should be."""
    application = db.session.merge(make.application(ApplicationStatus.SUBMITTED))
    application.declaration = "Jeg bekrefter"
    snapshots.take(application)
    application.receipt_pdf = b"%PDF"
    db.session.commit()
    return application


def test_a_sound_product_is_quiet(sound, make, alarms):
    make.decision(sound, make.staff())
    assert alarms(invariants.watch) == {}
    assert alarms(invariants.report) == {}
    audit_chain.seal()
    with later(hours=2):
        assert alarms(invariants.watch) == {}


def test_grants_without_a_decision(context, make, alarms):
    grant = make.user()
    assert alarms(invariants.report)["grants_without_decision"] == 1
    make.decision(db.session.merge(grant.nominee.application), make.staff())
    assert "grants_without_decision" not in alarms(invariants.report)


@pytest.mark.parametrize("relation", ["submitter", "nominee", "user", "approver"])
def test_decisions_by_somebody_who_takes_part(sound, make, alarms, relation):
    number = synthetic_number()
    someone = make.account(number=number)
    if relation in ("submitter", "approver"):
        sound.submitter_id = someone.id
    elif relation == "nominee":
        make.nominee(sound, number)
    else:
        make.user(account=someone)
        with later(days=1):
            make.decision(sound, someone)
    if relation == "approver":
        make.decision(sound, make.staff(), approved_by_id=someone.id)
    elif relation != "user":
        make.decision(sound, someone)
    assert alarms(invariants.report)["partial_decisions"] == 1


def test_an_earlier_user_of_the_organisation_may_decide(sound, make, alarms):
    grant = make.user()
    grant = db.session.merge(grant)
    grant.accepted_at = clock.now() - timedelta(days=9)
    grant.status, grant.ended_at = GrantStatus.ENDED, clock.now() - timedelta(days=2)
    make.decision(sound, grant.person)
    assert "partial_decisions" not in alarms(invariants.report)


def test_applications_that_were_changed_after_they_were_sent(sound, alarms):
    assert "changed_applications" not in alarms(invariants.report)
    sound.submitter_name = "En Annen"
    db.session.commit()
    assert alarms(invariants.report)["changed_applications"] == 1


def test_grants_held_by_another_person(context, make, alarms):
    grant = db.session.merge(make.user())
    db.session.commit()
    assert "wrong_holders" not in alarms(invariants.report)
    national_ids.put(grant.nominee, synthetic_number())
    db.session.commit()
    assert alarms(invariants.report)["wrong_holders"] == 1


def test_an_index_under_an_older_key_is_not_another_person(context, make, alarms):
    grant = db.session.merge(make.user())
    grant.nominee.national_id_index = b"as an older key made it"
    db.session.commit()
    assert "wrong_holders" not in alarms(invariants.report)


def test_forgotten_mail_is_put_back_and_sent(context, alarms, run_jobs, stubs):
    mailbox.queue(MessageKind.ACCESS_ENDED, 1, "a@b.example", Language.BOKMAL, organisation="Stillevik kommune")
    entry = db.session.scalars(select(OutboxEntry)).one()
    db.session.delete(entry)
    db.session.commit()
    assert "forgotten_messages" not in alarms(invariants.watch), "it may still be on its way"
    with later(hours=1, minutes=1):
        assert alarms(invariants.watch)["forgotten_messages"] == 1
        assert "forgotten_messages" not in alarms(invariants.watch)
        db.session.commit()
        assert run_jobs() == 1
    assert len(stubs.mail()) == 1


def test_mail_whose_job_was_set_aside_is_not_put_back(context, alarms):
    mailbox.queue(MessageKind.ACCESS_ENDED, 1, "a@b.example", Language.BOKMAL, organisation="Stillevik kommune")
    db.session.scalars(select(OutboxEntry)).one().set_aside_at = clock.now()
    db.session.commit()
    with later(hours=2):
        assert alarms(invariants.watch) == {"set_aside": 1}


def test_a_missing_receipt_is_put_back(sound, alarms):
    sound.receipt_pdf = None
    db.session.commit()
    with later(hours=2):
        assert alarms(invariants.watch)["forgotten_receipts"] == 1
        assert alarms(invariants.watch) == {}
    entry = db.session.scalars(select(OutboxEntry)).one()
    assert (entry.job, entry.arguments) == (Job.MAKE_RECEIPT, {"application_id": str(sound.id)})


def test_late_work_and_lost_leases(context, alarms):
    entry = outbox.add(Job.NOTE_AUDIT_HEAD)
    db.session.commit()
    with later(minutes=14):
        assert alarms(invariants.watch) == {}
    with later(minutes=16):
        assert alarms(invariants.watch) == {"late_work": 1}
        entry.offered_until = clock.now() - timedelta(minutes=5)
        db.session.commit()
        assert alarms(invariants.watch) == {"late_work": 1, "lost_leases": 1}


def test_what_was_due_in_a_pause_is_not_late_at_its_end(context, alarms):
    outbox.add(Job.NOTE_AUDIT_HEAD, after=-timedelta(hours=5))
    db.session.commit()
    assert alarms(invariants.watch) == {}
    with later(minutes=16):
        assert alarms(invariants.watch) == {"late_work": 1}


def test_an_invitation_without_its_mail(context, make, alarms):
    make.invitation(status=InvitationStatus.QUEUED)
    with later(hours=2):
        assert alarms(invariants.watch)["silent_invitations"] == 1


def test_unsealed_events(context, alarms):
    audit.record(None, "profile.opened")
    db.session.commit()
    with later(minutes=11):
        assert alarms(invariants.watch) == {"unsealed_events": 1}
        audit_chain.seal()
        assert alarms(invariants.watch) == {}


def test_a_search_row_that_does_not_follow(context, make, alarms):
    person = make.professional()
    assert alarms(invariants.report) == {}
    for break_it in (
        lambda: setattr(person, "is_address_protected", True),
        lambda: setattr(person, "family_name", "Etternavn"),
        lambda: db.session.delete(db.session.get_one(Listing, person.id)),
    ):
        break_it()
        db.session.commit()
        assert alarms(invariants.report) == {"wrongly_listed": 1}
        person.is_address_protected = False
        listing.refresh(person.id)
        db.session.commit()
        assert alarms(invariants.report) == {}
    with later(hours=73):
        assert alarms(invariants.report) == {}, "its time ran out, and no search finds it"
