"""What is not used is not kept: warned in time, then erased; accounts nobody uses go too (security.md section 5)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from models.account import Account
from models.enums import MessageKind, PrivacyCaseKind, ProfessionalStatus, Role
from models.message import Message
from models.outbox import OutboxEntry
from models.professional import Professional
from services import erasure, exports, privacy_cases, privacy_casework, professionals, retention
from services.outbox import Job
from workers import invariants

YEARS = timedelta(days=5 * 365 + 1)


def later(**span):
    return clock.at(clock.now() + timedelta(**span))


def mails():
    db.session.flush()
    found = db.session.scalars(select(Message).where(Message.kind == MessageKind.BEFORE_ERASURE))
    return [message.facts["erased_on"] for message in sorted(found, key=lambda message: message.created_at)]


def statuses():
    db.session.flush()
    return [row.status for row in db.session.scalars(select(Professional))]


def retain():
    """One night's round; returns what it did."""
    done = retention.warn(), retention.warn_again(), retention.erase_unused()
    db.session.commit()
    return done


class TestDrafts:
    def test_warned_on_day_23_and_erased_on_day_30(self, context, make, run_jobs, stubs):
        person = make.registration(email="pia@example.no")
        due = (clock.now() + timedelta(days=30)).astimezone(clock.OSLO).date().isoformat()
        for days, done in ((22, (0, 0, 0)), (23, (1, 0, 0)), (29, (0, 0, 0))):
            with later(days=days, minutes=1):
                assert retain() == done, days
        assert mails() == [due]
        with later(days=30, minutes=2):
            assert retain() == (0, 0, 1)
            run_jobs()
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Professional)) == 0
        assert db.session.scalar(select(func.count()).where(Account.id == person.account_id)) == 0
        assert [mail["subject"] for mail in stubs.mail()][-1] == "Profilen din er slettet"
        assert "ikke brukt profilen" in stubs.mail()[-1]["text"]

    def test_a_sign_in_starts_the_time_anew(self, context, make):
        person = make.registration(email="pia@example.no")
        with later(days=24):
            assert retain() == (1, 0, 0)
            professionals.note_use(person.account_id)
            db.session.commit()
        with later(days=31):
            assert retain() == (0, 0, 0)
        with later(days=48):
            assert retain() == (1, 0, 0)

    def test_without_an_address_nobody_is_written_to(self, context, make):
        make.registration()
        with later(days=23, minutes=1):
            assert retain() == (1, 0, 0)
        assert mails() == []
        with later(days=30, minutes=2):
            assert retain() == (0, 0, 1)

    def test_a_late_warning_moves_the_end(self, context, make):
        make.registration(email="pia@example.no")
        with later(days=60):
            assert retain() == (1, 0, 0)
            assert mails() == [(clock.today() + timedelta(days=7)).isoformat()]
        with later(days=66):
            assert retain() == (0, 0, 0)
        with later(days=67, minutes=1):
            assert retain() == (0, 0, 1)

    @pytest.mark.parametrize("kind", [PrivacyCaseKind.RECTIFY, PrivacyCaseKind.RESTRICT])
    def test_not_while_a_privacy_case_waits(self, context, make, kind):
        person = make.registration(email="pia@example.no")
        case = privacy_cases.open_case(make.actor(person.person, Role.PROFESSIONAL), kind, "Tekst")
        db.session.commit()
        with later(days=23, minutes=1):
            assert retain() == (1, 0, 0)
        caseworker = make.actor(make.staff(), Role.CASEWORKER)
        with later(days=31):
            assert retain() == (0, 0, 0)
            privacy_casework.take(caseworker, case)
            privacy_casework.answer(caseworker, case, "Rettet", keep=True)
            assert retain() == (0, 0, int(kind is PrivacyCaseKind.RECTIFY)), "a restriction that stands keeps it"
            if case.is_restricting:
                privacy_cases.lift(make.actor(person.person, Role.PROFESSIONAL), case.id)
            assert retain() == (0, 0, int(kind is PrivacyCaseKind.RESTRICT))


class TestProfiles:
    def test_warned_twice_and_erased_after_five_years(self, context, make):
        make.professional(make.account("Kari Prøve"))
        with clock.at(clock.now() + YEARS - timedelta(days=32)):
            assert retain() == (0, 0, 0)
        with clock.at(clock.now() + YEARS - timedelta(days=29)):
            assert retain() == (1, 0, 0)
            assert retain() == (0, 0, 0)
        with clock.at(clock.now() + YEARS - timedelta(days=5)):
            assert retain() == (0, 1, 0)
            assert retain() == (0, 0, 0)
        assert len(mails()) == 2
        with clock.at(clock.now() + YEARS):
            assert retain() == (0, 0, 0), "thirty days have not gone since the warning"
        with clock.at(clock.now() + YEARS + timedelta(days=2)):
            assert retain() == (0, 0, 1)
        assert statuses() == [ProfessionalStatus.LEAVING]


class TestAccounts:
    def test_only_what_nothing_keeps(self, context, make):
        unused, user, registered = make.account("Ubrukt"), make.user(), make.account("Registrert")
        make.professional(registered)
        make.staff()
        before = db.session.scalar(select(func.count()).select_from(Account))
        assert retention.delete_unused_accounts() == 0
        with clock.at(clock.now() + YEARS + timedelta(days=1)):
            assert retention.delete_unused_accounts() == 1
        db.session.commit()
        kept = set(db.session.scalars(select(Account.id)))
        assert len(kept) == before - 1
        assert {user.account_id, registered.id} <= kept
        assert unused.id not in kept


class TestWatching:
    def test_what_was_forgotten_is_put_back(self, context, make):
        account = make.account("Kari Prøve")
        make.professional(account)
        other = make.account("Ola Prøve")
        make.professional(other)
        erasure.ask(make.actor(account, Role.PROFESSIONAL))
        exports.ask(make.actor(other, Role.PROFESSIONAL))
        db.session.query(OutboxEntry).delete()
        db.session.commit()
        assert not list(invariants.forgotten_erasures()) and not list(invariants.forgotten_exports())
        with later(hours=1, minutes=1):
            assert len(list(invariants.forgotten_erasures())) == 1
            assert len(list(invariants.forgotten_exports())) == 1
            db.session.flush()
            assert not list(invariants.forgotten_erasures()) and not list(invariants.forgotten_exports())
        jobs = set(db.session.scalars(select(OutboxEntry.job)))
        assert jobs == {Job.ERASE_PROFILE, Job.REMEMBER_ERASURE, Job.MAKE_EXPORT}
        with later(hours=21):
            assert len(list(invariants.late_erasures())) == 1

    def test_not_in_the_ledger_before_it_is_gone(self, context, make):
        account = make.account("Kari Prøve")
        make.professional(account)
        record = erasure.ask(make.actor(account, Role.PROFESSIONAL))
        db.session.flush()
        erasure.remember(record.id)
        assert record.erased_at is None
