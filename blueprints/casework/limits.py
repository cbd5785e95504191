"""The limits on how the register is used (security.md C23)."""

from types import SimpleNamespace

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.casework.blueprint import DECIDING, bp
from blueprints.guard import actor, held_fields, open_to
from forms.casework_limits import limits_form
from services import limits
from services.errors import Conflict


@bp.route("/sak/grenser", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def change_limits() -> ResponseReturnValue:
    keys = limits.changeable(actor())
    numbers = SimpleNamespace(**{key.value: number for key, number in limits.in_force(actor()).items()})
    form = limits_form(keys)(obj=numbers, held=held_fields())
    if form.is_outdated:
        raise Conflict(_("En annen har endret grensene etter at du åpnet siden. Se hva som gjelder nå."))
    if form.validate_on_submit():
        changed = limits.change(actor(), {key: form[key.value].data for key in keys}, form["reason"].data)
        flash(
            ngettext("%(num)s grense er endret.", "%(num)s grenser er endret.", changed)
            if changed
            else _("Ingen grenser er endret."),
            "success" if changed else "info",
        )
        return redirect(url_for(".alarm_list"), 303)
    return render_template("casework/limits.html", form=form, keys=[key.value for key in keys]), form.status_code
