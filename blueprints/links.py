"""The links in e-mails that work without a sign-in: one press, never by looking (ux.md D7, security.md C31, C34)."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from blueprints.guard import Role, no_referrer, open_to
from extensions.limits import limiter
from forms.professionals_availability import LinkAnswerForm
from models.enums import AvailabilityKind, LinkPurpose
from models.professional import Link
from services import availability, links, saved_searches
from services.words import LINK_ANSWER

bp = Blueprint("links", __name__)
limit = limiter.shared_limit("60/minute", scope="links")

CHOICES = {"ja": AvailabilityKind.NOW, "senere": AvailabilityKind.FROM_DATE, "pause": AvailabilityKind.PAUSED}
"""What the address of a link may ask for: the choice is marked on the page, and made by pressing it there."""
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@bp.get("/t/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def show_availability(token: str) -> ResponseReturnValue:
    link = links.find(token, LinkPurpose.AVAILABILITY)
    if link is None:
        return _gone()
    if link.used_at is not None and "endre" not in request.args:
        return render_template(
            "links/answered.html",
            token=token,
            answer=link.answer,
            answers=LINK_ANSWER,
            standing=availability.standing(link.professional),
            is_new="takk" in request.args,
        )
    return _question(token, link, LinkAnswerForm())


@bp.post("/t/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def answer_availability(token: str) -> ResponseReturnValue:
    """Take the answer. A second one needs «Endre svaret»; otherwise the page says that there is one."""
    link = links.find(token, LinkPurpose.AVAILABILITY)
    if link is None:
        return _gone()
    form = LinkAnswerForm()
    if not form.validate():
        return _question(token, link, form)
    is_new = availability.answer_link(link, form.answer.data, again=bool(form.again.data))
    return redirect(url_for(".show_availability", token=token, takk=1 if is_new else None), 303)


@bp.get("/a/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def show_reminders(token: str) -> ResponseReturnValue:
    link = links.find(token, LinkPurpose.UNSUBSCRIBE)
    if link is None:
        return _gone()
    return render_template(
        "links/reminders.html",
        token=token,
        is_stopped=link.professional.reminders_stopped_at is not None,
        standing=availability.standing(link.professional),
    )


@bp.post("/a/<token>")
@open_to(Role.ANYONE, csrf_exempt=True)
@no_referrer
@limit
def stop_reminders(token: str) -> ResponseReturnValue:
    """Stop the reminders. Mail programs press this themselves (RFC 8058): without a session, and without a redirect."""
    link = links.find(token, LinkPurpose.UNSUBSCRIBE)
    if link is None:
        return _gone()
    availability.stop_reminders(link)
    if ONE_CLICK in request.form.items():
        return "", 200
    return redirect(url_for(".show_reminders", token=token), 303)


@bp.post("/a/<token>/pause")
@open_to(Role.ANYONE)
@no_referrer
@limit
def pause(token: str) -> ResponseReturnValue:
    """Take a pause instead: whoever is not to be asked may as well not be found."""
    link = links.find(token, LinkPurpose.UNSUBSCRIBE)
    if link is None:
        return _gone()
    availability.answer_link(link, AvailabilityKind.PAUSED, again=True)
    return redirect(url_for(".show_reminders", token=token), 303)


@bp.get("/v/<uuid:grant_id>/<token>")
@open_to(Role.ANYONE)
@no_referrer
@limit
def show_alerts(grant_id: UUID, token: str) -> ResponseReturnValue:
    grant = saved_searches.find_grant(grant_id, token)
    if grant is None:
        return _gone()
    return render_template(
        "links/alerts.html",
        grant_id=grant_id,
        token=token,
        organisation=grant.organisation.name,
        is_stopped=not saved_searches.has_alerts(grant),
    )


@bp.post("/v/<uuid:grant_id>/<token>")
@open_to(Role.ANYONE, csrf_exempt=True)
@no_referrer
@limit
def stop_alerts(grant_id: UUID, token: str) -> ResponseReturnValue:
    """Stop the alerts of a user's saved searches; mail programs press this themselves, as above."""
    grant = saved_searches.find_grant(grant_id, token)
    if grant is None:
        return _gone()
    saved_searches.stop_alerts(grant)
    if ONE_CLICK in request.form.items():
        return "", 200
    return redirect(url_for(".show_alerts", grant_id=grant_id, token=token), 303)


def _question(token: str, link: Link, form: LinkAnswerForm) -> ResponseReturnValue:
    standing = availability.standing(link.professional)
    marked = CHOICES.get(request.args.get("svar", "")) or link.answer or AvailabilityKind.NOW
    if marked is AvailabilityKind.FROM_DATE and not (standing and standing.can_be_postponed):
        marked = AvailabilityKind.NOW
    page = render_template(
        "links/availability.html",
        token=token,
        form=form,
        standing=standing,
        marked=marked,
        answers=LINK_ANSWER,
        again=link.used_at is not None,
    )
    return page, form.status_code


def _gone() -> ResponseReturnValue:
    """One page for links that are unknown, used up, too old, or for something else."""
    return render_template("links/gone.html"), 404
