"""Going over the looks that were drawn for review."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice

from forms.base import StepForm
from forms.fields import Filled, LongTextField
from models.enums import ReviewVerdict
from services import words


class ReviewForm(StepForm):
    verdict = RadioField(
        _l("Hva mener du om oppslaget?"),
        [Filled(_l("Velg hva du mener om oppslaget."))],
        choices=[SelectChoice(verdict.value, words.REVIEW_VERDICT[verdict][0]) for verdict in ReviewVerdict],
    )
    note = LongTextField(_l("Begrunnelse"), _l("Skriv en begrunnelse."), 1000)
