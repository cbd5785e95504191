"""Min side itself: who can see me now, what to do next, and every page with one line of how it stands (ux.md D10)."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload, selectinload

from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from blueprints.professionals.common import address_of, is_started, steps_of
from extensions import clock
from extensions.language import show_date
from models.enums import ConsentPurpose
from models.professional import Professional
from services import availability, consents, listing, professionals, professions, visibility
from services.availability import Standing
from services.listing import Limits
from services.professionals import Step
from services.visibility import Place

PARTS = (
    joinedload(Professional.authorisations),
    joinedload(Professional.blocks),
    joinedload(Professional.cv),
    selectinload(Professional.attachments),
)


@dataclass(frozen=True)
class Card:
    """One page of Min side and how it stands."""

    title: Any
    path: str
    line: str


@bp.get("")
@open_to(Role.PROFESSIONAL)
def home() -> ResponseReturnValue:
    professional = professionals.own(actor(), pages=True, also=PARTS)
    now = clock.now()
    standing = visibility.of(professional, listing.judge(professional, now, Limits.in_force()))
    word = availability.standing(professional)
    return render_template(
        "professionals/home.html",
        professional=professional,
        standing=standing,
        advice_url=_address(standing.advice.place, professional) if standing.advice else None,
        steps=steps_of(professional) if is_started(professional) else None,
        word=word,
        cards=[] if is_started(professional) else _profile_cards(professional, word),
        rights=_rights_cards(professional),
    )


def _address(place: Place, professional: Professional) -> str:
    match place:
        case Place.REGISTRATION:
            return address_of(professionals.first_open(professional), professional)
        case Place.PRESSES:
            return "#bekreftelse"  # on this very page
        case Place.CV | Place.PRIVACY:
            return url_for(".home") + {Place.CV: "/cv", Place.PRIVACY: "/personvern"}[place]
    return address_of(Step[place.name], professional)


def _profile_cards(professional: Professional, word: Standing | None) -> list[Card]:
    """What the person has said, and HPR of him or her."""
    return [
        Card(_("Tilgjengelighet"), "tilgjengelighet", _availability_line(word)),
        Card(_("Autorisasjoner og lisenser"), "autorisasjoner", _authorisation_line(professional)),
        Card(_("Kompetanse"), "kompetanse", _competence_line(professional)),
        Card(_("CV"), "cv", _cv_line(professional)),
        Card(_("Områder"), "omrader", _areas_line(professional)),
        Card(_("Opplysninger om deg"), "opplysninger", _details_line(professional)),
    ]


def _rights_cards(professional: Professional) -> list[Card]:
    """What the person may decide."""
    given = len(consents.in_force(professional, clock.now()))
    hidden = len(professional.blocks)
    return [
        Card(_("Hvem har sett opplysningene mine"), "innsyn", _("Se hvilke virksomheter som har åpnet profilen din.")),
        Card(
            _("Samtykker"),
            "samtykke",
            _("Du har gitt %(antall)s av %(alle)s samtykker.", antall=given, alle=len(ConsentPurpose)),
        ),
        Card(
            _("Skjul meg for virksomheter"),
            "skjul",
            ngettext("Du er skjult for %(num)s virksomhet.", "Du er skjult for %(num)s virksomheter.", hidden)
            if hidden
            else _("Du er ikke skjult for noen bestemt virksomhet."),
        ),
        Card(_("Kopi av opplysningene mine"), "eksport", _("Last ned alt vi har om deg.")),
        Card(_("Personvern"), "personvern", _("Rett en opplysning, begrens bruken eller protester.")),
        Card(_("Slett profilen"), "slett", _("Trekk samtykket og gå ut av registeret.")),
    ]


def _availability_line(word: Standing | None) -> str:
    if word is None:
        return str(_("Ikke fylt ut ennå."))
    if word.is_paused:
        return str(_("Du har tatt en pause."))
    if word.starts_on is not None:
        return str(_("Tilgjengelig fra %(dato)s.", dato=show_date(word.starts_on)))
    return str(_("Bekreftet %(dato)s.", dato=show_date(word.confirmed_on)))


def _authorisation_line(professional: Professional) -> str:
    record = professional.hpr
    if record is None or record.checked_at is None:
        return str(_("Vi har ikke fått svar fra HPR ennå."))
    names = sorted(
        {
            professions.name_of(one.profession, one.profession_name)
            for one in listing.valid_authorisations(professional, clock.now())
        }
    )
    return ", ".join(names) or str(_("Ingen gyldig autorisasjon eller lisens."))


def _competence_line(professional: Professional) -> str:
    row = professional.competence
    return ", ".join(professions.name_of(code) for code in row.professions) if row else str(_("Ikke fylt ut ennå."))


def _cv_line(professional: Professional) -> str:
    if listing.has_shown_cv(professional):
        return str(_("Virksomheter du har samtykket til, kan se CV-en."))
    if professional.cv is not None or professional.attachments:
        return str(_("Bare du kan se CV-en."))
    return str(_("Du har ikke lagt til noen CV."))


def _areas_line(professional: Professional) -> str:
    row = professional.reach
    if row is None:
        return str(_("Ikke fylt ut ennå."))
    if row.whole_country:
        return str(_("Hele landet."))
    counties, places = len(row.counties), len(row.municipalities)
    parts = [
        *([ngettext("%(num)s fylke", "%(num)s fylker", counties)] if counties else []),
        *([ngettext("%(num)s kommune", "%(num)s kommuner", places)] if places else []),
    ]
    return str(_(" og ")).join(parts)


def _details_line(professional: Professional) -> str:
    if professional.email_failed_at is not None:
        return str(_("E-posten kommer ikke fram."))
    if professional.email_confirmed_at is None:
        return str(_("E-posten er ikke bekreftet."))
    return str(_("Navn, e-post, mobil og adresse."))
