"""The decision, read after login by those who may read the application (security.md section 8)."""

from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from blueprints import downloads
from blueprints.applications.common import bp
from blueprints.guard import Role, actor, open_to
from models.application import AccessApplication, Decision
from services import applications, letters
from services.application_rules import Action


@bp.get("/<uuid:application_id>/vedtak")
@open_to(Role.SUBMITTER)
def decision(application_id: UUID) -> ResponseReturnValue:
    application, found = _found(application_id)
    if found is None:
        return redirect(url_for(".status", application_id=application_id), 303)
    applications.note_viewed(actor(), application, "vedtak")
    letter = letters.letter_of_decision(application, found)
    return render_template("applications/decision.html", application=application, letter=letter)


@bp.get("/<uuid:application_id>/vedtak.pdf")
@open_to(Role.SUBMITTER)
def decision_file(application_id: UUID) -> ResponseReturnValue:
    application, found = _found(application_id)
    if found is None:
        return redirect(url_for(".status", application_id=application_id), 303)
    applications.note_viewed(actor(), application, "vedtak.pdf")
    content = letters.pdf_of(letters.letter_of_decision(application, found))
    return downloads.attachment(content, f"vedtak-{application.reference}.pdf", "application/pdf")


def _found(application_id: UUID) -> tuple[AccessApplication, Decision | None]:
    application = applications.find(actor(), application_id)
    applications.require(actor(), Action.READ, application)
    return application, application.decision_in_force
