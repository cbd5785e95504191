"""The steps of an application: who sends it, who is to have access, the contact person, and the check (ux.md A3–A6)."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.applications.common import address_of, bp, open_step, page, save_step, steps_of
from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.step_pages import is_partial
from forms.applications import ContactForm, DeclarationForm, NomineeForm, SubmitterForm
from forms.base import StepForm
from models.application import AccessApplication
from models.enums import ApplicationStatus
from services import application_drafts as drafts
from services import applications, national_ids, snapshots
from services.application_drafts import ContactAnswers
from services.application_steps import MOST_NOMINEES, Step, gaps
from services.case_checks import is_free_mail
from services.errors import Incomplete, NotFound, Unfit

SENT = "sent"
"""In the cookie: the application whose receipt this browser was led to."""


def _page(name: str, application: AccessApplication, step: Step, form: StepForm | None, **more: Any) -> str:
    is_draft = application.status is ApplicationStatus.DRAFT
    return page(
        name,
        application,
        form=form,
        steps=steps_of(application) if is_draft else None,
        step_number=list(Step).index(step) + 1,
        **more,
    )


@bp.route("/<uuid:application_id>/innsender", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def submitter(application_id: UUID) -> ResponseReturnValue:
    application = open_step(application_id, Step.SUBMITTER, people=request.method == "GET")
    # Another's details are not shown as one's own: whoever completes this page of a draft becomes the submitter.
    is_own = application.submitter_id == actor().account_id or application.status is ApplicationStatus.WAITING
    row = application if is_own else None
    form = SubmitterForm(obj=row, held=held_fields())
    if application.submitter_name or not is_own:
        del form.submitter_name

    def save(answers: dict[str, Any]) -> None:
        if is_own or not is_partial():
            drafts.save_submitter(actor(), application, answers)

    return save_step(form, row, application, Step.SUBMITTER, save) or (
        _page("submitter", application, Step.SUBMITTER, form, is_own=is_own, all_required=True),
        form.status_code,
    )


@bp.post("/<uuid:application_id>/enhetsregisteret")
@open_to(Role.SUBMITTER)
def registry(application_id: UUID) -> ResponseReturnValue:
    """Try Enhetsregisteret again for a draft begun while it was away."""
    application = open_step(application_id, Step.SUBMITTER, people=False)
    if applications.refresh_registry(actor(), application):
        flash(_("Opplysningene fra Enhetsregisteret er oppdatert."), "success")
    return redirect(address_of(Step.SUBMITTER, application), 303)


@bp.route("/<uuid:application_id>/personer", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def nominees(application_id: UUID) -> ResponseReturnValue:
    application = open_step(application_id, Step.NOMINEES)
    form = StepForm()

    def save(_answers: dict[str, Any]) -> None:
        pass  # each person is saved on a page of its own

    problems = []
    if form.is_submitted() and not is_partial() and not application.nominees:
        problems = [(_("Legg til minst én person som skal ha tilgang."), "#legg-til")]
    elif response := save_step(form, None, application, Step.NOMINEES, save):
        return response
    applications.note_viewed(actor(), application, Step.NOMINEES)
    return (
        _page(
            "nominees",
            application,
            Step.NOMINEES,
            None,
            summary_errors=problems,
            most=MOST_NOMINEES,
            free_mail={nominee.id for nominee in application.nominees if is_free_mail(nominee.email)},
            **_numbers(application),
        ),
        form.status_code,
    )


def _numbers(application: AccessApplication) -> dict[str, Any]:
    """What a page needs to show enough of each person's number to see whose it is."""
    return {"masked": national_ids.masked_of, "misnamed": applications.misnamed(actor(), application)}


@bp.route("/<uuid:application_id>/personer/ny", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def add_nominee(application_id: UUID) -> ResponseReturnValue:
    application = open_step(application_id, Step.NOMINEES)
    form = NomineeForm(held=held_fields())
    if form.validate_on_submit():
        answers = form.answers()
        try:
            nominee = drafts.add_nominee(actor(), application, answers, national_id=answers["national_id"])
        except Unfit as problem:
            form[problem.field].errors = [problem.message]
        else:
            flash(_("%(navn)s er lagt til.", navn=nominee.name), "success")
            again = "lagre_ny" in request.form
            return redirect(_nominee_address("add_nominee" if again else "nominees", application), 303)
    elif request.method == "GET" and len(application.nominees) >= MOST_NOMINEES:
        flash(_("Du kan ha inntil 20 personer i én søknad."), "warning")
        return redirect(_nominee_address("nominees", application), 303)
    return (
        page("nominee", application, form=form, nominee=None, all_required=True),
        form.status_code,
    )


@bp.route("/<uuid:application_id>/personer/<int:position>", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def change_nominee(application_id: UUID, position: int) -> ResponseReturnValue:
    application = open_step(application_id, Step.NOMINEES)
    nominee = drafts.nominee_at(application, position)
    form = NomineeForm(obj=nominee, held=held_fields())

    def save(answers: dict[str, Any]) -> None:
        if is_partial():
            return  # a person is saved whole or not at all
        drafts.change_nominee(actor(), application, nominee, answers, national_id=answers["national_id"] or None)

    back = _nominee_address("nominees", application)
    if response := save_step(form, nominee, application, Step.NOMINEES, save, back):
        return response
    applications.note_viewed(actor(), application, f"{Step.NOMINEES}/{position}")
    return (
        page(
            "nominee",
            application,
            form=form,
            nominee=nominee,
            number=national_ids.masked_of(nominee),
            warns=is_free_mail(nominee.email),
        ),
        form.status_code,
    )


@bp.route("/<uuid:application_id>/personer/<int:position>/fjern", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def remove_nominee(application_id: UUID, position: int) -> ResponseReturnValue:
    application = open_step(application_id, Step.NOMINEES)
    nominee = drafts.nominee_at(application, position)
    if request.method == "POST":
        if request.form.get("person") != str(nominee.id):
            raise NotFound  # the page is older than the list: its person is gone, and another has the number now
        drafts.remove_nominee(actor(), application, nominee)
        flash(_("%(navn)s er fjernet.", navn=nominee.name), "success")
        return redirect(_nominee_address("nominees", application), 303)
    return page("remove_nominee", application, nominee=nominee)


def _nominee_address(endpoint: str, application: AccessApplication) -> str:
    """An address within the step that remembers where one came from."""
    return url_for(f".{endpoint}", application_id=application.id, fra=request.args.get("fra"))


@bp.route("/<uuid:application_id>/kontaktperson", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def contact(application_id: UUID) -> ResponseReturnValue:
    application = open_step(application_id, Step.CONTACT)
    row = ContactAnswers.of(application)
    is_own = application.submitter_id == actor().account_id
    name = application.submitter_name
    form = ContactForm(
        obj=row,
        held=held_fields(),
        people=[(str(nominee.id), nominee.name) for nominee in application.nominees],
        submitter=_("Jeg, %(navn)s", navn=name) if is_own else _("Innsenderen, %(navn)s", navn=name),
        has_number=application.contact is not None and application.contact.national_id_index is not None,
    )
    may_add = drafts.can_change(actor(), application, Step.NOMINEES)
    if not may_add:
        del form.has_access, form.job_title, form.access_level

    def save(answers: dict[str, Any]) -> None:
        if "choice" not in answers:
            return
        access = None
        if not is_partial() and may_add and form.gives_access:
            access = {"access_level": answers["access_level"], "job_title": answers["job_title"]}
        drafts.save_contact(
            actor(),
            application,
            answers["choice"],
            {field: answers[field] for field in form.PERSON if answers.get(field)},
            national_id=answers.get("national_id") or None,
            access=access,
        )

    if response := save_step(
        form, row, application, Step.CONTACT, save, row_now=lambda: ContactAnswers.of(application)
    ):
        return response
    applications.note_viewed(actor(), application, Step.CONTACT)
    return (
        _page("contact", application, Step.CONTACT, form, number=_masked_contact(application), may_add=may_add),
        form.status_code,
    )


def _masked_contact(application: AccessApplication) -> str:
    return national_ids.masked_of(application.contact) if application.contact is not None else ""


@bp.route("/<uuid:application_id>/kontroller", methods=["GET", "POST"])
@open_to(Role.SUBMITTER)
def check(application_id: UUID) -> ResponseReturnValue:
    """The whole application, and the signature. Handed in already: the receipt, or the status on the way back."""
    application = applications.find(actor(), application_id)
    if application.status is not ApplicationStatus.DRAFT:
        if request.method == "GET" and session.get(SENT) == str(application_id):
            flash(_("Søknaden er allerede sendt inn."), "info")
            return redirect(url_for(".status", application_id=application_id), 303)
        return redirect(url_for(".receipt", application_id=application_id), 303)
    form = DeclarationForm(held=held_fields())
    problems = []
    if form.validate_on_submit():
        try:
            applications.submit(actor(), application_id, str(form.declaration.label.text))
        except Incomplete:
            problems = gaps(application, actor().account_id)
        else:
            session[SENT] = str(application_id)
            return redirect(url_for(".receipt", application_id=application_id), 303)
    elif request.method == "GET":
        application = open_step(application_id, Step.CHECK)
    missing = gaps(application, actor().account_id)
    applications.note_viewed(actor(), application, Step.CHECK)
    return (
        _page(
            "check",
            application,
            Step.CHECK,
            form,
            missing=missing,
            summary_errors=[(gap.text, f"#{gap.step}") for gap in problems],
            contact=snapshots.contact_of(application),
            **_numbers(application),
        ),
        form.status_code,
    )
