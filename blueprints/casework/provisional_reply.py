"""B2: tell the organisation why its application takes more than a month."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.casework.blueprint import DECIDING, bp, found_case
from blueprints.guard import actor, held_fields, open_to
from forms.casework import ProvisionalReplyForm
from models.enums import DelayReason
from services import provisional_replies
from services.case_rules import CaseAction


@bp.route("/sak/<uuid:application_id>/forelopig-svar", methods=["GET", "POST"])
@open_to(*DECIDING)
def provisional_reply(application_id: UUID) -> ResponseReturnValue:
    application = found_case(application_id, CaseAction.PROVISIONAL_REPLY, lock=request.method == "POST")
    sent_on = provisional_replies.day_of(application)
    form = ProvisionalReplyForm(held=held_fields())
    if form.validate_on_submit():
        provisional_replies.write(actor(), application, DelayReason(form.reason.data), form.expected_on.data)
        flash(_("Foreløpig svar er sendt."), "success")
        return redirect(url_for("casework.case", application_id=application.id), 303)
    page = render_template("casework/provisional_reply.html", application=application, sent_on=sent_on, form=form)
    return page, form.status_code
