"""Alarms and stops (security.md C25, section 10)."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from forms.base import StepForm
from forms.fields import Filled, LongTextField
from models.enums import Stoppable

ONE, ALL = "en", "alle"


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
    whom = RadioField(
        _l("For hvem?"),
        [Filled(_l("Velg hvem det skal stoppes for."))],
        choices=[SelectChoice(ONE, _l("Én virksomhet")), SelectChoice(ALL, _l("Alle virksomheter"))],
    )
    organisation_number = StringField(
        _l("Organisasjonsnummer"),
        filters=[lambda text: re.sub(r"\s", "", text or "")],
        description=_l("Fyll ut når det gjelder én virksomhet."),
        render_kw={"inputmode": "numeric", "size": 12},
    )
    for_all = BooleanField(
        _l("Jeg vil stoppe det for alle virksomheter i hele landet"),
        description=_l("Kryss av når det gjelder alle."),
    )
    reason = LongTextField(_l("Begrunnelse"), _l("Skriv hvorfor det stoppes."), 1000)

    never_restored = ("for_all",)

    @property
    def number(self) -> str | None:
        """Of the one organisation; None for all."""
        return self.organisation_number.data if self.whom.data == ONE else None

    def validate_organisation_number(self, field: Any) -> None:
        if self.whom.data == ONE and not re.fullmatch(r"\d{9}", field.data):
            raise ValidationError(_("Organisasjonsnummeret må ha 9 siffer."))

    def validate_for_all(self, field: Any) -> None:
        if self.whom.data == ALL and not field.data:
            raise ValidationError(_("Kryss av hvis du vil stoppe det for alle."))
