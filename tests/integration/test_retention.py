"""What is not used is not kept: warned in time, then erased; accounts nobody uses go too (security.md section 5)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from extensions import clock
from extensions.database import db
from models.account import Account, StaffMember
from models.application import AccessApplication
from models.audit import AuditEvent, LogReview
from models.base import Base
from models.enums import (
    AlarmKind,
    ContactOutcome,
    GrantEnd,
    GrantStatus,
    InvitationStatus,
    MessageKind,
    PrivacyCaseKind,
    PrivacyCaseStatus,
    ProfessionalStatus,
    Role,
    Stoppable,
)
from models.grant import Grant, Invitation
from models.message import Message
from models.organisation import Setting
from models.outbox import OutboxEntry
from models.privacy import PersonLookup, PrivacyCase
from models.professional import HprAlarm, Professional
from models.register import Alarm, RegisterExport, Reveal, SavedSearch, Shortlist, ShortlistEntry, Stop
from services import alarms, erasure, exports, privacy_cases, privacy_casework, professionals, retention, reveals, staff
from services.outbox import Job
from workers import housekeeping, invariants

YEARS = timedelta(days=5 * 365 + 1)
KINDS = PrivacyCaseKind.RESTRICT, PrivacyCaseKind.RECTIFY, PrivacyCaseKind.HPR
WITH_THE_ACCOUNT = {
    "form_key.account_id",
    "held_form.account_id",
    "identity.account_id",
    "login_session.account_id",
    "recipient_notice.account_id",
}
EMPTIED = {
    "access_grant.ended_by_id",
    "alarm.account_id",
    "alarm.closed_by_id",
    "hpr_alarm.closed_by_id",
    "invitation.created_by_id",
    "log_review.reviewed_by_id",
    "privacy_case.caseworker_id",
    "setting.changed_by_id",
    "shortlist.created_by_id",
    "shortlist_entry.added_by_id",
    "stop.lifted_by_id",
}
KEEPS = {  # and what ends the row
    "access_application.caseworker_id": "archive.remove_old",
    "access_application.changed_by_id": "archive.remove_old",
    "access_application.submitter_id": "archive.remove_old",
    "access_grant.account_id": "archive.remove_old",
    "decision.approved_by_id": "archive.remove_old",
    "decision.proposed_by_id": "archive.remove_old",
    "internal_note.author_id": "archive.remove_old",
    "person_lookup.actor_id": "housekeeping.discard_short_lived",
    "privacy_case.account_id": "privacy_cases.forget_answered",
    "professional.account_id": "retention.erase_unused",
    "question.answered_by_id": "archive.remove_old",
    "question.asked_by_id": "archive.remove_old",
    "register_export.account_id": "register_files.forget_old",
    "reveal.account_id": "reveals.forget_old",
    "stop.set_by_id": "alarms.forget_over",
    "saved_search.account_id": "saved_searches.forget_ended",
    "staff_member.account_id": "staff.forget_ended",
}


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

    def test_whoever_set_a_stop_is_known_while_it_stands(self, context, make):
        setter = make.staff()
        now = clock.now()
        db.session.add(Stop(what=Stoppable.EXPORTS, reason="Misbruk", set_at=now, set_by_id=setter.id))
        db.session.execute(update(StaffMember).values(ended_at=now))
        db.session.commit()
        with clock.at(now + YEARS + timedelta(days=2)):
            housekeeping.discard_short_lived()
            housekeeping.retain()
            assert db.session.scalars(select(Stop.set_by_id)).all() == [setter.id]
            db.session.execute(update(Stop).values(lifted_at=now))
            housekeeping.discard_short_lived()
            housekeeping.retain()
        db.session.expire_all()
        assert db.session.get(Account, setter.id) is None and not db.session.scalars(select(Stop)).all()

    def test_of_everything_that_names_an_account_it_is_known_what_becomes_of_it(self):
        found = {
            str(key.parent): key.ondelete
            for table in Base.metadata.tables.values()
            for key in table.foreign_keys
            if key.column is Account.__table__.c.id
        }
        assert {name for name, rule in found.items() if rule == "CASCADE"} == WITH_THE_ACCOUNT
        assert {name for name, rule in found.items() if rule == "SET NULL"} == EMPTIED
        assert {name for name, rule in found.items() if rule is None} == KEEPS.keys()

    def test_after_the_years_with_only_what_is_over_it_goes(self, context, make, run_jobs):
        """Somebody has done all there is to do; what stands on is the organisation's list, others' access and cases."""
        user = make.user()
        account, now, person = user.person, clock.now(), make.professional()
        colleague = make.user(organisation=user.organisation)
        shared = make.shortlist(user, person)
        make.saved_search(user)
        make.invitation(colleague, InvitationStatus.ACCEPTED)
        staff.add("Saga Saksbehandler", account.number, Role.CASEWORKER).ended_at = now
        mine = {"account_id": account.id, "organisation_id": user.organisation_id}
        over = {"closed_at": now, "closed_by_id": account.id}
        taken_out = {"purpose": "staff_now", "language": "nb", "found": 1, "rows": 1, "requested_at": now}
        looked = AuditEvent(at=now, action="person.viewed", actor_role="caseworker", object_type="")
        asked = {"kind": PrivacyCaseKind.RECTIFY, "status": PrivacyCaseStatus.ANSWERED, "text": "", "received_at": now}
        db.session.add_all(
            [
                Reveal(**mine, professional_id=person.id, what="contact", purpose="staff_now", at=now),
                RegisterExport(**mine, **taken_out, format="xlsx", columns=["name"], status="failed"),
                Alarm(**mine, **over, kind=AlarmKind.QUOTA, raised_at=now),
                HprAlarm(**over, raised_at=now, checked=9, negative=9),
                Stop(what=Stoppable.EXPORTS, reason="Øvelse", set_at=now, set_by_id=account.id, lifted_at=now),
                Stop(what="exports", reason="Øvelse", set_at=now, lifted_at=now, lifted_by_id=account.id),
                LogReview(event=looked, drawn_at=now, verdict="fine", reviewed_at=now, reviewed_by_id=account.id),
                PrivacyCase(**asked, reference="a", account_id=account.id, due_at=now, answered_at=now),
                PrivacyCase(
                    **asked, reference="b", account_id=colleague.account_id, due_at=now, answered_at=now,
                    caseworker_id=account.id,
                ),
                PersonLookup(actor_id=account.id, hits=0, reason="Ringte", made_at=now),
            ]
        )  # fmt: skip
        db.session.execute(update(Invitation).values(created_by_id=account.id))
        db.session.execute(update(Setting).values(changed_by_id=account.id))
        ended = {"status": GrantStatus.ENDED, "ended_at": now, "ended_as": GrantEnd.REMOVED, "ended_by_id": account.id}
        db.session.execute(update(Grant).where(Grant.id == user.id).values(ended))
        db.session.execute(update(Grant).where(Grant.id == colleague.id).values(ended_by_id=account.id))
        db.session.execute(update(AccessApplication).values(archived_at=now))
        db.session.commit()
        named = {
            name
            for name in EMPTIED | KEEPS.keys()
            if db.session.scalar(
                select(func.count())
                .select_from(Base.metadata.tables[name.split(".")[0]])
                .where(Base.metadata.tables[name.split(".")[0]].c[name.split(".")[1]] == account.id)
            )
        }
        assert named >= EMPTIED
        assert erasure.is_needed(account.id)
        with clock.at(now + YEARS + timedelta(days=2)):
            db.session.execute(update(Shortlist).values(used_at=clock.now()))
            db.session.execute(update(Account).where(Account.id != account.id).values(last_login_at=clock.now()))
            housekeeping.retain()
            housekeeping.discard_short_lived()
            housekeeping.retain()
        db.session.expire_all()
        assert db.session.get(Account, account.id) is None
        assert db.session.scalar(select(func.count()).select_from(StaffMember).where(StaffMember.ended_at == now)) == 0
        assert db.session.get_one(Shortlist, shared.id).created_by is None
        assert not db.session.scalars(select(Stop)).all()
        assert db.session.scalars(select(ShortlistEntry.added_by_id)).all() == [None]
        assert not db.session.scalars(select(SavedSearch)).all()


class TestWhatIsOver:
    def test_what_an_organisation_was_shown(self, context, make):
        user, person, now = make.user(), make.professional(), clock.now()
        mine = {"account_id": user.account_id, "organisation_id": user.organisation_id, "professional_id": person.id}
        steps = {
            "never answered": (None, None, 210),
            "said so later": (ContactOutcome.NOT_SUITABLE, 20, 230),
            "hired": (ContactOutcome.HIRED, 30, 330),
        }
        for outcome, days, _end in steps.values():
            at = now + timedelta(days=days) if days else None
            db.session.add(Reveal(**mine, what="contact", purpose="staff_now", at=now, outcome=outcome, outcome_at=at))
        db.session.commit()
        for _outcome, _days, end in steps.values():
            with later(days=end, minutes=-1):
                assert reveals.forget_old() == 0
            with later(days=end, minutes=1):
                assert reveals.forget_old() == 1

    def test_cases_that_were_answered(self, context, make):
        person = make.registration()
        actor, caseworker = make.actor(person.person, Role.PROFESSIONAL), make.actor(make.staff(), Role.CASEWORKER)
        cases = [privacy_cases.open_case(actor, kind, "Tekst") for kind in KINDS]
        for case in cases[:2]:
            privacy_casework.take(caseworker, case)
            privacy_casework.answer(caseworker, case, "Svar", keep=True)
        db.session.commit()
        with clock.at(clock.now() + YEARS - timedelta(days=3)):
            assert privacy_cases.forget_answered() == 0
        with clock.at(clock.now() + YEARS + timedelta(days=2)):
            assert privacy_cases.forget_answered() == 1, "neither what is open, nor what the use is restricted by"
            privacy_cases.lift(actor, cases[0].id)
            assert privacy_cases.forget_answered() == 1
        assert db.session.scalars(select(PrivacyCase.status)).all() == [PrivacyCaseStatus.OPEN]

    def test_alarms_and_stops(self, context, make):
        caseworker = make.actor(make.staff(), Role.CASEWORKER)
        for key in ("closed", "open"):
            alarms.raise_once(AlarmKind.QUOTA, key, make.actor(make.account()))
        alarms.close(caseworker, db.session.scalar(select(Alarm.id).where(Alarm.once_key == "closed")), "Avtalt")
        for what, reason in ((Stoppable.EXPORTS, "lifted"), (Stoppable.REVEALS, "in force")):
            alarms.stop(caseworker, what, None, reason)
        db.session.flush()
        alarms.lift(caseworker, db.session.scalar(select(Stop.id).where(Stop.reason == "lifted")))
        db.session.commit()
        with later(days=364):
            assert alarms.forget_over() == 0
        with later(days=367):
            assert alarms.forget_over() == 2
        assert db.session.scalars(select(Alarm.once_key)).all() == ["open"]
        assert db.session.scalars(select(Stop.reason)).all() == ["in force"]


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
