"""The Directorate's forms about registered people and their privacy cases (ux.md B5, security.md C27)."""

import re
from typing import Any

import phonenumbers
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import ValidationError

from extensions.agencies import settings
from forms.base import StepForm
from forms.casework import radios
from forms.fields import EmailField, LineField, LongTextField, SearchField
from models import national_numbers
from models.privacy import PrivacyCase
from services import privacy_cases


class PersonLookupForm(StepForm):
    wanted = SearchField(
        _l("Fødselsnummer, e-post eller mobilnummer"),
        _l("Skriv fødselsnummeret, e-postadressen eller mobilnummeret."),
        254,
        description=_l("Det du søker på, blir ikke lagret."),
    )
    reason = LineField(
        _l("Hvorfor må du åpne personen?"),
        _l("Skriv hvorfor du må åpne personen."),
        200,
        description=_l("Personen ser begrunnelsen på Min side, og den blir logget. Ikke skriv navn."),
    )

    def validate_wanted(self, field: Field) -> None:
        field.data = self._normalised(field.data)

    def _normalised(self, text: str) -> str:
        """As services.people takes it: eleven digits, an address, or E.164."""
        if "@" in text:
            return text
        number = national_numbers.normalise(text)
        if re.fullmatch(r"\d{11}", number):
            if not national_numbers.is_valid(number, allow_synthetic=settings().allow_synthetic_id):
                raise ValidationError(_("Fødselsnummeret stemmer ikke. Sjekk at alle sifrene er riktige."))
            return number
        try:
            phone = phonenumbers.parse(text, "NO")
        except phonenumbers.NumberParseException:
            phone = None
        if phone is None or not phonenumbers.is_possible_number(phone):
            raise ValidationError(_("Skriv 11 siffer, en e-postadresse eller et mobilnummer."))
        return phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164)


class CorrectEmailForm(StepForm):
    email = EmailField(_l("Riktig e-postadresse"))


class ExtendForm(StepForm):
    reason = LongTextField(
        _l("Hvorfor trenger vi mer tid?"),
        _l("Skriv hvorfor vi trenger mer tid."),
        1000,
        description=_l("Personen leser begrunnelsen."),
    )


class AnswerForm(StepForm):
    """The answer; a case that holds the person back also asks whether it goes on doing so."""

    text = LongTextField(
        _l("Svar til personen"),
        _l("Skriv svaret."),
        4000,
        description=_l("Personen leser svaret på Min side. Hvordan man klager, legger vi til."),
    )


KEEP, LIFT = "behold", "opphev"


def answer_form(case: PrivacyCase, **kwargs: Any) -> AnswerForm:
    """The form for one case."""
    fields: dict[str, Any] = {}
    if case.kind in privacy_cases.HOLDING_BACK and case.is_restricting:
        fields["restriction"] = radios(
            _("Hva skjer med begrensningen?"),
            _("Velg om begrensningen skal beholdes eller oppheves."),
            [(KEEP, _l("Behold den: personen er fortsatt skjult")), (LIFT, _l("Opphev den: personen vises som før"))],
        )
    form: AnswerForm = type("AnswerFormOfCase", (AnswerForm,), fields)(**kwargs)
    return form
