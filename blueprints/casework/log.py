"""Who did what: everybody's acts for case lead and auditor, one's own for a caseworker (security.md section 9); and the
looks drawn for review."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import address, log_filter
from blueprints.casework.blueprint import STAFF, bp, page_count, page_url
from blueprints.guard import Role, actor, held_fields, open_to
from forms.casework_log import ReviewForm
from models.enums import ReviewVerdict
from services import audit_reading, casework, log_reviews
from services.audit_reading import ACTION_TEXT

REVIEWING = (Role.CASE_LEAD, Role.AUDITOR)


@bp.get("/logg")
@open_to(*STAFF)
def log() -> ResponseReturnValue:
    form = address.period()
    wanted = log_filter.wanted(ACTION_TEXT, form)
    rows, has_more = audit_reading.read(actor(), wanted) if not form.errors else ([], False)
    page = render_template(
        "casework/log.html",
        form=form,
        rows=rows,
        wanted=wanted,
        reads_all=actor().role in audit_reading.WHOLE_LOG_ROLES,
        staff=casework.caseworkers(),
        actions=sorted(((code, str(text)) for code, text in ACTION_TEXT.items()), key=lambda pair: pair[1].lower()),
        **log_filter.addresses("casework.log", wanted, rows[-1].id if has_more else None),
    )
    return page, 422 if form.errors else 200


@bp.get("/logg/stikkprover")
@open_to(*REVIEWING)
def reviews() -> ResponseReturnValue:
    """The drawn looks: what is open, or with ?vis=ferdige what has been gone over."""
    done = request.args.get("vis") == "ferdige"
    page = address.page_number()
    samples, total, still_open = log_reviews.listed(actor(), reviewed=done, page=page)
    return render_template(
        "casework/reviews.html",
        samples=samples,
        still_open=still_open,
        done=done,
        page=page,
        pages=page_count(total, log_reviews.PAGE_SIZE),
        page_url=page_url("casework.reviews", **({"vis": "ferdige"} if done else {})),
    )


@bp.route("/logg/stikkprover/<uuid:review_id>", methods=["GET", "POST"])
@open_to(*REVIEWING)
def review(review_id: UUID) -> ResponseReturnValue:
    sample = log_reviews.find(actor(), review_id)
    form = ReviewForm(held=held_fields())
    if form.validate_on_submit():
        log_reviews.review(actor(), review_id, ReviewVerdict(form.verdict.data), form.note.data)
        flash(_("Stikkprøven er gått gjennom."), "success")
        return redirect(url_for(".reviews"), 303)
    return render_template("casework/review.html", form=form, sample=sample), form.status_code
