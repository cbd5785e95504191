"""Alarms about how the register is used, and the switches that stop it (security.md C25, section 10)."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.casework.blueprint import DECIDING, STAFF, bp
from blueprints.guard import actor, held_fields, open_to
from forms.casework_alarms import CloseForm, StopForm
from models.enums import AlarmKind, Stoppable
from models.register import Alarm, Stop
from services import alarms, authorisations
from services.errors import Unfit
from services.limits import LIMITS
from services.settings import Key

KINDS = {
    AlarmKind.CANARY: lambda: _("Noen har hentet en kontrollprofil"),
    AlarmKind.HIGH_RATE: lambda: _("Uvanlig mange oppslag på en dag"),
    AlarmKind.QUOTA: lambda: _("En grense for oppslag eller filer er nådd"),
}
STOPPED = {
    Stoppable.REVEALS: lambda: _("Visning av kontaktinformasjon og CV"),
    Stoppable.EXPORTS: lambda: _("Uttak av filer"),
}


@bp.get("/sak/varsler")
@open_to(*STAFF)
def alarm_list() -> ResponseReturnValue:
    return render_template(
        "casework/alarms.html",
        alarms=[(alarm, KINDS[alarm.kind]()) for alarm in alarms.open_ones(actor())],
        stops=[(stop, STOPPED[stop.what]()) for stop in alarms.stops()],
        hpr=authorisations.open_alarm() is not None,
        may_change=actor().role in DECIDING,
    )


@bp.route("/sak/varsler/<uuid:alarm_id>", methods=["GET", "POST"])
@open_to(*DECIDING)
def close_alarm(alarm_id: UUID) -> ResponseReturnValue:
    alarm = alarms.find(actor(), alarm_id)
    form = CloseForm(held=held_fields())
    if form.validate_on_submit():
        alarms.close(actor(), alarm_id, form.note.data)
        flash(_("Varselet er lukket."), "success")
        return redirect(url_for(".alarm_list"), 303)
    page = render_template("casework/alarm.html", form=form, alarm=alarm, kind=KINDS[alarm.kind](), about=_about(alarm))
    return page, form.status_code


def _about(alarm: Alarm) -> str | None:
    """Which limit was reached, that profiles were opened and no more, or that it was not one person but a file."""
    if "quota" in alarm.facts:
        return str(LIMITS[Key(alarm.facts["quota"])].label)
    if "of" in alarm.facts:
        return str(_("Åpnede profiler"))
    return _("En fil med kontaktinformasjon") if "export_id" in alarm.facts else None


@bp.route("/sak/stopp", methods=["GET", "POST"])
@open_to(*DECIDING, fresh_login=True)
def stop_use() -> ResponseReturnValue:
    form = StopForm(held=held_fields())
    if form.validate_on_submit():
        try:
            row = alarms.stop(actor(), Stoppable(form.what.data), form.number, form.reason.data)
        except Unfit as problem:
            form[problem.field].errors = [problem.message]
        else:
            flash(_("Stoppet nå: %(hva)s, %(hvem)s.", **_named(row)), "success")
            return redirect(url_for(".alarm_list"), 303)
    return render_template("casework/stop_use.html", form=form), form.status_code


@bp.post("/sak/stopp/<uuid:stop_id>/opphev")
@open_to(*DECIDING, fresh_login=True)
def lift_stop(stop_id: UUID) -> ResponseReturnValue:
    row = alarms.lift(actor(), stop_id)
    flash(_("Stoppen er opphevet: %(hva)s, %(hvem)s.", **_named(row)), "success")
    return redirect(url_for(".alarm_list"), 303)


def _named(stop: Stop) -> dict[str, str]:
    whom = stop.organisation.name if stop.organisation else _("alle virksomheter")
    return {"hva": STOPPED[stop.what](), "hvem": whom}
