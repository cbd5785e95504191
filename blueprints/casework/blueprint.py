"""The blueprint of the Directorate's pages, and what several of them need."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor
from extensions import clock
from extensions.database import db
from extensions.language import show_datetime
from models.account import Account
from models.application import AccessApplication, InternalNote
from models.enums import ApplicationStatus, PrivacyCaseKind
from services import case_rules, casework, decisions, national_ids, words
from services.audit_reading import LogRow
from services.case_rules import CaseAction, NotTaken, Standing

bp = Blueprint("casework", __name__)

STAFF = (Role.CASEWORKER, Role.CASE_LEAD, Role.AUDITOR)
DECIDING = (Role.CASEWORKER, Role.CASE_LEAD)


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"words": words, "days_left": lambda due: words.days_left(due, clock.today())}


@bp.app_template_filter("lower_first")
def _lower_first(text: Any) -> str:
    """A label inside a sentence."""
    shown = str(text)
    return shown[:1].lower() + shown[1:]


@bp.app_template_filter("status_choice")
def _status_choice(status: ApplicationStatus) -> tuple[str, str]:
    return status.value, str(words.APPLICATION_STATUS[status][0])


@bp.app_template_filter("kind_choice")
def _kind_choice(item: tuple[PrivacyCaseKind, Any]) -> tuple[str, str]:
    kind, text = item
    return kind.value, str(text)


@bp.app_template_filter("person_choice")
def _person_choice(account: Account) -> tuple[str, str]:
    return str(account.id), account.name or "–"


@bp.app_template_filter("note_entry")
def _note_entry(note: InternalNote) -> dict[str, Any]:
    return {"title": note.author.name, "time": show_datetime(note.written_at), "text": note.text}


@bp.app_template_filter("event_entry")
def _event_entry(event: LogRow) -> dict[str, Any]:
    role = f" ({str(words.ROLE[event.actor_role]).lower()})" if event.actor_role else ""
    by = f"{event.actor_name or '–'}{role}" if event.actor_id else _("Systemet")
    times = _(" (%(n)s ganger)", n=event.times) if event.times > 1 else ""
    return {"title": event.text + times, "time": show_datetime(event.at), "by": by, "text": event.purpose}


@bp.errorhandler(NotTaken)
def not_taken(_error: NotTaken) -> ResponseReturnValue:
    """409 with the button that takes the case."""
    db.finish(keep=False)
    return render_template("casework/not_taken.html", **(request.view_args or {})), 409


def found_case(application_id: UUID, action: CaseAction = CaseAction.READ, *, lock: bool = False) -> AccessApplication:
    """The case, when the actor may do `action` to it now; else the page that says why not."""
    return opened_case(application_id, action, lock=lock)[0]


def opened_case(
    application_id: UUID, action: CaseAction = CaseAction.READ, *, lock: bool = False
) -> tuple[AccessApplication, Standing]:
    """As found_case(), with how the actor stands to the case: what its page needs."""
    application = casework.find(actor(), application_id, lock=lock)
    return application, case_rules.require(actor(), action, application)


def case_page(template: str, application: AccessApplication, found: Standing, **facts: Any) -> str:
    """A page of a case, with the heading, the section links and the buttons that every one of them has."""
    return render_template(
        f"casework/{template}.html",
        application=application,
        sections=_sections(application),
        can={action.value for action in case_rules.open_actions(actor(), application, found)},
        party=case_rules.GROUND_TEXT[found.ground] if found.ground else None,
        question=application.open_question,
        proposal=decisions.proposal(application),
        is_mine=application.caseworker_id == actor().account_id,
        contact=application.contact_details,
        masked=national_ids.masked_of,
        **facts,
    )


def _sections(application: AccessApplication) -> list[tuple[str, str]]:
    def url(endpoint: str) -> str:
        return url_for(f"casework.{endpoint}", application_id=application.id)

    return [
        (_("Søknad"), url("case")),
        (_("Personer"), url("people")),
        (_("Meldinger"), url("messages")),
        (_("Historikk"), url("history")),
    ]


def page_count(total: int, size: int) -> int:
    return -(-total // size)


def page_url(endpoint: str, **query: Any) -> Callable[[int], str]:
    """Where the pages of a list are, keeping its filter."""
    return lambda page: url_for(endpoint, **query, side=page)
