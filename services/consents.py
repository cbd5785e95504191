"""Consents: each its own choice, recorded word for word, in force until withdrawn (security.md section 6, ux.md D1)."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from extensions import clock
from models.enums import ConsentAct, ConsentPurpose, Language
from models.professional import ConsentEvent, Professional
from services.settings import Key, value

FOLDER = Path(__file__).parent.parent / "templates" / "consents"
FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    """The texts of one day, by purpose and language."""

    name: str
    published: date
    texts: Mapping[ConsentPurpose, Mapping[Language, str]]

    def hash_of(self, purpose: ConsentPurpose, language: Language) -> bytes:
        """SHA-256 of a text as it was shown."""
        return hashlib.sha256(self.texts[purpose][language].encode()).digest()


@cache
def versions() -> tuple[Version, ...]:
    """Every version there has been, the oldest first."""
    return tuple(_read(file) for file in sorted(FOLDER.glob("*.toml")))


def _read(file: Path) -> Version:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    texts = {
        purpose: {language: content[purpose.value][language.value] for language in Language}
        for purpose in ConsentPurpose
    }
    return Version(file.stem, content["published"], texts)


def current(today: date) -> Version:
    """The version that is asked for on a day."""
    return [version for version in versions() if version.published <= today][-1]


def newest(professional: Professional) -> dict[ConsentPurpose, ConsentEvent]:
    """The last event of each purpose the person has answered."""
    return {event.purpose: event for event in professional.consents}


def in_force(professional: Professional, now: datetime) -> frozenset[ConsentPurpose]:
    """What the person consents to at `now` (aware)."""
    return frozenset(purpose for purpose, ends in ends_of(professional, now).items() if now < ends)


def ends_of(professional: Professional, now: datetime) -> dict[ConsentPurpose, datetime]:
    """Each consent that was given and not withdrawn, with the moment it runs out: never, or some time after a newer
    text was published."""
    version = current(now.astimezone(clock.OSLO).date())
    replaced = datetime.combine(version.published, time(), clock.OSLO)
    return {
        purpose: FOR_EVER
        if event.text_version == version.name
        else replaced + timedelta(days=value(Key.CONSENT_RENEWAL_DAYS))
        for purpose, event in newest(professional).items()
        if event.act is ConsentAct.GIVEN
    }
