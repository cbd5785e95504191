"""What the pages of an application share: finding it, saving a step, and the two versions when somebody was first."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from blueprints.guard import actor
from blueprints.step_pages import (
    Save,
    address_after,
    is_autosave,
    is_partial,
    is_saved,
    lead_to,
    saved_quietly,
    step_rows,
)
from blueprints.versions import both_versions
from extensions import clock
from extensions.agencies import settings
from extensions.database import db
from extensions.language import show_mobile
from extensions.log import security
from forms.base import StepForm
from models.application import AccessApplication, Nominee
from models.enums import ApplicationStatus, GrantStatus, InvitationStatus, NomineeOutcome
from models.grant import Grant
from services import application_drafts, applications, words
from services.application_steps import TITLES, Step, first_open, is_done
from services.applications import EventKind
from services.errors import Unfit
from services.representation import RightMissing

bp = Blueprint("applications", __name__, url_prefix="/soknad")
ORDER = list(Step)
EVENT_WORDS = {
    EventKind.STARTED: _l("Søknaden er påbegynt"),
    EventKind.SUBMITTED: _l("Søknaden er sendt inn"),
    EventKind.REOPENED: _l("Søknaden er åpnet for endring"),
    EventKind.TAKEN: _l("En saksbehandler har begynt på saken"),
    EventKind.WITHDRAWN: _l("Søknaden er trukket"),
    EventKind.ASKED: _l("Spørsmål til virksomheten"),
    EventKind.ANSWERED: _l("Spørsmålet er besvart"),
    EventKind.DECIDED: _l("Vedtaket er fattet"),
    EventKind.APPEAL_UPHELD: _l("Klagen er tatt til følge"),
    EventKind.PROVISIONAL_REPLY: _l("Foreløpig svar er sendt"),
}


bp.add_app_template_filter(show_mobile, "mobile")


@bp.context_processor
def words_for_pages() -> dict[str, Any]:
    return {
        "status_words": words.APPLICATION_STATUS,
        "level_words": words.ACCESS_LEVEL,
        "step_words": words.OPENED_STEP,
        "event_words": EVENT_WORDS,
        "person_state": person_state,
        "page_url": lambda page: url_for(".overview", side=page),
        "today": clock.today(),
    }


def person_state(nominee: Nominee, grant: Grant | None) -> tuple[Any, str]:
    """Where a person's access stands, in a word and its colour (ux.md A8)."""
    if grant is None or nominee.outcome is NomineeOutcome.DECLINED:
        return words.NOMINEE_OUTCOME[nominee.outcome]
    if grant.status is GrantStatus.ACTIVE:
        return words.INVITATION_STATUS[InvitationStatus.ACCEPTED]
    if grant.status is GrantStatus.ENDED:
        return words.GRANT_END[grant.ended_as] if grant.ended_as else _("Avsluttet"), "neutral"
    last = grant.invitations[-1].status if grant.invitations else InvitationStatus.SENT
    if last in (InvitationStatus.QUEUED, InvitationStatus.SENT):
        return words.GRANT_STATUS[GrantStatus.INVITED]
    return words.INVITATION_STATUS[last]


@bp.errorhandler(RightMissing)
def right_missing(error: RightMissing) -> ResponseReturnValue:
    """403 that names the organisation and says who can give the right. Drafts are untouched."""
    db.finish(keep=False)
    security.warning("right missing", extra={"event": "right_missing", "route": request.endpoint})
    return render_template("applications/right_missing.html", error=error, **request_text()), 403


def page(name: str, application: AccessApplication, **facts: Any) -> str:
    """A page about one application; its head says on whose behalf."""
    acting = replace(actor(), organisation_name=application.organisation.name)
    return render_template(f"applications/{name}.html", application=application, actor=acting, **facts)


def request_text() -> dict[str, str]:
    """What the page with the ready request needs; public facts only."""
    return {"package_name": settings().altinn_package_name, "address": f"{settings().base_url}{url_for('.overview')}"}


def address_of(step: Step, application: AccessApplication, **more: Any) -> str:
    return url_for(f".{step.name.lower()}", application_id=application.id, **more)


def steps_of(application: AccessApplication) -> list[dict[str, Any]]:
    return step_rows(
        TITLES, first_open(application), lambda step: address_of(step, application), partial(is_done, application)
    )


def open_step(application_id: UUID, step: Step, *, people: bool = True) -> AccessApplication:
    """The application whose step is to be shown or saved; otherwise the way to where its reader should be.

    A step opens only when the ones before it are answered (C41). POST holds the row until the end of the request.
    """
    application = applications.find(actor(), application_id, lock=request.method == "POST", people=people)
    if not application_drafts.can_change(actor(), application, step):
        flash(_("Søknaden er allerede sendt inn."), "info")
        lead_to(url_for(".status", application_id=application.id))
    if application.status is ApplicationStatus.DRAFT and step is not Step.SUBMITTER:
        reached = first_open(application)
        if ORDER.index(step) > ORDER.index(reached):
            lead_to(address_of(reached, application))
    return application


def save_step(
    form: StepForm,
    row: Any,
    application: AccessApplication,
    step: Step,
    save: Save,
    next_url: str | None = None,
    row_now: Callable[[], Any] | None = None,
) -> ResponseReturnValue | None:
    """Take a posted step: save it and lead on, or None to show the page (again).

    `row` is what the form was made from; `save` gets the answers, only the valid ones when the page is left unfinished.
    `next_url` is where a page outside the order of the steps leads; `row_now` makes `row` anew, where saving does not
    change it.
    """
    if not form.is_submitted():
        return None
    if form.is_outdated:
        return both_versions(form, row)
    if is_partial():
        _save_what_fits(form, save)
    elif not is_saved(form, save):
        return None
    if is_autosave():
        return saved_quietly(form, row_now() if row_now else row)
    return redirect(next_url or next_address(application, step), 303)


def _save_what_fits(form: StepForm, save: Save) -> None:
    """Save what is valid of an unfinished page; an answer that does not fit the application is left out, unsaid."""
    answers = form.valid_answers()
    while True:
        try:
            return save(answers)
        except Unfit as problem:
            if answers.pop(problem.field, None) is None:
                return


def next_address(application: AccessApplication, step: Step) -> str:
    """Where a saved step leads, by the button that was pressed and the page one came from."""
    if application.status is not ApplicationStatus.DRAFT:
        flash(_("Endringen er lagret."), "success")
        return url_for(".answer", application_id=application.id)
    if request.form.get("go") == "later":
        flash(_("Søknaden er lagret."), "success")
        return url_for(".overview")
    return address_after(step, lambda other: address_of(other, application))
