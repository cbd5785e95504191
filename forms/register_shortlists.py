"""Shortlists: their names, who is put on which, and what is noted of a person (ux.md E5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import SelectChoice

from forms.base import StepForm
from forms.fields import Filled, LineField, LongTextField
from models.enums import ContactOutcome
from services.words import CONTACT_OUTCOME

NEW = "ny"
NAME_HELP = _l("For eksempel «Nattevakter i sommer». Ikke skriv personopplysninger i navnet.")
LONGEST_NOTE = 1000


class NameForm(StepForm):
    name = LineField(
        _l("Navn på kortlisten"),
        _l("Skriv et navn på kortlisten."),
        description=NAME_HELP,
    )


class ChoiceForm(StepForm):
    """Which of the lists; or a new one, with its name."""

    shortlist = RadioField(_l("Kortliste"), [Filled(_l("Velg en kortliste."))])
    name = LineField(_l("Navn på den nye kortlisten"), None, description=NAME_HELP)

    def __init__(self, lists: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shortlist.choices = [SelectChoice(id_, name) for id_, name in lists]
        if not self.shortlist.choices:
            del self.shortlist
        else:
            self.shortlist.choices.append(SelectChoice(NEW, _l("En ny kortliste")))

    @property
    def is_new(self) -> bool:
        return "shortlist" not in self or bool(self.shortlist.data == NEW)

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        if not self.is_new:
            self.name.errors = []
        elif not self.name.data:
            self.name.errors = [_("Skriv et navn på kortlisten.")]
        return not self.errors


@dataclass(frozen=True)
class Remarks:
    """What is noted of a person, as the form takes it."""

    outcome: str
    note: str


class NoteForm(StepForm):
    outcome = RadioField(
        _l("Status"),
        choices=[
            SelectChoice("", _l("Ikke kontaktet")),
            *(SelectChoice(one.value, CONTACT_OUTCOME[one][0]) for one in ContactOutcome),
        ],
    )
    note = LongTextField(
        _l("Notat"),
        None,
        LONGEST_NOTE,
        description=_l(
            "Inntil 1 000 tegn. Ikke skriv helseopplysninger eller fødselsnummer her. Personen kan be om innsyn i "
            "notatet."
        ),
    )

    @property
    def chosen(self) -> ContactOutcome | None:
        return ContactOutcome(self.outcome.data) if self.outcome.data else None
