"""What was submitted, word for word: a copy of the content with its SHA-256 (invariant I2)."""

import hashlib
import json
from typing import Any

from models.application import AccessApplication, Contact
from models.enums import ContactKind


def take(application: AccessApplication) -> bytes:
    """Store the content as it is now in the row; returns its digest, which is stored too."""
    organisation = application.organisation
    facts = {"name": organisation.name, "kind": organisation.kind.value, "address": organisation.address}
    application.snapshot = content_of(application, facts)
    application.snapshot_sha256 = digest_of(application.snapshot)
    return application.snapshot_sha256


def content_of(application: AccessApplication, organisation_facts: dict[str, str]) -> dict[str, Any]:
    """The content of an application as plain values, without national identity numbers.

    What the register said of the organisation belongs to the moment, so it is given, not read from a row that changes.
    """
    assert application.submitted_at is not None
    return {
        "reference": application.reference,
        "submitted_at": application.submitted_at.isoformat(),
        "declaration": application.declaration,
        "language": application.language.value,
        "organisation": organisation_facts,
        "organisation_number": application.organisation.number,
        "unit": {"number": application.unit_number, "name": application.unit_name},
        "submitter": {
            "name": application.submitter_name,
            "email": application.submitter_email,
            "mobile": application.submitter_mobile,
            "job_title": application.submitter_job_title,
        },
        "persons": [
            {
                "position": nominee.position,
                "given_name": nominee.given_name,
                "family_name": nominee.family_name,
                "email": nominee.email,
                "mobile": nominee.mobile,
                "job_title": nominee.job_title,
                "access_level": nominee.access_level.value,
            }
            for nominee in application.nominees
        ],
        "contact": contact_of(application),
    }


def contact_of(application: AccessApplication) -> dict[str, str]:
    """Name, e-mail and mobile of the contact person, whoever it is; empty texts when none is chosen."""
    is_chosen = application.contact_kind is ContactKind.SUBMITTER or application.contact_person is not None
    contact = application.contact_details if is_chosen else Contact("", "", "")
    return {"kind": application.contact_kind or "", **contact._asdict()}


def digest_of(content: dict[str, Any]) -> bytes:
    """SHA-256 of the content as JSON with sorted keys and no blanks, in UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def is_intact(application: AccessApplication) -> bool:
    """Whether a submitted application still equals its snapshot, and the snapshot its digest (I2)."""
    kept = application.snapshot
    if kept is None or application.snapshot_sha256 != digest_of(kept):
        return False
    return content_of(application, kept["organisation"]) == kept
