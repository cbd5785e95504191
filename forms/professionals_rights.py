"""The forms of one's rights: what to correct, restrict, object to, or ask about a look (ux.md D12 and D13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from forms.base import StepForm
from forms.fields import LongTextField
from models.enums import PrivacyCaseKind

LONGEST = 2000


@dataclass(frozen=True)
class Question:
    """What a request asks the person to write."""

    label: Any
    missing: Any


QUESTIONS: Mapping[PrivacyCaseKind, Question] = {
    PrivacyCaseKind.RECTIFY: Question(
        _l("Hva er feil, og hva skal stå i stedet?"), _l("Skriv hva som er feil, og hva som skal stå i stedet.")
    ),
    PrivacyCaseKind.RESTRICT: Question(
        _l("Hvorfor vil du begrense bruken?"), _l("Skriv hvorfor du vil begrense bruken.")
    ),
    PrivacyCaseKind.OBJECT: Question(
        _l("Hva protesterer du mot, og hvorfor?"), _l("Skriv hva du protesterer mot, og hvorfor.")
    ),
    PrivacyCaseKind.LOOK_UP: Question(_l("Hva lurer du på?"), _l("Skriv hva du lurer på.")),
}


class RequestForm(StepForm):
    text = LongTextField("", None, LONGEST)


def request_form(kind: PrivacyCaseKind, **kwargs: Any) -> RequestForm:
    """The form for one kind of request."""
    question = QUESTIONS[kind]
    text = LongTextField(
        question.label,
        question.missing,
        LONGEST,
        description=_l("Inntil 2 000 tegn. Ikke skriv helseopplysninger eller fødselsnummer her."),
    )
    form: RequestForm = type("RequestFormOfKind", (RequestForm,), {"text": text})(**kwargs)
    return form
