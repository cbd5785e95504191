"""The closed lists of the domain (design.md section 4)."""

from enum import StrEnum


class Role(StrEnum):
    """What a signed-in person acts as, one at a time (security.md C15). ANYONE and SIGNED_IN only say whom a page is
    open to."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    SUBMITTER = "submitter"
    ORGANISATION_USER = "organisation_user"
    CASEWORKER = "caseworker"
    CASE_LEAD = "case_lead"
    AUDITOR = "auditor"


class AccessLevel(StrEnum):
    """What an organisation's user may do; each level holds the ones before it (ux.md A4, design.md D9)."""

    READER = "reader"
    RECRUITER = "recruiter"
    USER_ADMINISTRATOR = "user_administrator"

    @property
    def rank(self) -> int:
        return list(AccessLevel).index(self)


class OrganisationKind(StrEnum):
    MUNICIPALITY = "municipality"
    HEALTH_TRUST = "health_trust"


class Language(StrEnum):
    BOKMAL = "nb"
    NYNORSK = "nn"
    ENGLISH = "en"


class ApplicationStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    WAITING = "waiting"
    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class NomineeOutcome(StrEnum):
    PENDING = "pending"
    GRANTED = "granted"
    DECLINED = "declined"


class ContactKind(StrEnum):
    """Who the contact person is: the submitter, one of the nominees, or somebody else."""

    SUBMITTER = "submitter"
    NOMINEE = "nominee"
    OTHER = "other"


class QuestionStatus(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class DecisionStatus(StrEnum):
    PROPOSED = "proposed"
    FINAL = "final"
    RETURNED = "returned"


class GrantStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    ENDED = "ended"


class GrantEnd(StrEnum):
    REMOVED = "removed"
    EXPIRED = "expired"
    ORGANISATION_ENDED = "organisation_ended"
    NOT_RECONFIRMED = "not_reconfirmed"


class InvitationStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


class MessageKind(StrEnum):
    """The e-mails of ux.md section 6 that this release sends, and the notices of security.md C33 and ux.md B5."""

    APPLICATION_RECEIVED = "application_received"
    MORE_INFORMATION = "more_information"
    APPLICATION_GRANTED = "application_granted"
    APPLICATION_DECLINED = "application_declined"
    APPEAL_UPHELD = "appeal_upheld"
    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation_reminder"
    INVITATION_EXPIRED = "invitation_expired"
    INVITATION_ACCEPTED = "invitation_accepted"
    NEW_INVITATION_REQUESTED = "new_invitation_requested"
    ACCESS_ENDED = "access_ended"
    RECONFIRMATION_DUE = "reconfirmation_due"


class MessageStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    CANCELLED = "cancelled"
