"""The page for when two change one thing at once: both versions side by side, and the choice between them (C42)."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField

from extensions.language import show_date, show_mobile
from forms.base import StepForm
from forms.fields import DateField, MobileField, NationalIdField
from models.national_numbers import masked


def both_versions(form: StepForm, row: Any) -> ResponseReturnValue:
    """409: somebody changed the same page meanwhile. `row` is what the form was made from, as it is now."""
    form.validate()  # so that both are shown written the same way
    rows = [
        (field.label.text, mine, theirs)
        for field in form
        if field.name != "seen"
        for mine, theirs in [(_shown(field, field.data), _theirs(field, row))]
        if field.name in request.form or mine != theirs
    ]
    sent = [(name, value) for name, value in request.form.items(multi=True) if name in form and name != "seen"]
    query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
    versions = {
        "rows": rows,
        "fields": [*sent, ("seen", form.digest_of(row)), ("go", request.form.get("go", "next"))],
        "action": request.script_root + request.path + query,
    }
    return render_template("errors/409.html", versions=versions), 409


def _theirs(field: Field, row: Any) -> str:
    if isinstance(field, NationalIdField):
        return ""
    return _shown(field, getattr(row, field.name, None))


def _shown(field: Field, value: Any) -> str:
    match field:
        case RadioField() | SelectField() | SelectMultipleField():
            chosen = [str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
            return ", ".join(str(one.label) for one in field.iter_choices() if str(one.value) in chosen)
        case BooleanField():
            return str(_("Ja") if value else _("Nei"))
        case NationalIdField():
            return masked(value) if value else ""
        case DateField() if value and not isinstance(value, str):
            return show_date(value)
        case MobileField():
            return show_mobile(value or "")
    return str(value or "")
