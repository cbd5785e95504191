"""One person in the register: profile, contact details for a reason, CV, and what came of it (ux.md E4)."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import downloads, errors
from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.register.blueprint import bp
from extensions.database import db
from extensions.language import current_language
from forms.register_person import OutcomeForm, PurposeForm
from models.enums import ContactOutcome, ContactPurpose
from models.professional import Professional
from services import cvs, geography, profile_cards, reveals, words
from services.attachments import NeedsNewScan
from services.errors import NotFound
from services.reveals import QuotaReached


@bp.errorhandler(NotFound)
def gone(_error: NotFound) -> ResponseReturnValue:
    """The same page for a person who left, who hides, whom the organisation may not see, and who never was. What HPR
    has just said of the person stands: whoever lost the authorisation is hidden from now on (C26)."""
    if "professional_id" not in (request.view_args or {}):
        return errors.page(404)
    db.finish(keep=True)
    return render_template("register/gone.html"), 404


@bp.errorhandler(QuotaReached)
def quota_reached(error: QuotaReached) -> ResponseReturnValue:
    """Nothing is shown; a caseworker is told."""
    db.finish(keep=False)
    reveals.note_quota(actor(), error)
    db.finish(keep=True)
    return render_template("errors/429.html", message=error.message), 429


@bp.route("/person/<uuid:professional_id>", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def person(professional_id: UUID) -> ResponseReturnValue:
    """The profile, and the question why contact details are needed."""
    form = PurposeForm(held=held_fields())
    if form.validate_on_submit():
        row = reveals.reveal(actor(), professional_id, ContactPurpose(form.purpose.data))
        return redirect(url_for(".contact", professional_id=professional_id, reveal_id=row.id), 303)
    found = reveals.profile(actor(), professional_id)
    page = render_template(
        "register/person.html",
        form=form,
        person=found,
        cards=profile_cards.for_organisation(found),
        home=geography.name_of(found.municipality_number),
        has_cv=bool(reveals.shown_cvs(found)) or _has_made_cv(found),
        earlier=reveals.of_organisation(actor(), professional_id),
        purposes=words.CONTACT_PURPOSE,
        outcomes=words.CONTACT_OUTCOME,
    )
    return page, form.status_code


@bp.route("/person/<uuid:professional_id>/kontakt/<uuid:reveal_id>", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def contact(professional_id: UUID, reveal_id: UUID) -> ResponseReturnValue:
    """What was asked for, for a quarter of an hour; each time it is shown is noted."""
    form = OutcomeForm(held=held_fields())
    if form.validate_on_submit():
        reveals.note_outcome(actor(), professional_id, reveal_id, ContactOutcome(form.outcome.data))
        flash(_("Resultatet er registrert."), "success")
        return redirect(url_for(".person", professional_id=professional_id), 303)
    found, row = reveals.revealed(actor(), professional_id, reveal_id)
    page = render_template(
        "register/contact.html",
        form=form,
        person=found,
        reveal=row,
        files=reveals.shown_cvs(found),
        made=_has_made_cv(found),
        contact=reveals.contact_of(found),
    )
    return page, form.status_code


@bp.get("/person/<uuid:professional_id>/kontakt/<uuid:reveal_id>/cv/<uuid:file_id>")
@open_to(Role.ORGANISATION_USER)
def cv(professional_id: UUID, reveal_id: UUID, file_id: UUID) -> ResponseReturnValue:
    """One uploaded CV, as a download."""
    try:
        file, content = reveals.open_cv(actor(), professional_id, reveal_id, file_id)
    except NeedsNewScan:
        return render_template(
            "register/cv_new_scan.html",
            scan_url=url_for(".cv_scan_again", professional_id=professional_id, reveal_id=reveal_id, file_id=file_id),
            back_url=url_for(".contact", professional_id=professional_id, reveal_id=reveal_id),
        )
    return downloads.attachment(content, file.name, file.media_type)


@bp.post("/person/<uuid:professional_id>/kontakt/<uuid:reveal_id>/cv/<uuid:file_id>/sjekk")
@open_to(Role.ORGANISATION_USER)
def cv_scan_again(professional_id: UUID, reveal_id: UUID, file_id: UUID) -> ResponseReturnValue:
    """Have a CV scanned anew, as the scanner has learnt more since."""
    reveals.scan_cv_again(actor(), professional_id, reveal_id, file_id)
    flash(_("Vi sjekker filen på nytt. Oppdater siden om litt."), "info")
    return redirect(url_for(".contact", professional_id=professional_id, reveal_id=reveal_id), 303)


@bp.get("/person/<uuid:professional_id>/kontakt/<uuid:reveal_id>/cv.pdf")
@open_to(Role.ORGANISATION_USER)
def made_cv(professional_id: UUID, reveal_id: UUID) -> ResponseReturnValue:
    """The CV made on Min side, in the reader's language."""
    found = reveals.open_made_cv(actor(), professional_id, reveal_id)
    return downloads.attachment(cvs.pdf_of(found, current_language()), "cv.pdf", "application/pdf")


def _has_made_cv(found: Professional) -> bool:
    return found.cv is not None and found.cv.visibility == "consented"
