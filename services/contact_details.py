"""Who the person is, how to reach him or her, and where he or she lives (ux.md D2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from extensions import clock
from extensions.database import db
from models.enums import Language
from models.national_numbers import written
from models.organisation import Municipality
from models.professional import PostalCode, Professional
from services import audit, blocks, boxes, email_confirmation, listing, national_ids, recipient_notices
from services.access import Actor
from services.blocks import Findable
from services.errors import Unfit

PLAIN = ("given_name", "family_name", "phone", "citizenship", "language", "is_address_protected", "employer")
"""Answers kept as they are, in a column of the same name."""
WAIT_FOR_NAME = timedelta(minutes=1)


@dataclass(frozen=True)
class About:
    """What the page asks for, as it is kept."""

    given_name: str | None
    family_name: str | None
    email: str | None
    phone: str | None
    street: str
    postal_code: str | None
    citizenship: str | None
    language: Language | None
    is_address_protected: bool
    employer: str | None
    hides_from_employer: bool

    @classmethod
    def of(cls, professional: Professional) -> "About":
        """Raises CannotOpen when the address does not open."""
        return cls(
            **{name: getattr(professional, name) for name in (*PLAIN, "email", "postal_code")},
            street=boxes.read(professional, "street_box"),
            hides_from_employer=_hides_from_employer(professional),
        )


def is_name_from_hpr(professional: Professional) -> bool:
    """Whether HPR knows the person: its name stands, and is not asked for (design.md D7)."""
    return professional.hpr is not None and professional.hpr.number is not None


def waits_for_name(professional: Professional) -> bool:
    """Whether HPR is about to say the name of somebody who has just begun; after a minute the page asks for it."""
    is_asked = professional.hpr is not None and professional.hpr.asked_at is not None
    return not (is_asked or professional.given_name) and clock.now() < professional.started_at + WAIT_FOR_NAME


@dataclass(frozen=True)
class Place:
    """Where a postal code is: the place, and its municipality, which Svalbard and Jan Mayen have none of."""

    code: str
    name: str
    municipality_number: str | None
    municipality: str | None

    def __str__(self) -> str:
        text = f"{self.code} {self.name}"
        return text if self.municipality is None else f"{text}, {self.municipality} kommune"


def place_of(code: str | None) -> Place | None:
    """Where a postal code is; None when it is not in use."""
    row = db.session.execute(
        select(PostalCode.code, PostalCode.place, PostalCode.municipality_number, Municipality.name)
        .outerjoin(Municipality, Municipality.number == PostalCode.municipality_number)
        .where(PostalCode.code == code)
    ).one_or_none()
    return Place(*row) if row is not None else None


def employer_of(professional: Professional) -> Findable | None:
    """The municipality or health trust the person says to work in, when it is one."""
    return blocks.named(professional.employer) if professional.employer else None


def _hides_from_employer(professional: Professional) -> bool:
    """Whether the box was ticked, or the person hid from the employer by hand."""
    if not professional.blocks or any(block.is_employer for block in professional.blocks):
        return bool(professional.blocks)
    employer = employer_of(professional)
    return employer is not None and blocks.is_hidden_from(professional, employer)


def save(actor: Actor, professional: Professional, answers: Mapping[str, Any], *, is_typing: bool = False) -> None:
    """Save the page, whole and valid; another e-mail address must be confirmed anew, and is sent its link unless the
    person `is_typing` still. The caller holds the row.

    Raises Unfit for a postal code that is not in use, and for an employer nobody can hide from.
    """
    before = About.of(professional)
    place = place_of(answers["postal_code"])
    if place is None:
        raise Unfit("postal_code", _("Vi finner ikke postnummeret %(verdi)s.", verdi=answers["postal_code"]))
    employer = blocks.named(answers["employer"]) if answers["employer"] else None
    if answers["hides_from_employer"] and not answers["employer"]:
        raise Unfit("employer", _("Skriv hvor du jobber, eller fjern krysset ved «Skjul meg for arbeidsgiveren»."))
    if answers["hides_from_employer"] and employer is None:
        raise Unfit(
            "hides_from_employer",
            _(
                "Vi finner ikke arbeidsgiveren blant kommuner og helseforetak. "
                "Skriv hele navnet eller organisasjonsnummeret, eller fjern krysset."
            ),
        )
    for name in PLAIN:
        if name in answers:
            setattr(professional, name, answers[name] if answers[name] != "" else None)
    professional.account.name = professional.account.name or professional.name
    boxes.put(professional, "street_box", answers["street"])
    professional.postal_code, professional.municipality_number = place.code, place.municipality_number
    blocks.hide_from_employer(actor, professional, employer if answers["hides_from_employer"] else None)
    if professional.email != answers["email"]:
        email_confirmation.change(professional, answers["email"])
    if not is_typing:
        email_confirmation.ask_once(professional)
    changed = [name for name in answers if getattr(before, name) not in (answers[name], answers[name] or None)]
    if changed:
        audit.record(actor, "contact_details.changed", professional, subject_id=professional.account_id, fields=changed)
    if recipient_notices.FIELDS.intersection(changed):
        recipient_notices.note(professional)
    listing.refresh(professional.id)


def national_id(actor: Actor, professional: Professional, *, in_clear: bool = False) -> str:
    """The person's own number, masked; in clear when it was asked for, which is noted."""
    account = professional.account
    if not in_clear:
        return national_ids.masked_of(account)
    audit.record(actor, "national_id.shown", account, subject_id=account.id)
    return written(national_ids.read(account) or "")
