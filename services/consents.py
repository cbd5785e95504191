"""Consents: each its own choice, recorded word for word, in force until withdrawn (security.md section 6, ux.md D1)."""

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from extensions import clock
from extensions.language import current_language
from models.enums import ConsentAct, ConsentPurpose, Language
from models.professional import ConsentEvent, Professional
from services import audit, listing, professionals, sessions
from services.access import Actor
from services.errors import Unfit
from services.settings import Key, value

FOLDER = Path(__file__).parent.parent / "templates" / "consents"
CHANNEL = "web"
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


def words_of(event: ConsentEvent) -> str:
    """What was consented to, in the words that were shown; raises LookupError when they are not kept any more."""
    version = next(version for version in versions() if version.name == event.text_version)
    if version.hash_of(event.purpose, event.language) != event.text_hash:
        raise LookupError(f"the words of {event.text_version}, {event.purpose}, have been changed")
    return version.texts[event.purpose][event.language]


def newest(professional: Professional) -> dict[ConsentPurpose, ConsentEvent]:
    """The last event of each purpose the person has answered."""
    return {event.purpose: event for event in professional.consents}


def in_force(professional: Professional, now: datetime) -> frozenset[ConsentPurpose]:
    """What the person consents to at `now` (aware)."""
    return frozenset(purpose for purpose, ends in ends_of(professional, now).items() if now < ends)


def ends_of(professional: Professional, now: datetime) -> dict[ConsentPurpose, datetime]:
    """Each consent that was given and not withdrawn, with the moment it runs out: never, or some time after a newer
    text was published."""
    version = current(clock.day(now))
    replaced = datetime.combine(version.published, time(), clock.OSLO)
    return {
        purpose: FOR_EVER
        if event.text_version == version.name
        else replaced + timedelta(days=value(Key.CONSENT_RENEWAL_DAYS))
        for purpose, event in newest(professional).items()
        if event.act is ConsentAct.GIVEN
    }


def is_given_today(professional: Professional, purpose: ConsentPurpose) -> bool:
    """Whether the person consents to the text that is asked for today, and not only to an older one."""
    event = newest(professional).get(purpose)
    return event is not None and event.act is ConsentAct.GIVEN and event.text_version == current(clock.today()).name


def answer(actor: Actor, given: Collection[ConsentPurpose]) -> Professional:
    """Record what a person consents to now, each in the words of today's version in the language shown, and begin the
    registration with the first one. What is given already in the same words is not written again.

    Raises Unfit without the consent to stand in the register.
    """
    if ConsentPurpose.REGISTER not in given:
        try:
            missing = not is_given_today(professionals.own(actor, pages=True), ConsentPurpose.REGISTER)
        except professionals.NoRegistration:
            missing = True
        if missing:
            raise Unfit(ConsentPurpose.REGISTER, _("Kryss av for at du samtykker til å stå i registeret."))
    professionals.begin(actor)
    professional = professionals.own(actor, lock=True, pages=True)
    version, language = current(clock.today()), current_language()
    for purpose in ConsentPurpose:
        if purpose in given and not is_given_today(professional, purpose):
            words = {
                "text_version": version.name,
                "text_hash": version.hash_of(purpose, language),
                "language": language,
            }
            _record(actor, professional, purpose, ConsentAct.GIVEN, **words)
    listing.refresh(professional.id)
    return professional


def withdraw(actor: Actor, purpose: ConsentPurpose) -> None:
    """Take one consent back, in the words it was given in. One that is not in force is left alone. Raises
    NoRegistration.

    Without the first consent nothing may be kept: services.erasure goes on from there.
    """
    professional = professionals.own(actor, lock=True, pages=True)
    event = newest(professional).get(purpose)
    if event is None or event.act is ConsentAct.WITHDRAWN:
        return
    words = {"text_version": event.text_version, "text_hash": event.text_hash, "language": event.language}
    _record(actor, professional, purpose, ConsentAct.WITHDRAWN, **words)
    listing.refresh(professional.id)


def _record(actor: Actor, professional: Professional, purpose: ConsentPurpose, act: ConsentAct, **words: Any) -> None:
    """One more event. `words` are the version, hash and language of the text it is about."""
    professional.consents.append(
        ConsentEvent(
            professional_id=professional.id,
            purpose=purpose,
            act=act,
            happened_at=clock.now(),
            order=len(professional.consents),
            channel=CHANNEL,
            login_level=sessions.level_of(actor),
            **words,
        )
    )
    audit.record(
        actor,
        f"consent.{act}",
        professional,
        subject_id=professional.account_id,
        consent=purpose.value,
        text_version=words["text_version"],
    )
