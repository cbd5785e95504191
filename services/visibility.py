"""Who can see a person now, in one sentence, and what the person may do about it (ux.md D10). Every reason of
services/listing.py has its words here and nowhere else."""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _

from extensions.language import show_date
from models.enums import HprStatus
from models.professional import Professional
from services.listing import Hidden, Verdict, has_shown_cv


class Place(StrEnum):
    """Where on Min side something can be done about it."""

    REGISTRATION = "registration"
    CONSENT = "consent"
    ABOUT = "about"
    AUTHORISATION = "authorisation"
    COMPETENCE = "competence"
    AVAILABILITY = "availability"
    PRESSES = "presses"
    CV = "cv"
    PRIVACY = "privacy"


@dataclass(frozen=True)
class Advice:
    """What to do next, as the text of a button, and where."""

    text: str
    place: Place


@dataclass(frozen=True)
class Standing:
    """Whether organisations can see the person, in one sentence, and the next best thing to do, if there is one."""

    is_listed: bool
    sentence: str
    advice: Advice | None


def of(professional: Professional, verdict: Verdict) -> Standing:
    """The words for a verdict. Of several reasons the most important one is told: it must be dealt with first."""
    if verdict.is_listed:
        return Standing(True, _("Kommuner og helseforetak med tilgang kan se deg."), _when_listed(professional))
    reason = verdict.hidden[0]
    return Standing(False, _sentence(professional, reason), _advice(professional, reason))


def _sentence(professional: Professional, reason: Hidden) -> str:
    row, record = professional.availability, professional.hpr
    match reason:
        case Hidden.LEAVING:
            text = _("Ingen virksomheter kan se deg, fordi vi holder på å slette profilen din.")
        case Hidden.RESTRICTED:
            text = _("Ingen virksomheter kan se deg, fordi bruken av opplysningene dine er begrenset.")
        case Hidden.NOT_FINISHED if professional.completed_at is not None:
            text = _("Ingen virksomheter kan se deg, fordi noe i profilen din mangler eller må fornyes.")
        case Hidden.NOT_FINISHED:
            text = _("Ingen virksomheter kan se deg, fordi registreringen ikke er fullført.")
        case Hidden.NO_CONSENT:
            text = _(
                "Du telles med i beredskapen, men ingen virksomheter kan se deg, fordi du ikke har samtykket til det."
            )
        case Hidden.ADDRESS_PROTECTED:
            text = _("Du telles med i beredskapen, men ingen virksomheter kan se deg, fordi du har adressesperre.")
        case Hidden.PAUSED if row is not None and row.paused_until is not None:
            text = _(
                "Ingen virksomheter kan se deg, fordi du har tatt en pause til %(dato)s.",
                dato=show_date(row.paused_until),
            )
        case Hidden.PAUSED:
            text = _("Ingen virksomheter kan se deg, fordi du har tatt en pause.")
        case Hidden.NOT_CHECKED:
            text = _(
                "Ingen virksomheter kan se deg ennå, fordi vi ikke har fått svar fra Helsepersonellregisteret (HPR)."
            )
        case Hidden.NO_AUTHORISATION if _has_authorisation(professional):
            text = _("Ingen virksomheter kan se deg, fordi du ikke har valgt et yrke du har gyldig autorisasjon for.")
        case Hidden.NO_AUTHORISATION:
            text = _("Ingen virksomheter kan se deg, fordi vi ikke finner en gyldig autorisasjon eller lisens.")
        case Hidden.HPR_SILENT:
            assert record is not None and record.checked_at is not None
            text = _(
                "Ingen virksomheter kan se deg, fordi vi ikke har fått svar fra Helsepersonellregisteret (HPR) siden "
                "%(dato)s.",
                dato=show_date(record.checked_at),
            )
        case Hidden.NOT_CONFIRMED:
            assert row is not None
            text = _(
                "Ingen virksomheter kan se deg, fordi du ikke har bekreftet at du er tilgjengelig siden %(dato)s.",
                dato=show_date(row.confirmed_at),
            )
        case Hidden.PERIOD_OVER:
            assert row is not None and row.to_date is not None
            text = _("Ingen virksomheter kan se deg, fordi du kunne jobbe til %(dato)s.", dato=show_date(row.to_date))
    return str(text)


def _advice(professional: Professional, reason: Hidden) -> Advice | None:
    match reason:
        case Hidden.LEAVING:
            return None
        case Hidden.RESTRICTED:
            return Advice(_("Se personvernsaken din"), Place.PRIVACY)
        case Hidden.NOT_FINISHED if professional.completed_at is not None:
            return Advice(_("Se hva som mangler"), Place.REGISTRATION)
        case Hidden.NOT_FINISHED:
            return Advice(_("Fortsett registreringen"), Place.REGISTRATION)
        case Hidden.NO_CONSENT:
            return Advice(_("Se samtykkene"), Place.CONSENT)
        case Hidden.ADDRESS_PROTECTED:
            return Advice(_("Se opplysningene dine"), Place.ABOUT)
        case Hidden.PAUSED:
            return Advice(_("Avslutt pausen"), Place.PRESSES)
        case Hidden.NOT_CHECKED | Hidden.HPR_SILENT:
            return Advice(_("Spør HPR på nytt"), Place.AUTHORISATION)
        case Hidden.NO_AUTHORISATION if _has_authorisation(professional):
            return Advice(_("Velg yrke"), Place.COMPETENCE)
        case Hidden.NO_AUTHORISATION:
            return Advice(_("Se autorisasjonene dine"), Place.AUTHORISATION)
        case Hidden.NOT_CONFIRMED:
            return Advice(_("Bekreft at du er tilgjengelig"), Place.PRESSES)
        case Hidden.PERIOD_OVER:
            return Advice(_("Endre tilgjengeligheten"), Place.AVAILABILITY)


def _has_authorisation(professional: Professional) -> bool:
    """Whether something is valid, though not for a profession the person wants to work as."""
    return professional.hpr is not None and professional.hpr.status is HprStatus.VALID


def _when_listed(professional: Professional) -> Advice | None:
    """What makes a visible person easier to reach."""
    if professional.email_confirmed_at is None:
        return Advice(_("Bekreft e-posten din"), Place.ABOUT)
    if not has_shown_cv(professional):
        return Advice(_("Legg til CV"), Place.CV)
    return None
