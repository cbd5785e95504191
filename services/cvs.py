"""A CV made on the pages: its sections, and the tagged PDF of it (ux.md D6). What is told elsewhere is taken from
there: authorisations from HPR, competence from its own page; no field is asked for twice."""

from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from extensions import clock
from extensions.database import db
from extensions.language import in_language, show_date, show_mobile
from models.cv import Cv, CvEntry
from models.enums import CvSection, Language, LanguageLevel, Visibility
from models.professional import Professional
from services import audit, documents, languages, listing, professionals, professions, words
from services.access import Actor
from services.errors import Conflict, NotFound

MOST_ENTRIES = 30

TITLES: dict[CvSection, Any] = {
    CvSection.EXPERIENCE: _l("Erfaring"),
    CvSection.EDUCATION: _l("Utdanning"),
    CvSection.COURSE: _l("Kurs og sertifikater"),
    CvSection.LANGUAGE: _l("Språk"),
    CvSection.REFERENCE: _l("Referanser"),
}
LEVELS: dict[LanguageLevel, Any] = {
    LanguageLevel.BASIC: _l("Grunnleggende"),
    LanguageLevel.GOOD: _l("God"),
    LanguageLevel.FLUENT: _l("Flytende"),
    LanguageLevel.NATIVE: _l("Morsmål"),
}


def of(professional: Professional) -> Cv:
    """The CV of a registration; an empty one, not yet stored, before anything was written."""
    return professional.cv or Cv(professional_id=professional.id, entries=[])


def entries(cv: Cv, section: CvSection) -> list[CvEntry]:
    """The entries of one section in the person's order."""
    return [entry for entry in cv.entries if entry.section is section]


def entry(cv: Cv, section: CvSection, entry_id: UUID) -> CvEntry:
    """One entry; raises NotFound when it is not this CV's and this section's."""
    found = next((one for one in entries(cv, section) if one.id == entry_id), None)
    if found is None:
        raise NotFound
    return found


def languages_without_level(professional: Professional) -> list[str]:
    """The languages told on the page of competence that the CV says nothing more of."""
    known = {one.title for one in entries(of(professional), CvSection.LANGUAGE)}
    return [
        code for code in (professional.competence.languages if professional.competence else []) if code not in known
    ]


def state_of(professional: Professional, section: CvSection | None) -> tuple[Any, str]:
    """How far a section has come, in a word and its colour; None is the summary."""
    cv = of(professional)
    begun = bool(cv.summary) if section is None else bool(entries(cv, section))
    half = section is CvSection.LANGUAGE and bool(languages_without_level(professional))
    if not begun:
        return _("Ikke påbegynt"), "neutral"
    return (_("Påbegynt"), "info") if half else (_("Ferdig"), "success")


def save_summary(actor: Actor, summary: str) -> None:
    """Keep what the person writes of themselves; an empty text removes it."""
    cv = _written(actor)
    cv.summary = summary or None
    _note(actor, cv, "cv.changed", ["summary"])


def show_to(actor: Actor, visibility: Visibility) -> None:
    """Choose who may see the CV; organisations find at once that there is one, or none."""
    cv = _written(actor)
    cv.visibility = visibility
    _note(actor, cv, "cv.visibility_changed", ["visibility"], visibility=visibility.value)
    listing.refresh(cv.professional_id)


def add(actor: Actor, section: CvSection, answers: dict[str, Any]) -> CvEntry:
    """A new entry, last in its section. Raises Conflict when the section is full."""
    cv = _written(actor)
    others = entries(cv, section)
    if len(others) >= MOST_ENTRIES:
        raise Conflict(_("Du kan ha inntil %(n)s i denne delen. Fjern en før du legger til en ny.", n=MOST_ENTRIES))
    row = CvEntry(id=uuid4(), section=section, position=max((one.position for one in others), default=0) + 1)
    _fill(row, answers)
    cv.entries.append(row)
    _note(actor, cv, "cv.changed", [section.value])
    return row


def change(actor: Actor, section: CvSection, entry_id: UUID, answers: dict[str, Any]) -> None:
    """Other answers for one entry."""
    cv = _written(actor)
    _fill(entry(cv, section, entry_id), answers)
    _note(actor, cv, "cv.changed", [section.value])


def remove(actor: Actor, section: CvSection, entry_id: UUID) -> None:
    cv = _written(actor)
    cv.entries.remove(entry(cv, section, entry_id))
    _note(actor, cv, "cv.changed", [section.value])


def move(actor: Actor, section: CvSection, entry_id: UUID, *, up: bool) -> None:
    """One place up or down in its section; at the end of the list nothing happens."""
    cv = _written(actor)
    rows = entries(cv, section)
    place = rows.index(entry(cv, section, entry_id))
    other = place + (-1 if up else 1)
    if 0 <= other < len(rows):
        rows[place].position, rows[other].position = rows[other].position, rows[place].position
        _note(actor, cv, "cv.changed", [section.value])


def _written(actor: Actor) -> Cv:
    """The person's own CV, held until the end of the transaction; made when there was none."""
    professional = professionals.own(actor, lock=True)
    if professional.cv is None:
        professional.cv = Cv(professional_id=professional.id, updated_at=clock.now(), entries=[])
    return professional.cv


def _fill(row: CvEntry, answers: dict[str, Any]) -> None:
    for name, value in answers.items():
        setattr(row, name, value)


def _note(actor: Actor, cv: Cv, action: str, fields: list[str], **facts: Any) -> None:
    cv.updated_at = clock.now()
    db.session.flush()  # the search row is judged from what is stored
    audit.record(actor, action, cv, subject_id=actor.account_id, fields=fields, **facts)


def pdf_of(professional: Professional, language: Language) -> bytes:
    """The CV as a tagged PDF (PDF/UA-1) in one language; what the person wrote stays as written."""
    with in_language(language):
        data = _data(professional, language)
    return documents.pdf("cv", data)


def _data(professional: Professional, language: Language) -> dict[str, Any]:
    cv = of(professional)
    place = professional.municipality.name if professional.municipality else None
    if professional.is_address_protected:
        place = None
    contact = [
        (_("E-post"), professional.email if professional.email_confirmed_at else None),
        (_("Mobil"), show_mobile(professional.phone or "")),
        (_("Bosted"), place),
    ]
    return {
        "lang": language.value,
        "title": _("CV for %(navn)s", navn=professional.name),
        "name": professional.name,
        "footer": _("Inneholder personopplysninger"),
        "made": _("Laget %(dato)s", dato=show_date(clock.now())),
        "summary": cv.summary or "",
        "sections": [
            section
            for section in (
                {"title": _("Kontakt"), "facts": [pair for pair in contact if pair[1]], "entries": []},
                {"title": _("Autorisasjoner og lisenser"), "facts": _authorisations(professional), "entries": []},
                {"title": _("Kompetanse"), "facts": _competence(professional), "entries": []},
                *(
                    {
                        "title": str(TITLES[section]),
                        "facts": _spoken(professional) if section is CvSection.LANGUAGE else [],
                        "entries": [_printed(one) for one in entries(cv, section) if section is not CvSection.LANGUAGE],
                    }
                    for section in CvSection
                ),
            )
            if section["facts"] or section["entries"]
        ],
    }


def _authorisations(professional: Professional) -> list[tuple[str, str]]:
    checked = professional.hpr.checked_at if professional.hpr else None
    if checked is None:
        return []
    note = _("bekreftet i Helsepersonellregisteret %(dato)s", dato=show_date(checked))
    return [
        (
            professions.name_of(one.profession, one.profession_name),
            ", ".join([professions.kind_name_of(one.kind, one.kind_name), *one.speciality_names, note]),
        )
        for one in listing.valid_authorisations(professional, clock.now())
    ]


def _competence(professional: Professional) -> list[tuple[str, str]]:
    competence = professional.competence
    if competence is None:
        return []
    return [
        (_("Fagområder"), ", ".join(str(words.FIELD_OF_WORK[field]) for field in competence.fields)),
        (_("Praksis"), str(words.EXPERIENCE[competence.experience])),
        (_("Sist i praksis"), str(competence.last_practised)),
        (_("Førerkort klasse B"), _("Ja") if competence.has_driving_licence else _("Nei")),
    ]


def _spoken(professional: Professional) -> list[tuple[str, str]]:
    told = [
        (languages.name_of(one.title), str(LEVELS[one.level]) if one.level else "")
        for one in entries(of(professional), CvSection.LANGUAGE)
    ]
    return told + [(languages.name_of(code), "") for code in languages_without_level(professional)]


def _printed(row: CvEntry) -> dict[str, str]:
    return {"title": row.title, "place": row.place or "", "period": period_of(row), "text": row.text or ""}


def period_of(row: CvEntry) -> str:
    """From when to when, in figures: «03.2019–nå», «2012», «2024, gjelder til 2027»."""
    begun = _month(row.from_month, row.from_year)
    if row.section is CvSection.COURSE:
        return _("%(fra)s, gjelder til %(til)s", fra=begun, til=row.to_year) if row.to_year else begun
    ended = _("nå") if row.is_current else _month(row.to_month, row.to_year)
    return f"{begun}–{ended}" if begun and ended else begun or ended


def _month(month: int | None, year: int | None) -> str:
    if year is None:
        return ""
    return f"{month:02d}.{year}" if month else str(year)
