"""The list of applications, and whom to apply for (ux.md A1 and A2)."""

from datetime import timedelta
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields import SelectChoice

from adapters.errors import Unavailable
from blueprints.applications.common import address_of, bp, request_text
from blueprints.guard import Role, actor, held_fields, open_to
from forms.applications import PartyForm
from models.application import AccessApplication
from models.enums import ApplicationStatus
from services import applications, organisations, representation, settings
from services.application_steps import first_open
from services.errors import NotFound
from services.organisations import Candidate, NotEligible, Refused
from services.settings import Key

SHOWN = 6
SHOWN_MORE = 20


@bp.get("")
@open_to(Role.SUBMITTER)
def overview() -> ResponseReturnValue:
    found = applications.overview(actor(), _number("side", 1))
    kept = timedelta(days=settings.value(Key.DRAFT_DAYS))
    return render_template("applications/overview.html", found=found, kept=kept)


@bp.get("/<uuid:application_id>")
@open_to(Role.SUBMITTER)
def go_on(application_id: UUID) -> ResponseReturnValue:
    """Where one left off: the first unanswered step of a draft, else the status."""
    application = applications.find(actor(), application_id)
    if application.status is ApplicationStatus.DRAFT:
        return redirect(address_of(first_open(application), application), 303)
    return redirect(url_for(".status", application_id=application_id), 303)


@bp.get("/ny")
@open_to(Role.SUBMITTER)
def choose() -> ResponseReturnValue:
    if request.args.get("sjekk"):
        representation.forget(actor())
    if draft_id := request.args.get("utkast"):
        return render_template("applications/draft_exists.html", draft=_draft(draft_id), number=_asked_for())
    return _choose_page(PartyForm(held=held_fields()))


@bp.post("/ny")
@open_to(Role.SUBMITTER)
def begin() -> ResponseReturnValue:
    """Begin for the chosen organisation, unless it may not apply or has a draft that should be offered first."""
    form = PartyForm()
    try:
        numbers = representation.parties(actor()).numbers
        if not form.validate():
            return _choose_page(form)
        number = form.party.data
        if number not in numbers:
            form.party.errors = [_("Velg virksomheten du søker på vegne av.")]
            return _choose_page(form)
        draft = applications.draft_for(actor(), number)
        replaces = None
        if draft is not None:
            replaces = UUID(form.replaces.data) if form.replaces.data == str(draft.id) else None
            if replaces is None:
                return redirect(url_for(".choose", utkast=draft.id, for_=number), 303)
        application = applications.start(actor(), number, replaces=replaces)
    except NotEligible as refusal:
        form.party.errors = [refusal.reason]
        return _choose_page(form)
    except Unavailable as absence:
        return _choose_page(form, away=absence.system)
    if applications.has_access(application.organisation.id):
        name = application.organisation.name
        flash(
            _("%(virksomhet)s har allerede tilgang. Denne søknaden legger til flere personer.", virksomhet=name), "info"
        )
    return redirect(url_for(".submitter", application_id=application.id), 303)


def _choose_page(form: PartyForm, away: str | None = None) -> ResponseReturnValue:
    """The cards to choose among, in parts when there are many; or why there are none."""
    try:
        represented = representation.parties(actor())
    except Unavailable as absence:
        return render_template("applications/parties_unavailable.html", system=absence.system), 503
    candidates, refused = organisations.sort_out(represented.parties)
    if not candidates:
        return render_template("applications/no_party.html", refused=refused, **request_text())
    wanted = " ".join(request.args.get("sok", "").split())
    matching = [candidate for candidate in candidates if _matches(candidate, wanted)]
    shown = matching[: max(_number("vis", SHOWN), SHOWN)]
    form.party.choices = [SelectChoice(candidate.number, candidate.name) for candidate in shown]
    status = 503 if away else form.status_code
    return (
        render_template(
            "applications/choose.html",
            form=form,
            shown=shown,
            matching=matching,
            many=len(candidates) > SHOWN,
            wanted=wanted,
            more=len(shown) + SHOWN_MORE if len(shown) < len(matching) else None,
            refused=refused,
            away=away,
        ),
        status,
    )


def _matches(organisation: Candidate | Refused, wanted: str) -> bool:
    digits = wanted.replace(" ", "")
    return wanted.casefold() in organisation.name.casefold() or (digits.isdigit() and digits in organisation.number)


def _draft(text: str) -> AccessApplication:
    try:
        draft = applications.find(actor(), UUID(text))
    except ValueError:
        raise NotFound from None
    if draft.status is not ApplicationStatus.DRAFT:
        raise NotFound
    return draft


def _asked_for() -> str:
    """The number to start over for: one the actor represents."""
    number = request.args.get("for_", "")
    if number not in representation.parties(actor()).numbers:
        raise NotFound
    return number


def _number(name: str, default: int) -> int:
    return request.args.get(name, default, type=int)
