"""Why contact details are needed, and what came of them (ux.md E4)."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice

from forms.base import StepForm
from forms.fields import Filled
from models.enums import ContactOutcome, ContactPurpose
from services.words import CONTACT_OUTCOME, CONTACT_PURPOSE


class PurposeForm(StepForm):
    purpose = RadioField(
        _l("Hvorfor trenger du den?"),
        [Filled(_l("Velg hvorfor du trenger kontaktinformasjonen."))],
        choices=[SelectChoice(one.value, CONTACT_PURPOSE[one]) for one in ContactPurpose],
    )


class OutcomeForm(StepForm):
    outcome = RadioField(
        _l("Registrer resultat"),
        [Filled(_l("Velg hva som kom ut av kontakten."))],
        choices=[SelectChoice(one.value, CONTACT_OUTCOME[one][0]) for one in ContactOutcome],
    )
