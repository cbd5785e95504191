"""CVs the person has uploaded (ux.md D5)."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import downloads
from blueprints.guard import Role, actor, held, held_fields, open_to
from blueprints.professionals.blueprint import bp
from extensions.agencies import settings
from extensions.database import db
from forms.professionals_cv import UploadForm
from forms.professionals_cv_builder import VisibilityForm
from models.attachment import Attachment
from models.enums import AttachmentKind, Visibility
from services import attachments, file_scans
from services.file_checks import texts
from services.file_checks.verdicts import MAX_BYTES, Refused

KIND = AttachmentKind.CV
bp.add_app_template_test(file_scans.is_waiting, "waiting_for_scan")


@bp.route("/cv", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL, takes_file=True)
def cv() -> ResponseReturnValue:
    """The files there are, and a form for one more. A page that asks for the files alone gets them as they are now."""
    form = UploadForm(held=held_fields())
    if _is_received(form):
        flash(_("Filen er lastet opp. Vi sjekker den for virus. Du kan gå videre."), "success")
        return redirect(url_for(".cv"), 303)
    files = attachments.of(actor(), KIND)
    if request.headers.get("X-Partial") == "files":
        return render_template("professionals/_cv_files.html", files=files, refusal=_refusal)
    return _upload_page("cv", form, files=files, refusal=_refusal)


@bp.route("/cv/<uuid:attachment_id>/bytt", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL, takes_file=True)
def cv_replace(attachment_id: UUID) -> ResponseReturnValue:
    """Another file in the place of one."""
    old = attachments.own(actor(), attachment_id)
    form = UploadForm(held=held_fields(), data={"visibility": old.visibility.value})
    if _is_received(form, replaces=old):
        flash(_("Filen er byttet. Vi sjekker den nye for virus. Du kan gå videre."), "success")
        return redirect(url_for(".cv"), 303)
    return _upload_page("cv_replace", form, old=old)


def _upload_page(name: str, form: UploadForm, **facts: object) -> ResponseReturnValue:
    interrupted = held()
    page = render_template(
        f"professionals/{name}.html",
        form=form,
        largest=MAX_BYTES,
        is_demo=settings().clamav_is_stand_in,
        choose_again=interrupted is not None,
        was_signed_out=interrupted is not None and interrupted.was_signed_out,
        **facts,
    )
    return page, form.status_code


def _is_received(form: UploadForm, replaces: Attachment | None = None) -> bool:
    """Take a posted file; when it cannot be kept the form says why."""
    if not form.is_submitted():
        return False
    problem = _("Velg filen på nytt.")  # nobody can put it back into the form for the person
    if form.validate():
        try:
            upload, visibility = form.file.data, Visibility(form.visibility.data)
            attachments.receive(actor(), upload.stream, upload.filename, KIND, visibility, replaces)
            return True
        except Refused as refused:
            problem = texts.refusal(refused, KIND)
        except attachments.AlreadyThere:
            problem = _("Du har allerede lastet opp denne filen.")
        except attachments.NoRoom as no:
            problem = no.message
        db.finish(keep=False)  # the page shows what is there, not what was about to be
    if not form.file.errors:
        form.file.errors = [problem]
    return False


def _refusal(attachment: Attachment) -> str:
    """Why a refused file is gone, and what to do."""
    reason = file_scans.refusal_of(attachment)
    if reason is None:
        return str(_("Filen hadde skadelig innhold og er slettet. Last opp en ny fil."))
    return texts.refusal(Refused(reason), attachment.kind)


@bp.get("/cv/<uuid:attachment_id>/fil")
@open_to(Role.PROFESSIONAL)
def cv_file(attachment_id: UUID) -> ResponseReturnValue:
    """The file itself, as a download that can do nothing on our pages (C58)."""
    attachment = attachments.own(actor(), attachment_id)
    try:
        content = attachments.open_own(actor(), attachment)
    except attachments.NeedsNewScan:
        return render_template("professionals/cv_new_scan.html", file=attachment)
    return downloads.attachment(content, attachment.name, attachment.media_type)


@bp.post("/cv/<uuid:attachment_id>/sjekk")
@open_to(Role.PROFESSIONAL)
def cv_scan_again(attachment_id: UUID) -> ResponseReturnValue:
    """Have a file scanned anew, as the scanner has learnt more since."""
    attachments.ask_for_scan(actor(), attachments.own(actor(), attachment_id))
    flash(_("Vi sjekker filen på nytt."), "info")
    return redirect(url_for(".cv"), 303)


@bp.route("/cv/<uuid:attachment_id>/synlighet", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_visibility(attachment_id: UUID) -> ResponseReturnValue:
    """Who may see one file."""
    attachment = attachments.own(actor(), attachment_id)
    form = VisibilityForm(held=held_fields(), data={"visibility": attachment.visibility.value})
    if form.validate_on_submit():
        attachments.show_to(actor(), attachment, Visibility(form.visibility.data))
        flash(_("Valget er lagret."), "success")
        return redirect(url_for(".cv"), 303)
    return render_template("professionals/cv_visibility.html", form=form, file=attachment), form.status_code


@bp.route("/cv/<uuid:attachment_id>/slett", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_remove_file(attachment_id: UUID) -> ResponseReturnValue:
    """Ask, and remove one file."""
    attachment = attachments.own(actor(), attachment_id)
    if request.method == "POST":
        attachments.remove(actor(), attachment)
        flash(_("%(navn)s er slettet.", navn=attachment.name), "success")
        return redirect(url_for(".cv"), 303)
    return render_template("professionals/cv_remove_file.html", file=attachment)
