"""The registration's own pages: consent, about you, and the check that finishes it (ux.md D1, D2, D9)."""

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from blueprints.guard import Role, actor, held, open_to
from blueprints.professionals.blueprint import bp
from blueprints.professionals.common import (
    ORDER,
    address_of,
    is_started,
    next_address,
    open_step,
    page_of,
    save_step,
    step_page,
    typed,
)
from blueprints.step_pages import is_autosave
from extensions import clock
from extensions.language import current_language
from forms.base import StepForm
from forms.professionals_registration import AboutForm, ConsentForm
from models.enums import ConsentPurpose
from models.professional import Professional
from services import consents, contact_details, email_confirmation, professionals, profile_cards, registration
from services.contact_details import About
from services.errors import Incomplete, Unfit
from services.professionals import NoRegistration, Step

CARDS = {
    "samtykker": Step.CONSENT,
    "om-deg": Step.ABOUT,
    "autorisasjoner": Step.AUTHORISATION,
    "kompetanse": Step.COMPETENCE,
    "tilgjengelighet": Step.AVAILABILITY,
    "omrader": Step.AREAS,
}
"""The cards of the check, and the page each is from."""
CARD_PARTS = tuple(
    joinedload(part)
    for part in (
        Professional.account,
        Professional.postal_place,
        Professional.municipality,
        Professional.authorisations,
    )
)
SHOW_NUMBER = "show_number"
"""In «go»: the page again, with the person's own number."""
SEND_AGAIN = "send_again"
"""In «go»: the page again, and the link that confirms the address sent anew."""


@page_of(Step.CONSENT)
@open_to(Role.PROFESSIONAL)
def consent() -> ResponseReturnValue:
    """Each consent by itself. Those that are given are shown with their date, and taken back on a page of their own."""
    try:
        professional = professionals.own(actor(), pages=True)
    except NoRegistration:
        professional = None
    version = consents.current(clock.today())
    given = {
        purpose: consents.newest(professional)[purpose]
        for purpose in ConsentPurpose
        if professional is not None and consents.is_given_today(professional, purpose)
    }
    texts = {purpose: version.texts[purpose][current_language()] for purpose in ConsentPurpose}
    form = ConsentForm({purpose: text for purpose, text in texts.items() if purpose not in given}, version.name)
    problems = []
    if form.is_submitted() and not form.is_of_this_version:
        form.untick()
        problems = [(_("Teksten er endret siden du åpnet siden. Les den, og kryss av på nytt."), "#samtykker")]
    elif form.is_submitted():
        try:
            professional = consents.answer(actor(), form.given)
        except Unfit as problem:
            form[problem.field].errors = [problem.message]
        else:
            return redirect(next_address(Step.CONSENT, professional), 303)
    return step_page(
        "consent",
        Step.CONSENT,
        form,
        professional,
        texts=texts,
        given=given,
        until=consents.ends_of(professional, clock.now()) if professional is not None else {},
        held=None,
        was_interrupted=held() is not None,
        summary_errors=problems,
    )


@page_of(Step.ABOUT)
@open_to(Role.PROFESSIONAL)
def about() -> ResponseReturnValue:
    professional = open_step(Step.ABOUT, joinedload(Professional.account), joinedload(Professional.blocks))
    form = AboutForm(obj=About.of(professional), held=typed(Step.ABOUT, professional))
    waits = contact_details.waits_for_name(professional) and not form.given_name.raw_data
    if waits or contact_details.is_name_from_hpr(professional):
        del form.given_name, form.family_name

    wish = request.form.get("go")
    if wish in (SHOW_NUMBER, SEND_AGAIN):
        if wish == SEND_AGAIN and email_confirmation.ask_again(actor()):
            flash(_("Vi har sendt en ny lenke til %(adresse)s.", adresse=professional.email), "success")
        response = make_response(_about_page(form, professional, waits=waits, in_clear=wish == SHOW_NUMBER))
        response.status_code = 200  # as typed, and neither judged nor saved
        return response

    def save(answers: dict[str, Any]) -> None:
        contact_details.save(actor(), professional, answers, is_typing=is_autosave())
        employer = contact_details.employer_of(professional)
        if employer is not None and not is_autosave():
            flash(_employer_hint(employer.name), "warning")

    saved = save_step(form, Step.ABOUT, professional, lambda: About.of(professional), save)
    return saved or _about_page(form, professional, waits=waits)


def _employer_hint(name: str) -> str:
    return str(
        _(
            "Du skriver at du jobber i %(virksomhet)s. Jobber du med helseoppgaver der, skal du ikke registrere deg: "
            "Du er allerede en del av beredskapen.",
            virksomhet=name,
        )
    )


def _about_page(
    form: StepForm, professional: Professional, *, waits: bool, in_clear: bool = False
) -> ResponseReturnValue:
    employer = contact_details.employer_of(professional)
    return step_page(
        "about",
        Step.ABOUT,
        form,
        professional,
        number=contact_details.national_id(actor(), professional, in_clear=in_clear),
        is_number_shown=in_clear,
        waits_for_name=waits,
        address=address_of(Step.ABOUT, professional),
        show_number=SHOW_NUMBER,
        send_again=SEND_AGAIN,
        place=contact_details.place_of(form["postal_code"].data),
        employer_hint=_employer_hint(employer.name) if employer and not form["hides_from_employer"].data else None,
    )


@bp.get("/poststed")
@open_to(Role.PROFESSIONAL)
def place() -> ResponseReturnValue:
    """The place and municipality of a postal code, for the page that asks while one writes."""
    found = contact_details.place_of(request.args.get("postnummer", "").replace(" ", ""))
    return str(found or ""), {"Content-Type": "text/plain; charset=utf-8"}


@page_of(Step.CHECK)
@open_to(Role.PROFESSIONAL)
def check() -> ResponseReturnValue:
    """The whole registration, and «Fullfør registreringen». Finished already: Min side."""
    if request.method == "GET":
        professional = open_step(Step.CHECK, *CARD_PARTS)
    else:
        professional = professionals.own(actor(), pages=True, also=CARD_PARTS)
    if not is_started(professional):
        return redirect(url_for(".home"), 303)
    form = StepForm()
    problems = []
    if form.is_submitted():
        if request.form.get("go") in ("previous", "later"):
            return redirect(next_address(Step.CHECK, professional), 303)
        try:
            registration.finish(actor())
        except Incomplete as error:
            problems = error.gaps
        else:
            flash(_("Du er registrert. Takk for at du stiller opp."), "success")
            return redirect(url_for(".home"), 303)
    return step_page(
        "check",
        Step.CHECK,
        form,
        professional,
        cards=sorted(
            ((CARDS[card.key], card) for card in profile_cards.cards(professional, CARDS)),
            key=lambda pair: ORDER.index(pair[0]),
        ),
        urls={step: address_of(step, professional, fra=Step.CHECK) for step in Step},
        missing=registration.gaps(professional),
        summary_errors=[
            (_("%(side)s: Siden er ikke ferdig.", side=professionals.TITLES[Step(step)]), f"#{step}")
            for step in problems
        ],
    )
