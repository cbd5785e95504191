"""The steps of an application, and what is still missing in each (ux.md A3–A6, security.md C41)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.application import AccessApplication
from models.enums import ContactKind

MOST_NOMINEES = 20


class Step(StrEnum):
    """The steps, by their place in the address; also what a question from the Directorate may open."""

    SUBMITTER = "innsender"
    NOMINEES = "personer"
    CONTACT = "kontaktperson"
    CHECK = "kontroller"


TITLES: dict[Step, Any] = {
    Step.SUBMITTER: _l("Innsender"),
    Step.NOMINEES: _l("Personer"),
    Step.CONTACT: _l("Kontaktperson"),
    Step.CHECK: _l("Se over og send"),
}


@dataclass(frozen=True)
class Gap:
    """Something that must be mended before the application can be sent."""

    step: Step
    text: str


def is_done(application: AccessApplication, step: Step) -> bool:
    """Whether a step is answered, whoever answered it."""
    if step is Step.SUBMITTER:
        return all(
            (
                application.submitter_name,
                application.submitter_email,
                application.submitter_mobile,
                application.submitter_job_title,
            )
        )
    if step is Step.NOMINEES:
        return 0 < len(application.nominees) <= MOST_NOMINEES
    if step is Step.CONTACT:
        return _has_contact(application)
    return False


def first_open(application: AccessApplication) -> Step:
    """The first step that is not answered: as far as one may go."""
    return next((step for step in Step if not is_done(application, step)), Step.CHECK)


def gaps(application: AccessApplication, account_id: UUID) -> list[Gap]:
    """What stops this account from sending the application. The one who sends is the submitter, with own details."""
    found = []
    if not is_done(application, Step.SUBMITTER):
        found.append(Gap(Step.SUBMITTER, _("Innsender: Fyll ut e-post, mobil og stilling.")))
    elif application.submitter_id != account_id:
        found.append(
            Gap(
                Step.SUBMITTER,
                _(
                    "Innsender: %(navn)s står som innsender. Fyll ut dine opplysninger.",
                    navn=application.submitter_name,
                ),
            )
        )
    if not is_done(application, Step.NOMINEES):
        found.append(Gap(Step.NOMINEES, _("Personer: Legg til minst én person som skal ha tilgang.")))
    if not is_done(application, Step.CONTACT):
        found.append(Gap(Step.CONTACT, _("Kontaktperson: Velg hvem som er kontaktperson.")))
    return found


def _has_contact(application: AccessApplication) -> bool:
    if application.contact_kind is ContactKind.NOMINEE:
        return application.contact_nominee_id is not None
    if application.contact_kind is ContactKind.OTHER:
        person = application.contact
        return person is not None and all(
            (person.given_name, person.family_name, person.email, person.mobile, person.national_id_index)
        )
    return application.contact_kind is ContactKind.SUBMITTER
