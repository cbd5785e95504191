"""Losses that were held back because too many came at once: looked at, and let through (security.md C26)."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.casework.blueprint import DECIDING, STAFF, bp
from blueprints.guard import actor, open_to
from services import authorisations
from services.settings import Key, value


@bp.get("/sak/hpr")
@open_to(*STAFF)
def hpr_alarm() -> ResponseReturnValue:
    return render_template(
        "casework/hpr_alarm.html",
        alarm=authorisations.open_alarm(),
        held_back=authorisations.held_back(),
        hours=value(Key.HPR_SILENT_HOURS),
        can_release=actor().role in DECIDING,
    )


@bp.post("/sak/hpr/<uuid:alarm_id>/slipp")
@open_to(*DECIDING, fresh_login=True)
def release_hpr_alarm(alarm_id: UUID) -> ResponseReturnValue:
    authorisations.release(actor(), alarm_id)
    flash(_("Endringene er sluppet gjennom. HPR blir spurt på nytt om hver person."), "success")
    return redirect(url_for("casework.hpr_alarm"), 303)
