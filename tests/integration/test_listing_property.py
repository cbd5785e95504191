"""Whatever happens, in whatever order: a search finds a person just when every condition of design.md section 4 holds,
which this file says once more in its own words (I4)."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from adapters.hpr import Approval, Code, Entry, Period
from extensions import clock
from extensions.database import db
from models.enums import AvailabilityKind, ConsentPurpose, PrivacyCaseKind, ProfessionalStatus, Role
from models.listing import Listing
from models.professional import Professional
from services import (
    authorisations,
    availability,
    blocks,
    competence,
    consents,
    contact_details,
    erasure,
    hpr_rules,
    listing,
    privacy_cases,
    professions,
    registration,
)
from services.access import Actor
from services.authorisations import Answer
from services.errors import Conflict, Incomplete
from tests.conftest import empty_tables

NOW, FROM_DATE, PAUSED = AvailabilityKind
REGISTER, SHOWN = ConsentPurpose.REGISTER, ConsentPurpose.SHOWN_TO_ORGANISATIONS
BEGINNING = datetime(2027, 3, 20, 11, tzinfo=UTC)
"""Eight days before the clocks go forward."""
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
TROMSO = "940101808"
NOTHING = Entry("9900123")
NURSE = Entry(
    "9900123",
    approvals=(Approval(Code("SP", "Sykepleier"), Code("1", "Autorisasjon"), Period(date(2013, 6, 20), None)),),
)


def midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), clock.OSLO)


@dataclass
class Truth:
    """What has been said and done, and what follows from it by design.md section 4 and nothing else."""

    finished: bool
    consents: set[ConsentPurpose]
    professions: set[str] = field(default_factory=lambda: {"SP"})
    kind: AvailabilityKind = NOW
    to_date: date | None = None
    paused_until: date | None = None
    confirmed_at: datetime = BEGINNING
    hpr_answered_at: datetime | None = BEGINNING
    approvals: list[tuple[str, date | None]] = field(default_factory=lambda: [("SP", None)])
    """Those neither ended nor under a reaction: profession, and the last day."""
    protected: bool = False
    restrictions: list[object] = field(default_factory=list)
    left: bool = False

    def ends(self) -> dict[str, datetime | None]:
        """When each condition that time alone can end, ends."""
        days = [ends for profession, ends in self.approvals if ends and profession in self.professions]
        return {
            "word": self.confirmed_at + 60 * DAY,
            "period": self.to_date and midnight_after(self.to_date),
            "approval": midnight_after(max(days)) if days else None,
            "answer": self.hpr_answered_at + 72 * HOUR,
        }

    def should_be_listed(self, now: datetime) -> bool:
        today = now.astimezone(clock.OSLO).date()
        valid = {profession for profession, ends in self.approvals if ends is None or today <= ends}
        return (
            self.finished
            and {REGISTER, SHOWN} <= self.consents
            and self.hpr_answered_at is not None
            and now < self.hpr_answered_at + 72 * HOUR
            and bool(valid & self.professions)
            and self.kind is not PAUSED
            and now < self.confirmed_at + 60 * DAY
            and (self.to_date is None or today <= self.to_date)
            and not (self.protected or self.restrictions or self.left)
        )


@dataclass
class Life:
    """One person: everything is done through the services, and noted in the truth."""

    app: Flask
    actor: Actor
    id: UUID
    truth: Truth
    entry: Entry
    now: datetime = BEGINNING

    def live(self, event, *arguments):
        """Let one thing happen, and look whether a search finds the person."""
        with self.app.app_context(), clock.at(self.now), force_locale("nb"):
            if not self.truth.left:
                getattr(self, event)(*arguments)
            db.session.commit()
            note(f"{self.now} {event} {arguments}: {self.is_found()}")
            assert self.is_found() is self.truth.should_be_listed(self.now), event

    def wait(self, span):
        """Time passes, without any job and then with them."""
        self.now += span
        with self.app.app_context(), clock.at(self.now):
            assert not self.is_found() or self.truth.should_be_listed(self.now), "nobody a second too long"
        self.live("run_schedule")

    def wait_for_the_end_of(self, what):
        """Go to the last second of a condition that time alone ends, and past it, while HPR answers as before."""
        if what == "period":
            self.live("say", NOW, 1, 1)
        elif what == "approval":
            self.live("hpr", [("SP", "valid", 1)])
        ends = self.truth.ends()[what]
        for before in (HOUR, SECOND, timedelta(0)):
            if ends is not None and ends - before > self.now:
                self.wait(ends - before - self.now)
                if before == HOUR and what != "answer":
                    self.live("hpr_again")

    @property
    def today(self) -> date:
        return self.now.astimezone(clock.OSLO).date()

    @property
    def row(self) -> Professional:
        return db.session.get_one(Professional, self.id, populate_existing=True)

    def consent(self, purpose):
        consents.answer(self.actor, [REGISTER, purpose])
        self.truth.consents |= {REGISTER, purpose}

    def withdraw(self, purpose):
        consents.withdraw(self.actor, purpose)
        self.truth.consents -= {purpose}

    def press(self, kind):
        truth = self.truth
        start = max(self.today + 14 * DAY, self.row.availability.from_date or self.today)
        if kind is FROM_DATE and truth.to_date is not None and self.today <= truth.to_date < start:
            with pytest.raises(Conflict):
                availability.press(self.actor, kind)
            return
        availability.press(self.actor, kind)
        truth.kind, truth.confirmed_at, truth.paused_until = kind, self.now, None
        if truth.to_date is not None and truth.to_date < self.today:
            truth.to_date = None

    def say(self, kind, days, to_days):
        day = self.today + days * DAY
        to_date = None if to_days is None else day + to_days * DAY
        answers = {"kind": kind, "from_date": day, "to_date": to_date, "paused_until": day}
        availability.save(self.actor, answers)
        truth = self.truth
        truth.kind, truth.confirmed_at = kind, self.now
        truth.paused_until = day if kind is PAUSED else None
        if kind is not PAUSED:
            truth.to_date = to_date

    def hpr(self, approvals):
        """HPR answers: each approval by profession, how it stands, and in how many days it ends."""
        found, self.truth.approvals = [], []
        for profession, state, days in approvals:
            ends = None if days is None else self.today + days * DAY
            reaction = {"reaction": self.today - DAY, "reaction_soon": self.today + 2 * DAY}.get(state)
            found.append(
                Approval(
                    Code(profession, profession),
                    Code("3" if state == "student" else "1", "Godkjenning"),
                    Period(date(2013, 6, 20), ends),
                    is_ended=state == "ended",
                    reactions=(Period(reaction, None),) if reaction else (),
                )
            )
            if state not in ("ended", "student"):
                last = min((day for day in (ends, reaction and reaction - DAY) if day), default=None)
                self.truth.approvals.append((profession, last))
        self.entry = Entry("9900123", approvals=tuple(found))
        self.hpr_again()

    def hpr_again(self):
        """The daily check, with the answer of yesterday."""
        judgement = hpr_rules.judge(self.entry, self.today, professions.human(), {"1"})
        authorisations.keep({self.id: Answer(self.now, judgement, "9900123")})
        self.truth.hpr_answered_at = self.now

    def unknown_to_hpr(self):
        authorisations.keep({self.id: Answer(self.now, hpr_rules.NOBODY)})
        self.entry, self.truth.hpr_answered_at, self.truth.approvals = NOTHING, self.now, []

    def silent_hpr(self):
        authorisations.note_silence([self.id])

    def choose(self, wanted):
        competence.save(self.actor, {"professions": wanted})
        self.truth.professions = {
            profession
            for profession, ends in self.truth.approvals
            if profession in wanted and (ends is None or self.today <= ends)
        }

    def block(self):
        blocks.hide(self.actor, TROMSO)

    def protect(self, protected):
        about = contact_details.About.of(self.row)
        contact_details.save(self.actor, self.row, about.__dict__ | {"is_address_protected": protected})
        self.truth.protected = protected

    def restrict(self, kind):
        self.truth.restrictions.append(privacy_cases.open_case(self.actor, kind, "Stemmer ikke.").id)

    def lift(self):
        if self.truth.restrictions:
            privacy_cases.lift(self.actor, self.truth.restrictions.pop())

    def finish(self):
        with suppress(Incomplete):
            registration.finish(self.actor)
            self.truth.finished = True

    def leave(self):
        erasure.ask(self.actor)
        self.truth.left = True

    def mend(self):
        """Whatever keeps the person hidden is set right, so that the next event has something to hide."""
        truth = self.truth
        if SHOWN not in truth.consents:
            self.consent(SHOWN)
        if truth.approvals != [("SP", None)] or truth.ends()["answer"] <= self.now:
            self.hpr([("SP", "valid", None)])
        if "SP" not in truth.professions:
            self.choose(["SP"])
        if truth.kind is PAUSED or truth.to_date or truth.ends()["word"] <= self.now:
            self.say(NOW, 1, None)
        if truth.protected:
            self.protect(False)
        while truth.restrictions:
            self.lift()
        if not truth.finished:
            self.finish()

    def run_schedule(self):
        """What runs every minute and every ten."""
        availability.end_pauses()
        availability.ask()
        listing.refresh_ended()
        truth = self.truth
        if truth.finished and truth.kind is PAUSED and truth.paused_until and truth.paused_until <= self.today:
            truth.kind, truth.paused_until = NOW, None

    def is_found(self) -> bool:
        found = select(Listing.professional_id).where(
            Listing.professional_id == self.id, Listing.listed_until > self.now
        )
        return db.session.scalar(found) is not None


STATES = ("valid", "valid", "valid", "reaction_soon", "ended", "reaction", "student")
ANSWER = st.lists(
    st.tuples(st.sampled_from(["SP", "JO"]), st.sampled_from(STATES), st.sampled_from([None, None, -1, 0, 1, 40])),
    max_size=2,
)
WAIT = st.sampled_from([HOUR, 11 * HOUR, DAY, 2 * DAY, 72 * HOUR, 15 * DAY, 31 * DAY, 60 * DAY])
EVENTS = st.one_of(
    st.tuples(st.just("wait"), WAIT),
    st.tuples(st.just("wait_for_the_end_of"), st.sampled_from(["word", "answer"])),
    st.tuples(st.just("wait_for_the_end_of"), st.sampled_from(["period", "approval"])),
    st.tuples(st.just("hpr"), ANSWER),
    st.tuples(st.just("press"), st.sampled_from(AvailabilityKind)),
    st.tuples(
        st.just("say"), st.sampled_from(AvailabilityKind), st.sampled_from([1, 3, 20]), st.sampled_from([None, 0, 2])
    ),
    st.tuples(st.sampled_from(["consent", "withdraw"]), st.sampled_from([SHOWN, ConsentPurpose.EXTERNAL_RECRUITERS])),
    st.tuples(st.just("choose"), st.sampled_from([["SP"], ["JO"], ["JO", "SP"]])),
    st.tuples(st.just("protect"), st.booleans()),
    st.tuples(st.just("restrict"), st.sampled_from([PrivacyCaseKind.RESTRICT, PrivacyCaseKind.OBJECT])),
    st.sampled_from([("lift",), ("block",), ("finish",), ("unknown_to_hpr",), ("silent_hpr",)]),
)
LIVES = st.lists(st.tuples(st.booleans(), EVENTS), min_size=4, max_size=8)
"""Events, each with whether everything is set right before it."""
MOSTLY = st.sampled_from([True, True, False])
OF_TIME = ("wait", "wait_for_the_end_of")


@settings(
    max_examples=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a life of a dozen events is read as it is; to shorten it would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(is_finished=MOSTLY, is_shown=MOSTLY, events=LIVES, leaves=st.booleans())
def test_listed_just_when_the_conditions_hold(app, make, postgres, is_finished, is_shown, events, leaves):
    with app.app_context(), clock.at(BEGINNING):
        began = {} if is_finished else {"status": ProfessionalStatus.STARTED, "completed_at": None}
        person = make.professional(listed=is_shown, **began)
    truth = Truth(is_finished, {REGISTER, SHOWN} if is_shown else {REGISTER})
    life = Life(app, make.actor(person.person, Role.PROFESSIONAL), person.id, truth, NURSE)
    for is_mended, (name, *arguments) in events:
        if is_mended:
            life.live("mend")
        if name in OF_TIME:
            getattr(life, name)(*arguments)
        else:
            life.live(name, *arguments)
    if leaves:
        life.live("leave")
    with clock.at(life.now):
        before = rows(app)
        rebuild(app)
        assert rows(app) == before
        with app.app_context():
            db.session.execute(delete(Listing))
            db.session.commit()
        rebuild(app)
        assert rows(app) == before
    empty_tables(postgres, "tests")


def rebuild(app):
    result = app.test_cli_runner().invoke(args=["listing", "rebuild"])
    assert result.exit_code == 0, result.output


def rows(app):
    """The search table but for when each row was made."""
    columns = [column for column in Listing.__table__.columns if column.key != "listed_since"]
    with app.app_context():
        return db.session.execute(select(*columns).order_by(Listing.professional_id)).all()
