"""What a file of people is for, and what it holds; contact details only for those who say so (ux.md E6)."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice

from forms.base import StepForm
from forms.fields import CheckboxesField, Filled
from models.enums import ContactPurpose, ExportFormat
from services.register_columns import CONTACT, HEADINGS, OWN, USUAL, Column
from services.words import CONTACT_PURPOSE


def _choices(columns: Iterable[Column]) -> list[SelectChoice]:
    return [SelectChoice(column.value, HEADINGS[column]) for column in Column if column in columns]


class ExportForm(StepForm):
    """`is_shortlist`: what the organisation noted may go along. `with_contact`: the boxes of contact details begin
    ticked."""

    purpose = RadioField(
        _l("Hva skal filen brukes til?"),
        [Filled(_l("Velg hva filen skal brukes til."))],
        choices=[SelectChoice(one.value, CONTACT_PURPOSE[one]) for one in ContactPurpose],
    )
    columns = CheckboxesField(
        _l("Opplysninger om personene"),
        choices=_choices(set(Column) - CONTACT - OWN),
        default=[column.value for column in USUAL],
        description=_l("Velg bare det dere trenger."),
    )
    contact = CheckboxesField(
        _l("Kontaktinformasjon"),
        choices=_choices(CONTACT),
        description=_l("Ta den bare med når dere skal kontakte dem som står i filen."),
    )
    notes = CheckboxesField(_l("Det dere selv har registrert"), choices=_choices(OWN))
    format = RadioField(
        _l("Filformat"),
        [Filled(_l("Velg filformat."))],
        choices=[
            SelectChoice(ExportFormat.XLSX.value, _l("Excel (XLSX)")),
            SelectChoice(ExportFormat.CSV.value, _l("CSV, for andre systemer")),
        ],
        default=ExportFormat.XLSX.value,
    )

    def __init__(self, *, is_shortlist: bool, with_contact: bool, **kwargs: Any) -> None:
        preset = {"contact": [column.value for column in Column if column in CONTACT]} if with_contact else None
        super().__init__(data=preset, **kwargs)
        if not is_shortlist:
            del self.notes

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if is_valid and not self.chosen:
            self.columns.errors = [_("Velg minst én opplysning.")]
            return False
        return is_valid

    @property
    def chosen(self) -> list[Column]:
        """Every column that is ticked."""
        groups = [self[name].data or () for name in ("columns", "contact", "notes") if name in self]
        return [Column(value) for group in groups for value in group]
