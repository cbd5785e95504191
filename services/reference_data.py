"""Loading reference/ into the database: counties, municipalities, postal codes, health trusts, their areas, default
settings."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import delete, tuple_
from sqlalchemy.dialects.postgresql import insert

from extensions import clock
from extensions.database import db
from models.base import Base
from models.enums import Language
from models.organisation import County, HealthTrust, HealthTrustArea, Municipality, Setting
from models.professional import PostalCode
from services.settings import DEFAULTS

FOLDER = Path(__file__).parent.parent / "reference"
LANGUAGES = {"bokmål": Language.BOKMAL, "nynorsk": Language.NYNORSK}
TRUST_TYPES = frozenset({"RHF", "sykehus", "apotek", "stotte", "felleseid"})
"""Types that may have access (design.md D5); private hospitals on the list may not."""


def load() -> dict[str, int]:
    """Insert what is new and correct what has changed; returns rows read per table. Settings already stored are left
    alone."""
    counties = [{"number": row["fylkesnummer"], "name": row["navn"]} for row in _rows("fylker.csv")]
    municipalities = [
        {
            "number": row["kommunenummer"],
            "name": row["navn"],
            "official_name": row["navn_offisielt"],
            "county_number": row["fylkesnummer"],
            "organisation_number": row["organisasjonsnummer"],
            "language": LANGUAGES.get(row["maalform"]),
        }
        for row in _rows("kommuner.csv")
    ]
    trusts = [
        {
            "organisation_number": row["organisasjonsnummer"],
            "name": row["navn"],
            "type": row["type"],
            "owner_number": row["eier_rhf_organisasjonsnummer"] or None,
        }
        for row in _rows("helseforetak.csv")
        if row["type"] in TRUST_TYPES
    ]
    known = {trust["organisation_number"] for trust in trusts}
    pairs = {(row["ansvarlig_organisasjonsnummer"], row["kommunenummer"]) for row in _rows("helseforetak_kommuner.csv")}
    areas = [{"organisation_number": n, "municipality_number": m} for n, m in sorted(pairs) if n in known]
    postal_codes = [
        {"code": row["postnummer"], "place": row["poststed"], "municipality_number": row["kommunenummer"] or None}
        for row in _rows("postnummer.csv")
    ]
    _upsert(County, counties)
    _upsert(Municipality, municipalities)
    _upsert(PostalCode, postal_codes)
    _upsert(HealthTrust, trusts)
    _upsert(HealthTrustArea, areas)
    current = [(area["organisation_number"], area["municipality_number"]) for area in areas]
    db.session.execute(
        delete(HealthTrustArea).where(
            tuple_(HealthTrustArea.organisation_number, HealthTrustArea.municipality_number).not_in(current)
        )
    )
    now = clock.now()
    defaults = [
        {"key": key.value, "value": number, "unit": unit, "changed_at": now} for key, (number, unit) in DEFAULTS.items()
    ]
    db.session.execute(insert(Setting).values(defaults).on_conflict_do_nothing())
    return {
        "counties": len(counties),
        "municipalities": len(municipalities),
        "postal codes": len(postal_codes),
        "health trusts": len(trusts),
        "catchment rows": len(areas),
        "settings": len(defaults),
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _upsert(table: type[Base], rows: list[dict[str, Any]]) -> None:
    statement = insert(table)
    keys = [column.name for column in table.__table__.primary_key]
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changes)
        if changes
        else statement.on_conflict_do_nothing(),
        rows,
    )
