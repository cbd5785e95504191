"""Everything we hold about one registered person, as a file to take home: JSON with its schema, a PDF, and the
person's own files (articles 15 and 20, ux.md D13).

Rows are copied column by column: a column that is added is in the copy, and in its schema, unless it is left out there.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import select

from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from extensions.language import in_language, show_datetime
from models.account import Account, LoginSession
from models.attachment import Attachment
from models.audit import AuditEvent
from models.base import Base
from models.enums import Language
from models.listing import Listing
from models.message import Message
from models.organisation import County, Municipality
from models.privacy import DataExport, PrivacyCase
from models.professional import Link, PageDraft, Professional, Reach
from services import boxes, consents, documents, files, insight, national_ids, profile_cards, references, words
from services.personal_copy_schema import copied, schema
from services.profile_cards import Card

DATA_NAME, SCHEMA_NAME, DOCUMENT_NAME, FILES_FOLDER = "data.json", "data.schema.json", "data.pdf", "files"


def data_of(professional: Professional, included: Iterable[Attachment] = ()) -> dict[str, Any]:
    """The copy as JSON values. `included` are the files that lie beside it."""
    account = db.session.get_one(Account, professional.account_id)
    paths = dict(_paths(included))
    return {
        "$schema": SCHEMA_NAME,
        "made_at": _plain(clock.now()),
        "controller": "Helsedirektoratet",
        "service": settings().service_name,
        "account": {
            **_row(account),
            "national_id_masked": national_ids.masked_of(account),
            "sign_ins": [_row(identity) for identity in account.identities],
            "sessions": _rows(LoginSession, LoginSession.account_id == account.id, LoginSession.started_at),
        },
        "registration": {
            **_row(professional, "street_box"),
            "street": boxes.read(professional, "street_box") or None,
            "postal_place": professional.postal_place.place if professional.postal_place else None,
            "municipality": professional.municipality.name if professional.municipality else None,
        },
        "unfinished_pages": [
            {"step": draft.step, "saved_at": _plain(draft.saved_at), "fields": _typed(draft)}
            for draft in _found(PageDraft, PageDraft.professional_id == professional.id, PageDraft.saved_at)
        ],
        "consents": [{**_row(event), "text": consents.words_of(event)} for event in professional.consents],
        "hpr": _row(professional.hpr) if professional.hpr else None,
        "authorisations": [_row(one) for one in professional.authorisations],
        "competence": _row(professional.competence) if professional.competence else None,
        "availability": _row(professional.availability) if professional.availability else None,
        "areas": _areas(professional.reach),
        "cv": (
            {**_row(professional.cv), "entries": [_row(entry) for entry in professional.cv.entries]}
            if professional.cv
            else None
        ),
        "files": [{**_row(file), "path": paths.get(file)} for file in professional.attachments],
        "hidden_from": [_row(block) for block in professional.blocks],
        "shown_to_organisations": _listing(professional),
        "messages": _rows(Message, Message.professional_id == professional.id, Message.created_at),
        "links": _rows(Link, Link.professional_id == professional.id, Link.created_at),
        "privacy_cases": _rows(PrivacyCase, PrivacyCase.professional_id == professional.id, PrivacyCase.received_at),
        "copies": _rows(DataExport, DataExport.professional_id == professional.id, DataExport.requested_at),
        "who_has_looked": [_look(look) for look in insight.everything(account.id)],
        "what_has_happened": [
            {"at": _plain(event.at), "action": event.action, "fields": event.fields, "facts": event.facts}
            for event in _found(AuditEvent, AuditEvent.subject_id == account.id, AuditEvent.id)
            if event.actor_id in (None, account.id)
        ],
    }


def write(professional: Professional, included: Sequence[Attachment], target: IO[bytes]) -> None:
    """Write the copy as a ZIP. Raises what reading a file raises."""
    data = data_of(professional, included)
    language = professional.language or Language.BOKMAL
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DATA_NAME, json.dumps(data, ensure_ascii=False, indent=2))
        archive.writestr(SCHEMA_NAME, json.dumps(schema(), indent=2))
        archive.writestr(DOCUMENT_NAME, pdf_of(professional, language))
        for file, path in _paths(included):
            with archive.open(path, "w") as copy:
                for piece in files.read(file):
                    copy.write(piece)


def pdf_of(professional: Professional, language: Language) -> bytes:
    """The copy as people read it, a tagged PDF (PDF/UA-1) in one language."""
    with in_language(language):
        looks = insight.everything(professional.account_id)
        data = {
            "lang": language.value,
            "title": _("Kopi av opplysningene mine"),
            "author": _("Helsedirektoratet"),
            "lead": _(
                "Alt registeret har om deg. Det samme står i %(fil)s, som andre systemer kan lese.", fil=DATA_NAME
            ),
            "footer": _("Inneholder personopplysninger"),
            "made": show_datetime(clock.now()),
            "sections": [_section(card) for card in [*profile_cards.cards(professional), *_more(professional)]],
            "looks": {
                "title": _("Hvem har sett opplysningene mine"),
                "none": _("Ingen har sett opplysningene dine ennå."),
                "head": [_("Dato"), _("Virksomhet"), _("Rolle"), _("Hva"), _("Formål")],
                "rows": [
                    [
                        show_datetime(look.at),
                        look.organisation,
                        look.role,
                        f"{look.what} ({look.times})" if look.is_summed else look.what,
                        look.why,
                    ]
                    for look in looks
                ],
            },
        }
    return documents.pdf("personal_copy", data)


def _more(professional: Professional) -> list[Card]:
    """What is kept beside the registration itself."""
    mails = _found(Message, Message.professional_id == professional.id, Message.created_at)
    cases = _found(PrivacyCase, PrivacyCase.professional_id == professional.id, PrivacyCase.received_at)
    return [
        Card(
            "registreringen",
            _("Registreringen"),
            (
                (_("Påbegynt"), show_datetime(professional.started_at)),
                (_("Fullført"), show_datetime(professional.completed_at) if professional.completed_at else _("Nei")),
                (_("Sist brukt"), show_datetime(professional.last_used_at)),
            ),
        ),
        Card(
            "e-poster",
            _("E-poster vi har sendt deg"),
            tuple(
                (
                    show_datetime(mail.created_at),
                    [
                        str(words.MESSAGE_KIND.get(mail.kind, mail.kind.value)),
                        str(words.MESSAGE_STATUS[mail.status][0]),
                    ],
                )
                for mail in mails
            ),
        ),
        Card(
            "personvernsaker",
            _("Personvernsaker"),
            tuple(
                (
                    references.grouped(case.reference),
                    [
                        str(words.PRIVACY_CASE_KIND[case.kind]),
                        _("mottatt %(tid)s", tid=show_datetime(case.received_at)),
                        case.text,
                        *([_("Svar: %(svar)s", svar=case.answer)] if case.answer else []),
                    ],
                )
                for case in cases
            ),
        ),
    ]


def _section(card: Card) -> dict[str, Any]:
    missing = _("Ikke oppgitt")
    rows = [
        (label, [value] if isinstance(value, str) else list(value) if value else [missing])
        for label, value in card.rows
    ]
    return {"title": card.title, "rows": rows, "none": _("Ingenting")}


def _paths(included: Iterable[Attachment]) -> Iterator[tuple[Attachment, str]]:
    """Where each file lies in the ZIP: by its own name, numbered, as two may be called the same."""
    for number, file in enumerate(included, 1):
        yield file, f"{FILES_FOLDER}/{number:02d} {file.name}"


def _areas(reach: Reach | None) -> dict[str, Any] | None:
    if reach is None:
        return None
    counties = select(County.number, County.name).where(County.number.in_(reach.counties))
    places = select(Municipality.number, Municipality.name).where(Municipality.number.in_(reach.municipalities))
    return {
        **_row(reach),
        "counties": [{"number": number, "name": name} for number, name in db.session.execute(counties)],
        "municipalities": [{"number": number, "name": name} for number, name in db.session.execute(places)],
    }


def _listing(professional: Professional) -> dict[str, Any] | None:
    row = db.session.get(Listing, professional.id)
    return _row(row) if row is not None else None


def _look(look: insight.Look) -> dict[str, Any]:
    return {
        "at": _plain(look.at),
        "organisation": look.organisation,
        "organisation_number": look.organisation_number,
        "role": look.actor_role.value if look.actor_role else None,
        "action": look.action,
        "purpose": look.purpose,
        "times": look.times,
    }


def _typed(draft: PageDraft) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in json.loads(boxes.read(draft, "fields_box"))]


def _found(table: type[Any], condition: Any, order: Any) -> Sequence[Any]:
    return db.session.scalars(select(table).where(condition).order_by(order)).all()


def _rows(table: type[Any], condition: Any, order: Any) -> list[dict[str, Any]]:
    return [_row(row) for row in _found(table, condition, order)]


def _row(row: Base, *also_left_out: str) -> dict[str, Any]:
    """A row's columns by name, as JSON values."""
    return {name: _plain(getattr(row, name)) for name in copied(type(row), *also_left_out)}


def _plain(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case list():
            return [_plain(item) for item in value]
        case _:
            return value
