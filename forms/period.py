"""Between which days a list is asked for: a GET form, as its answers stand in the address."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form
from wtforms.validators import ValidationError

from forms.fields import DateField


class PeriodForm(Form):
    since = DateField(_l("Fra og med"), None, name="fra")
    until = DateField(_l("Til og med"), None, name="til")

    def validate_until(self, field: Field) -> None:
        if isinstance(self.since.data, date) and isinstance(field.data, date) and field.data < self.since.data:
            raise ValidationError(_("«Til og med» kan ikke være før «Fra og med»."))
