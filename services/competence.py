"""Competence: which of the valid professions one wants to work in, and what one can (ux.md D4)."""

from typing import Any

from extensions import clock
from extensions.language import alphabetical
from models.professional import Competence, Professional
from services import audit, listing, professionals, professions
from services.access import Actor

RECORD_SYSTEMS = (
    *("CGM Journal", "CosDoc", "DIPS Arena", "Gerica", "Helseplattformen", "HsPro", "Infodoc Plenario"),
    *("MetaVision", "Partus", "Pridok", "Profil", "System X"),
)
"""The record systems of hospitals and municipalities that most have worked in; others can be told in free text."""


def choices(professional: Professional) -> list[tuple[str, str]]:
    """The professions with an authorisation or licence that is valid today, as (code, name) by alphabet."""
    valid = listing.valid_authorisations(professional, clock.now())
    names = {one.profession: professions.name_of(one.profession, one.profession_name) for one in valid}
    return sorted(names.items(), key=lambda pair: alphabetical(pair[1]))


def save(actor: Actor, answers: dict[str, Any]) -> None:
    """Keep the page's answers; a profession that is not valid is left out, and all are left as they were when the page
    could offer none."""
    professional = professionals.own(actor, lock=True)
    if "professions" in answers:
        offered = {code for code, _name in choices(professional)}
        answers = answers | {"professions": [code for code in answers["professions"] if code in offered]}
    row = professional.competence
    if row is None:
        row = professional.competence = Competence(professional_id=professional.id, professions=[])
    changed = sorted(name for name, value in answers.items() if getattr(row, name) != value)
    for name, value in answers.items():
        setattr(row, name, value)
    if changed:
        audit.record(actor, "competence.changed", professional, subject_id=professional.account_id, fields=changed)
    listing.refresh(professional.id)
