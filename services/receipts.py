"""The receipt of an application as a tagged PDF (PDF/UA-1), made from the snapshot (ux.md A7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext

from extensions.database import db
from extensions.language import in_language, show_date, show_mobile, show_time
from models.application import AccessApplication
from models.enums import AccessLevel, Language
from services import documents, references, settings
from services.settings import Key
from services.words import ACCESS_LEVEL


def make(application_id: UUID) -> None:
    """Make and keep the receipt of what was submitted last. Safe to repeat; an application opened again has none."""
    application = db.session.get(AccessApplication, application_id, with_for_update=True)
    if application is None or application.snapshot is None or application.receipt_pdf is not None:
        return
    days = settings.value(Key.PROCESSING_DAYS)
    application.receipt_pdf = pdf_of(application.snapshot, application.language, days)


def pdf_of(snapshot: dict[str, Any], language: Language, days: int) -> bytes:
    """The receipt of one snapshot, in one language."""
    with in_language(language):
        data = _data(snapshot, language, days)
    return documents.pdf("receipt", data)


def _data(snapshot: dict[str, Any], language: Language, days: int) -> dict[str, Any]:
    sent = datetime.fromisoformat(snapshot["submitted_at"])
    submitter, contact, unit = snapshot["submitter"], snapshot["contact"], snapshot["unit"]
    organisation = f"{snapshot['organisation']['name']}, {_('org.nr.')} {_number(snapshot['organisation_number'])}"
    below = [(_("Del av virksomheten"), unit["name"])] if unit["number"] != snapshot["organisation_number"] else []
    return {
        "lang": language.value,
        "title": _("Kvittering for søknad om tilgang"),
        "author": _("Helsedirektoratet"),
        "lead": _("Søknaden er sendt inn."),
        "reference": references.grouped(snapshot["reference"]),
        "footer": _("Inneholder personopplysninger"),
        "facts": [
            (_("Referansenummer"), references.grouped(snapshot["reference"])),
            (_("Sendt"), _("%(dato)s kl. %(tid)s", dato=show_date(sent), tid=show_time(sent))),
            (_("Innsender"), submitter["name"]),
            (_("På vegne av"), organisation),
            *below,
            (_("Mottaker"), _("Helsedirektoratet")),
        ],
        "sections": [
            {"title": _("Innsender"), "groups": [[*_person(submitter), (_("Stilling"), submitter["job_title"])]]},
            {
                "title": _("Personer som skal ha tilgang"),
                "groups": [
                    [
                        (_("Navn"), f"{person['given_name']} {person['family_name']}"),
                        *_reached(person),
                        (_("Stilling"), person["job_title"]),
                        (_("Tilgang"), str(ACCESS_LEVEL[AccessLevel(person["access_level"])])),
                    ]
                    for person in snapshot["persons"]
                ],
            },
            {"title": _("Kontaktperson"), "groups": [_person(contact)]},
            {"title": _("Bekreftelse"), "groups": [[(submitter["name"], snapshot["declaration"])]]},
        ],
        "next_title": _("Hva skjer nå?"),
        "next": [
            _("Vi behandler søknaden innen %(dager)s.", dager=ngettext("%(num)s dag", "%(num)s dager", days)),
            _("Vi kontakter %(kontaktperson)s hvis vi trenger mer.", kontaktperson=contact["name"]),
            _("Personene får invitasjon på e-post når tilgangen er innvilget."),
        ],
    }


def _person(person: dict[str, str]) -> list[tuple[str, str]]:
    return [(_("Navn"), person["name"]), *_reached(person)]


def _reached(person: dict[str, str]) -> list[tuple[str, str]]:
    return [(_("E-post"), person["email"]), (_("Mobil"), show_mobile(person["mobile"]))]


def _number(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}"
