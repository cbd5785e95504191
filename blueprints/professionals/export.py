"""D13: a copy of everything about oneself, made by a job and fetched after a fresh sign-in."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import downloads
from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from extensions.language import show_date
from services import exports, professionals, settings
from services.profile_cards import size_of
from services.settings import Key


@bp.get("/eksport")
@open_to(Role.PROFESSIONAL)
def export() -> ResponseReturnValue:
    found = exports.newest(professionals.own(actor()))
    return render_template(
        "professionals/export.html",
        export=found,
        is_ready=found is not None and exports.is_ready(found),
        size=size_of(found.size) if found is not None and found.size else None,
        kept=settings.duration(settings.value(Key.EXPORT_DAYS), "days"),
    )


@bp.post("/eksport")
@open_to(Role.PROFESSIONAL)
def ask_for_export() -> ResponseReturnValue:
    exports.ask(actor())
    flash(_("Vi lager kopien. Du kan lukke siden imens."), "success")
    return redirect(url_for(".export"), 303)


@bp.get("/eksport/<uuid:export_id>/fil")
@open_to(Role.PROFESSIONAL)
def export_file(export_id: UUID) -> ResponseReturnValue:
    found = exports.own(actor(), export_id)
    content = exports.read(actor(), found)
    assert found.ready_at is not None
    name = _("kopi av opplysningene mine %(dato)s", dato=show_date(found.ready_at, "short"))
    return downloads.attachment(content, f"{name}.zip", "application/zip", found.size)
