"""Where those live whom an organisation may see, on a map (ux.md E2)."""

from itertools import pairwise
from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.guard import Role, actor, open_to
from blueprints.register.blueprint import bp
from extensions.language import alphabetical
from forms.register_search import query_of
from services import professions, register_map, register_reports, search
from services.masking import LIMIT
from services.register_map import Overview, Place
from services.search import Filters, NotAllowed


@bp.get("/kart", endpoint="map")
@open_to(Role.ORGANISATION_USER)
def draw() -> ResponseReturnValue:
    """The counties of the organisation's area, or the municipalities of one, each with how many live there: everybody,
    or one profession. Other filters do not count here, as little as in the report."""
    scope = search.scope_of(actor())
    asked = set(filter(None, request.args.getlist("yrke")))
    if not asked <= professions.human():
        abort(400)
    profession = next(iter(asked)) if len(asked) == 1 else None
    county = request.args.get("fylke")
    try:
        found = register_map.overview(scope, profession, county)
    except NotAllowed:
        abort(400)
    query = query_of(Filters(professions=(profession,) if profession else (), confirmed_within=None))
    return render_template(
        "register/map.html",
        overview=found,
        county=county,
        county_name=register_reports.name_of(found.county) if found.county and found.outside is None else None,
        profession=profession,
        profession_name=professions.name_of(profession) if profession else None,
        professions=sorted(
            ((code, professions.name_of(code)) for code in {*found.professions, *asked}),
            key=lambda choice: alphabetical(choice[1]),
        ),
        query=query,
        places=[(place, _address(found, place, query)) for place in found.places],
        said=register_reports.said,
        explanations=register_reports.explanations(is_whole=found.is_whole),
        legend=legend(),
    )


def _address(found: Overview, place: Place, query: dict[str, Any]) -> str:
    """What a place leads to: a county to its municipalities, a municipality to the list of those who live there."""
    if found.county is None:
        return url_for("register.map", yrke=query.get("yrke"), fylke=place.number)
    return url_for("register.find", **query, bosted=place.number)


def legend() -> list[str]:
    """What each shade stands for, from nobody upwards."""
    return [
        _("Ingen"),
        _("Under %(n)s", n=LIMIT),
        *(f"{start}–{following - 1}" for start, following in pairwise(register_map.STEPS[1:])),
        _("%(n)s eller flere", n=register_map.STEPS[-1]),
    ]
