"""The pages of a CV made here (ux.md D6). Field names are the columns of models.cv.CvEntry."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import StopValidation, ValidationError

from extensions import clock
from forms.base import StepForm
from forms.fields import AtMost, Filled, LineField, LongTextField, NoNationalId, YearField, tidy
from models.enums import CvSection, LanguageLevel, Visibility
from services.cvs import LEVELS

MONTHS = [
    _l("januar"),
    _l("februar"),
    _l("mars"),
    _l("april"),
    _l("mai"),
    _l("juni"),
    _l("juli"),
    _l("august"),
    _l("september"),
    _l("oktober"),
    _l("november"),
    _l("desember"),
]


def chooser(first: Any, pairs: Sequence[tuple[str, Any]]) -> list[SelectChoice]:
    """The choices of a select that begins with «Velg …»."""
    return [SelectChoice("", first), *(SelectChoice(value, text) for value, text in pairs)]


class MonthField(SelectField):
    """A month by its name; `data` is 1–12 or None."""

    def __init__(self, label: Any, *, optional: bool = False, **kwargs: Any) -> None:
        choices = chooser(_l("Velg måned"), [(str(number), name) for number, name in enumerate(MONTHS, 1)])
        super().__init__(
            label,
            [] if optional else [Filled(_l("Velg måned."))],
            choices=choices,
            coerce=lambda value: int(value) if value not in (None, "") else None,
            **kwargs,
        )


class SummaryForm(StepForm):
    summary = LongTextField(
        _l("Sammendrag"),
        None,
        1000,
        description=_l(
            "Inntil 1 000 tegn. Hva kan du, og hva ser du etter? Ikke skriv helseopplysninger eller fødselsnummer her."
        ),
    )


class VisibilityForm(StepForm):
    visibility = RadioField(
        _l("Hvem kan se CV-en?"),
        [Filled(_l("Velg hvem som kan se CV-en."))],
        choices=[
            SelectChoice(Visibility.ONLY_ME.value, _l("Bare jeg")),
            SelectChoice(Visibility.CONSENTED.value, _l("Virksomheter jeg har samtykket til")),
        ],
    )


class ExperienceForm(StepForm):
    title = LineField(_l("Stilling"), _l("Skriv stillingen."), 200)
    place = LineField(_l("Arbeidssted"), _l("Skriv arbeidsstedet."), 200)
    from_month = MonthField(_l("Fra måned"))
    from_year = YearField(_l("Fra år"))
    is_current = BooleanField(_l("Jeg jobber her nå"))
    to_month = MonthField(_l("Til måned"), optional=True)
    to_year = YearField(_l("Til år"), optional=True)
    text = LongTextField(
        _l("Oppgaver"),
        None,
        1000,
        description=_l("Inntil 1 000 tegn. Ikke skriv opplysninger om pasienter."),
    )

    def validate_from_year(self, field: Any) -> None:
        """The start is not still to come."""
        today, month = clock.today(), self.from_month.data
        if isinstance(field.data, int) and month and (field.data, month) > (today.year, today.month):
            raise ValidationError(_("Startmåneden kan ikke være fram i tid."))

    def validate_to_year(self, field: Any) -> None:
        """The end is given, whole, and not before the start; or the person works there now."""
        if self.is_current.data:
            field.data = self.to_month.data = None
            return
        if field.data is None or self.to_month.data is None:
            raise StopValidation(_("Skriv måned og år du sluttet, eller kryss av for at du jobber der nå."))
        start = (self.from_year.data, self.from_month.data)
        if isinstance(start[0], int) and start[1] and (field.data, self.to_month.data) < start:
            raise ValidationError(_("Sluttmåneden kan ikke være før startmåneden."))


class EducationForm(StepForm):
    title = LineField(_l("Grad eller fag"), _l("Skriv graden eller faget."), 200)
    place = LineField(_l("Lærested"), _l("Skriv lærestedet."), 200)
    to_year = YearField(_l("År"), ahead=6, description=_l("Året du ble ferdig, eller blir ferdig."))


class CourseForm(StepForm):
    title = LineField(_l("Navn på kurset eller sertifikatet"), _l("Skriv navnet på kurset."), 200)
    place = LineField(_l("Utsteder"), _l("Skriv hvem som holdt kurset."), 200)
    from_year = YearField(_l("År"))
    to_year = YearField(_l("Utløper (år)"), optional=True, ahead=20)

    def validate_to_year(self, field: Any) -> None:
        if isinstance(field.data, int) and isinstance(self.from_year.data, int) and field.data < self.from_year.data:
            raise ValidationError(_("Kurset kan ikke utløpe før det er tatt."))


class LanguageForm(StepForm):
    title = SelectField(_l("Språk"), [Filled(_l("Velg språk."))])
    level = SelectField(
        _l("Nivå"),
        [Filled(_l("Velg nivå."))],
        choices=chooser(_l("Velg nivå"), [(level.value, LEVELS[level]) for level in LanguageLevel]),
    )

    def __init__(self, languages: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title.choices = chooser(_("Velg språk"), languages)


class ReferenceForm(StepForm):
    title = LineField(_l("Navn"), _l("Skriv navnet på referansen."), 200)
    place = LineField(_l("Stilling og arbeidssted"), _l("Skriv stilling og arbeidssted."), 200)
    text = StringField(
        _l("Telefon eller e-post"),
        [Filled(_l("Skriv hvordan referansen kan nås.")), AtMost(200), NoNationalId()],
        filters=[tidy],
    )
    agreed = BooleanField(
        _l("Jeg har avtalt med referansen at virksomheter kan ta kontakt."),
        [Filled(_l("Kryss av for at du har avtalt det med referansen."))],
    )
    never_restored = ("agreed",)

    def answers(self) -> dict[str, Any]:
        """The columns; the agreement is a condition for saving, not something that is kept."""
        return {name: value for name, value in super().answers().items() if name != "agreed"}


FORMS: dict[CvSection, type[StepForm]] = {
    CvSection.EXPERIENCE: ExperienceForm,
    CvSection.EDUCATION: EducationForm,
    CvSection.COURSE: CourseForm,
    CvSection.LANGUAGE: LanguageForm,
    CvSection.REFERENCE: ReferenceForm,
}
