"""Alarms and stops (security.md C25, section 10)."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from forms.base import StepForm
from forms.fields import Filled, LongTextField
from models.enums import Stoppable


class CloseForm(StepForm):
    note = LongTextField(_l("Hva fant du ut?"), _l("Skriv hva du fant ut."), 1000)


class StopForm(StepForm):
    what = RadioField(
        _l("Hva skal stoppes?"),
        [Filled(_l("Velg hva som skal stoppes."))],
        choices=[
            SelectChoice(Stoppable.REVEALS.value, _l("Visning av kontaktinformasjon og CV")),
            SelectChoice(Stoppable.EXPORTS.value, _l("Uttak av filer")),
        ],
    )
    organisation_number = StringField(
        _l("Organisasjonsnummer"),
        filters=[lambda text: re.sub(r"\s", "", text or "") or None],
        description=_l("La feltet stå tomt for å stoppe det for alle."),
        render_kw={"inputmode": "numeric", "size": 12},
    )
    reason = LongTextField(_l("Begrunnelse"), _l("Skriv hvorfor det stoppes."), 1000)

    def validate_organisation_number(self, field: Any) -> None:
        if field.data and not re.fullmatch(r"\d{9}", field.data):
            raise ValidationError(_("Organisasjonsnummeret må ha 9 siffer."))
