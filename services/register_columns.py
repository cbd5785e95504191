"""What a file of people holds of each: the columns there are to choose from, and the texts that say whose file it is
(security.md C14, C24; the column «Export» of its section 3)."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row

from extensions import clock
from extensions.database import db
from extensions.language import in_language, show_datetime, show_mobile, show_number
from models.account import Account
from models.organisation import Organisation
from models.register import RegisterExport, ShortlistEntry
from services import geography, professions, reveals, search, shortlists, words
from services.listing import WHOLE_COUNTRY
from services.spreadsheets import Cell, Table


class Column(StrEnum):
    """What a file may hold of a person. Neither languages nor CV, free text or home address."""

    NAME = "name"
    HPR_NUMBER = "hpr_number"
    PROFESSIONS = "professions"
    SPECIALITIES = "specialities"
    HOME = "home"
    AREAS = "areas"
    AVAILABLE_FROM = "available_from"
    AVAILABLE_TO = "available_to"
    WORKLOAD = "workload"
    TIMES = "times"
    START_SPEED = "start_speed"
    CONFIRMED = "confirmed"
    PHONE = "phone"
    EMAIL = "email"
    OUTCOME = "outcome"
    NOTE = "note"


CONTACT = frozenset({Column.PHONE, Column.EMAIL})
OWN = frozenset({Column.OUTCOME, Column.NOTE})
"""What the organisation itself noted, on a shortlist."""
USUAL = (Column.NAME, Column.PROFESSIONS, Column.HOME, Column.AVAILABLE_FROM, Column.WORKLOAD)

HEADINGS: Mapping[Column, Any] = {
    Column.NAME: _l("Navn"),
    Column.HPR_NUMBER: _l("HPR-nummer"),
    Column.PROFESSIONS: _l("Yrke"),
    Column.SPECIALITIES: _l("Spesialitet"),
    Column.HOME: _l("Bosted (kommune)"),
    Column.AREAS: _l("Kan jobbe i"),
    Column.AVAILABLE_FROM: _l("Tilgjengelig fra"),
    Column.AVAILABLE_TO: _l("Tilgjengelig til"),
    Column.WORKLOAD: _l("Stillingsprosent"),
    Column.TIMES: _l("Tidspunkt"),
    Column.START_SPEED: _l("Kan starte"),
    Column.CONFIRMED: _l("Bekreftet"),
    Column.PHONE: _l("Mobil"),
    Column.EMAIL: _l("E-post"),
    Column.OUTCOME: _l("Resultat av kontakt"),
    Column.NOTE: _l("Notat"),
}

Person = Row[Any]
"""One who is taken out: Listing, Professional, hpr_number, and ShortlistEntry from a shortlist."""

_CELLS: Mapping[Column, Callable[[Person], Cell]] = {
    Column.NAME: lambda one: one.Listing.name,
    Column.HPR_NUMBER: lambda one: one.hpr_number,
    Column.PROFESSIONS: lambda one: ", ".join(map(professions.name_of, one.Listing.professions)),
    Column.SPECIALITIES: lambda one: ", ".join(
        professions.speciality_names().get(code, code) for code in one.Listing.specialities
    ),
    Column.HOME: lambda one: geography.name_of(one.Listing.municipality_number),
    Column.AREAS: lambda one: ", ".join(map(_area, one.Listing.areas)),
    Column.AVAILABLE_FROM: lambda one: one.Listing.available_from,
    Column.AVAILABLE_TO: lambda one: one.Listing.available_to,
    Column.WORKLOAD: lambda one: str(words.WORKLOAD[one.Listing.workload]),
    Column.TIMES: lambda one: ", ".join(
        str(text) for time, text in words.TIME_OF_DAY.items() if time.value in one.Listing.times
    ),
    Column.START_SPEED: lambda one: str(words.START_SPEED[one.Listing.start_speed]),
    Column.CONFIRMED: lambda one: clock.day(one.Listing.confirmed_at),
    Column.PHONE: lambda one: show_mobile(one.Professional.phone or ""),
    Column.EMAIL: lambda one: reveals.confirmed_email(one.Professional),
    Column.OUTCOME: lambda one: _outcome(one.ShortlistEntry),
    Column.NOTE: lambda one: shortlists.shown_note(one.ShortlistEntry),
}


def table(export: RegisterExport, people: Sequence[Person], found: int) -> Table:
    """The file's content, in the language it was asked for in. Each row says where it comes from, as rows are moved."""
    columns = [column for column in Column if column in export.columns]
    with in_language(export.language):
        notice = _notice(export, len(people), found)
        return Table(
            name=_("Helsepersonell"),
            notice=notice,
            headings=[*(str(HEADINGS[column]) for column in columns), _("Sist sjekket i HPR"), _("Om filen")],
            rows=[
                [*(_CELLS[column](one) for column in columns), clock.day(one.Listing.hpr_checked_at), notice]
                for one in people
            ],
        )


def _notice(export: RegisterExport, rows: int, found: int) -> str:
    """The watermark: whose file it is, from when and for what."""
    return " ".join(
        [
            _("Inneholder personopplysninger."),
            _(
                "Tatt ut %(tid)s av %(navn)s for %(virksomhet)s.",
                virksomhet=db.session.get_one(Organisation, export.organisation_id).name,
                navn=db.session.get_one(Account, export.account_id).name or "–",
                tid=show_datetime(clock.now()),
            ),
            _("Formål: %(formal)s.", formal=words.CONTACT_PURPOSE[export.purpose]),
            *([how_much(rows, found)] if found > rows else []),
            _("Slett filen når dere ikke trenger den."),
        ]
    )


def how_much(rows: int, found: int) -> str:
    """That a file holds only some of those who fit."""
    total = _("over %(n)s", n=show_number(search.MOST_COUNTED)) if found > search.MOST_COUNTED else show_number(found)
    return str(_("Filen har de %(n)s som bekreftet sist, av %(alle)s treff.", n=rows, alle=total))


def _area(code: str) -> str:
    if code == WHOLE_COUNTRY:
        return str(_("Hele landet"))
    return geography.name_of(code) or str(_("Hele %(fylke)s", fylke=geography.county_name(code)))


def _outcome(entry: ShortlistEntry) -> str:
    return str(words.CONTACT_OUTCOME[entry.outcome][0]) if entry.outcome else ""
