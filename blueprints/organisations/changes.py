"""Details the organisation has taken out of the register, and that are not right any more."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from blueprints import address
from blueprints.guard import Role, actor, open_to
from blueprints.organisations.views import bp
from services import recipient_notices, settings
from services.settings import Key


@bp.get("/virksomhet/endringer")
@open_to(Role.ORGANISATION_USER)
def changes() -> ResponseReturnValue:
    found = recipient_notices.of(actor(), address.page_number())
    return render_template(
        "organisations/changes.html",
        found=found,
        page_url=lambda page: url_for(".changes", side=page if page > 1 else None),
        kept=settings.duration(settings.value(Key.RECIPIENT_DAYS), "days"),
    )
