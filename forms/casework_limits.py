"""Changing the limits on how the register is used."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from forms.base import StepForm
from forms.fields import CountField, LongTextField
from services.limits import Limit
from services.settings import Key


def limits_form(limits: Mapping[Key, Limit]) -> type[StepForm]:
    """A form with a field for each of these numbers, and one for the reason."""
    fields = {key.value: CountField(limit.label, limit.most) for key, limit in limits.items()}
    reason = LongTextField(_l("Begrunnelse"), _l("Skriv hvorfor grensene endres."), 500)
    return type("LimitsForm", (StepForm,), {**fields, "reason": reason})
