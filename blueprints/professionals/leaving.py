"""D13: withdrawing the first consent, which ends the registration."""

from flask import render_template, session
from flask.typing import ResponseReturnValue

from blueprints.auth.views import LEFT, to_provider_sign_out
from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from services import erasure, professionals, sessions, settings, sign_in
from services.settings import Key


@bp.get("/slett")
@open_to(Role.PROFESSIONAL)
def leave() -> ResponseReturnValue:
    professional = professionals.own(actor())
    numbers = settings.values(Key.AUDIT_YEARS, Key.BACKUP_DAYS, Key.RECIPIENT_DAYS)
    return render_template(
        "professionals/leave.html",
        professional=professional,
        keep_log=settings.duration(numbers[Key.AUDIT_YEARS], "years"),
        keep_backups=settings.duration(numbers[Key.BACKUP_DAYS], "days"),
        keep_recipients=settings.duration(numbers[Key.RECIPIENT_DAYS], "days"),
        leaves_account=erasure.leaves_account(actor().account_id),
        has_other_roles=any(hat.role is not Role.PROFESSIONAL for hat in sign_in.hats(actor().account_id)),
    )


@bp.post("/slett")
@open_to(Role.PROFESSIONAL)
def leave_now() -> ResponseReturnValue:
    """Hidden at once; the receipt stands on the page one comes to, as nobody is signed in there any more."""
    issuer = sessions.issuer_of(actor())
    record = erasure.ask(actor())
    response = to_provider_sign_out(issuer)
    session[LEFT] = record.reference
    return response
