"""What a person is told when a file is refused: what is wrong, and what to do (ux.md 3.1, D5)."""

import math
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.enums import AttachmentKind
from services.file_checks.verdicts import MAX_BYTES, RefusalReason, Refused

MEGABYTE = 1024 * 1024

TEXTS: Mapping[RefusalReason, Any] = {
    RefusalReason.EMPTY: _l("Filen er tom."),
    RefusalReason.DAMAGED: _l("Filen er skadet eller ikke hel. Lagre den på nytt og last opp igjen."),
    RefusalReason.PASSWORD: _l("Filen har passord. Fjern passordet og last opp på nytt."),
    RefusalReason.MIXED: _l("Filen inneholder også en annen slags fil. Lagre dokumentet på nytt og last opp igjen."),
    RefusalReason.SCRIPT: _l("Filen inneholder skript. Lagre den som PDF uten skript og last opp på nytt."),
    RefusalReason.ACTION: _l(
        "Filen prøver å starte programmer eller sende data. Lagre den som vanlig PDF og last opp på nytt."
    ),
    RefusalReason.DYNAMIC_FORM: _l("Filen er et dynamisk skjema. Skriv det ut som PDF og last opp på nytt."),
    RefusalReason.MEDIA: _l("Filen inneholder lyd, film eller 3D. Fjern det og last opp på nytt."),
    RefusalReason.EMBEDDED: _l(
        "Filen har andre filer eller objekter inni seg. Fjern dem, eller lagre som PDF, og last opp på nytt."
    ),
    RefusalReason.MACROS: _l("Filen inneholder makroer. Lagre den uten makroer og last opp på nytt."),
    RefusalReason.EXTERNAL: _l(
        "Filen henter en mal, et bilde eller annet innhold fra et annet sted. Lagre den som PDF og last opp på nytt."
    ),
    RefusalReason.LINK: _l(
        "Filen har en lenke som ikke går til en nettside, en e-postadresse eller et telefonnummer. "
        "Fjern lenken og last opp på nytt."
    ),
    RefusalReason.LIVE_FIELDS: _l(
        "Filen har felter som henter innhold fra andre filer eller programmer. "
        "Gjør feltene om til tekst, eller lagre som PDF, og last opp på nytt."
    ),
    RefusalReason.UNSAFE_STRUCTURE: _l(
        "Filen er bygd opp på en måte vi ikke kan godta. "
        "Åpne den i et tekstbehandlingsprogram, lagre den på nytt og last opp igjen."
    ),
    RefusalReason.BOMB: _l("Filen blir altfor stor når den pakkes ut. Lagre den på nytt og last opp igjen."),
    RefusalReason.TOO_COMPLEX: _l(
        "Filen er for sammensatt til at vi kan sjekke den. Lagre en enklere utgave som PDF og last opp på nytt."
    ),
    RefusalReason.TOO_MANY_PIXELS: _l(
        "Et bilde har for mange bildepunkter. Gjør det mindre, inntil 40 megapiksler, og last opp på nytt."
    ),
    RefusalReason.UNCHECKED: _l("Vi fikk ikke sjekket filen. Lagre den på nytt, helst som PDF, og last opp igjen."),
}


def refusal(refused: Refused, kind: AttachmentKind) -> str:
    """What to tell the person, in the language of the page."""
    match refused.reason:
        case RefusalReason.TOO_BIG:
            return str(
                _(
                    "Filen er %(storrelse)s MB. Den kan være inntil %(grense)s MB.",
                    storrelse=_megabytes(refused.size or MAX_BYTES + 1),
                    grense=MAX_BYTES // MEGABYTE,
                )
            )
        case RefusalReason.WRONG_TYPE:
            return allowed_types(kind)
        case RefusalReason.MISNAMED:
            return str(_("Innholdet i filen er noe annet enn navnet sier.")) + " " + allowed_types(kind)
        case reason:
            return str(TEXTS[reason])


def allowed_types(kind: AttachmentKind) -> str:
    """The kinds of file one may upload here."""
    if kind is AttachmentKind.CV:
        return str(_("Filen må være PDF, DOCX eller ODT."))
    return str(_("Filen må være PDF, DOCX, ODT, JPG eller PNG."))


def _megabytes(size: int) -> str:
    """Rounded up to a tenth, so that one byte too many is never «10 MB»."""
    return f"{math.ceil(size * 10 / MEGABYTE) / 10:.1f}".replace(".", ",")
