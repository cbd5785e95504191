"""The search of the register: a GET form, whose addresses can be kept and shared (ux.md E1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, RadioField
from wtforms.fields import SelectChoice

from extensions.language import show_date
from forms.base import OurWords
from forms.fields import CheckboxesField, DateField
from models.enums import StartSpeed, TimeOfDay, Workload
from services import languages, professions, words
from services.search import CONFIRMED_WITHIN, Filters

ANY = "alle"


class SearchForm(Form):
    """What a reader may ask for. Codes that no page offers make the form invalid as forged (is_forged)."""

    class Meta:
        def get_translations(self, form: Any) -> OurWords:
            return OurWords()

    professions = CheckboxesField(_l("Yrke"), name="yrke")
    specialities = CheckboxesField(_l("Spesialitet"), name="spesialitet")
    municipalities = CheckboxesField(
        _l("Område"), name="kommune", description=_l("Den som kan jobbe i minst én av kommunene.")
    )
    homes = CheckboxesField(_l("Bor i"), name="bosted")
    available_on = DateField(
        _l("Tilgjengelig fra"), None, name="fra", description=_l("Den som kan begynne senest denne dagen.")
    )
    workloads = CheckboxesField(
        _l("Stillingsprosent"),
        name="prosent",
        choices=[SelectChoice(one.value, words.WORKLOAD[one]) for one in Workload],
    )
    times = CheckboxesField(
        _l("Når på døgnet"),
        name="tid",
        description=_l("Den som kan jobbe på minst ett av tidspunktene."),
        choices=[SelectChoice(one.value, words.TIME_OF_DAY[one]) for one in TimeOfDay],
    )
    languages = CheckboxesField(_l("Språk"), name="sprak")
    start_speed = RadioField(
        _l("Kan starte"),
        name="start",
        choices=[
            *(SelectChoice(one.value, words.START_SPEED[one]) for one in StartSpeed),
            SelectChoice(ANY, _l("Når som helst")),
        ],
        default=ANY,
    )
    confirmed_within = RadioField(
        _l("Bekreftet siste"),
        name="bekreftet",
        choices=[
            *(SelectChoice(str(days), _l("%(n)s dager", n=days)) for days in CONFIRMED_WITHIN),
            SelectChoice(ANY, _l("Alle som vises")),
        ],
        default=str(CONFIRMED_WITHIN[-1]),
    )

    def __init__(
        self, values: Any, municipalities: Sequence[tuple[str, str]], specialities: Mapping[str, Sequence[Any]]
    ) -> None:
        super().__init__(values)
        self.professions.choices = [SelectChoice(code, name) for code, name in professions.choices()]
        self.municipalities.choices = [SelectChoice(number, name) for number, name in municipalities]
        self.homes.choices = self.municipalities.choices
        self.languages.choices = [SelectChoice(code, name) for code, name in languages.choices()]
        self.specialities.choices = [
            SelectChoice(code, name)
            for profession in self.professions.data or ()
            for code, name in specialities.get(profession, ())
        ]
        offered = {choice.value for choice in self.specialities.choices}
        self.specialities.data = [code for code in self.specialities.data or () if code in offered]

    @property
    def is_forged(self) -> bool:
        """Whether it asks for something that stands on no page of ours, another's area among it; a date that a person
        mistyped is told beside the field instead."""
        return any(field.errors for field in self if field is not self.available_on)

    def chosen(self) -> Iterator[tuple[Field, Any]]:
        """Each choice that leaves somebody out, with its field; of a valid form."""
        for field in self:
            for value in field.data if isinstance(field.data, list) else [field.data]:
                if value not in (None, "", ANY):
                    yield field, value

    def in_words(self) -> dict[str, list[str]]:
        """The same by the labels of the fields, as people read it."""
        found: dict[str, list[str]] = {}
        for field, value in self.chosen():
            found.setdefault(str(field.label.text), []).append(said(field, value))
        return found

    def filters(self) -> Filters:
        """What is asked for; of a valid form."""
        speed, within = self.start_speed.data, self.confirmed_within.data
        return Filters(
            professions=tuple(self.professions.data or ()),
            specialities=tuple(self.specialities.data or ()),
            municipalities=tuple(self.municipalities.data or ()),
            homes=tuple(self.homes.data or ()),
            available_on=self.available_on.data,
            workloads=tuple(Workload(value) for value in self.workloads.data or ()),
            times=tuple(self.times.data or ()),
            languages=tuple(self.languages.data or ()),
            start_speed=None if speed in (None, ANY) else StartSpeed(speed),
            confirmed_within=None if within == ANY else int(within or CONFIRMED_WITHIN[-1]),
        )


def said(field: Any, value: Any) -> str:
    """One choice in words."""
    if not hasattr(field, "choices"):
        return show_date(value)
    return next(str(choice.label) for choice in field.choices if choice.value == value)


def query_of(filters: Filters) -> dict[str, Any]:
    """What stands in the address of a search: the form of it asks for these filters."""
    asked = {getattr(SearchForm, name).name: value for name, value in filters.codes().items()}
    return {"bekreftet": ANY} | asked
