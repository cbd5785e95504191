"""The forms of the registration that are not one topic's own: consents, about you, and the check (ux.md D0–D2, D9)."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, HiddenField, RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf

from extensions.language import countries, rendered_language
from forms.base import OurWords, StepForm
from forms.fields import EmailField, Filled, LineField, MobileField, NameField, PostalCodeField
from models.enums import ConsentPurpose, Language

LANGUAGES = {Language.BOKMAL: "Bokmål", Language.NYNORSK: "Nynorsk", Language.ENGLISH: "English"}
"""Each by its own name."""


YES_OR_NO = {"ja": _l("Ja"), "nei": _l("Nei")}


def _yes_or_no(question: Any) -> RadioField:
    choose = _l("Velg ja eller nei.")
    return RadioField(
        question,
        [Filled(choose), AnyOf(YES_OR_NO, message=choose)],
        choices=[SelectChoice(value, text) for value, text in YES_OR_NO.items()],
        validate_choice=False,
    )


class CheckForm(Form):
    """Whether one may register: two questions in the address, kept nowhere."""

    class Meta:
        def get_translations(self, form: Any) -> OurWords:
            return OurWords()

    jobb = _yes_or_no(_l("Jobber du i et helseforetak, eller med helseoppgaver i en kommune?"))
    skole = _yes_or_no(_l("Er du ansatt ved universitet eller høyskole?"))


class ConsentForm(StepForm):
    """One box for each purpose, none ticked beforehand, all in the words of one version. What was ticked when a session
    ended is never restored."""

    text_version = HiddenField()
    register = BooleanField()
    shown_to_organisations = BooleanField(
        description=_l("Uten dette telles du med i beredskapen, men ingen virksomheter kan finne deg.")
    )
    external_recruiters = BooleanField()
    infection_control_training = BooleanField()
    vacancy_alerts = BooleanField()

    def __init__(self, texts: Mapping[ConsentPurpose, str], version: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for purpose in ConsentPurpose:
            if purpose in texts:
                self[purpose].label.text = texts[purpose]
                self[purpose].flags.required = purpose is ConsentPurpose.REGISTER
            else:
                del self[purpose]
        self.is_of_this_version = not self.is_submitted() or self.text_version.data == version
        self.text_version.data = version

    @property
    def given(self) -> set[ConsentPurpose]:
        return {purpose for purpose in ConsentPurpose if purpose in self and self[purpose].data}

    def untick(self) -> None:
        """The words have changed since the boxes were ticked."""
        for purpose in self.given:
            self[purpose].data = False


class AboutForm(StepForm):
    """Who the person is and how to reach him or her; the name only until HPR gives it, which may be while one types."""

    unwatched = ("given_name", "family_name")

    given_name = NameField(
        _l("Fornavn"),
        _l("Skriv fornavnet."),
        _l("Fornavnet kan ikke inneholde tall."),
        render_kw={"autocomplete": "given-name"},
    )
    family_name = NameField(
        _l("Etternavn"),
        _l("Skriv etternavnet."),
        _l("Etternavnet kan ikke inneholde tall."),
        render_kw={"autocomplete": "family-name"},
    )
    email = EmailField(_l("E-post"), description=_l("Vi sender en lenke for å bekrefte adressen."))
    phone = MobileField(_l("Mobil"), description=_l("Vises bare for virksomheter du har samtykket til."))
    street = LineField(
        _l("Gateadresse"),
        None,
        longest=200,
        description=_l("Vises ikke for virksomheter."),
        render_kw={"autocomplete": "street-address"},
    )
    postal_code = PostalCodeField(
        _l("Postnummer"),
        description=_l("Virksomheter ser bare kommunen."),
        render_kw={"inputmode": "numeric", "autocomplete": "postal-code", "size": 6},
    )
    citizenship = SelectField(
        _l("Statsborgerskap"), description=_l("Kan ha betydning for oppholdstillatelse."), choices=[]
    )
    language = RadioField(
        _l("Språk for meldinger"),
        [Filled(_l("Velg språk."))],
        choices=[SelectChoice(language.value, name) for language, name in LANGUAGES.items()],
        coerce=Language,
        invalid_value_message=_l("Velg språk."),
    )
    is_address_protected = BooleanField(
        _l("Jeg har adressesperre"),
        description=_l("Da viser vi deg ikke for noen virksomhet. Du telles bare med i beredskapen."),
    )
    employer = LineField(
        _l("Hvor jobber du nå?"),
        None,
        longest=200,
        description=_l("Vises ikke for virksomheter."),
        render_kw={"autocomplete": "organization"},
    )
    hides_from_employer = BooleanField(
        _l("Skjul meg for arbeidsgiveren"),
        description=_l(
            "Gjelder når arbeidsgiveren er en kommune eller et helseforetak. Arbeidsgiveren får ikke vite det."
        ),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.citizenship.choices = [SelectChoice("", _l("Velg land")), *_choices(countries(rendered_language()))]


def _choices(pairs: Sequence[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]
