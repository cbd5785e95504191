"""What is typed on a page of the registration that cannot be saved yet, because an answer is missing or wrong: kept
sealed until the page is whole, so that one may go back, or on with it another day (ux.md rule 8)."""

import json
from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import delete, select

from extensions import clock
from extensions.database import db
from models.professional import PageDraft, Professional
from services import boxes
from services.held_forms import LARGEST, Fields
from services.professionals import Step


def keep(professional: Professional, step: Step, fields: Fields) -> None:
    """Keep what is typed instead of what was kept before; the caller holds the registration."""
    content = json.dumps(fields)
    if len(content) > LARGEST:
        return
    draft = _find(professional, step)
    if draft is None:
        draft = PageDraft(id=uuid4(), professional_id=professional.id, step=step)
        db.session.add(draft)
    boxes.put(draft, "fields_box", content)
    draft.saved_at = clock.now()


def find(professional: Professional, step: Step) -> Fields:
    """What is kept of a page, or nothing."""
    draft = _find(professional, step)
    return [(name, value) for name, value in json.loads(boxes.read(draft, "fields_box"))] if draft else []


def steps(professional: Professional) -> Sequence[Step]:
    """The pages something is kept of."""
    found = db.session.scalars(select(PageDraft.step).where(PageDraft.professional_id == professional.id))
    return [Step(step) for step in found]


def discard(professional: Professional, step: Step) -> None:
    """The page is saved."""
    db.session.execute(delete(PageDraft).where(PageDraft.professional_id == professional.id, PageDraft.step == step))


def _find(professional: Professional, step: Step) -> PageDraft | None:
    return db.session.scalar(
        select(PageDraft).where(PageDraft.professional_id == professional.id, PageDraft.step == step)
    )
