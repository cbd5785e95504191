"""The JSON Schema of the copy a person takes home, made from the tables its rows come from (services/personal_copy.py),
so that schema and copy cannot drift apart."""

from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Date, DateTime, Enum, Integer, LargeBinary, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from models.account import Account, Identity, LoginSession
from models.attachment import Attachment
from models.base import Base
from models.cv import Cv, CvEntry
from models.listing import Listing
from models.message import Message
from models.privacy import DataExport, PrivacyCase
from models.professional import (
    Availability,
    Block,
    Competence,
    ConsentEvent,
    HprRecord,
    Link,
    Professional,
    ProfessionalAuthorisation,
    Reach,
)

Schema = dict[str, Any]

LEFT_OUT = frozenset(
    {
        *("id", "professional_id", "account_id", "cv_id", "caseworker_id", "link_id", "application_id"),
        *("invitation_id", "organisation_id", "storage_key", "key_box", "token_hash", "provider_session_id"),
        *("national_id_box", "national_id_index", "key"),
    }
)
"""Our own keys and secrets: they say nothing about the person, and would open or link what must stay shut."""

TEXT: Schema = {"type": "string"}
PERHAPS_TEXT: Schema = {"type": ["string", "null"]}
MOMENT: Schema = {"$ref": "#/$defs/moment"}


def copied(table: type[Base], *also_left_out: str) -> dict[str, ColumnElement[Any]]:
    """The columns of a table that are in the copy, by name."""
    return {
        attribute.key: attribute.columns[0]
        for attribute in inspect(table).column_attrs
        if attribute.key not in LEFT_OUT and attribute.key not in also_left_out
    }


def schema() -> Schema:
    """The whole schema, draft 2020-12."""
    place = _object({"number": TEXT, "name": TEXT})
    typed = _object({"name": TEXT, "value": TEXT})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Everything the register of available health personnel holds about one person",
        "$defs": {
            "moment": {"type": "string", "format": "date-time"},
            "day": {"type": "string", "format": "date"},
            "bytes": {"type": "string", "pattern": "^([0-9a-f]{2})*$", "description": "In hexadecimal."},
        },
        **_object(
            {
                "$schema": TEXT,
                "made_at": MOMENT,
                "controller": TEXT,
                "service": TEXT,
                "account": _row(
                    Account,
                    "How the person signs in. Of the national identity number only the masked form is here.",
                    national_id_masked=TEXT,
                    sign_ins=_many(_row(Identity)),
                    sessions=_many(_row(LoginSession)),
                ),
                "registration": _row(
                    Professional,
                    "The registration, and how to reach the person.",
                    "street_box",
                    street=PERHAPS_TEXT,
                    postal_place=PERHAPS_TEXT,
                    municipality=PERHAPS_TEXT,
                ),
                "unfinished_pages": _many(
                    _object({"step": TEXT, "saved_at": MOMENT, "fields": _many(typed)}),
                    "Pages that were left half done, as they were typed.",
                ),
                "consents": _many(
                    _row(ConsentEvent, text=TEXT), "Each consent given or withdrawn, with the words it was about."
                ),
                "hpr": _perhaps(_row(HprRecord, "What Helsepersonellregisteret (HPR) last said.")),
                "authorisations": _many(_row(ProfessionalAuthorisation), "As HPR gave them."),
                "competence": _perhaps(_row(Competence)),
                "availability": _perhaps(_row(Availability)),
                "areas": _perhaps(_row(Reach, counties=_many(place), municipalities=_many(place))),
                "cv": _perhaps(_row(Cv, entries=_many(_row(CvEntry)))),
                "files": _many(
                    _row(Attachment, path=PERHAPS_TEXT),
                    "Uploaded files. `path` is where one lies in this archive; only files without viruses are in it.",
                ),
                "hidden_from": _many(_row(Block), "Organisations that cannot find the person."),
                "shown_to_organisations": _perhaps(
                    _row(Listing, "What organisations find the person by; null when nobody can find the person.")
                ),
                "messages": _many(_row(Message), "E-mails about the registration."),
                "links": _many(_row(Link), "Links in e-mails that work without a sign-in."),
                "privacy_cases": _many(_row(PrivacyCase)),
                "copies": _many(_row(DataExport), "Copies like this one."),
                "who_has_looked": _many(
                    _object(
                        {
                            "at": MOMENT,
                            "organisation": TEXT,
                            "organisation_number": PERHAPS_TEXT,
                            "role": PERHAPS_TEXT,
                            "action": TEXT,
                            "purpose": PERHAPS_TEXT,
                            "times": {"type": "integer", "minimum": 1},
                        }
                    ),
                    "Everyone who has looked. Searches are one entry for each day and organisation.",
                ),
                "what_has_happened": _many(
                    _object({"at": MOMENT, "action": TEXT, "fields": _many(TEXT), "facts": {"type": "object"}}),
                    "What the person and the system have done, from the audit log.",
                ),
            }
        ),
    }


def _object(properties: Schema, description: str | None = None) -> Schema:
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _row(table: type[Base], description: str | None = None, *also_left_out: str, **more: Schema) -> Schema:
    columns = copied(table, *also_left_out)
    return _object({name: _column(column) for name, column in columns.items()} | more, description)


def _many(items: Schema, description: str | None = None) -> Schema:
    return {"type": "array", **({"description": description} if description else {}), "items": items}


def _perhaps(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "null"}]}


def _column(column: ColumnElement[Any]) -> Schema:
    values = _many(_type(column.type.item_type)) if isinstance(column.type, ARRAY) else _type(column.type)
    return _perhaps(values) if getattr(column, "nullable", False) else values


def _type(kind: TypeEngine[Any]) -> Schema:
    if isinstance(kind, Enum):
        return {"enum": list(kind.enums)}
    for known, found in (
        (Boolean, {"type": "boolean"}),
        (Integer, {"type": "integer"}),
        (DateTime, MOMENT),
        (Date, {"$ref": "#/$defs/day"}),
        (LargeBinary, {"$ref": "#/$defs/bytes"}),
        (JSONB, {"type": "object"}),
    ):
        if isinstance(kind, known):
            return found
    return TEXT
