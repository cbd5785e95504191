"""Taking an invitation into use (ux.md C2)."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from forms.base import StepForm
from forms.fields import Filled


class AcceptForm(StepForm):
    """One confirmation, never filled in again for the person."""

    never_restored = ("confidentiality",)
    confidentiality = BooleanField(
        _l("Jeg har taushetsplikt, og bruker registeret bare når jeg trenger det i jobben."),
        [Filled(_l("Kryss av for at du har taushetsplikt."))],
    )

    @property
    def statement(self) -> str:
        """The text that was ticked, as it stood on the page."""
        return str(self.confidentiality.label.text)
