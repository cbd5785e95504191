"""An organisation's log of its own users."""

from flask import render_template
from flask.typing import ResponseReturnValue

from blueprints import address, log_filter
from blueprints.guard import Role, actor, open_to
from blueprints.organisations.views import bp
from services import organisation_log
from services.audit_reading import ACTION_TEXT


@bp.get("/virksomhet/logg")
@open_to(Role.ORGANISATION_USER)
def log() -> ResponseReturnValue:
    """What the organisation's users did with people in the register; for its user administrators."""
    form = address.period()
    wanted = log_filter.wanted(organisation_log.ACTS, form)
    rows, has_more = organisation_log.read(actor(), wanted) if not form.errors else ([], False)
    page = render_template(
        "organisations/log.html",
        form=form,
        rows=rows,
        wanted=wanted,
        users=organisation_log.users(actor()),
        actions=[(action, str(ACTION_TEXT[action])) for action in organisation_log.ACTS],
        **log_filter.addresses("organisations.log", wanted, rows[-1].id if has_more else None),
    )
    return page, 422 if form.errors else 200
