"""Competence (ux.md D4). Field names are the columns of models.professional.Competence."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation

from extensions import clock
from forms.base import StepForm
from forms.fields import CheckboxesField, Filled, LongTextField, YearField
from models.enums import Experience, FieldOfWork
from services import languages, words
from services.competence import RECORD_SYSTEMS

LONGEST = 500


class Answered:
    """Yes or no, but not nothing."""

    field_flags = {"required": True}  # noqa: RUF012

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if field.data is None:
            field.errors[:] = []
            raise StopValidation(str(self.message))


def _yes(value: object) -> bool:
    """True and False, also as the browser sends them; raises ValueError for anything else."""
    if str(value) not in ("True", "False"):
        raise ValueError
    return str(value) == "True"


class CompetenceForm(StepForm):
    professions = CheckboxesField(
        _l("Yrker du kan jobbe som"),
        [Filled(_l("Velg minst ett yrke."))],
        description=_l("Yrkene du har gyldig autorisasjon eller lisens for."),
    )
    fields = CheckboxesField(
        _l("Fagområder"),
        [Filled(_l("Velg minst ett fagområde."))],
        choices=[SelectChoice(one.value, text) for one, text in words.FIELD_OF_WORK.items()],
        coerce=FieldOfWork,
    )
    experience = RadioField(
        _l("År med praksis"),
        [Filled(_l("Velg hvor lenge du har jobbet i yrket."))],
        choices=[SelectChoice(one.value, text) for one, text in words.EXPERIENCE.items()],
        coerce=Experience,
        invalid_value_message=_l("Velg hvor lenge du har jobbet i yrket."),
    )
    last_practised = YearField(_l("Sist i praksis (år)"))
    languages = CheckboxesField(_l("Språk du kan bruke i jobben"), [Filled(_l("Velg minst ett språk."))])
    has_driving_licence = RadioField(
        _l("Har du førerkort klasse B?"),
        [Answered(_l("Velg ja eller nei."))],
        choices=[SelectChoice("True", _l("Ja")), SelectChoice("False", _l("Nei"))],
        coerce=_yes,
        invalid_value_message=_l("Velg ja eller nei."),
    )
    record_systems = CheckboxesField(
        _l("Journalsystemer"),
        choices=[SelectChoice(name, name) for name in RECORD_SYSTEMS],
        description=_l("Systemene du har jobbet i."),
    )
    other = LongTextField(
        _l("Annet virksomheten bør vite"),
        None,
        LONGEST,
        description=_l("Inntil 500 tegn. Ikke skriv helseopplysninger eller fødselsnummer her."),
        render_kw={"rows": 4},
    )

    def __init__(self, *, professions: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """`professions` are those with a valid authorisation; without any, the page does not ask for them."""
        super().__init__(**kwargs)
        self.professions.choices = [SelectChoice(code, name) for code, name in professions]
        self.languages.choices = [SelectChoice(code, name) for code, name in languages.choices()]
        self.last_practised.description = _("Skriv %(year)s hvis du jobber nå.", year=clock.today().year)
        if not professions:
            del self.professions
