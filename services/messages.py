"""E-mails as values: a queued message becomes an EmailMessage in its language (ux.md section 6)."""

import re
from datetime import date, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _

from extensions.agencies import settings
from extensions.keys import keyring
from extensions.language import in_language, show_date, show_time
from models.enums import DelayReason, Language, LinkPurpose, MessageKind
from models.grant import Invitation
from models.message import Message
from models.professional import Link
from services import links, words
from services.sessions import hash_of
from services.settings import Key, duration, value

SENDER = "Helsedirektoratet"
REMINDERS = frozenset({MessageKind.INVITATION_REMINDER, MessageKind.RECONFIRMATION_DUE, MessageKind.ACCESS_UNUSED})
STOPPED_BY_LINK = frozenset({MessageKind.AVAILABILITY_CHECK})
"""Reminders to persons, which mail programs may stop with one press (RFC 8058)."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d)?")
_GAPS = re.compile(r"\n{3,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class _Whole(UnstructuredHeader, BaseHeader):
    """A header of one long address. Folded as text it would become encoded words, which no mail program reads as one;
    a line may have 998 characters."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)
_POLICY = SMTP.clone(header_factory=_HEADERS)


class Unsendable(Exception):
    """It cannot be written: an address or subject is not one line, or its link is not the one whose hash is stored."""


def compose(message: Message) -> EmailMessage:
    """The e-mail a message stands for: the same text, link and Message-ID each time (I11). Raises Unsendable."""
    config = settings()
    with in_language(message.language):
        facts = _facts(message)
        facts["subject"] = subject = _one_line(_render(message.kind, "subject.txt", facts).strip())
        text = _GAPS.sub("\n\n", _render(message.kind, "body.txt", facts)).strip() + "\n"
        html = _render(message.kind, "body.html", facts)
    email = EmailMessage(_POLICY)
    email["From"] = Address(SENDER, addr_spec=config.mail_from)
    email["To"] = _address(message.recipient)
    email["Reply-To"] = Address(SENDER, addr_spec=config.mail_reply_to)
    email["Subject"] = subject
    email["Date"] = message.created_at
    email["Message-ID"] = f"<{message.id}@{config.mail_from.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    if message.kind in REMINDERS:
        email["List-Unsubscribe"] = f"<mailto:{config.mail_reply_to}?subject=stopp%20{message.id}>"
    if message.kind in STOPPED_BY_LINK and message.professional_id is not None:
        stop = links.newest(message.professional_id, LinkPurpose.UNSUBSCRIBE)
        email["List-Unsubscribe"] = f"<{_address_of(stop, message.language)}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if "stop" in facts:
        email["List-Unsubscribe"] = f"<{facts['stop']}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    email.set_content(text, cte="quoted-printable")
    email.add_alternative(html, subtype="html", cte="quoted-printable")
    email["Content-Language"] = message.language.value
    return email


def _facts(message: Message) -> dict[str, Any]:
    """What the templates fill in, from the rows the message is about and what was known when it was queued.

    Never a person's name, a national identity number, the reason of a decision or the text of a question (C37).
    """
    config = settings()
    prefix = _prefix(message.language)
    facts = {name: _shown(fact) for name, fact in message.facts.items()} | {
        "language": message.language.value,
        "domain": config.host,
        "help_address": f"{config.host}{prefix}/hjelp",
        "service": config.service_name,
    }
    if message.application is not None:
        facts["organisation"] = message.application.organisation.name
        facts["reference"] = _grouped(message.application.reference)
    if message.invitation is not None:
        facts["organisation"] = message.invitation.grant.organisation.name
        facts["expires"] = show_date(message.invitation.expires_at)
        if message.kind in (MessageKind.INVITATION, MessageKind.INVITATION_REMINDER):
            facts["link"] = f"{config.base_url}{prefix}/i/{_token(message.invitation)}"
    if message.link is not None:
        facts["link"] = _address_of(message.link, message.language)
        facts["expires"] = show_date(message.link.expires_at)
    if message.kind is MessageKind.NEW_PEOPLE:
        facts["stop"] = f"{config.base_url}{prefix}{links.alerts_path(UUID(message.facts['grant_id']))}"
    if message.kind is MessageKind.PROVISIONAL_REPLY:
        day = message.facts["expected_on"]
        facts["delay"] = words.delay(DelayReason(message.facts["reason"]), date.fromisoformat(day) if day else None)
    if message.kind is MessageKind.APPLICATION_RECEIVED:
        facts["days"] = duration(value(Key.PROCESSING_DAYS), "days")
    return facts


def _prefix(language: Language) -> str:
    return "" if language is Language.BOKMAL else f"/{language}"


def _address_of(link: Link | None, language: Language) -> str:
    """The whole address of a link, in the language of the mail; raises Unsendable when there is none to make."""
    token = links.token_of(link) if link is not None else None
    if link is None or token is None:
        raise Unsendable("link")
    return f"{settings().base_url}{_prefix(language)}/{links.PLACES[link.purpose]}/{token}"


def _token(invitation: Invitation) -> str:
    """The invitation's token, made anew from its id; also when the link key was changed since."""
    for token in keyring().link_tokens("invitation", str(invitation.id)):
        if hash_of(token) == invitation.token_hash:
            return token
    raise Unsendable("link")


def _shown(fact: Any) -> Any:
    """A stored fact as a reader sees it: times and dates are stored as ISO text (services/mailbox.py)."""
    if not isinstance(fact, str) or not _ISO.fullmatch(fact):
        return fact
    if "T" not in fact:
        return show_date(date.fromisoformat(fact))
    moment = datetime.fromisoformat(fact)
    return _("%(date)s kl. %(time)s", date=show_date(moment), time=show_time(moment))


def _render(kind: MessageKind, part: str, facts: dict[str, Any]) -> str:
    # Not render_template: what it adds for pages, such as the signed-in person, has no place in a mail.
    return current_app.jinja_env.get_template(f"email/{kind}/{part}").render(facts)


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=_one_line(text))
    except (ValueError, IndexError, HeaderParseError):  # the parser's ways to say no
        raise Unsendable("address") from None


def _one_line(text: str) -> str:
    """Refuse what could begin another header (C36)."""
    if _CONTROL.search(text):
        raise Unsendable("control character")
    return text


def _grouped(reference: str) -> str:
    return " ".join(reference[i : i + 4] for i in range(0, len(reference), 4))
