"""The field library of ux.md 3.1: each normalises, then validates, then shows the formatted value."""

import re
import unicodedata
from datetime import date
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import EmailField as WtfEmailField
from wtforms import Form, SelectMultipleField, StringField, TelField, TextAreaField
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from extensions import clock
from extensions.agencies import settings
from extensions.language import show_mobile, show_number
from models import national_numbers

_NAME = re.compile(r"^[^\W\d_]([^\W\d_]|[ \-'’.])*$")
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def tidy(text: str | None) -> str:
    """One line as it is stored: composed letters, no control or direction characters, single blanks, no ends."""
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", text or "")).split())


def tidy_lines(text: str | None) -> str:
    """Long text as it is stored: as tidy(), with its line breaks."""
    lines = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines).strip()


class Filled:
    """Something was filled in; otherwise the message, and no other."""

    field_flags = {"required": True}  # noqa: RUF012

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, form: Form, field: Any) -> None:
        if field.data in (None, "", [], False):
            field.errors[:] = []
            raise StopValidation(str(self.message))


class AtMost:
    """No longer than `length` characters, counted after line breaks are one character each."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, form: Form, field: Any) -> None:
        over = len(field.data or "") - self.length
        if over > 0:
            raise StopValidation(_too_long(field, over))


def _too_long(field: Any, over: int) -> str:
    """The message names the field: in the summary above the form it stands alone."""
    return str(_("Teksten i «%(felt)s» er %(n)s tegn for lang.", felt=field.label.text, n=show_number(over)))


class NoNationalId:
    """Text that others read must not hold a national identity number (ux.md 3.1)."""

    def __call__(self, form: Form, field: Any) -> None:
        if national_numbers.occurs_in(field.data or ""):
            raise StopValidation(
                _(
                    "Teksten i «%(felt)s» ser ut til å inneholde et fødselsnummer. Fjern det før du går videre.",
                    felt=field.label.text,
                )
            )


class LineField(StringField):
    """One line of text, at most `longest` characters, which others read: no national identity number in it."""

    def __init__(self, label: Any, missing: Any, longest: int = 100, **kwargs: Any) -> None:
        required = [Filled(missing)] if missing else []
        super().__init__(label, [*required, AtMost(longest), NoNationalId()], filters=[tidy], **kwargs)


class SearchField(StringField):
    """One line to search for, which is written nowhere and may be a number."""

    def __init__(self, label: Any, missing: Any, longest: int, **kwargs: Any) -> None:
        super().__init__(label, [Filled(missing), AtMost(longest)], filters=[tidy], **kwargs)


class NameField(LineField):
    """A name: letters of any alphabet, hyphen, apostrophe and blank."""

    def __init__(self, label: Any, missing: Any, digits: Any, **kwargs: Any) -> None:
        super().__init__(label, missing, **kwargs)
        self.digits = digits

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped and not _NAME.match(self.data):
            raise ValidationError(
                str(self.digits)
                if re.search(r"\d", self.data)
                else _("Navnet kan bare inneholde bokstaver, bindestrek og apostrof.")
            )


class EmailField(WtfEmailField):
    """An e-mail address: trimmed, its domain in lower case, at most 254 characters; no look-up in DNS."""

    data: Any

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Filled(lazy_gettext("Skriv e-postadressen."))], filters=[tidy], **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped:
            return
        if "@" not in self.data:
            raise ValidationError(_("E-postadressen mangler krøllalfa (@)."))
        if "." not in self.data.rsplit("@", 1)[1]:
            raise ValidationError(_("E-postadressen mangler domene, for eksempel kommune.no."))
        try:
            self.data = validate_email(self.data, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError:
            raise ValidationError(_("Skriv e-postadressen slik: navn@kommune.no.")) from None
        if len(self.data) > 254:
            raise ValidationError(_too_long(self, len(self.data) - 254))


class MobileField(TelField):
    """A mobile number, Norwegian or with a country code; stored as E.164, shown with blanks."""

    data: Any

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Filled(lazy_gettext("Skriv mobilnummeret."))], filters=[tidy], **kwargs)

    def _value(self) -> str:
        return show_mobile(self.data or "") if not self.raw_data else str(self.raw_data[0])

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped:
            return
        try:
            number = phonenumbers.parse(self.data, "NO")
        except phonenumbers.NumberParseException:
            number = None
        if (
            number is None
            or not phonenumbers.is_possible_number(number)
            or (number.country_code == 47 and len(str(number.national_number)) != 8)
        ):
            raise ValidationError(_("Mobilnummeret må ha 8 siffer. Start med + og landkode hvis det er utenlandsk."))
        self.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class NationalIdField(StringField):
    """A fødselsnummer or D-number; blanks are allowed and dropped."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(
            label,
            [Filled(lazy_gettext("Skriv fødselsnummeret."))],
            filters=[lambda text: national_numbers.normalise(text or "")],
            **kwargs,
        )

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped:
            return
        if not re.fullmatch(r"\d{11}", self.data):
            raise ValidationError(_("Fødselsnummeret må ha 11 siffer."))
        if not national_numbers.is_valid(self.data, allow_synthetic=settings().allow_synthetic_id):
            raise ValidationError(_("Fødselsnummeret stemmer ikke. Sjekk at alle sifrene er riktige."))


class LongTextField(TextAreaField):
    """Several lines, at most `longest` characters, which others read: no national identity number in it."""

    def __init__(self, label: Any, missing: Any, longest: int, **kwargs: Any) -> None:
        required = [Filled(missing)] if missing else []
        super().__init__(label, [*required, AtMost(longest), NoNationalId()], filters=[tidy_lines], **kwargs)


class PostalCodeField(StringField):
    """A Norwegian postal code; whether it is in use, the service knows."""

    data: Any

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Filled(lazy_gettext("Skriv postnummeret."))], filters=[tidy], **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped:
            return
        self.data = self.data.replace(" ", "")
        if not re.fullmatch(r"[0-9]{4}", self.data):
            raise ValidationError(_("Postnummeret må ha 4 siffer."))


class DateField(StringField):
    """A day near now, as the browser's date field sends it or as people write it; `data` is a date."""

    data: Any
    widget = DateInput()
    _WRITTEN = re.compile(r"(\d{1,2})[./ ](\d{1,2})[./ -](\d{4}|\d{2})$|(\d{2})(\d{2})(\d{4})$")

    def __init__(self, label: Any, missing: Any, **kwargs: Any) -> None:
        super().__init__(label, [Filled(missing)] if missing else [], **kwargs)

    def _value(self) -> str:
        if isinstance(self.data, date):
            return self.data.isoformat()
        return str(self.raw_data[0]) if self.raw_data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = tidy(valuelist[0]) if valuelist else ""
        self.data = self._parsed(text) or text or None

    def _parsed(self, text: str) -> date | None:
        written = self._WRITTEN.match(text)
        try:
            if written is None:
                found = date.fromisoformat(text)
                day, month, year = found.day, found.month, found.year
            else:
                day, month, year = (int(part) for part in written.groups() if part is not None)
            return date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            return None

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped and self.data is not None and not isinstance(self.data, date):
            raise ValidationError(_("Skriv datoen slik: 05.06.2027."))


EARLIEST_YEAR = 1940


class YearField(StringField):
    """A year with four digits, not before 1940 and at most `ahead` years from now; `data` is a number or None."""

    data: Any

    def __init__(self, label: Any, *, optional: bool = False, ahead: int = 0, **kwargs: Any) -> None:
        missing = [] if optional else [Filled(lazy_gettext("Skriv året med fire siffer."))]
        super().__init__(label, missing, filters=[_as_number], render_kw={"inputmode": "numeric", "size": 6}, **kwargs)
        self.ahead = ahead

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or self.data is None:
            return
        if not isinstance(self.data, int):
            raise ValidationError(_("Skriv året med fire siffer."))
        if self.data < EARLIEST_YEAR:
            raise ValidationError(_("Året må være %(n)s eller senere.", n=EARLIEST_YEAR))
        if self.data > clock.today().year + self.ahead:
            raise ValidationError(
                _("Året kan ikke være fram i tid.") if not self.ahead else _("Året er for langt fram.")
            )


def _as_number(text: Any) -> Any:
    text = tidy(str(text)) if text is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else text or None


class CountField(StringField):
    """A whole number from 1 to `most`."""

    data: Any

    def __init__(self, label: Any, most: int, **kwargs: Any) -> None:
        missing = [Filled(lazy_gettext("Skriv et tall."))]
        super().__init__(label, missing, filters=[_as_count], render_kw={"inputmode": "numeric", "size": 8}, **kwargs)
        self.most = most

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not validation_stopped and not (isinstance(self.data, int) and 1 <= self.data <= self.most):
            raise ValidationError(_("Skriv et tall fra 1 til %(n)s.", n=self.most))


def _as_count(text: Any) -> Any:
    text = re.sub(r"\s", "", str(text)) if text is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text or None


class CheckboxesField(SelectMultipleField):
    """Any number of the choices, as check boxes."""

    takes_many = True
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
