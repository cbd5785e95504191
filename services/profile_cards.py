"""A whole registration in words, as cards of facts in the language of the page: for the copy a person takes home, and
for the caseworker who sees what the person sees."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical, rendered_language, show_date, show_datetime, show_mobile
from models.account import Account
from models.cv import CvEntry
from models.enums import AvailabilityKind, CvSection
from models.professional import Availability, Professional, Reach
from services import availability, boxes, consents, cvs, geography, languages, listing, national_ids, professions, words

Value = str | Sequence[str] | None


@dataclass(frozen=True)
class Card:
    """One part of a registration: what it is called, and its facts as (label, value) pairs. No rows: not answered."""

    key: str
    title: str
    rows: tuple[tuple[str, Value], ...]


Rows = list[tuple[str, Value]]


def _about(professional: Professional) -> Rows:
    account = db.session.get_one(Account, professional.account_id)
    email = professional.email
    if email and professional.email_confirmed_at is None:
        email = _("%(adresse)s (ikke bekreftet)", adresse=email)
    place = professional.postal_place
    country = professional.citizenship
    return [
        (_("Navn"), professional.name or None),
        (_("Fødselsnummer"), national_ids.masked_of(account)),
        (_("E-post"), email),
        (_("Mobil"), show_mobile(professional.phone) if professional.phone else None),
        (_("Adresse"), boxes.read(professional, "street_box") or None),
        (_("Poststed"), f"{place.code} {place.place}" if place else None),
        (_("Kommune"), professional.municipality.name if professional.municipality else None),
        *([(_("Statsborgerskap"), country_name(country))] if country else []),
        (_("Språk for meldinger"), language_name(professional.language.value) if professional.language else None),
        (_("Adressesperre"), yes_no(professional.is_address_protected)),
        *([(_("Arbeidsgiver"), professional.employer)] if professional.employer else []),
    ]


def _consents(professional: Professional) -> Rows:
    return [
        (f"{words.CONSENT_ACT[event.act]} {show_datetime(event.happened_at)}", consents.words_of(event))
        for event in professional.consents
    ]


def _authorisations(professional: Professional) -> Rows:
    record = professional.hpr
    if record is None:
        return []
    return [
        (_("HPR-nummer"), record.number),
        (_("Sist sjekket"), show_datetime(record.checked_at) if record.checked_at else _("Ikke ennå")),
        *(
            (
                professions.name_of(one.profession, one.profession_name),
                [
                    professions.kind_name_of(one.kind, one.kind_name),
                    *one.speciality_names,
                    period(one.valid_from, one.valid_to),
                    *([] if one.is_active else [_("Ikke aktiv i HPR")]),
                    *([_("Med vilkår")] if one.has_conditions else []),
                ],
            )
            for one in professional.authorisations
        ),
    ]


def _competence(professional: Professional, held: Collection[str] | None = None) -> Rows:
    """Without the free text «Annet», which is shown to organisations for a reason only (C21); of the professions those
    that are `held`, when it is given."""
    row = professional.competence
    if row is None:
        return []
    return [
        (_("Yrker"), [professions.name_of(code) for code in row.professions if held is None or code in held]),
        (_("Fagområder"), [str(words.FIELD_OF_WORK[field]) for field in row.fields]),
        (_("År med praksis"), str(words.EXPERIENCE[row.experience])),
        (_("Sist i praksis"), str(row.last_practised)),
        (_("Språk"), [languages.name_of(code) for code in row.languages]),
        (_("Førerkort klasse B"), yes_no(row.has_driving_licence)),
        *([(_("Journalsystemer"), row.record_systems)] if row.record_systems else []),
    ]


def _whole_competence(professional: Professional) -> Rows:
    row = professional.competence
    return [*_competence(professional), *([(_("Annet"), row.other)] if row and row.other else [])]


def _availability(row: Availability | None) -> Rows:
    if row is None:
        return []
    promise = availability.promise(row)
    return [
        (_("Tilgjengelig"), str(words.AVAILABILITY[row.kind])),
        *([(_("Fra"), show_date(row.from_date))] if row.from_date else []),
        *([(_("Til"), show_date(row.to_date))] if row.to_date else []),
        *(
            [(_("Pause til"), show_date(row.paused_until))]
            if row.kind is AvailabilityKind.PAUSED and row.paused_until
            else []
        ),
        *([(_("Hvor mye"), str(words.WORKLOAD[row.workload]))] if row.workload else []),
        *([(_("Når"), [str(words.TIME_OF_DAY[time]) for time in row.times])] if row.times else []),
        *([(_("Hvor raskt"), str(words.START_SPEED[row.start_speed]))] if row.start_speed else []),
        *([(_("Løfte"), promise)] if promise else []),
        (_("Sist bekreftet"), show_datetime(row.confirmed_at)),
    ]


def _areas(row: Reach | None) -> Rows:
    if row is None:
        return []
    return [
        (_("Områder"), area_names(row)),
        *([(_("Reisetid"), str(words.TRAVEL_TIME[row.travel]))] if row.travel else []),
        *([(_("Trenger bolig"), str(words.HOUSING[row.housing]))] if row.housing else []),
    ]


def area_names(row: Reach) -> list[str]:
    """Where the person can work: the whole country, or counties and municipalities by name."""
    if row.whole_country:
        return [_("Hele landet")]
    counties = sorted(map(geography.county_name, row.counties), key=alphabetical)
    places = sorted(map(geography.name_of, row.municipalities), key=alphabetical)
    return [*(_("Hele %(fylke)s", fylke=name) for name in counties), *places]


def _cv(professional: Professional) -> Rows:
    cv = professional.cv
    if cv is None:
        return []
    return [
        *([(_("Hvem kan se den"), str(words.VISIBILITY[cv.visibility]))] if cv.visibility else []),
        *([(_("Sammendrag"), cv.summary)] if cv.summary else []),
        *((str(cvs.TITLES[section]), _entries(cvs.entries(cv, section))) for section in CvSection),
    ]


def _entries(entries: Sequence[CvEntry]) -> list[str]:
    return [
        " – ".join(
            part
            for part in (
                languages.name_of(entry.title) if entry.section is CvSection.LANGUAGE else entry.title,
                entry.place,
                cvs.period_of(entry),
                str(cvs.LEVELS[entry.level]) if entry.level else None,
                entry.text,
            )
            if part
        )
        for entry in entries
    ] or [_("Ingen")]


def _files(professional: Professional) -> Rows:
    return [
        (
            file.name,
            [
                str(words.ATTACHMENT_STATUS[file.status]),
                str(words.VISIBILITY[file.visibility]),
                _("lastet opp %(tid)s", tid=show_datetime(file.uploaded_at)),
                size_of(file.size),
            ],
        )
        for file in professional.attachments
    ]


def _blocks(professional: Professional) -> Rows:
    return [
        (block.organisation_name, _("arbeidsgiveren din") if block.is_employer else show_date(block.created_at))
        for block in professional.blocks
    ]


PARTS: Mapping[str, tuple[Any, Callable[[Professional], Rows]]] = {
    "om-deg": (_l("Om deg"), _about),
    "samtykker": (_l("Samtykker"), _consents),
    "autorisasjoner": (_l("Autorisasjoner og lisenser"), _authorisations),
    "kompetanse": (_l("Kompetanse"), _whole_competence),
    "tilgjengelighet": (_l("Tilgjengelighet"), lambda professional: _availability(professional.availability)),
    "omrader": (_l("Områder"), lambda professional: _areas(professional.reach)),
    "cv": (_l("CV"), _cv),
    "filer": (_l("Filer"), _files),
    "skjult": (_l("Skjult for"), _blocks),
}
"""Every part of a registration, in the order in which it is filled in."""


AUTHORISATION = "1"
"""HPR's code (list 7704) for the right that ends on the eightieth birthday: to organisations its end is not told, as it
would tell the date of birth."""


def cards(professional: Professional, keys: Collection[str] = PARTS.keys()) -> list[Card]:
    """The parts of the registration with these keys, by default all."""
    return [Card(key, str(title), tuple(rows(professional))) for key, (title, rows) in PARTS.items() if key in keys]


def for_organisation(professional: Professional) -> list[Card]:
    """What an organisation may see of a person before it says what it needs contact for (security.md section 3):
    availability, authorisations in force, competence without the free text, and areas."""
    checked = professional.hpr.checked_at if professional.hpr else None
    valid = listing.valid_authorisations(professional, clock.now())
    authorisations: Rows = [
        (
            professions.name_of(one.profession, one.profession_name),
            [
                professions.kind_name_of(one.kind, one.kind_name),
                *one.speciality_names,
                period(one.valid_from, None if one.kind == AUTHORISATION else one.valid_to),
                *([_("Lisens eller begrensning, se HPR")] if one.has_conditions else []),
            ],
        )
        for one in valid
    ]
    rows: Mapping[str, Rows] = {
        "tilgjengelighet": _availability(professional.availability),
        "autorisasjoner": [
            (_("HPR-nummer"), professional.hpr.number if professional.hpr else None),
            (_("Sist sjekket i HPR"), show_datetime(checked) if checked else None),
            *authorisations,
        ],
        "kompetanse": _competence(professional, {one.profession for one in valid}),
        "omrader": _areas(professional.reach),
    }
    return [Card(key, str(PARTS[key][0]), tuple(found)) for key, found in rows.items()]


def period(start: date | datetime | None, end: date | datetime | None) -> str:
    """From when to when something is valid, in words."""
    if start and end:
        return str(_("fra %(fra)s til %(til)s", fra=show_date(start), til=show_date(end)))
    if start:
        return str(_("fra %(fra)s", fra=show_date(start)))
    return str(_("til %(til)s", til=show_date(end))) if end else ""


def size_of(size: int) -> str:
    """How large a file is: «340 kB», «2 MB»."""
    return f"{size / 1_000_000:.0f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"


def yes_no(value: bool) -> str:
    return str(_("Ja") if value else _("Nei"))


def country_name(code: str) -> str:
    """A country by its name in the language of the page; an unknown code as it is."""
    names = Locale.parse(rendered_language().value).territories
    return str(names.get(code, code))


def language_name(code: str) -> str:
    """One of the languages of the pages, in that language itself."""
    return {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}.get(code, code)
