"""Where one can work (ux.md D8): the whole form, and the part of it that the map shows for one county."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.fields import SelectChoice

from forms.base import StepForm
from forms.fields import CheckboxesField, Filled
from models.enums import Housing, TravelTime
from services import words
from services.areas import Region


class AreasForm(StepForm):
    """Field names are the columns of models.professional.Reach."""

    whole_country = BooleanField(_l("Hele landet"))
    counties = CheckboxesField(_l("Hele fylker"))
    municipalities = CheckboxesField(_l("Kommuner"))
    travel = RadioField(
        _l("Hvor langt kan du reise hjemmefra?"),
        [Filled(_l("Velg hvor langt du kan reise."))],
        choices=[SelectChoice(one.value, text) for one, text in words.TRAVEL_TIME.items()],
        coerce=TravelTime,
        invalid_value_message=_l("Velg hvor langt du kan reise."),
    )
    housing = RadioField(
        _l("Trenger du bolig?"),
        [Filled(_l("Velg om du trenger bolig."))],
        choices=[SelectChoice(one.value, text) for one, text in words.HOUSING.items()],
        coerce=Housing,
        invalid_value_message=_l("Velg om du trenger bolig."),
    )

    def __init__(self, *, regions: Sequence[Region], is_partial: bool, **kwargs: Any) -> None:
        """`is_partial`: the page is left half answered, and nothing is complained about."""
        super().__init__(**kwargs)
        self._is_partial = is_partial
        self.counties.choices = [SelectChoice(region.number, region.name) for region in regions]
        self.municipalities.choices = [
            SelectChoice(place.number, place.name) for region in regions for place in region.places
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        if not (self.whole_country.data or self.counties.data or self.municipalities.data):
            self.whole_country.errors = [_("Velg minst ett område.")]
        if self._is_partial:
            for field in self:
                field.errors = []
        return not self.errors


class CountyForm(StepForm):
    """Field names are those of services.areas.CountyAnswers."""

    whole = BooleanField()
    municipalities = CheckboxesField(_l("Kommuner"))

    def __init__(self, *, region: Region, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.whole.label.text = _("Hele %(county)s", county=region.name)
        self.municipalities.choices = [SelectChoice(place.number, place.name) for place in region.places]
