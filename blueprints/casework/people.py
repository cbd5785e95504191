"""Helping a registered person: looked up for a reason, seen as the person sees it, told to the person (C27, C28)."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.casework.blueprint import DECIDING, bp
from blueprints.guard import actor, held_fields, open_to
from extensions import clock
from extensions.limits import limiter
from forms.casework_people import CorrectEmailForm, PersonLookupForm
from models.privacy import PersonLookup
from services import listing, people, privacy_casework, profile_cards, visibility
from services.errors import TooMany, Unfit
from services.listing import Limits


@bp.route("/sak/personer", methods=["GET", "POST"])
@open_to(*DECIDING)
@limiter.limit("30/hour", key_func=lambda: f"person-lookup-{actor().account_id}", methods=["POST"])
def find_person() -> ResponseReturnValue:
    """What is searched for is sent, never put in an address (C76), and is not typed again into a refused page."""
    form = PersonLookupForm(held=held_fields())
    if form.validate_on_submit():
        lookup = people.look_up(actor(), form.wanted.data, form.reason.data)
        return _to(lookup)
    return render_template("casework/find_person.html", form=form), form.status_code


@bp.get("/sak/personer/<uuid:lookup_id>")
@open_to(*DECIDING)
def person(lookup_id: UUID) -> ResponseReturnValue:
    lookup = people.find(actor(), lookup_id)
    if lookup.professional_id is None:
        return render_template("casework/no_person.html", lookup=lookup, erased=people.erased(lookup))
    found = people.person(actor(), lookup)
    return render_template(
        "casework/person.html",
        lookup=lookup,
        person=found,
        standing=visibility.of(found, listing.judge(found, clock.now(), Limits.in_force())),
        cards=profile_cards.cards(found),
        mails=people.mails_to(found),
        cases=privacy_casework.of_person(found),
    )


@bp.post("/sak/personer/<uuid:lookup_id>/bekreft")
@open_to(*DECIDING)
def resend_confirmation(lookup_id: UUID) -> ResponseReturnValue:
    lookup = people.find(actor(), lookup_id)
    try:
        if people.resend_confirmation(actor(), lookup):
            flash(_("Vi har sendt en ny lenke til personen."), "success")
        else:
            flash(_("Adressen er bekreftet, eller mangler. Vi har ikke sendt noe."), "info")
    except TooMany:
        flash(_("Personen har fått mange lenker i dag. Prøv igjen i morgen."), "warning")
    return _to(lookup)


@bp.route("/sak/personer/<uuid:lookup_id>/e-post", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def correct_email(lookup_id: UUID) -> ResponseReturnValue:
    lookup = people.find(actor(), lookup_id)
    form = CorrectEmailForm(held=held_fields())
    if form.validate_on_submit():
        try:
            people.correct_email(actor(), lookup, form.email.data)
        except Unfit as problem:
            form.email.errors = [problem.message]
        else:
            flash(_("Adressen er rettet. Personen har fått beskjed på den gamle og den nye adressen."), "success")
            return _to(lookup)
    found = people.person(actor(), lookup)
    return render_template("casework/correct_email.html", lookup=lookup, person=found, form=form), form.status_code


def _to(lookup: PersonLookup) -> ResponseReturnValue:
    return redirect(url_for("casework.person", lookup_id=lookup.id), 303)
