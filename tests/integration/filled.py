"""A registered person with something in every table there is, in words that occur nowhere else."""

import hashlib
from typing import Any
from uuid import uuid4

from extensions import clock
from extensions.agencies import agencies
from extensions.database import db
from models.attachment import Attachment
from models.cv import Cv, CvEntry
from models.enums import (
    AttachmentKind,
    AttachmentStatus,
    CvSection,
    Language,
    LanguageLevel,
    LinkPurpose,
    MessageKind,
    PrivacyCaseKind,
    Role,
    Visibility,
)
from models.professional import Block, Professional
from services import audit, boxes, exports, files, held_forms, links, mailbox, page_drafts, privacy_cases
from services.held_forms import Held
from services.professionals import Step
from tests.builders import Builders

WORDS = {
    "given name": "Kjellfrid",
    "family name": "Ørnungsdalen",
    "e-mail": "kjellfrid.ornungsdalen@post.example",
    "phone": "+4792233445",
    "street": "Myrullveien 77",
    "employer": "Lynghei Hagesenter",
    "hpr number": "771234567",
    "other": "Kan også kjøre snøskuter",
    "summary": "Ti år i akuttmottak og to på feltsykehus",
    "workplace": "Rimfjell legevakt",
    "file name": "Kjellfrids attest.pdf",
    "content": "Attest: utmerket innsats i felten",
    "case": "Stillingen min på Rimfjell er skrevet feil",
    "draft": "Halvferdig svar om journalsystem",
    "held": "Skrevet da økten gikk ut",
    "blocked": "Sorghamn kommune",
}


def fill(make: Builders, **changes: Any) -> Professional:
    """The person; `professional.number` is the national identity number, which stands nowhere in clear. Needs an app
    context."""
    w = WORDS
    account = make.account(f"{w['given name']} {w['family name']}")
    person = make.professional(
        account,
        given_name=w["given name"],
        family_name=w["family name"],
        email=w["e-mail"],
        phone=w["phone"],
        employer=w["employer"],
        hpr__number=w["hpr number"],
        competence__other=w["other"],
        competence__record_systems=["DIPS"],
        citizenship="NO",
        **changes,
    )
    actor = make.actor(account, Role.PROFESSIONAL)
    boxes.put(person, "street_box", w["street"])
    person.blocks.append(Block(organisation_number="964976793", organisation_name=w["blocked"], created_at=clock.now()))
    person.cv = Cv(summary=w["summary"], visibility=Visibility.CONSENTED, updated_at=clock.now())
    person.cv.entries = [
        CvEntry(section=CvSection.EXPERIENCE, position=1, title="Sykepleier", place=w["workplace"], is_current=True,
                from_month=3, from_year=2019),
        CvEntry(section=CvSection.LANGUAGE, position=1, title="se", level=LanguageLevel.FLUENT),
    ]  # fmt: skip
    attach(person, w["file name"], w["content"].encode())
    page_drafts.keep(person, Step.COMPETENCE, [("other", w["draft"])])
    held_forms.keep(Held(account.id, "/min-side/cv/bygg", [("text", w["held"])], was_signed_out=True))
    link = links.create(person, LinkPurpose.AVAILABILITY, 14)
    mailbox.queue(
        MessageKind.BEFORE_ERASURE, link.id, w["e-mail"], Language.BOKMAL, professional_id=person.id,
        used_on=clock.today(), erased_on=clock.today(),
    )  # fmt: skip
    privacy_cases.open_case(actor, PrivacyCaseKind.RECTIFY, w["case"])
    exports.ask(actor)
    audit.record(actor, "competence.changed", person, subject_id=account.id, fields=["other"])
    db.session.commit()
    return person


def attach(person: Professional, name: str, content: bytes, **changes: Any) -> Attachment:
    """A clean file with its bytes in the store."""
    file = Attachment(
        id=uuid4(),
        professional_id=person.id,
        kind=AttachmentKind.CV,
        name=name,
        media_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        visibility=Visibility.CONSENTED,
        status=AttachmentStatus.CLEAN,
        uploaded_at=clock.now(),
        scanned_at=clock.now(),
        signatures=agencies().clamav.signatures(),
        **changes,
    )
    files.keep(file, [content])
    person.attachments.append(file)
    db.session.flush()
    return file
