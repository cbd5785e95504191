"""Numbers an authorised person may change without a release, and the retention rules the privacy page shows
(design.md D12)."""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import ColumnElement, func, select

from extensions.database import db
from models.organisation import Setting


class Key(StrEnum):
    PROCESSING_DAYS = "processing_days"
    APPEAL_WEEKS = "appeal_weeks"
    ANSWER_DAYS = "answer_days"
    PROVISIONAL_TASK_DAYS = "provisional_task_days"
    PROVISIONAL_REPLY_DAYS = "provisional_reply_days"
    INVITATION_DAYS = "invitation_days"
    INVITATION_REMINDER_DAYS = "invitation_reminder_days"
    INVITATIONS_PER_HOUR = "invitations_per_hour"
    INVITATIONS_PER_ADDRESS = "invitations_per_address_and_day"
    RECONFIRMATION_MONTHS = "reconfirmation_months"
    UNUSED_WEEKS = "unused_weeks"
    UNUSED_ANSWER_DAYS = "unused_answer_days"
    DRAFT_DAYS = "draft_days"
    PENDING_USER_DAYS = "pending_user_days"
    APPLICATION_YEARS = "application_years"
    MAIL_BODY_DAYS = "mail_body_days"
    MAIL_METADATA_MONTHS = "mail_metadata_months"
    LOG_DAYS = "log_days"
    SECURITY_LOG_MONTHS = "security_log_months"
    AUDIT_YEARS = "audit_years"
    ACCOUNT_YEARS = "account_years"
    BACKUP_DAYS = "backup_days"
    PROFILES_PER_DAY = "profiles_per_day"
    REVEALS_PER_HOUR = "reveals_per_hour"
    REVEALS_PER_DAY = "reveals_per_day"
    REVEALS_PER_ORGANISATION_AND_DAY = "reveals_per_organisation_and_day"
    EXPORTS_PER_DAY = "exports_per_day"
    EXPORTS_PER_ORGANISATION_AND_DAY = "exports_per_organisation_and_day"
    EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY = "exported_contacts_per_organisation_and_day"
    FILE_HOURS = "file_hours"
    FRESH_DAYS = "fresh_days"
    REFUSED_FILE_DAYS = "refused_file_days"
    ASK_DAYS = "ask_days"
    ASK_AGAIN_DAYS = "ask_again_days"
    AVAILABILITY_LINK_DAYS = "availability_link_days"
    EMAIL_LINK_DAYS = "email_link_days"
    EMAIL_LINKS_PER_DAY = "email_links_per_day"
    HPR_SILENT_HOURS = "hpr_silent_hours"
    HPR_CHECKS_PER_MINUTE = "hpr_checks_per_minute"
    EXPORT_DAYS = "export_days"
    PROFILE_YEARS = "profile_years"
    CONSENT_RENEWAL_DAYS = "consent_renewal_days"
    SHORTLIST_DAYS = "shortlist_days"
    SHORTLIST_NOTICE_DAYS = "shortlist_notice_days"
    PEOPLE_PER_SHORTLIST = "people_per_shortlist"
    SHORTLISTS_PER_ORGANISATION = "shortlists_per_organisation"
    SAVED_SEARCHES = "saved_searches_per_user"
    SAVED_SEARCH_DAYS = "saved_search_days"
    RECIPIENT_DAYS = "recipient_days"
    SAMPLED_PERCENT = "sampled_percent"
    CONTACT_DAYS = "contact_days"
    HIRED_DAYS = "hired_days"
    PRIVACY_CASE_YEARS = "privacy_case_years"


DEFAULTS: dict[Key, tuple[int, str]] = {
    Key.PROCESSING_DAYS: (5, "days"),
    Key.APPEAL_WEEKS: (3, "weeks"),
    Key.ANSWER_DAYS: (14, "days"),
    Key.PROVISIONAL_TASK_DAYS: (20, "days"),
    Key.PROVISIONAL_REPLY_DAYS: (28, "days"),
    Key.INVITATION_DAYS: (14, "days"),
    Key.INVITATION_REMINDER_DAYS: (7, "days"),
    Key.INVITATIONS_PER_HOUR: (20, "count"),
    Key.INVITATIONS_PER_ADDRESS: (3, "count"),
    Key.RECONFIRMATION_MONTHS: (6, "months"),
    Key.UNUSED_WEEKS: (12, "weeks"),
    Key.UNUSED_ANSWER_DAYS: (14, "days"),
    Key.DRAFT_DAYS: (30, "days"),
    Key.PENDING_USER_DAYS: (30, "days"),
    Key.APPLICATION_YEARS: (5, "years"),
    Key.MAIL_BODY_DAYS: (30, "days"),
    Key.MAIL_METADATA_MONTHS: (12, "months"),
    Key.LOG_DAYS: (30, "days"),
    Key.SECURITY_LOG_MONTHS: (12, "months"),
    Key.AUDIT_YEARS: (5, "years"),
    Key.ACCOUNT_YEARS: (5, "years"),
    Key.BACKUP_DAYS: (35, "days"),
    Key.PROFILES_PER_DAY: (300, "count"),
    Key.REVEALS_PER_HOUR: (60, "count"),
    Key.REVEALS_PER_DAY: (200, "count"),
    Key.REVEALS_PER_ORGANISATION_AND_DAY: (1000, "count"),
    Key.EXPORTS_PER_DAY: (10, "count"),
    Key.EXPORTS_PER_ORGANISATION_AND_DAY: (30, "count"),
    Key.EXPORTED_CONTACTS_PER_ORGANISATION_AND_DAY: (1000, "count"),
    Key.FILE_HOURS: (24, "hours"),
    Key.FRESH_DAYS: (60, "days"),
    Key.REFUSED_FILE_DAYS: (30, "days"),
    Key.ASK_DAYS: (30, "days"),
    Key.ASK_AGAIN_DAYS: (44, "days"),
    Key.AVAILABILITY_LINK_DAYS: (14, "days"),
    Key.EMAIL_LINK_DAYS: (7, "days"),
    Key.EMAIL_LINKS_PER_DAY: (5, "count"),
    Key.HPR_SILENT_HOURS: (72, "hours"),
    Key.HPR_CHECKS_PER_MINUTE: (120, "count"),
    Key.EXPORT_DAYS: (7, "days"),
    Key.PROFILE_YEARS: (5, "years"),
    Key.CONSENT_RENEWAL_DAYS: (90, "days"),
    Key.SHORTLIST_DAYS: (90, "days"),
    Key.SHORTLIST_NOTICE_DAYS: (14, "days"),
    Key.PEOPLE_PER_SHORTLIST: (200, "count"),
    Key.SHORTLISTS_PER_ORGANISATION: (50, "count"),
    Key.SAVED_SEARCHES: (50, "count"),
    Key.SAVED_SEARCH_DAYS: (90, "days"),
    Key.RECIPIENT_DAYS: (90, "days"),
    Key.SAMPLED_PERCENT: (10, "percent"),
    Key.CONTACT_DAYS: (210, "days"),
    Key.HIRED_DAYS: (300, "days"),
    Key.PRIVACY_CASE_YEARS: (5, "years"),
}

RETENTION = (
    (Key.PROFILE_YEARS, _l("Profil som ikke er i bruk"), _l("Vi sier fra på e-post 30 og 7 dager før.")),
    (
        Key.DRAFT_DAYS,
        _l("Påbegynt registrering, og søknad som ikke er sendt"),
        _l("Vi sletter utkast ingen har rørt. Er du helsepersonell, sier vi fra 7 dager før."),
    ),
    (
        Key.SHORTLIST_DAYS,
        _l("Kortliste som ingen i virksomheten bruker, med notatene i den"),
        _l("Vi sier fra til virksomheten på e-post i god tid før."),
    ),
    (
        Key.CONTACT_DAYS,
        _l("At en virksomhet har fått se kontaktinformasjon, hvorfor, og hva som kom ut av det"),
        _l("Regnes fra siste steg. At den har sett det, står lenger i loggen over hvem som har gjort og sett hva."),
    ),
    (Key.HIRED_DAYS, _l("Det samme om den som ble ansatt"), _l("Regnes fra virksomheten noterte det.")),
    (
        Key.PRIVACY_CASE_YEARS,
        _l("Personvernsak som er besvart"),
        _l("For å kunne vise hva vi svarte. Sletter du profilen, slettes saken med den."),
    ),
    (Key.EXPORT_DAYS, _l("Kopi du har bestilt av opplysningene dine"), _l("For at du skal rekke å laste den ned.")),
    (
        Key.FILE_HOURS,
        _l("Fil med helsepersonell som en virksomhet har tatt ut"),
        _l("For at den som ba om filen, skal rekke å laste den ned."),
    ),
    (
        Key.RECIPIENT_DAYS,
        _l("At opplysninger en virksomhet har hentet, er endret eller slettet"),
        _l("For at virksomheten skal rette det den selv har lagret."),
    ),
    (Key.APPLICATION_YEARS, _l("Søknad om tilgang og vedtak"), _l("Arkivplikten. Deretter fjernes de fra tjenesten.")),
    (Key.PENDING_USER_DAYS, _l("Invitasjon som ikke ble tatt i bruk"), _l("Regnes fra den gikk ut.")),
    (Key.SAVED_SEARCH_DAYS, _l("Lagrede søk i registeret"), _l("Regnes fra tilgangen til brukeren ble stoppet.")),
    (Key.ACCOUNT_YEARS, _l("Brukerkonto uten innlogging"), _l("Kontoen slettes når den ikke er i bruk.")),
    (Key.MAIL_BODY_DAYS, _l("Innholdet i e-post vi har sendt"), _l("For å kunne rette feil i utsendingen.")),
    (Key.MAIL_METADATA_MONTHS, _l("At en e-post er sendt, og når"), _l("For å kunne svare på spørsmål om varsler.")),
    (
        Key.REFUSED_FILE_DAYS,
        _l("At vi avviste en fil med skadelig innhold"),
        _l("Filen slettes med en gang. Vi tar vare på svaret, så du kan se hva som skjedde."),
    ),
    (Key.LOG_DAYS, _l("Tekniske logger"), _l("Drift og feilsøking.")),
    (
        Key.SECURITY_LOG_MONTHS,
        _l("Sikkerhetshendelser, og varsler og stans som er avsluttet"),
        _l("For å kunne undersøke misbruk."),
    ),
    (Key.AUDIT_YEARS, _l("Logg over hvem som har gjort og sett hva"), _l("For at du skal kunne få vite det.")),
    (Key.BACKUP_DAYS, _l("Sikkerhetskopier"), _l("For å kunne gjenopprette tjenesten etter en feil.")),
)


@dataclass(frozen=True)
class RetentionRule:
    title: str
    keep: str
    motive: str


def value(key: Key) -> int:
    """The number in force: the stored one, else the default."""
    return values(key)[key]


def values(*keys: Key) -> dict[Key, int]:
    """Several numbers in one query."""
    stored = dict(db.session.execute(select(Setting.key, Setting.value).where(Setting.key.in_(keys))).all())
    return {key: stored.get(key.value, DEFAULTS[key][0]) for key in keys}


def in_sql(key: Key) -> ColumnElement[int]:
    """The number in force, for a statement that needs no query of its own for it."""
    stored = select(Setting.value).where(Setting.key == key).scalar_subquery()
    return func.coalesce(stored, DEFAULTS[key][0])


def retention_rules() -> list[RetentionRule]:
    """How long each kind of data is kept, in words, from the numbers in force (security.md section 5)."""
    numbers = values(*(key for key, _title, _motive in RETENTION))
    return [
        RetentionRule(str(title), duration(numbers[key], DEFAULTS[key][1]), str(motive))
        for key, title, motive in RETENTION
    ]


def duration(number: int, unit: str) -> str:
    """A length of time in words: 5, "days" → «5 dager»."""
    words = {
        "hours": ngettext("%(num)s time", "%(num)s timer", number),
        "days": ngettext("%(num)s dag", "%(num)s dager", number),
        "weeks": ngettext("%(num)s uke", "%(num)s uker", number),
        "months": ngettext("%(num)s måned", "%(num)s måneder", number),
        "years": _("%(num)s år", num=number),
    }
    return str(words.get(unit, number))
