"""The closed lists of the domain (design.md section 4)."""

from enum import StrEnum


class Role(StrEnum):
    """What a signed-in person acts as, one at a time (security.md C15). ANYONE and SIGNED_IN only say whom a page is
    open to."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    SUBMITTER = "submitter"
    PROFESSIONAL = "professional"
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


class DelayReason(StrEnum):
    """Why an application is not decided within a month."""

    MANY_CASES = "many_cases"
    AWAITS_ANSWER = "awaits_answer"
    EXAMINED = "examined"


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
    ACCESS_UNUSED = "access_unused"
    ACCESS_LOCKED = "access_locked"
    EMAIL_CONFIRMATION = "email_confirmation"
    AVAILABILITY_CHECK = "availability_check"
    PROFILE_ERASED = "profile_erased"
    FILE_REFUSED = "file_refused"
    BEFORE_ERASURE = "before_erasure"
    LISTING_LOST = "listing_lost"
    PRIVACY_CASE_RECEIVED = "privacy_case_received"
    PRIVACY_CASE_EXTENDED = "privacy_case_extended"
    PRIVACY_CASE_ANSWERED = "privacy_case_answered"
    CONTACT_CHANGED = "contact_changed"
    SHORTLIST_UNUSED = "shortlist_unused"
    NEW_PEOPLE = "new_people"
    DETAILS_CHANGED = "details_changed"
    PROVISIONAL_REPLY = "provisional_reply"


class MessageStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    CANCELLED = "cancelled"


class ProfessionalStatus(StrEnum):
    """A registration (design.md section 4). An erased one has no row any more."""

    STARTED = "started"
    ACTIVE = "active"
    PAUSED = "paused"
    LEAVING = "leaving"


class ConsentPurpose(StrEnum):
    """What one may consent to, each by itself (ux.md D1, security.md section 6)."""

    REGISTER = "register"
    SHOWN_TO_ORGANISATIONS = "shown_to_organisations"
    EXTERNAL_RECRUITERS = "external_recruiters"
    INFECTION_CONTROL_TRAINING = "infection_control_training"
    VACANCY_ALERTS = "vacancy_alerts"


class ConsentAct(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class AvailabilityKind(StrEnum):
    NOW = "now"
    FROM_DATE = "from_date"
    PAUSED = "paused"


class Workload(StrEnum):
    """How much one can work, in percent of full time."""

    P20 = "20"
    P40 = "40"
    P60 = "60"
    P80 = "80"
    P100 = "100"
    ON_CALL = "on_call"


class TimeOfDay(StrEnum):
    DAY = "day"
    EVENING = "evening"
    NIGHT = "night"
    WEEKEND = "weekend"


class StartSpeed(StrEnum):
    SAME_DAY = "same_day"
    WITHIN_WEEK = "within_week"
    WITHIN_MONTH = "within_month"


class CapacityUnit(StrEnum):
    """What a capacity promise counts: «to helger i måneden til juni»."""

    SHIFTS = "shifts"
    DAYS = "days"
    WEEKENDS = "weekends"
    WEEKS = "weeks"


class CapacityPeriod(StrEnum):
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class FieldOfWork(StrEnum):
    ACUTE = "acute"
    INTENSIVE = "intensive"
    NURSING_HOME = "nursing_home"
    HOME_CARE = "home_care"
    MENTAL_HEALTH = "mental_health"
    INFECTION_CONTROL = "infection_control"
    VACCINATION = "vaccination"
    MATERNITY = "maternity"
    LABORATORY = "laboratory"
    OTHER = "other"


class Experience(StrEnum):
    """Years of practice, as bands."""

    UP_TO_1 = "0-1"
    FROM_2_TO_5 = "2-5"
    FROM_6_TO_10 = "6-10"
    OVER_10 = "over_10"


class TravelTime(StrEnum):
    HALF_HOUR = "half_hour"
    ONE_HOUR = "one_hour"
    OVER_ONE_HOUR = "over_one_hour"
    STAY_AWAY = "stay_away"


class Housing(StrEnum):
    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


class HprStatus(StrEnum):
    """What HPR last said of a person (ux.md D3); NOT_CHECKED before the first answer."""

    NOT_CHECKED = "not_checked"
    VALID = "valid"
    NOT_FOUND = "not_found"
    EXPIRED = "expired"
    INACTIVE = "inactive"
    """A reaction or an end: neutral words, and the reason is nowhere stored."""


class LinkPurpose(StrEnum):
    """What a link in an e-mail is for; a token works for its own purpose alone."""

    AVAILABILITY = "availability"
    EMAIL_CONFIRMATION = "email_confirmation"
    UNSUBSCRIBE = "unsubscribe"


class AttachmentKind(StrEnum):
    CV = "cv"
    DOCUMENT = "document"


class AttachmentStatus(StrEnum):
    STORED = "stored"
    SCANNING = "scanning"
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"


class Visibility(StrEnum):
    """Who may see a CV."""

    ONLY_ME = "only_me"
    CONSENTED = "consented"


class CvSection(StrEnum):
    EXPERIENCE = "experience"
    EDUCATION = "education"
    COURSE = "course"
    LANGUAGE = "language"
    REFERENCE = "reference"


class LanguageLevel(StrEnum):
    BASIC = "basic"
    GOOD = "good"
    FLUENT = "fluent"
    NATIVE = "native"


class PrivacyCaseKind(StrEnum):
    RECTIFY = "rectify"
    RESTRICT = "restrict"
    OBJECT = "object"
    LOOK_UP = "look_up"
    """«Jeg lurer på et oppslag»"""
    HPR = "hpr"
    """«Dette stemmer ikke», about what HPR says"""


class PrivacyCaseStatus(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


class ExportStatus(StrEnum):
    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class ContactPurpose(StrEnum):
    """Why somebody needs contact details or a CV (ux.md E4)."""

    STAFF_NOW = "staff_now"
    FILL_VACANCY = "fill_vacancy"
    EXERCISE = "exercise"


class ContactOutcome(StrEnum):
    NO_ANSWER = "no_answer"
    INTERESTED = "interested"
    NOT_SUITABLE = "not_suitable"
    HIRED = "hired"


class Revealed(StrEnum):
    CONTACT = "contact"
    CV = "cv"


class AlertFrequency(StrEnum):
    """How often a user is told of new people in a saved search."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


class ExportFormat(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


class AlarmKind(StrEnum):
    CANARY = "canary"
    HIGH_RATE = "high_rate"
    QUOTA = "quota"


class Stoppable(StrEnum):
    REVEALS = "reveals"
    EXPORTS = "exports"


class ReviewVerdict(StrEnum):
    """What somebody else found of a look that was drawn for review."""

    FINE = "fine"
    FOLLOW_UP = "follow_up"
