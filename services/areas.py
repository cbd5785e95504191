"""Where one can work: whole country, counties, municipalities, on a list or a map (ux.md D8, design.md D6)."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from extensions.database import db
from extensions.language import alphabetical
from models.enums import ProfessionalStatus
from models.organisation import County, Municipality
from models.professional import Professional, Reach
from services import audit, listing, professionals
from services.access import Actor
from services.errors import NotFound, Unfit


@dataclass(frozen=True)
class Place:
    """A municipality by all its official names, the one it is sorted by first: «Røros – Rosse»."""

    number: str
    name: str


@dataclass(frozen=True)
class Region:
    """A county and its municipalities, by alphabet."""

    number: str
    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class CountyAnswers:
    """What is chosen of one county, as its page asks."""

    whole: bool = False
    municipalities: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, row: Reach | None, county: str) -> "CountyAnswers":
        if row is None:
            return cls()
        return cls(county in row.counties, [number for number in row.municipalities if _is_in(number, county)])


def regions() -> list[Region]:
    """Every county with its municipalities, in one query."""
    rows = db.session.execute(
        select(County.number, County.name, Municipality.number, Municipality.name, Municipality.official_name)
        .join(Municipality, Municipality.county_number == County.number)
        .order_by(County.number)
    ).all()
    found = []
    for (number, name), group in groupby(rows, key=lambda row: (row[0], row[1])):
        places = sorted(group, key=lambda row: alphabetical(row[3]))
        found.append(Region(number, name, tuple(Place(row[2], _names(row[3], row[4])) for row in places)))
    return sorted(found, key=lambda region: alphabetical(region.name))


def _names(name: str, official: str) -> str:
    return " – ".join([name, *(other for other in official.split(" - ") if other != name)])


def region(number: str) -> Region:
    """One county; raises NotFound."""
    found = next((region for region in regions() if region.number == number), None)
    if found is None:
        raise NotFound
    return found


def save(actor: Actor, answers: dict[str, Any]) -> None:
    """Keep the whole page's answers."""
    professional, row = _held(actor)
    _change(actor, professional, row, answers)


def save_county(actor: Actor, county: str, answers: dict[str, Any]) -> None:
    """Keep what is chosen of one county; everything else stays. Raises Unfit when nothing is left of a finished
    registration."""
    professional, row = _held(actor)
    elsewhere = [number for number in row.municipalities if not _is_in(number, county)]
    others = [number for number in row.counties if number != county]
    is_empty = not (row.whole_country or elsewhere or others or answers["whole"] or answers["municipalities"])
    if is_empty and professional.status is not ProfessionalStatus.STARTED:
        raise Unfit("whole", _("Velg minst ett område."))
    _change(
        actor,
        professional,
        row,
        {
            "counties": [*others, county] if answers["whole"] else others,
            "municipalities": [*elsewhere, *answers["municipalities"]],
        },
    )


def _held(actor: Actor) -> tuple[Professional, Reach]:
    professional = professionals.own(actor, lock=True)
    if professional.reach is None:
        professional.reach = Reach(professional_id=professional.id, whole_country=False, counties=[], municipalities=[])
    return professional, professional.reach


def _change(actor: Actor, professional: Professional, row: Reach, answers: dict[str, Any]) -> None:
    answers["counties"] = sorted(set(answers["counties"]))
    answers["municipalities"] = sorted(
        number for number in set(answers["municipalities"]) if number[:2] not in answers["counties"]
    )
    changed = sorted(name for name, value in answers.items() if getattr(row, name) != value)
    for name, value in answers.items():
        setattr(row, name, value)
    if changed:
        audit.record(actor, "areas.changed", professional, subject_id=professional.account_id, fields=changed)
    listing.refresh(professional.id)


def _is_in(municipality: str, county: str) -> bool:
    """A municipality's number begins with its county's."""
    return municipality.startswith(county)
