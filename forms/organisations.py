"""Choosing whom one acts for, and managing an organisation's users (ux.md section 2 and E7)."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, HiddenField, RadioField
from wtforms.validators import StopValidation

from forms.base import StepForm
from forms.fields import CheckboxesField
from models.enums import AccessLevel
from services.words import ABOUT_RECRUITING


class Offered:
    """The answer is among those the page offered; otherwise the message, also when nothing was chosen."""

    field_flags = {"required": True}  # noqa: RUF012

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        chosen = field.data if isinstance(field.data, list) else [field.data]
        if not chosen or not set(chosen) <= {value for value, _text in field.choices}:
            field.errors[:] = []
            raise StopValidation(str(self.message))


class ActingForm(StepForm):
    """Whom the person acts for from now on."""

    next = HiddenField()
    acting = RadioField(
        _l("Hvem vil du gjøre noe på vegne av?"),
        [Offered(_l("Velg hvem du vil gjøre noe på vegne av."))],
        validate_choice=False,
    )

    def __init__(self, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.acting.choices = list(choices)


class LevelForm(StepForm):
    """What a user may do, among the levels the organisation may give."""

    level = RadioField(
        _l("Hva skal personen gjøre?"), [Offered(_l("Velg hva personen skal gjøre."))], validate_choice=False
    )

    def __init__(self, words: Mapping[AccessLevel, Any], allowed: Sequence[AccessLevel], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.level.choices = [(level.value, words[level]) for level in allowed]
        if AccessLevel.RECRUITER in allowed:
            self.level.description = ABOUT_RECRUITING


class ConfirmForm(StepForm):
    """The half-year check: who still needs access."""

    users = CheckboxesField(
        _l("Bekreft at disse fortsatt skal ha tilgang."),
        [Offered(_l("Kryss av for dem som fortsatt skal ha tilgang."))],
        validate_choice=False,
    )

    def __init__(self, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.users.choices = list(choices)
