"""The page about authorisations, and «Dette stemmer ikke» (ux.md D3)."""

from flask_babel import lazy_gettext as _l

from forms.base import StepForm
from forms.fields import LongTextField

LONGEST = 1000


class AuthorisationForm(StepForm):
    """Nothing to fill in: HPR knows."""


class ContestForm(StepForm):
    text = LongTextField(
        _l("Hva stemmer ikke?"),
        _l("Skriv hva som ikke stemmer."),
        LONGEST,
        description=_l("Inntil 1 000 tegn. Ikke skriv helseopplysninger eller fødselsnummer her."),
    )
