"""The words and colours of the domain's closed lists, said the same on every page (ux.md 3.4 and A8)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from extensions.language import show_date
from models.enums import (
    AccessLevel,
    AlertFrequency,
    ApplicationStatus,
    AttachmentStatus,
    AvailabilityKind,
    CapacityPeriod,
    CapacityUnit,
    ConsentAct,
    ContactOutcome,
    ContactPurpose,
    DelayReason,
    Experience,
    FieldOfWork,
    GrantEnd,
    GrantStatus,
    Housing,
    InvitationStatus,
    MessageKind,
    MessageStatus,
    NomineeOutcome,
    OrganisationKind,
    PrivacyCaseKind,
    PrivacyCaseStatus,
    ReviewVerdict,
    Role,
    StartSpeed,
    TimeOfDay,
    TravelTime,
    Visibility,
    Workload,
)

APPLICATION_STATUS: Mapping[ApplicationStatus, tuple[Any, str]] = {
    ApplicationStatus.DRAFT: (_l("Utkast"), "neutral"),
    ApplicationStatus.SUBMITTED: (_l("Sendt inn"), "info"),
    ApplicationStatus.IN_REVIEW: (_l("Under behandling"), "info"),
    ApplicationStatus.WAITING: (_l("Venter på svar"), "warning"),
    ApplicationStatus.GRANTED: (_l("Innvilget"), "success"),
    ApplicationStatus.PARTLY_GRANTED: (_l("Delvis innvilget"), "success"),
    ApplicationStatus.DECLINED: (_l("Avslått"), "danger"),
    ApplicationStatus.WITHDRAWN: (_l("Trukket"), "neutral"),
}
"""What a status is called, at most 25 characters, and the colour of its tag."""

ACCESS_LEVEL: Mapping[AccessLevel, Any] = {
    AccessLevel.READER: _l("Søke i registeret og kontakte helsepersonell"),
    AccessLevel.RECRUITER: _l("Rekruttere, med stillinger og intervjuer"),
    AccessLevel.USER_ADMINISTRATOR: _l("Også styre brukere for virksomheten"),
}
ABOUT_RECRUITING = _l(
    "Stillinger og intervjuer kommer senere. Til da gir «Rekruttere» det samme som å søke og kontakte helsepersonell."
)

NOMINEE_OUTCOME: Mapping[NomineeOutcome, tuple[Any, str]] = {
    NomineeOutcome.PENDING: (_l("Ikke avgjort"), "neutral"),
    NomineeOutcome.GRANTED: (_l("Innvilget"), "success"),
    NomineeOutcome.DECLINED: (_l("Avslått"), "danger"),
}

GRANT_STATUS: Mapping[GrantStatus, tuple[Any, str]] = {
    GrantStatus.INVITED: (_l("Invitert"), "info"),
    GrantStatus.ACTIVE: (_l("I bruk"), "success"),
    GrantStatus.ENDED: (_l("Avsluttet"), "neutral"),
}

GRANT_LOCKED = (_l("Låst"), "warning")
"""How an active grant is shown that nobody has used for long."""

GRANT_END: Mapping[GrantEnd, Any] = {
    GrantEnd.REMOVED: _l("Stoppet"),
    GrantEnd.EXPIRED: _l("Utløpt"),
    GrantEnd.ORGANISATION_ENDED: _l("Virksomheten er avviklet"),
    GrantEnd.NOT_RECONFIRMED: _l("Ikke bekreftet på nytt"),
}

INVITATION_STATUS: Mapping[InvitationStatus, tuple[Any, str]] = {
    InvitationStatus.QUEUED: (_l("Sendes nå"), "info"),
    InvitationStatus.SENT: (_l("Sendt"), "info"),
    InvitationStatus.UNDELIVERABLE: (_l("Kom ikke fram"), "danger"),
    InvitationStatus.ACCEPTED: (_l("Tatt i bruk"), "success"),
    InvitationStatus.EXPIRED: (_l("Utløpt"), "warning"),
    InvitationStatus.REVOKED: (_l("Trukket tilbake"), "neutral"),
}

MESSAGE_STATUS: Mapping[MessageStatus, tuple[Any, str]] = {
    MessageStatus.QUEUED: (_l("Sendes nå"), "info"),
    MessageStatus.SENT: (_l("Sendt"), "success"),
    MessageStatus.UNDELIVERABLE: (_l("Kom ikke fram"), "danger"),
    MessageStatus.CANCELLED: (_l("Ikke sendt"), "neutral"),
}

MESSAGE_KIND: Mapping[MessageKind, Any] = {
    MessageKind.APPLICATION_RECEIVED: _l("Søknad mottatt"),
    MessageKind.MORE_INFORMATION: _l("Spørsmål om søknaden"),
    MessageKind.APPLICATION_GRANTED: _l("Søknaden innvilget"),
    MessageKind.APPLICATION_DECLINED: _l("Søknaden behandlet"),
    MessageKind.APPEAL_UPHELD: _l("Klagen tatt til følge"),
    MessageKind.PROVISIONAL_REPLY: _l("Foreløpig svar"),
    MessageKind.INVITATION: _l("Invitasjon"),
    MessageKind.INVITATION_REMINDER: _l("Påminnelse om invitasjon"),
    MessageKind.INVITATION_EXPIRED: _l("Invitasjon utløpt"),
    MessageKind.INVITATION_ACCEPTED: _l("Invitasjon tatt i bruk"),
    MessageKind.NEW_INVITATION_REQUESTED: _l("Ny invitasjon ønsket"),
    MessageKind.ACCESS_ENDED: _l("Tilgang stoppet"),
    MessageKind.RECONFIRMATION_DUE: _l("Tilganger må bekreftes"),
    MessageKind.ACCESS_UNUSED: _l("Spørsmål om ubrukt tilgang"),
    MessageKind.ACCESS_LOCKED: _l("Tilgang låst"),
    MessageKind.EMAIL_CONFIRMATION: _l("Lenke for å bekrefte e-post"),
    MessageKind.FILE_REFUSED: _l("Fil avvist"),
    MessageKind.LISTING_LOST: _l("Vises ikke lenger"),
    MessageKind.AVAILABILITY_CHECK: _l("Spørsmål om tilgjengelighet"),
    MessageKind.PROFILE_ERASED: _l("Profilen slettet"),
    MessageKind.BEFORE_ERASURE: _l("Varsel om sletting"),
    MessageKind.PRIVACY_CASE_RECEIVED: _l("Personvernsak mottatt"),
    MessageKind.PRIVACY_CASE_EXTENDED: _l("Personvernsak tar lengre tid"),
    MessageKind.PRIVACY_CASE_ANSWERED: _l("Personvernsak besvart"),
    MessageKind.CONTACT_CHANGED: _l("E-postadressen rettet"),
    MessageKind.SHORTLIST_UNUSED: _l("Varsel om sletting av kortliste"),
    MessageKind.NEW_PEOPLE: _l("Varsel om nye personer"),
    MessageKind.DETAILS_CHANGED: _l("Varsel om endrede opplysninger"),
}

ORGANISATION_KIND: Mapping[OrganisationKind, Any] = {
    OrganisationKind.MUNICIPALITY: _l("Kommune"),
    OrganisationKind.HEALTH_TRUST: _l("Helseforetak"),
}

ROLE: Mapping[Role, Any] = {
    Role.SUBMITTER: _l("Innsender"),
    Role.PROFESSIONAL: _l("Helsepersonell"),
    Role.ORGANISATION_USER: _l("Bruker i virksomhet"),
    Role.CASEWORKER: _l("Saksbehandler"),
    Role.CASE_LEAD: _l("Leder"),
    Role.AUDITOR: _l("Revisor"),
}

FIELD_OF_WORK: Mapping[FieldOfWork, Any] = {
    FieldOfWork.ACUTE: _l("Akutt"),
    FieldOfWork.INTENSIVE: _l("Intensiv"),
    FieldOfWork.NURSING_HOME: _l("Sykehjem"),
    FieldOfWork.HOME_CARE: _l("Hjemmetjeneste"),
    FieldOfWork.MENTAL_HEALTH: _l("Psykisk helse og rus"),
    FieldOfWork.INFECTION_CONTROL: _l("Smittevern"),
    FieldOfWork.VACCINATION: _l("Vaksinering"),
    FieldOfWork.MATERNITY: _l("Føde"),
    FieldOfWork.LABORATORY: _l("Laboratorium"),
    FieldOfWork.OTHER: _l("Annet"),
}

EXPERIENCE: Mapping[Experience, Any] = {
    Experience.UP_TO_1: _l("0–1 år"),
    Experience.FROM_2_TO_5: _l("2–5 år"),
    Experience.FROM_6_TO_10: _l("6–10 år"),
    Experience.OVER_10: _l("Over 10 år"),
}

AVAILABILITY: Mapping[AvailabilityKind, Any] = {
    AvailabilityKind.NOW: _l("Ja, nå"),
    AvailabilityKind.FROM_DATE: _l("Ja, fra en dato"),
    AvailabilityKind.PAUSED: _l("Nei, jeg vil ta en pause"),
}

LINK_ANSWER: Mapping[AvailabilityKind, Any] = {
    AvailabilityKind.NOW: _l("Ja, jeg er tilgjengelig"),
    AvailabilityKind.FROM_DATE: _l("Ikke nå, men om to uker"),
    AvailabilityKind.PAUSED: _l("Nei, ta en pause"),
}
"""The presses of the page a link in an e-mail opens."""

CAPACITY_UNIT: Mapping[CapacityUnit, Any] = {
    CapacityUnit.SHIFTS: _l("vakter"),
    CapacityUnit.DAYS: _l("dager"),
    CapacityUnit.WEEKENDS: _l("helger"),
    CapacityUnit.WEEKS: _l("uker"),
}

CAPACITY_PERIOD: Mapping[CapacityPeriod, Any] = {
    CapacityPeriod.WEEK: _l("i uken"),
    CapacityPeriod.MONTH: _l("i måneden"),
    CapacityPeriod.YEAR: _l("i året"),
}

WORKLOAD: Mapping[Workload, Any] = {
    Workload.P20: _l("20 prosent"),
    Workload.P40: _l("40 prosent"),
    Workload.P60: _l("60 prosent"),
    Workload.P80: _l("80 prosent"),
    Workload.P100: _l("100 prosent"),
    Workload.ON_CALL: _l("Tilkalling"),
}

TIME_OF_DAY: Mapping[TimeOfDay, Any] = {
    TimeOfDay.DAY: _l("Dag"),
    TimeOfDay.EVENING: _l("Kveld"),
    TimeOfDay.NIGHT: _l("Natt"),
    TimeOfDay.WEEKEND: _l("Helg"),
}

START_SPEED: Mapping[StartSpeed, Any] = {
    StartSpeed.SAME_DAY: _l("På dagen"),
    StartSpeed.WITHIN_WEEK: _l("Innen en uke"),
    StartSpeed.WITHIN_MONTH: _l("Innen en måned"),
}

TRAVEL_TIME: Mapping[TravelTime, Any] = {
    TravelTime.HALF_HOUR: _l("Inntil 30 minutter"),
    TravelTime.ONE_HOUR: _l("Inntil 1 time"),
    TravelTime.OVER_ONE_HOUR: _l("Over 1 time"),
    TravelTime.STAY_AWAY: _l("Jeg kan bo borte"),
}

HOUSING: Mapping[Housing, Any] = {
    Housing.YES: _l("Ja"),
    Housing.NO: _l("Nei"),
    Housing.DEPENDS: _l("Kommer an på stedet"),
}

CONSENT_ACT: Mapping[ConsentAct, Any] = {
    ConsentAct.GIVEN: _l("Gitt"),
    ConsentAct.WITHDRAWN: _l("Trukket"),
}

VISIBILITY: Mapping[Visibility, Any] = {
    Visibility.ONLY_ME: _l("Bare jeg"),
    Visibility.CONSENTED: _l("Virksomheter jeg har samtykket til"),
}

ATTACHMENT_STATUS: Mapping[AttachmentStatus, Any] = {
    AttachmentStatus.STORED: _l("Venter på virussjekk"),
    AttachmentStatus.SCANNING: _l("Sjekkes for virus"),
    AttachmentStatus.CLEAN: _l("Klar"),
    AttachmentStatus.INFECTED: _l("Avvist og slettet"),
    AttachmentStatus.UNSCANNABLE: _l("Ikke sjekket"),
}

PRIVACY_CASE_KIND: Mapping[PrivacyCaseKind, Any] = {
    PrivacyCaseKind.RECTIFY: _l("Rett en opplysning"),
    PrivacyCaseKind.RESTRICT: _l("Begrens bruken"),
    PrivacyCaseKind.OBJECT: _l("Protester"),
    PrivacyCaseKind.LOOK_UP: _l("Spørsmål om et oppslag"),
    PrivacyCaseKind.HPR: _l("Opplysninger fra HPR"),
}

PRIVACY_CASE_STATUS: Mapping[PrivacyCaseStatus, tuple[Any, str]] = {
    PrivacyCaseStatus.OPEN: (_l("Til behandling"), "info"),
    PrivacyCaseStatus.ANSWERED: (_l("Besvart"), "success"),
}

ALERT_FREQUENCY: Mapping[AlertFrequency, Any] = {
    AlertFrequency.NEVER: _l("Ingen varsler"),
    AlertFrequency.DAILY: _l("Hver dag"),
    AlertFrequency.WEEKLY: _l("Hver uke"),
}

CONTACT_PURPOSE: Mapping[ContactPurpose, Any] = {
    ContactPurpose.STAFF_NOW: _l("Bemanne nå"),
    ContactPurpose.FILL_VACANCY: _l("Fylle en stilling"),
    ContactPurpose.EXERCISE: _l("Beredskapsøvelse"),
}

CONTACT_OUTCOME: Mapping[ContactOutcome, tuple[Any, str]] = {
    ContactOutcome.NO_ANSWER: (_l("Fikk ikke svar"), "neutral"),
    ContactOutcome.INTERESTED: (_l("Interessert"), "success"),
    ContactOutcome.NOT_SUITABLE: (_l("Ikke aktuell"), "neutral"),
    ContactOutcome.HIRED: (_l("Ansatt hos oss"), "info"),
}

OPENED_STEP: Mapping[str, Any] = {
    "innsender": _l("Innsender"),
    "personer": _l("Personer"),
    "kontaktperson": _l("Kontaktperson"),
}
"""The parts of an application a question may open, by their place in the address."""

DELAY_REASON: Mapping[DelayReason, Any] = {
    DelayReason.MANY_CASES: _l("Vi har mange søknader å behandle."),
    DelayReason.AWAITS_ANSWER: _l("Vi venter på svar fra dere."),
    DelayReason.EXAMINED: _l("Vi må undersøke noe i søknaden nærmere."),
}
"""Why an application is not decided yet, as the organisation reads it."""

REVIEW_VERDICT: Mapping[ReviewVerdict, tuple[Any, str]] = {
    ReviewVerdict.FINE: (_l("I orden"), "success"),
    ReviewVerdict.FOLLOW_UP: (_l("Følges opp"), "warning"),
}

OWN_LOG = "own_log"
"""The purpose of a look that came of reading an organisation's log of its own users."""
SHORTLIST = "shortlist"
"""The purpose of a look at somebody who is on a shortlist."""
PUT_RIGHT = "put_right"
"""The purpose of a look at somebody whose details have changed since the organisation was shown them."""


PURPOSE: Mapping[str, Any] = {
    OWN_LOG: _l("Kontroll av egne brukere"),
    SHORTLIST: _l("Følger opp en kortliste"),
    PUT_RIGHT: _l("Retter opplysninger virksomheten har hentet"),
    **{purpose.value: text for purpose, text in CONTACT_PURPOSE.items()},
}


def purpose(written: str | None) -> str:
    """Why somebody looked, in words: one of the purposes organisations choose from, or what somebody wrote."""
    return str(PURPOSE.get(written or "", written or "–"))


def delay(reason: DelayReason, expected_on: date | None) -> str:
    """A provisional reply in words: why it takes time, and when to expect an answer."""
    if expected_on is None:
        when = _("Vi kan ikke si når dere får svar.")
    else:
        when = _("Vi regner med å svare innen %(dato)s.", dato=show_date(expected_on))
    return f"{DELAY_REASON[reason]} {when}"


def days_left(due: date, today: date) -> str:
    """How long there is until a deadline, in words: «3 dager igjen»."""
    days = (due - today).days
    if days > 0:
        return str(ngettext("%(num)s dag igjen", "%(num)s dager igjen", days))
    if days == 0:
        return str(_("Siste dag er i dag"))
    return str(ngettext("%(num)s dag over fristen", "%(num)s dager over fristen", -days))
