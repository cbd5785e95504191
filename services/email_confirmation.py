"""The person's own e-mail address, proven by a link that is pressed (ux.md D2, security.md C30–C34)."""

from contextlib import suppress
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from extensions.language import current_language
from models.enums import LinkPurpose, MessageKind
from models.professional import Link, Professional
from services import audit, links, mailbox, professionals
from services.access import Actor
from services.errors import NotFound, TooMany
from services.settings import Key, values

DAY = timedelta(days=1)


def ask(professional: Professional) -> None:
    """Send a link to the address the person has now; the links before it are dead. Raises TooMany."""
    numbers = values(Key.EMAIL_LINK_DAYS, Key.EMAIL_LINKS_PER_DAY)
    sent = db.session.scalar(
        select(func.count())
        .select_from(Link)
        .where(
            Link.professional_id == professional.id,
            Link.purpose == LinkPurpose.EMAIL_CONFIRMATION,
            Link.created_at > clock.now() - DAY,
        )
    )
    if (sent or 0) >= numbers[Key.EMAIL_LINKS_PER_DAY]:
        raise TooMany(_("Vi har sendt deg flere lenker i dag. Se i søppelposten, eller prøv igjen i morgen."))
    link = links.create(professional, LinkPurpose.EMAIL_CONFIRMATION, numbers[Key.EMAIL_LINK_DAYS])
    assert professional.email
    mailbox.queue(
        MessageKind.EMAIL_CONFIRMATION,
        link.id,
        professional.email,
        professional.language or current_language(),
        professional_id=professional.id,
        link_id=link.id,
    )


def change(professional: Professional, email: str) -> None:
    """Take another address into use: nobody has confirmed it, and nothing has failed to reach it. Its link is sent by
    ask_once(), when the address is typed to its end."""
    professional.email = email
    professional.email_confirmed_at = professional.email_failed_at = None


def ask_once(professional: Professional) -> None:
    """Send a link to an address that is not confirmed and was never sent one. After too many today the person may ask
    for it tomorrow."""
    if professional.email is None or professional.email_confirmed_at is not None:
        return
    newest = links.newest(professional.id, LinkPurpose.EMAIL_CONFIRMATION)
    if newest is None or newest.email != professional.email:
        with suppress(TooMany):
            ask(professional)


def begin_anew(professional: Professional, email: str) -> None:
    """Another address, typed to its end."""
    change(professional, email)
    ask_once(professional)


def ask_again(actor: Actor) -> bool:
    """«Send på nytt»; returns whether there was anything to confirm. Raises TooMany."""
    professional = professionals.own(actor, lock=True)
    if professional.email is None or professional.email_confirmed_at is not None:
        return False
    ask(professional)
    audit.record(actor, "email.link_sent", professional, subject_id=professional.account_id)
    return True


def confirm(link: Link) -> None:
    """Whoever holds the link has read the address's mail. Pressed again, it is confirmed already. Raises NotFound when
    the person has left meanwhile."""
    professional = db.session.get(
        Professional, link.professional_id, with_for_update={"of": Professional}, populate_existing=True
    )
    if professional is None:
        raise NotFound
    if professional.email != link.email or professional.email_confirmed_at is not None:
        return
    professional.email_confirmed_at = link.used_at = clock.now()
    professional.email_failed_at = None
    professionals.note_use(professional.account_id)
    audit.record(None, "email.confirmed", professional, subject_id=professional.account_id, link_id=link.id)
