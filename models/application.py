"""The application for access, its nominees, questions, notes and decisions (design.md section 4)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from models.account import Account
from models.base import Base, HasId, HasNationalId, HasStatus
from models.enums import (
    AccessLevel,
    ApplicationStatus,
    ContactKind,
    DecisionStatus,
    DelayReason,
    Language,
    NomineeOutcome,
    QuestionStatus,
)
from models.organisation import Organisation

S = ApplicationStatus


class Contact(NamedTuple):
    """Whom to write to or call."""

    name: str
    email: str
    mobile: str


class AccessApplication(HasId, HasStatus, Base):
    """A municipality's or health trust's request for access (søknad om tilgang). A draft is a row from the first
    page."""

    __tablename__ = "access_application"
    __table_args__ = (
        CheckConstraint(
            "status = 'draft' OR (submitted_at IS NOT NULL AND snapshot IS NOT NULL)", name="submitted_has_snapshot"
        ),
        CheckConstraint(
            "status NOT IN ('granted', 'partly_granted', 'declined') OR decided_at IS NOT NULL", name="decided_has_time"
        ),
        CheckConstraint("status <> 'withdrawn' OR withdrawn_at IS NOT NULL", name="withdrawn_has_time"),
        Index("ix_access_application_queue", "status", "due_on"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        S.DRAFT: frozenset({S.SUBMITTED}),
        S.SUBMITTED: frozenset({S.DRAFT, S.IN_REVIEW, S.WITHDRAWN}),
        S.IN_REVIEW: frozenset({S.WAITING, S.GRANTED, S.PARTLY_GRANTED, S.DECLINED, S.WITHDRAWN}),
        S.WAITING: frozenset({S.IN_REVIEW, S.WITHDRAWN}),
        S.DECLINED: frozenset({S.IN_REVIEW}),
    }

    reference: Mapped[str] = mapped_column(String(12), unique=True)
    """Eleven random characters and a check character; shown in groups of four."""
    status: Mapped[ApplicationStatus] = mapped_column(default=ApplicationStatus.DRAFT)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    unit_number: Mapped[str] = mapped_column(String(9))
    """The unit the submitter chose: the organisation itself or a unit below it."""
    unit_name: Mapped[str] = mapped_column(String(300))
    language: Mapped[Language]
    """The written standard the Directorate answers in: the organisation's own, else the one applied in."""

    submitter_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    submitter_name: Mapped[str] = mapped_column(String(210), default="")
    submitter_email: Mapped[str] = mapped_column(String(254), default="")
    submitter_mobile: Mapped[str] = mapped_column(String(20), default="")
    submitter_job_title: Mapped[str] = mapped_column(String(100), default="")

    contact_kind: Mapped[ContactKind | None]
    contact_nominee_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("nominee.id", ondelete="SET NULL", use_alter=True, name="fk_access_application_contact_nominee"),
        index=True,
    )
    contact: Mapped["ContactPerson | None"] = relationship(
        back_populates="application", cascade="all, delete-orphan", uselist=False
    )
    """Only when the contact person is somebody else than the submitter and the nominees."""

    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    submitted_at: Mapped[datetime | None]
    declaration: Mapped[str | None] = mapped_column(Text)
    """The text that was confirmed, word for word."""
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Everything as submitted but the national identity numbers (invariant I2)."""
    snapshot_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    right_confirmed_at: Mapped[datetime | None]
    """When Altinn's PDP last said Permit for the submitter: at submission."""
    registry_verified: Mapped[bool] = mapped_column(default=False)
    replaces_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("access_application.id", ondelete="SET NULL"), index=True
    )
    """The draft this one was started over from; deleted when this one is submitted (ux.md A2)."""

    caseworker_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    due_on: Mapped[date | None]
    provisional_reply_at: Mapped[datetime | None]
    """When the organisation was told that it takes more than a month, why, and what to expect (forvaltningsloven
    § 11 a)."""
    delay_reason: Mapped[DelayReason | None]
    expected_on: Mapped[date | None]
    reply_on: Mapped[date | None] = query_expression()
    """The day the system sends the provisional reply, for a case that should have one; only casework.find() says."""
    has_new_answer: Mapped[bool] = mapped_column(default=False)
    decided_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    """When the closed case was last handed over to the archive."""
    receipt_pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    version: Mapped[int] = mapped_column()
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}  # type: ignore[misc]

    organisation: Mapped[Organisation] = relationship()
    submitter: Mapped[Account] = relationship(foreign_keys=[submitter_id])
    changed_by: Mapped[Account] = relationship(foreign_keys=[changed_by_id])
    caseworker: Mapped[Account | None] = relationship(foreign_keys=[caseworker_id])
    nominees: Mapped[list["Nominee"]] = relationship(
        back_populates="application",
        cascade="all, delete-orphan",
        order_by="Nominee.position",
        foreign_keys="Nominee.application_id",
    )
    contact_nominee: Mapped["Nominee | None"] = relationship(foreign_keys=[contact_nominee_id], post_update=True)
    questions: Mapped[list["Question"]] = relationship(
        back_populates="application", cascade="all, delete-orphan", order_by="Question.asked_at"
    )
    notes: Mapped[list["InternalNote"]] = relationship(cascade="all, delete-orphan", order_by="InternalNote.written_at")
    decisions: Mapped[list["Decision"]] = relationship(
        back_populates="application", cascade="all, delete-orphan", order_by="Decision.proposed_at"
    )

    @property
    def open_question(self) -> "Question | None":
        """The question that waits for an answer."""
        return next((question for question in self.questions if question.status is QuestionStatus.OPEN), None)

    @property
    def decision_in_force(self) -> "Decision | None":
        """The last that is final, with its letter."""
        return next((one for one in reversed(self.decisions) if one.status is DecisionStatus.FINAL), None)

    @property
    def contact_person(self) -> "Nominee | ContactPerson | None":
        """The contact person when it is somebody else than the submitter."""
        if self.contact_kind is ContactKind.NOMINEE:
            return self.contact_nominee
        return self.contact if self.contact_kind is ContactKind.OTHER else None

    @property
    def contact_details(self) -> Contact:
        """How to reach the contact person; the submitter until another is chosen."""
        person = self.contact_person
        if person is None:
            return Contact(self.submitter_name, self.submitter_email, self.submitter_mobile)
        return Contact(person.name, person.email, person.mobile)


class Nominee(HasId, HasNationalId, Base):
    """A person who is to have access (person som skal ha tilgang)."""

    __tablename__ = "nominee"
    __table_args__ = (
        UniqueConstraint("application_id", "national_id_index"),
        Index("uq_nominee_application_email", "application_id", "email", unique=True),
    )
    application_id: Mapped[UUID] = mapped_column(ForeignKey("access_application.id", ondelete="CASCADE"))
    position: Mapped[int]
    """1, 2, 3 … in the address of the page; the last one's is used again when the person is removed."""
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    mobile: Mapped[str] = mapped_column(String(20))
    job_title: Mapped[str] = mapped_column(String(100))
    access_level: Mapped[AccessLevel]
    outcome: Mapped[NomineeOutcome] = mapped_column(default=NomineeOutcome.PENDING)
    granted_level: Mapped[AccessLevel | None]
    decline_reason: Mapped[str | None] = mapped_column(Text)
    application: Mapped[AccessApplication] = relationship(back_populates="nominees", foreign_keys=[application_id])

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class ContactPerson(HasId, HasNationalId, Base):
    """The contact person when it is neither the submitter nor a nominee; the number lets him or her sign in to
    answer."""

    __tablename__ = "contact_person"
    application_id: Mapped[UUID] = mapped_column(ForeignKey("access_application.id", ondelete="CASCADE"), unique=True)
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    mobile: Mapped[str] = mapped_column(String(20))
    application: Mapped[AccessApplication] = relationship(back_populates="contact")

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class Question(HasId, HasStatus, Base):
    """A question from the Directorate about an application, and its answer (ux.md B3, A9)."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint(
            "status <> 'answered' OR (answered_at IS NOT NULL AND answer IS NOT NULL)", name="answered_has_answer"
        ),
        Index("uq_question_one_open", "application_id", unique=True, postgresql_where="status = 'open'"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        QuestionStatus.OPEN: frozenset({QuestionStatus.ANSWERED, QuestionStatus.WITHDRAWN}),
    }
    application_id: Mapped[UUID] = mapped_column(ForeignKey("access_application.id", ondelete="CASCADE"), index=True)
    status: Mapped[QuestionStatus] = mapped_column(default=QuestionStatus.OPEN)
    text: Mapped[str] = mapped_column(Text)
    opened_steps: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    """Which parts the organisation may change with the answer: innsender, personer, kontaktperson."""
    due_on: Mapped[date]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    answered_by_name: Mapped[str | None] = mapped_column(String(210))
    answered_at: Mapped[datetime | None]
    application: Mapped[AccessApplication] = relationship(back_populates="questions")


class InternalNote(HasId, Base):
    """A caseworker's note on an application; internal, but may be subject to access to the file."""

    __tablename__ = "internal_note"
    application_id: Mapped[UUID] = mapped_column(ForeignKey("access_application.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    author: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class Decision(HasId, HasStatus, Base):
    """The Directorate's decision (vedtak). Declining everybody is proposed by one and approved by another."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("status <> 'final' OR decided_at IS NOT NULL", name="final_has_time"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> proposed_by_id", name="two_people"),
        Index("uq_decision_one_proposed", "application_id", unique=True, postgresql_where="status = 'proposed'"),
    )
    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]] = {
        DecisionStatus.PROPOSED: frozenset({DecisionStatus.FINAL, DecisionStatus.RETURNED}),
    }
    application_id: Mapped[UUID] = mapped_column(ForeignKey("access_application.id", ondelete="CASCADE"), index=True)
    status: Mapped[DecisionStatus] = mapped_column(default=DecisionStatus.PROPOSED)
    outcomes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Per nominee: nominee_id, outcome, level, reason."""
    letter: Mapped[str] = mapped_column(Text)
    """The exact letter as it was previewed."""
    language: Mapped[Language]
    proposed_by_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    proposed_at: Mapped[datetime]
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    decided_at: Mapped[datetime | None]
    application: Mapped[AccessApplication] = relationship(back_populates="decisions")
    proposed_by: Mapped[Account] = relationship(foreign_keys=[proposed_by_id])
    approved_by: Mapped[Account | None] = relationship(foreign_keys=[approved_by_id])
