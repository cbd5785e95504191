"""The Directorate's letters: the decision (vedtak) and ready questions. Their texts are data, in templates/letters."""

import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from extensions.language import in_language, show_date
from models.application import AccessApplication, Decision, Nominee
from models.enums import AccessLevel, Language, NomineeOutcome, OrganisationKind
from services import documents, references, settings, words
from services.settings import Key

FOLDER = Path(__file__).parent.parent / "templates" / "letters"
APPEAL_HEADINGS = ("# Slik kan dere klage", "# Slik kan de klage")


@dataclass(frozen=True)
class Outcome:
    """What is decided for one person. `level` is there when access is granted, `reason` when it is declined."""

    nominee_id: UUID
    outcome: NomineeOutcome
    level: AccessLevel | None = None
    reason: str = ""

    @property
    def is_granted(self) -> bool:
        return self.outcome is NomineeOutcome.GRANTED


@dataclass(frozen=True)
class Block:
    """One piece of a letter: heading, items (a list) or paragraph."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ReadyQuestion:
    key: str
    language: Language
    title: str
    text: str
    opens: tuple[str, ...]
    """The parts of the application that the text asks the organisation to change."""


@dataclass(frozen=True)
class Letter:
    """A decision's letter as it is read, on a page or on paper; every text is in its own written standard."""

    language: Language
    title: str
    addressee: tuple[str, ...]
    reference: str
    day: str
    blocks: tuple[Block, ...]
    closing: tuple[str, ...]


def language_of(application: AccessApplication) -> Language:
    """The written standard of the case's letters: nynorsk or bokmål; who applied in English is answered in bokmål."""
    return Language.NYNORSK if application.language is Language.NYNORSK else Language.BOKMAL


def draft_text(application: AccessApplication) -> str:
    """What the caseworker may rewrite in the letter: facts, rules and how to appeal (forvaltningsloven §§ 24–29)."""
    language = language_of(application)
    organisation = application.organisation
    assert application.submitted_at is not None
    with in_language(language):
        return _rendered(
            f"decision_text.{language}.txt",
            organisation=application.unit_name,
            submitted=show_date(application.submitted_at),
            submitter=application.submitter_name,
            right_confirmed=application.right_confirmed_at is not None,
            is_verified=organisation.verified_at is not None,
            is_municipality=organisation.kind is OrganisationKind.MUNICIPALITY,
            people=ngettext("%(num)s person", "%(num)s personer", len(application.nominees)),
            appeal_time=settings.duration(settings.value(Key.APPEAL_WEEKS), "weeks"),
            reference=references.grouped(application.reference),
        )


def compose(application: AccessApplication, outcomes: Sequence[Outcome], text: str) -> str:
    """The whole letter: what is decided for whom, then the text. Date and signature stand beside it."""
    language = language_of(application)
    people = {nominee.id: nominee for nominee in application.nominees}
    with in_language(language):
        entries = [(outcome, _entry(people[outcome.nominee_id], outcome)) for outcome in outcomes]
        head = _rendered(
            f"decision_outcomes.{language}.txt",
            granted=[entry for outcome, entry in entries if outcome.is_granted],
            declined=[entry for outcome, entry in entries if not outcome.is_granted],
            invitation_time=settings.duration(settings.value(Key.INVITATION_DAYS), "days"),
        )
    return f"{head}\n\n{text.strip()}\n"


def has_appeal(text: str) -> bool:
    """Whether the text still tells how to appeal: a decision may not lack it (forvaltningsloven § 27)."""
    return any(heading in text for heading in APPEAL_HEADINGS)


def blocks(letter: str) -> list[Block]:
    """The letter in pieces, for a page or a document: "# " is a heading, "- " an item, anything else a paragraph."""
    found: list[Block] = []
    letter = letter.replace("§ ", "§\N{NO-BREAK SPACE}")
    for piece in letter.split("\n\n"):
        lines = [line for line in piece.strip().split("\n") if line.strip()]
        if not lines:
            continue
        if lines[0].startswith("# "):
            found.append(Block("heading", (lines.pop(0)[2:],)))
        items: list[str] = []
        for line in lines:
            if line.startswith("- "):
                items.append(line[2:])
            elif items:
                items[-1] += "\n" + line
        if items:
            found.append(Block("items", tuple(items)))
        elif lines:
            found.append(Block("paragraph", tuple(lines)))
    return found


def letter_of(
    application: AccessApplication,
    text: str,
    language: Language,
    *,
    day: date | datetime,
    signed_by: Sequence[str | None],
) -> Letter:
    """The letter with what stands around its text: to whom, which case, when, and by whom."""
    organisation = application.organisation
    with in_language(language):
        return Letter(
            language=language,
            title=_("Vedtak i søknaden om tilgang"),
            addressee=(application.unit_name, _("org.nr. %(nummer)s", nummer=_in_threes(organisation.number))),
            reference=_("Referanse %(ref)s", ref=references.grouped(application.reference)),
            day=show_date(day),
            blocks=tuple(blocks(text)),
            closing=(_("Hilsen"), _("Helsedirektoratet"), *(name for name in signed_by if name)),
        )


def letter_of_decision(application: AccessApplication, decision: Decision) -> Letter:
    """The letter of a decision, made or proposed."""
    return letter_of(
        application,
        decision.letter,
        decision.language,
        day=decision.decided_at or decision.proposed_at,
        signed_by=[decision.proposed_by.name, decision.approved_by.name if decision.approved_by else None],
    )


def pdf_of(letter: Letter) -> bytes:
    """The letter as a tagged PDF (PDF/UA-1)."""
    with in_language(letter.language):
        data = {**asdict(letter), "language": letter.language.value, "footer": _("Inneholder personopplysninger")}
    return documents.pdf("decision", data)


@cache
def ready_questions() -> tuple[ReadyQuestion, ...]:
    """Every ready question in both written standards."""
    content = tomllib.loads((FOLDER / "questions.toml").read_text(encoding="utf-8"))
    return tuple(
        ReadyQuestion(
            entry["key"],
            language,
            entry[language]["title"],
            entry[language]["text"].strip(),
            tuple(entry.get("opens", ())),
        )
        for language in (Language.BOKMAL, Language.NYNORSK)
        for entry in content["question"]
    )


def _entry(nominee: Nominee, outcome: Outcome) -> dict[str, Any]:
    level = outcome.level or nominee.access_level
    return {
        "name": nominee.name,
        "level": str(words.ACCESS_LEVEL[level]),
        "wanted": str(words.ACCESS_LEVEL[nominee.access_level]),
        "is_lowered": level is not nominee.access_level,
        "reason": " ".join(outcome.reason.split()),
    }


def _rendered(template: str, **facts: Any) -> str:
    text = current_app.jinja_env.get_template(f"letters/{template}").render(**facts)
    pieces = [piece.strip() for piece in text.split("\n\n")]
    return "\n\n".join(piece for piece in pieces if piece)


def _in_threes(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}"
