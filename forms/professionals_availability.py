"""Availability (ux.md D7), and the presses of the links in e-mails. Field names are the columns of
models.professional.Availability."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice

from extensions import clock
from extensions.language import show_date
from forms.base import StepForm
from forms.fields import CheckboxesField, DateField, Filled, tidy
from models.enums import AvailabilityKind, CapacityPeriod, CapacityUnit, StartSpeed, TimeOfDay, Workload
from services import words
from services.availability import ALL_DATES, DATES, PROMISE

FARTHEST = timedelta(days=5 * 365)
MOST = {
    (CapacityUnit.SHIFTS, CapacityPeriod.WEEK): 14,
    (CapacityUnit.SHIFTS, CapacityPeriod.MONTH): 62,
    (CapacityUnit.SHIFTS, CapacityPeriod.YEAR): 732,
    (CapacityUnit.DAYS, CapacityPeriod.WEEK): 7,
    (CapacityUnit.DAYS, CapacityPeriod.MONTH): 31,
    (CapacityUnit.DAYS, CapacityPeriod.YEAR): 366,
    (CapacityUnit.WEEKENDS, CapacityPeriod.WEEK): 1,
    (CapacityUnit.WEEKENDS, CapacityPeriod.MONTH): 5,
    (CapacityUnit.WEEKENDS, CapacityPeriod.YEAR): 53,
    (CapacityUnit.WEEKS, CapacityPeriod.WEEK): 1,
    (CapacityUnit.WEEKS, CapacityPeriod.MONTH): 5,
    (CapacityUnit.WEEKS, CapacityPeriod.YEAR): 53,
}
"""How many of each there are at most: two shifts fit in a day."""


def _choices(texts: Any) -> list[SelectChoice]:
    return [SelectChoice(member.value, text) for member, text in texts.items()]


class CountField(StringField):
    """A small whole number; `data` is an int, None when empty, and the text when it is neither."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        text = tidy(valuelist[0]) if valuelist else ""
        self.data = int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else text or None

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


class PartOfPromise(SelectField):
    """One word of the promise; `data` is None when it is left out."""

    def __init__(self, label: Any, first: Any, texts: Any, kind: type[Any], **kwargs: Any) -> None:
        choices = [SelectChoice("", first), *_choices(texts)]
        super().__init__(label, choices=choices, coerce=lambda value: kind(value) if value else None, **kwargs)

    def pre_validate(self, form: Any) -> None:
        if self.data is not None:
            super().pre_validate(form)


class AvailabilityForm(StepForm):
    kind = RadioField(
        _l("Er du tilgjengelig?"),
        [Filled(_l("Velg om du er tilgjengelig."))],
        choices=_choices(words.AVAILABILITY),
        coerce=AvailabilityKind,
        invalid_value_message=_l("Velg om du er tilgjengelig."),
    )
    from_date = DateField(_l("Fra dato"), _l("Velg datoen."), description=_l("Fyll ut hvis du kan jobbe fra en dato."))
    to_date = DateField(_l("Til dato"), None, description=_l("Fyll ut hvis du bare kan jobbe til en dato."))
    paused_until = DateField(
        _l("Pause til"), None, description=_l("Fyll ut hvis du vil vises igjen av deg selv fra denne datoen.")
    )
    workload = RadioField(
        _l("Hvor mye kan du jobbe?"),
        [Filled(_l("Velg hvor mye du kan jobbe."))],
        choices=_choices(words.WORKLOAD),
        coerce=Workload,
        invalid_value_message=_l("Velg hvor mye du kan jobbe."),
    )
    times = CheckboxesField(
        _l("Når kan du jobbe?"),
        [Filled(_l("Velg minst ett tidspunkt."))],
        choices=_choices(words.TIME_OF_DAY),
        coerce=TimeOfDay,
    )
    start_speed = RadioField(
        _l("Hvor raskt kan du starte?"),
        [Filled(_l("Velg hvor raskt du kan starte."))],
        choices=_choices(words.START_SPEED),
        coerce=StartSpeed,
        invalid_value_message=_l("Velg hvor raskt du kan starte."),
    )
    capacity_count = CountField(_l("Hvor mange?"), render_kw={"inputmode": "numeric", "size": 4})
    capacity_unit = PartOfPromise(_l("Hva?"), _l("Velg hva"), words.CAPACITY_UNIT, CapacityUnit)
    capacity_period = PartOfPromise(_l("Hvor ofte?"), _l("Velg hvor ofte"), words.CAPACITY_PERIOD, CapacityPeriod)
    capacity_until = DateField(_l("Til hvilken dato?"), None)

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        belonging = DATES.get(self.kind.data, ())
        for name in ALL_DATES.difference(belonging):
            self[name].errors = []
        self._judge_dates(belonging)
        self._judge_promise()
        return not self.errors

    def _judge_dates(self, belonging: tuple[str, ...]) -> None:
        for name in belonging:
            _must_come(self[name], clock.today() + timedelta(days=name == "paused_until"))
        start, end = self.from_date.data, self.to_date.data
        if {"from_date", "to_date"} <= {*belonging} and _are_dates(start, end) and end < start:
            _refuse(self.to_date, _("Sluttdatoen kan ikke være før %(dato)s.", dato=show_date(start, "short")))
        promised = self.capacity_until.data
        if "to_date" in belonging and _are_dates(end, promised) and end < promised:
            _refuse(
                self.capacity_until,
                _("Du kan jobbe til %(dato)s. Løftet kan ikke vare lenger.", dato=show_date(end, "short")),
            )

    def _judge_promise(self) -> None:
        """Nothing, or how many of what and how often; a last day only together with them."""
        count, unit, period = self.capacity_count.data, self.capacity_unit.data, self.capacity_period.data
        _must_come(self.capacity_until, clock.today())
        if all(self[name].data is None for name in PROMISE):
            return
        if count is None:
            _refuse(self.capacity_count, _("Skriv hvor mange, eller la hele løftet stå tomt."))
        elif not isinstance(count, int) or count < 1:
            _refuse(self.capacity_count, _("Skriv et helt tall, for eksempel 2."))
        if unit is None:
            _refuse(self.capacity_unit, _("Velg hva du kan ta, for eksempel helger."))
        if period is None:
            _refuse(self.capacity_period, _("Velg hvor ofte, for eksempel i måneden."))
        if isinstance(count, int) and unit and period and count > MOST[unit, period]:
            _refuse(
                self.capacity_count,
                _(
                    "Det er ikke så mange %(hva)s %(periode)s.",
                    hva=words.CAPACITY_UNIT[unit],
                    periode=words.CAPACITY_PERIOD[period],
                ),
            )


def _must_come(field: Field, earliest: date) -> None:
    """A day that is given lies ahead, and not too far."""
    if not _are_dates(field.data):
        return
    if field.data < earliest:
        is_today = earliest == clock.today()
        _refuse(field, _("Datoen må være i dag eller senere.") if is_today else _("Datoen må være senere enn i dag."))
    elif field.data > clock.today() + FARTHEST:
        _refuse(field, _("Datoen er for langt fram i tid."))


def _are_dates(*values: Any) -> bool:
    return all(isinstance(value, date) for value in values)


def _refuse(field: Field, message: str) -> None:
    field.errors = [*field.errors, message]


class LinkAnswerForm(StepForm):
    """The buttons of the page a link in an e-mail opens."""

    answer = RadioField(
        _l("Er du fortsatt tilgjengelig?"),
        [Filled(_l("Velg om du er tilgjengelig."))],
        choices=_choices(words.LINK_ANSWER),
        coerce=AvailabilityKind,
        invalid_value_message=_l("Velg om du er tilgjengelig."),
    )
    again = HiddenField()
