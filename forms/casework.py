"""The Directorate's forms: questions, notes, hand-over, decisions, and stopping access (ux.md B)."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, HiddenField, RadioField, SelectField, SubmitField
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation, ValidationError

from extensions import clock
from extensions.language import show_date
from forms.base import StepForm
from forms.fields import CheckboxesField, DateField, LineField, LongTextField, NationalIdField, SearchField
from models.account import Account
from models.application import AccessApplication, Nominee
from models.enums import AccessLevel, Language, NomineeOutcome
from services import letters, provisional_replies, questions, words
from services.letters import Outcome, ReadyQuestion


class Chosen:
    """One of the radios was chosen; otherwise the message, and no other."""

    field_flags = {"required": True}  # noqa: RUF012

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            field.errors[:] = []
            raise StopValidation(str(self.message))


def radios(label: Any, missing: Any, choices: Iterable[tuple[str, Any]] = (), **more: Any) -> RadioField:
    options = [SelectChoice(value, text) for value, text in choices]
    return RadioField(label, [Chosen(missing)], choices=options, validate_choice=False, **more)


def _far_enough(form: Form, field: Field) -> None:
    if isinstance(field.data, date) and field.data < questions.earliest_due():
        raise ValidationError(_("Fristen må være minst 3 dager fram."))
    if isinstance(field.data, date) and field.data > questions.latest_due():
        raise ValidationError(_("Fristen kan være inntil ett år fram."))


class QuestionForm(StepForm):
    """B3. `ready` fetches a ready text without leaving the page; what is typed stays above it."""

    ready = SelectField(_l("Mal"), validate_choice=False)
    fetch = SubmitField(_l("Hent malen"))
    text = LongTextField(
        _l("Hva trenger du svar på?"),
        _l("Skriv hva du trenger svar på."),
        2000,
        description=_l("Skriv konkret. Virksomheten ser teksten. Ikke skriv personopplysninger."),
    )
    opened_steps = CheckboxesField(
        _l("Hva kan virksomheten endre?"),
        choices=[SelectChoice(step, text) for step, text in words.OPENED_STEP.items()],
    )
    due_on = DateField(_l("Svarfrist"), _l("Velg datoen."))

    def __init__(self, *, first: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        offered = sorted(letters.ready_questions(), key=lambda question: question.language != first)
        groups = {Language.BOKMAL: _("Bokmål"), Language.NYNORSK: _("Nynorsk")}
        self.ready.choices = [
            SelectChoice("", _("Velg mal")),
            *(SelectChoice(_value_of(ready), ready.title, optgroup=groups[ready.language]) for ready in offered),
        ]
        if self.due_on.data is None and not self.is_submitted():
            self.due_on.data = questions.default_due()

    def add_ready_text(self) -> None:
        """Put the chosen ready text after what is typed, and open what it asks to have changed."""
        chosen = next((ready for ready in letters.ready_questions() if _value_of(ready) == self.ready.data), None)
        if chosen is not None:
            self.text.data = "\n\n".join(part for part in (self.text.data, chosen.text) if part)
            self.opened_steps.data = [*(self.opened_steps.data or []), *chosen.opens]

    def validate_due_on(self, field: Field) -> None:
        _far_enough(self, field)


def _value_of(question: ReadyQuestion) -> str:
    return f"{question.key}.{question.language}"


class DeadlineForm(StepForm):
    """A later deadline for the open question."""

    due_on = DateField(_l("Ny svarfrist"), _l("Velg datoen."))

    def __init__(self, *, now: date, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.now = now

    def validate_due_on(self, field: Field) -> None:
        if isinstance(field.data, date) and field.data <= self.now:
            raise ValidationError(_("Fristen må være senere enn %(dato)s.", dato=show_date(self.now, "short")))
        _far_enough(self, field)


class ProvisionalReplyForm(StepForm):
    """Why a case takes time, and when the organisation can expect an answer."""

    reason = radios(
        _l("Hvorfor tar det tid?"),
        _l("Velg hvorfor det tar tid."),
        ((reason.value, text) for reason, text in words.DELAY_REASON.items()),
        description=_l("Virksomheten får teksten du velger."),
    )
    expected_on = DateField(_l("Når kan virksomheten vente svar?"), _l("Velg datoen."))

    def validate_expected_on(self, field: Field) -> None:
        if not isinstance(field.data, date):
            return
        if field.data <= clock.today():
            raise ValidationError(_("Datoen må være senere enn i dag."))
        latest = provisional_replies.latest_answer()
        if field.data > latest:
            raise ValidationError(_("Datoen kan ikke være senere enn %(dato)s.", dato=show_date(latest)))


class NoteForm(StepForm):
    note = LongTextField(
        _l("Internt notat"),
        _l("Skriv notatet."),
        4000,
        description=_l("Notatet er internt, men kan bli omfattet av innsyn."),
    )


class HandOverForm(StepForm):
    to = radios(_l("Hvem skal ha saken?"), _l("Velg hvem som skal ha saken."))

    def __init__(self, colleagues: Sequence[Account], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.to.choices = [SelectChoice(str(account.id), account.name) for account in colleagues]


class NumberForm(StepForm):
    reason = LineField(
        _l("Hvorfor trenger du fødselsnummeret?"),
        _l("Skriv hvorfor du trenger fødselsnummeret."),
        200,
        description=_l("Begrunnelsen blir logget. Personen kan få vite at du har sett nummeret."),
    )


class ReturnForm(StepForm):
    """Why the second person sends back a proposal that everybody is declined."""

    reason = LongTextField(
        _l("Hvorfor sender du forslaget tilbake?"),
        _l("Skriv hvorfor du sender forslaget tilbake."),
        2000,
        description=_l("Blir et internt notat i saken."),
    )


class AppealForm(StepForm):
    reason = LongTextField(
        _l("Hvorfor tas klagen til følge?"),
        _l("Skriv hvorfor klagen tas til følge."),
        4000,
        description=_l("Blir et internt notat i saken. Notatet kan bli omfattet av innsyn."),
    )


class StopForm(StepForm):
    reason = LongTextField(
        _l("Hvorfor stopper du tilgangen?"),
        _l("Skriv hvorfor tilgangen stoppes."),
        1000,
        description=_l("Ikke skriv helseopplysninger eller fødselsnummer her."),
    )


class CorrectNumberForm(StepForm):
    national_id = NationalIdField(_l("Riktig fødselsnummer"), description=_l("11 siffer. D-nummer kan også brukes."))


class PersonSearchForm(StepForm):
    """Sent by POST: what is searched for may be a name or a number (C76)."""

    text = SearchField(_l("Søk etter bruker"), _l("Skriv det du vil søke etter."), 200)


class DecisionForm(StepForm):
    """B4: one outcome a person, and the letter's text. Made for one case by decision_form()."""

    text = LongTextField(_l("Vedtakstekst"), _l("Skriv vedtaksteksten."), 10_000)
    previewed = HiddenField()
    """A digest of the letter that was shown, so that exactly that one is decided."""

    application: AccessApplication

    def of(self, nominee: Nominee) -> dict[str, Field]:
        """The fields of one person; `level` only where it can be lowered."""
        names = {"outcome": f"outcome_{nominee.position}", "level": f"level_{nominee.position}"}
        names["reason"] = f"reason_{nominee.position}"
        return {name: self[field] for name, field in names.items() if field in self}

    def outcomes(self) -> list[Outcome]:
        """What is decided for each person, of a form that is valid."""
        found = []
        for nominee in self.application.nominees:
            fields = self.of(nominee)
            if fields["outcome"].data == NomineeOutcome.GRANTED:
                level = AccessLevel(fields["level"].data) if "level" in fields else nominee.access_level
                found.append(Outcome(nominee.id, NomineeOutcome.GRANTED, level))
            else:
                found.append(Outcome(nominee.id, NomineeOutcome.DECLINED, reason=fields["reason"].data))
        return found

    def preset(self) -> None:
        """Grant everybody what was applied for; a start where every check is in order."""
        for nominee in self.application.nominees:
            self.of(nominee)["outcome"].data = NomineeOutcome.GRANTED.value

    def validate_text(self, field: Field) -> None:
        if not letters.has_appeal(field.data):
            raise ValidationError(_("Vedtaksteksten må ha med avsnittet om hvordan virksomheten kan klage."))

    def letter(self) -> str:
        """The exact letter, and its digest in `previewed`."""
        letter = letters.compose(self.application, self.outcomes(), self.text.data)
        self.previewed.data = hashlib.sha256(letter.encode()).hexdigest()[:32]
        return letter


def decision_form(application: AccessApplication, **kwargs: Any) -> DecisionForm:
    """The decision form for this case's persons, with the template's text to begin with."""
    fields: dict[str, Any] = {"application": application}
    for nominee in application.nominees:
        n = nominee.position
        fields[f"outcome_{n}"] = radios(
            _("Vedtak for %(navn)s", navn=nominee.name),
            _("Velg innvilg eller avslå for %(navn)s.", navn=nominee.name),
            [(NomineeOutcome.GRANTED.value, _l("Innvilg")), (NomineeOutcome.DECLINED.value, _l("Avslå"))],
        )
        lower = [level for level in AccessLevel if level.rank <= nominee.access_level.rank]
        if len(lower) > 1:
            fields[f"level_{n}"] = SelectField(
                _("Tilgang"),
                choices=[SelectChoice(level.value, words.ACCESS_LEVEL[level]) for level in reversed(lower)],
                default=nominee.access_level.value,
            )
        fields[f"reason_{n}"] = LongTextField(_("Begrunnelse"), None, 2000)
        fields[f"validate_reason_{n}"] = _needs_reason(n, nominee.name)
    form: DecisionForm = type("DecisionFormOfCase", (DecisionForm,), fields)(**kwargs)
    if not form.is_submitted() and not form.text.data:
        form.text.data = letters.draft_text(application)
    return form


def _needs_reason(n: int, name: str) -> Any:
    def validate(form: DecisionForm, field: Field) -> None:
        if form[f"outcome_{n}"].data == NomineeOutcome.DECLINED and not field.data:
            raise ValidationError(_("Skriv begrunnelsen for avslaget for %(navn)s.", navn=name))

    return validate
