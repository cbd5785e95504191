"""The forms of an application for access (ux.md A2–A9)."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from forms.base import StepForm
from forms.fields import EmailField, Filled, LineField, LongTextField, MobileField, NameField, NationalIdField
from models.enums import AccessLevel
from services.application_drafts import ContactAnswers
from services.words import ABOUT_RECRUITING, ACCESS_LEVEL

LONGEST_ANSWER = 2000
LEVELS = [SelectChoice(level.value, ACCESS_LEVEL[level]) for level in AccessLevel]
OTHERS = {"autocomplete": "off"}
"""For the details of somebody else: the browser must not offer one's own."""


def given_name_field() -> NameField:
    return NameField(
        _l("Fornavn"),
        _l("Skriv fornavnet."),
        _l("Fornavnet kan ikke inneholde tall."),
        description=_l("Slik det står i Folkeregisteret."),
        render_kw=OTHERS,
    )


def family_name_field() -> NameField:
    return NameField(
        _l("Etternavn"),
        _l("Skriv etternavnet."),
        _l("Etternavnet kan ikke inneholde tall."),
        description=_l("Slik det står i Folkeregisteret."),
        render_kw=OTHERS,
    )


def level_field() -> RadioField:
    return RadioField(
        _l("Hva skal personen gjøre?"),
        [Filled(_l("Velg hva personen skal gjøre."))],
        description=ABOUT_RECRUITING,
        choices=LEVELS,
        coerce=AccessLevel,
        invalid_value_message=_l("Velg hva personen skal gjøre."),
    )


class PartyForm(StepForm):
    """Whom one applies for. The list is Altinn's, so the service judges the choice."""

    party = RadioField(
        _l("Hvem søker du på vegne av?"),
        [Filled(_l("Velg virksomheten du søker på vegne av."))],
        choices=[],
        validate_choice=False,
    )
    replaces = HiddenField()


class SubmitterForm(StepForm):
    """The submitter's own details; the name only when Altinn does not give it."""

    submitter_name = NameField(
        _l("Navn"),
        _l("Skriv navnet ditt."),
        _l("Navnet kan ikke inneholde tall."),
        longest=200,
        render_kw={"autocomplete": "name"},
    )
    submitter_email = EmailField(_l("E-post i jobben"), description=_l("Vi sender kvittering og spørsmål hit."))
    submitter_mobile = MobileField(_l("Mobil"))
    submitter_job_title = LineField(
        _l("Stilling"),
        _l("Skriv stillingen din."),
        description=_l("For eksempel personalrådgiver."),
        render_kw={"autocomplete": "organization-title"},
    )


class NomineeForm(StepForm):
    """A person who is to have access. When changed, the number is typed only if it was wrong: it is never shown."""

    given_name = given_name_field()
    family_name = family_name_field()
    national_id = NationalIdField(
        _l("Fødselsnummer eller D-nummer"),
        description=_l("11 siffer. Bare den som har dette nummeret, kan ta imot invitasjonen."),
        render_kw={**OTHERS, "inputmode": "numeric", "size": 14},
    )
    email = EmailField(
        _l("E-post i jobben"),
        description=_l("Personlig adresse, ikke felles postkasse. Invitasjonen sendes hit."),
        render_kw=OTHERS,
    )
    mobile = MobileField(_l("Mobil"), description=_l("Brukes bare hvis e-posten ikke kommer fram."), render_kw=OTHERS)
    job_title = LineField(_l("Stilling"), _l("Skriv stillingen."), render_kw=OTHERS)
    access_level = level_field()

    def __init__(self, *, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(obj=obj, **kwargs)
        if obj is not None:
            _make_optional(self.national_id)


class ContactForm(StepForm):
    """Who the contact person is. What belongs to another choice than the one made is neither judged nor used."""

    choice = RadioField(
        _l("Hvem er kontaktperson?"),
        [Filled(_l("Velg hvem som er kontaktperson."))],
        choices=[],
        validate_choice=False,
    )
    given_name = given_name_field()
    family_name = family_name_field()
    national_id = NationalIdField(
        _l("Fødselsnummer eller D-nummer"),
        description=_l("11 siffer. Kontaktpersonen logger inn med dette for å svare på spørsmål."),
        render_kw={**OTHERS, "inputmode": "numeric", "size": 14},
    )
    email = EmailField(_l("E-post i jobben"), render_kw=OTHERS)
    mobile = MobileField(_l("Mobil"), render_kw=OTHERS)
    has_access = BooleanField(_l("Kontaktpersonen skal også ha tilgang til registeret"))
    job_title = LineField(_l("Stilling"), _l("Skriv stillingen."), render_kw=OTHERS)
    access_level = level_field()

    PERSON = ("given_name", "family_name", "email", "mobile")

    def __init__(self, *, people: list[tuple[str, str]], submitter: str, has_number: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choice.choices = [
            SelectChoice(ContactAnswers.SUBMITTER, submitter),
            *(SelectChoice(value, name) for value, name in people),
            SelectChoice(ContactAnswers.OTHER, _l("En annen person")),
        ]
        if has_number:
            _make_optional(self.national_id)

    @property
    def is_other(self) -> bool:
        return bool(self.choice.data == ContactAnswers.OTHER)

    @property
    def gives_access(self) -> bool:
        return bool(self.has_access.data and self.choice.data in (ContactAnswers.SUBMITTER, ContactAnswers.OTHER))

    def validate(self, extra_validators: Any = None) -> bool:
        super().validate(extra_validators)
        wanted = {"choice", "has_access"}
        if self.is_other:
            wanted |= {*self.PERSON, "national_id"}
        if self.gives_access:
            wanted |= {"access_level", *(["job_title"] if self.is_other else [])}
        for field in self:
            if field.name not in wanted:
                field.errors = []
        return not self.errors


class DeclarationForm(StepForm):
    """The signature: a tick that is made anew each time, and never restored after an interruption."""

    never_restored = ("declaration",)
    declaration = BooleanField(
        _l("Jeg bekrefter at opplysningene er riktige, og at personene trenger tilgang i jobben sin."),
        [Filled(_l("Kryss av for at du bekrefter opplysningene."))],
    )


class AnswerForm(StepForm):
    """The answer to the Directorate's question. `parts_done` is for whoever cannot change the opened parts: answering
    closes them."""

    answer = LongTextField(
        _l("Svaret ditt"),
        _l("Skriv svaret."),
        LONGEST_ANSWER,
        description=_l("Inntil 2 000 tegn. Ikke skriv helseopplysninger eller fødselsnummer her."),
        render_kw={"rows": 8},
    )
    parts_done = BooleanField(
        _l("Innsenderen er ferdig med å endre"), [Filled(_l("Kryss av når innsenderen er ferdig med å endre."))]
    )

    never_restored = ("parts_done",)


def _make_optional(field: Any) -> None:
    field.validators = [Optional()]
    field.flags.required = False
