"""Hiding from named organisations: they find neither the person nor that there is one (ux.md D11)."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from forms.fields import tidy
from services import blocks


@bp.get("/skjul")
@open_to(Role.PROFESSIONAL)
def hidden_from() -> ResponseReturnValue:
    """Those one hides from, and a search among all that may be given access."""
    hidden = blocks.of(actor())
    text = tidy(request.args.get("sok"))[:100]
    known = {block.organisation_number for block in hidden}
    found = blocks.search(text)
    new = [one for one in found if one.number not in known]
    return render_template(
        "professionals/hidden_from.html",
        blocks=hidden,
        text=text,
        found=new[: blocks.MOST_SHOWN],
        has_more=len(new) > blocks.MOST_SHOWN,
        are_all_hidden=bool(found) and not new,
    )


@bp.post("/skjul")
@open_to(Role.PROFESSIONAL)
def hide() -> ResponseReturnValue:
    block = blocks.hide(actor(), request.form.get("virksomhet", ""))
    flash(_("%(virksomhet)s kan ikke lenger se eller kontakte deg.", virksomhet=block.organisation_name), "success")
    return redirect(url_for(".hidden_from"), 303)


@bp.post("/skjul/<uuid:block_id>/vis")
@open_to(Role.PROFESSIONAL)
def show_again(block_id: UUID) -> ResponseReturnValue:
    name = blocks.show_again(actor(), block_id)
    flash(_("%(virksomhet)s kan se deg igjen når du er synlig.", virksomhet=name), "success")
    return redirect(url_for(".hidden_from"), 303)
