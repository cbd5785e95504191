"""D8: where one can work, on a list or on a map. The map is another view of the same answers, a county at a time."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug import Response

from blueprints.guard import Role, actor, open_to
from blueprints.professionals.blueprint import bp
from blueprints.professionals.common import (
    ORDER,
    address_of,
    is_started,
    open_step,
    page_of,
    save_step,
    step_page,
    typed,
)
from blueprints.step_pages import is_partial, lead_to
from blueprints.versions import both_versions
from forms.professionals_areas import AreasForm, CountyForm
from models.professional import Professional
from services import areas, maps, professionals
from services.areas import CountyAnswers
from services.errors import Unfit
from services.professionals import Step


@page_of(Step.AREAS)
@open_to(Role.PROFESSIONAL)
def areas_page() -> ResponseReturnValue:
    professional = open_step(Step.AREAS)
    regions = areas.regions()
    wants_map = request.form.get("go") == "map"
    form = AreasForm(
        obj=professional.reach,
        held=typed(Step.AREAS, professional),
        regions=regions,
        is_partial=is_started(professional) and (is_partial() or wants_map),
    )
    saved = save_step(
        form, Step.AREAS, professional, lambda: professional.reach, lambda answers: areas.save(actor(), answers)
    )
    if wants_map and isinstance(saved, Response):
        return redirect(url_for(".areas_map"), 303)
    home = professional.municipality_number or ""
    return saved or step_page("areas", Step.AREAS, form, professional, regions=regions, home_county=home[:2])


@bp.get("/omrader/kart")
@open_to(Role.PROFESSIONAL)
def areas_map() -> ResponseReturnValue:
    """The country, county by county, with what is chosen of each."""
    professional = _reached()
    regions = areas.regions()
    return render_template(
        "professionals/areas_map.html",
        regions=regions,
        chosen={region.number: CountyAnswers.of(professional.reach, region.number) for region in regions},
        whole_country=professional.reach is not None and professional.reach.whole_country,
        map=maps.of_country(),
        list_url=address_of(Step.AREAS, professional),
    )


@bp.route("/omrader/kart/<county>", methods=["GET", "POST"])
@open_to(Role.PROFESSIONAL)
def county_map(county: str) -> ResponseReturnValue:
    """One county's municipalities; everything chosen elsewhere stays."""
    region = areas.region(county)
    professional = _reached()
    answers = CountyAnswers.of(professional.reach, county)
    form = CountyForm(obj=answers, region=region)
    if form.is_outdated:
        return both_versions(form, answers)
    if form.validate_on_submit():
        try:
            areas.save_county(actor(), county, form.answers())
        except Unfit as problem:
            form[problem.field].errors = [problem.message]
        else:
            flash(_("Valget i %(county)s er lagret.", county=region.name), "success")
            return redirect(url_for(".areas_map"), 303)
    page = render_template("professionals/county_map.html", form=form, region=region, map=maps.of_county(county))
    return page, form.status_code


def _reached() -> Professional:
    """The registration, when it has come as far as this page; otherwise the way to where the person should be."""
    professional = professionals.own(actor(), pages=True)
    reached = professionals.first_open(professional)
    if is_started(professional) and ORDER.index(reached) < ORDER.index(Step.AREAS):
        lead_to(address_of(reached, professional))
    return professional
