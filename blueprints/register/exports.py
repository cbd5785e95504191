"""People taken out as a file: what for and what of them, how far it has come, and the file itself (ux.md E3, E6)."""

from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import downloads
from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.register.blueprint import bp
from blueprints.register.searching import search_form
from extensions import clock
from extensions.language import show_date
from forms.register_exports import ExportForm
from forms.register_search import query_of
from models.enums import ContactPurpose, ExportFormat, Stoppable
from models.register import RegisterExport, Shortlist
from services import register_exports, reveals, search, settings, shortlists, spreadsheets, words
from services.profile_cards import size_of
from services.register_columns import HEADINGS, Column, how_much
from services.register_exports import Wanted
from services.search import Filters
from services.settings import Key


@bp.get("/eksport")
@open_to(Role.ORGANISATION_USER)
def exports() -> ResponseReturnValue:
    """The files one has asked for lately."""
    return render_template(
        "register/exports.html",
        exports=register_exports.own(actor()),
        is_ready=register_exports.is_ready,
        purposes=words.CONTACT_PURPOSE,
    )


@bp.route("/eksport/ny", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def new_export() -> ResponseReturnValue:
    """Take out the people of the search that stands in the address, or of a shortlist."""
    return _ask(with_contact=False)


@bp.route("/kontaktliste", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def contact_list() -> ResponseReturnValue:
    """The same, by those who have come for the contact details."""
    return _ask(with_contact=True)


def _ask(*, with_contact: bool) -> ResponseReturnValue:
    reveals.require_not_stopped(actor(), Stoppable.EXPORTS)
    shortlist = _shortlist()
    asked = search_form(search.scope_of(actor())) if shortlist is None else None
    if asked is not None and not asked.validate():
        abort(400)
    filters = asked.filters() if asked is not None else None
    shortlist_id = shortlist.id if shortlist is not None else None
    form = ExportForm(is_shortlist=shortlist is not None, with_contact=with_contact, held=held_fields())
    found = register_exports.how_many(actor(), filters, shortlist_id)
    if found and form.validate_on_submit():
        wanted = Wanted(
            ContactPurpose(form.purpose.data), ExportFormat(form.format.data), form.chosen, filters, shortlist_id
        )
        export = register_exports.ask(actor(), wanted)
        return redirect(url_for(".export", export_id=export.id), 303)
    page = render_template(
        "register/export_new.html",
        form=form,
        title=_("Kontaktliste") if with_contact else _("Ta ut som fil"),
        asked=asked,
        shortlist=shortlist,
        found=found,
        most=search.MOST_COUNTED,
        only_some=how_much(register_exports.MOST, found) if found > register_exports.MOST else None,
        back=_source(filters, shortlist_id),
        kept=_kept(),
    )
    return page, form.status_code


@bp.get("/eksport/<uuid:export_id>")
@open_to(Role.ORGANISATION_USER)
def export(export_id: UUID) -> ResponseReturnValue:
    """How far a file has come; the page may be closed meanwhile."""
    found = register_exports.find(actor(), export_id)
    filters = Filters.of_codes(found.filters) if found.filters is not None else None
    return render_template(
        "register/export.html",
        export=found,
        is_ready=register_exports.is_ready(found),
        is_stopped=reveals.is_stopped(found.organisation_id, Stoppable.EXPORTS),
        is_late=clock.now() - found.requested_at > register_exports.PATIENCE,
        size=size_of(found.size) if found.size else None,
        facts=_facts(found),
        again_url=_again(filters, found.shortlist_id),
    )


@bp.post("/eksport/<uuid:export_id>/igjen")
@open_to(Role.ORGANISATION_USER, fresh_login=True)
def export_again(export_id: UUID) -> ResponseReturnValue:
    """Try again what could not be made."""
    register_exports.ask_again(actor(), export_id)
    return redirect(url_for(".export", export_id=export_id), 303)


@bp.get("/eksport/<uuid:export_id>/fil")
@open_to(Role.ORGANISATION_USER)
def export_file(export_id: UUID) -> ResponseReturnValue:
    found = register_exports.find(actor(), export_id)
    content = register_exports.read(actor(), found)
    name = _("helsepersonell %(dato)s", dato=show_date(found.requested_at, "short"))
    return downloads.attachment(
        content, f"{name}.{found.format.value}", spreadsheets.MEDIA_TYPES[found.format], found.size
    )


def _shortlist() -> Shortlist | None:
    """The list in the address. Raises NotFound for one that is not the organisation's."""
    text = request.args.get("kortliste")
    if text is None:
        return None
    try:
        shortlist_id = UUID(text)
    except ValueError:
        abort(404)
    return shortlists.find(actor(), shortlist_id)


def _source(filters: Filters | None, shortlist_id: UUID | None) -> str:
    """Where the people are seen."""
    if filters is None:
        return url_for(".shortlist", shortlist_id=shortlist_id)
    return url_for(".find", **query_of(filters))


def _again(filters: Filters | None, shortlist_id: UUID | None) -> str | None:
    """Where the same is asked for anew; None when the list is gone."""
    if filters is not None:
        return url_for(".new_export", **query_of(filters))
    return url_for(".new_export", kortliste=shortlist_id) if shortlist_id is not None else None


def _facts(found: RegisterExport) -> list[tuple[str, str]]:
    columns = [str(HEADINGS[column]) for column in Column if column in found.columns]
    return [
        (_("Brukes til"), str(words.CONTACT_PURPOSE[found.purpose])),
        (_("Opplysninger"), ", ".join(columns)),
        (_("Personer"), how_much(found.rows, found.found) if found.found > found.rows else str(found.rows)),
        (_("Filformat"), found.format.value.upper()),
    ]


def _kept() -> str:
    return settings.duration(settings.value(Key.FILE_HOURS), "hours")
