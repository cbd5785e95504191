"""Uploading a CV, and who may see it (ux.md D5)."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField

from forms.fields import Filled
from forms.professionals_cv_builder import VisibilityForm


class UploadForm(VisibilityForm):
    file = FileField(
        _l("Fil"),
        [Filled(_l("Velg en fil."))],
        description=_l(
            "PDF, DOCX eller ODT, inntil 10 MB, maks 3 filer. Brukes til å vurdere om du passer til en stilling. "
            "Fjern fødselsnummer og bilde først."
        ),
        render_kw={"accept": ".pdf,.docx,.odt"},
    )
