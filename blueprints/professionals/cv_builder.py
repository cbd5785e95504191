"""A CV made here, section by section (ux.md D6)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BaseConverter, ValidationError

from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.professionals.blueprint import bp
from blueprints.versions import both_versions
from extensions.language import current_language
from forms.base import StepForm
from forms.professionals_cv_builder import FORMS, LanguageForm, SummaryForm, VisibilityForm
from models.cv import CvEntry
from models.enums import CvSection, Language, Visibility
from models.professional import Professional
from services import cvs, languages, professionals

SLUGS = {
    "erfaring": CvSection.EXPERIENCE,
    "utdanning": CvSection.EDUCATION,
    "kurs": CvSection.COURSE,
    "sprak": CvSection.LANGUAGE,
    "referanser": CvSection.REFERENCE,
}
SLUG_OF = {section: slug for slug, section in SLUGS.items()}
NEW: dict[CvSection, Any] = {
    CvSection.EXPERIENCE: _l("Legg til en stilling"),
    CvSection.EDUCATION: _l("Legg til en utdanning"),
    CvSection.COURSE: _l("Legg til et kurs eller sertifikat"),
    CvSection.LANGUAGE: _l("Legg til et språk"),
    CvSection.REFERENCE: _l("Legg til en referanse"),
}


class SectionConverter(BaseConverter):
    """A section of the CV by its place in the address."""

    regex = "|".join(SLUGS)

    def to_python(self, value: str) -> CvSection:
        if value not in SLUGS:
            raise ValidationError
        return SLUGS[value]

    def to_url(self, value: CvSection) -> str:
        return SLUG_OF[value]


@bp.record_once
def _register(state: Any) -> None:
    state.app.url_map.converters["cv_section"] = SectionConverter


def name_of(entry: CvEntry) -> str:
    """What an entry is called in lists: a language by its name, all others as written."""
    return languages.name_of(entry.title) if entry.section is CvSection.LANGUAGE else entry.title


@bp.route("/cv/bygg", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_builder() -> ResponseReturnValue:
    """All sections with how far they have come, and who may see the CV."""
    professional = professionals.own(actor())
    cv = cvs.of(professional)
    form = VisibilityForm(obj=cv, held=held_fields())
    if form.validate_on_submit():
        cvs.show_to(actor(), Visibility(form.visibility.data))
        flash(_("Valget er lagret."), "success")
        return redirect(url_for(".cv_builder"), 303)
    sections = [(_("Sammendrag"), url_for(".cv_summary"), cvs.state_of(professional, None))]
    for section in CvSection:
        address = url_for(".cv_section", section=section)
        sections.append((str(cvs.TITLES[section]), address, cvs.state_of(professional, section)))
    page = render_template("professionals/cv_builder.html", form=form, sections=sections)
    return page, form.status_code


@bp.route("/cv/bygg/sammendrag", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_summary() -> ResponseReturnValue:
    cv = cvs.of(_own())
    form = SummaryForm(obj=cv, held=held_fields())
    if form.is_outdated:
        return both_versions(form, cv)
    if form.validate_on_submit():
        cvs.save_summary(actor(), form.summary.data)
        flash(_("Sammendraget er lagret."), "success")
        return redirect(url_for(".cv_builder"), 303)
    return render_template("professionals/cv_summary.html", form=form), form.status_code


def _own() -> Professional:
    """The person's registration; while something is saved, nobody else changes it."""
    return professionals.own(actor(), lock=request.method == "POST")


@bp.get("/cv/bygg/<cv_section:section>")
@open_to(Role.PROFESSIONAL)
def cv_section(section: CvSection) -> ResponseReturnValue:
    """The entries of one section, to add to, change, remove and move."""
    professional = professionals.own(actor())
    missing = cvs.languages_without_level(professional) if section is CvSection.LANGUAGE else []
    return render_template(
        "professionals/cv_section.html",
        section=section,
        title=cvs.TITLES[section],
        add=NEW[section],
        entries=[(entry, name_of(entry), _told(entry)) for entry in cvs.entries(cvs.of(professional), section)],
        most=cvs.MOST_ENTRIES,
        missing=[(code, languages.name_of(code)) for code in missing],
    )


def _told(entry: CvEntry) -> str:
    """The second line of an entry in the list."""
    level = str(cvs.LEVELS[entry.level]) if entry.level else None
    return ", ".join(part for part in (entry.place, cvs.period_of(entry), level) if part)


@bp.route("/cv/bygg/<cv_section:section>/ny", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_add(section: CvSection) -> ResponseReturnValue:
    professionals.own(actor())
    asked_for = CvEntry(title=request.args.get("sprak")) if section is CvSection.LANGUAGE else None
    return _entry_page(section, asked_for, lambda answers: cvs.add(actor(), section, answers), is_new=True)


@bp.route("/cv/bygg/<cv_section:section>/<uuid:entry_id>", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_change(section: CvSection, entry_id: UUID) -> ResponseReturnValue:
    entry = cvs.entry(cvs.of(_own()), section, entry_id)
    return _entry_page(section, entry, lambda answers: cvs.change(actor(), section, entry_id, answers), is_new=False)


def _entry_page(
    section: CvSection, entry: CvEntry | None, save: Callable[[dict[str, Any]], object], *, is_new: bool
) -> ResponseReturnValue:
    form = _form(section, entry)
    if form.is_outdated:
        return both_versions(form, entry)
    if form.validate_on_submit():
        save(form.answers())
        flash(_("Endringen er lagret."), "success")
        return redirect(url_for(".cv_section", section=section), 303)
    heading = NEW[section] if is_new else _("Endre: %(hva)s", hva=name_of(entry) if entry else "")
    page = render_template("professionals/cv_entry.html", form=form, section=section, heading=heading)
    return page, form.status_code


def _form(section: CvSection, entry: CvEntry | None) -> StepForm:
    if section is CvSection.LANGUAGE:
        return LanguageForm(languages.choices(), obj=entry, held=held_fields())
    return FORMS[section](obj=entry, held=held_fields())


@bp.route("/cv/bygg/<cv_section:section>/<uuid:entry_id>/fjern", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def cv_remove(section: CvSection, entry_id: UUID) -> ResponseReturnValue:
    entry = cvs.entry(cvs.of(professionals.own(actor())), section, entry_id)
    if request.method == "POST":
        name = name_of(entry)
        cvs.remove(actor(), section, entry_id)
        flash(_("%(navn)s er fjernet.", navn=name), "success")
        return redirect(url_for(".cv_section", section=section), 303)
    return render_template("professionals/cv_remove.html", section=section, name=name_of(entry))


@bp.post("/cv/bygg/<cv_section:section>/<uuid:entry_id>/flytt")
@open_to(Role.PROFESSIONAL)
def cv_move(section: CvSection, entry_id: UUID) -> ResponseReturnValue:
    cvs.move(actor(), section, entry_id, up=request.form.get("retning") == "opp")
    return redirect(url_for(".cv_section", section=section), 303)


@bp.get("/cv/bygg/cv.pdf")
@open_to(Role.PROFESSIONAL)
def cv_pdf() -> ResponseReturnValue:
    """The CV as a PDF: to look at, or with `last-ned` to keep; in the language of the page or the one asked for."""
    professional = professionals.own(actor())
    wanted = request.args.get("sprak")
    language = Language(wanted) if wanted in set(Language) else current_language()
    response: Response = make_response(cvs.pdf_of(professional, language))
    response.mimetype = "application/pdf"
    how = "attachment" if "last-ned" in request.args else "inline"
    response.headers["Content-Disposition"] = f'{how}; filename="cv-{language.value}.pdf"'
    return response
