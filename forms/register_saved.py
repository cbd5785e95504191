"""A search a user keeps: its name and how often to be told (lagret søk)."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice

from forms.base import StepForm
from forms.fields import Filled, LineField
from models.enums import AlertFrequency
from services.words import ALERT_FREQUENCY


class SavedSearchForm(StepForm):
    name = LineField(
        _l("Navn på søket"),
        _l("Skriv et navn på søket."),
        description=_l("Bare du ser navnet. Ikke skriv personopplysninger i det."),
    )
    frequency = RadioField(
        _l("Vil du ha e-post når nye personer passer søket?"),
        [Filled(_l("Velg hvor ofte du vil ha varsler."))],
        choices=[SelectChoice(one.value, ALERT_FREQUENCY[one]) for one in AlertFrequency],
        description=_l("Varslene kommer klokka sju, hver dag eller hver mandag, når det er noe nytt."),
    )
