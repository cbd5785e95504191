"""Where those live whom a search finds, on a map (ux.md E2)."""

from itertools import pairwise
from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, open_to
from blueprints.register.blueprint import bp
from blueprints.register.searching import asked_for, chips, search_form
from forms.register_search import query_of
from services import geography, register_map, search
from services.masking import LIMIT
from services.register_map import Overview, Place
from services.settings import Key, value


@bp.get("/kart", endpoint="map")
@open_to(Role.ORGANISATION_USER)
def draw() -> ResponseReturnValue:
    """The counties of the organisation's area, or the municipalities of one, each with how many live there."""
    scope = search.scope_of(actor())
    form = search_form(scope)
    county = request.args.get("fylke")
    if county is not None and county not in register_map.counties(scope):
        abort(400)
    filters = asked_for(form)
    if filters is None:
        return render_template("register/map.html", form=form, scope=scope, overview=None, county=county, chips=[]), 422
    found = register_map.overview(scope, filters, county)
    query = query_of(filters)
    places = [(place, _address(found, place, query)) for place in found.places]
    return render_template(
        "register/map.html",
        form=form,
        scope=scope,
        overview=found,
        county=county,
        county_name=geography.county_name(found.county) if found.county and found.outside is None else None,
        query=query,
        places=places,
        legend=legend(),
        limit=LIMIT,
        chips=list(chips(form)),
        fresh_days=filters.confirmed_within or value(Key.FRESH_DAYS),
    )


def _address(found: Overview, place: Place, query: dict[str, Any]) -> str:
    """What a place leads to: a county to its municipalities, a municipality to the list of those who live there."""
    if found.county is None:
        return url_for("register.map", **query, fylke=place.number)
    return url_for("register.find", **query | {"bosted": place.number})


def legend() -> list[str]:
    """What each shade stands for, from nobody upwards."""
    return [
        _("Ingen"),
        _("Under %(n)s", n=LIMIT),
        *(f"{start}–{following - 1}" for start, following in pairwise(register_map.STEPS[1:])),
        _("%(n)s eller flere", n=register_map.STEPS[-1]),
    ]
