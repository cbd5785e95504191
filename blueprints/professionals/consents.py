"""D13: the five consents, each with its words and its date, given and withdrawn by one press."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from extensions import clock
from extensions.language import current_language
from models.enums import ConsentPurpose
from services import consents as service
from services import professionals
from services.errors import Unfit


@bp.get("/samtykke")
@open_to(Role.PROFESSIONAL)
def consents() -> ResponseReturnValue:
    professional = professionals.own(actor(), pages=True)
    now, version = clock.now(), service.current(clock.today())
    return render_template(
        "professionals/consents.html",
        purposes=list(ConsentPurpose),
        given=service.in_force(professional, now),
        newest=service.newest(professional),
        ends=service.ends_of(professional, now),
        texts={
            purpose: version.texts[purpose][current_language()]
            if purpose not in service.in_force(professional, now)
            else service.words_of(service.newest(professional)[purpose])
            for purpose in ConsentPurpose
        },
        version=version.name,
        is_new={purpose for purpose in ConsentPurpose if not service.is_given_today(professional, purpose)},
    )


@bp.post("/samtykke/gi")
@open_to(Role.PROFESSIONAL)
def give_consent() -> ResponseReturnValue:
    purpose = _purpose()
    if request.form.get("versjon") != service.current(clock.today()).name:
        flash(_("Teksten er ny siden du åpnet siden. Les den før du samtykker."), "warning")
    else:
        try:
            service.answer(actor(), {purpose})
        except Unfit as problem:  # the words of the first one are new, and come first
            flash(problem.message, "warning")
            return redirect(url_for(".consent"), 303)
        flash(_("Samtykket er registrert."), "success")
    return redirect(url_for(".consents"), 303)


@bp.post("/samtykke/trekk")
@open_to(Role.PROFESSIONAL)
def withdraw_consent() -> ResponseReturnValue:
    """Without the first consent nothing may be kept: that one leads to the page that says what goes."""
    purpose = _purpose()
    if purpose is ConsentPurpose.REGISTER:
        return redirect(url_for(".leave"), 303)
    service.withdraw(actor(), purpose)
    flash(_("Samtykket er trukket. Det gjelder fra nå."), "success")
    return redirect(url_for(".consents"), 303)


def _purpose() -> ConsentPurpose:
    value = request.form.get("samtykke", "")
    if value not in set(ConsentPurpose):
        abort(400)
    return ConsentPurpose(value)
