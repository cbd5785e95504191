"""Searches a user comes back to, and how often to be told of new people in them (lagrede søk)."""

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from blueprints import address
from blueprints.guard import Role, actor, held_fields, open_to
from blueprints.register.blueprint import bp
from blueprints.register.searching import asked_for, search_form
from blueprints.versions import both_versions
from forms.register_saved import SavedSearchForm
from forms.register_search import SearchForm, query_of
from models.enums import AlertFrequency
from services import saved_searches, search
from services.errors import Unfit
from services.saved_searches import Reading
from services.search import Filters, Scope
from services.words import ALERT_FREQUENCY


@bp.get("/sok")
@open_to(Role.ORGANISATION_USER)
def saved() -> ResponseReturnValue:
    """The user's searches for this organisation, ten a page, and how many fit each of them now."""
    scope = search.scope_of(actor())
    found = saved_searches.of(actor(), address.page_number())
    return render_template(
        "register/saved.html",
        searches=[(one, _form_of(scope, one.reading.filters), _lost(one.reading)) for one in found.searches],
        page=found.page,
        pages=found.pages,
        page_url=lambda page: url_for(".saved", side=page if page > 1 else None),
        query_of=query_of,
        frequencies=ALERT_FREQUENCY,
        most=search.MOST_COUNTED,
    )


@bp.route("/sok/nytt", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def save_search() -> ResponseReturnValue:
    """Keep the search that stands in the address."""
    asked = search_form(search.scope_of(actor()))
    filters = asked_for(asked)
    if filters is None:
        abort(400)
    form = SavedSearchForm(held=held_fields())
    if form.validate_on_submit():
        try:
            saved_searches.save(actor(), filters, form.name.data, AlertFrequency(form.frequency.data))
        except Unfit as error:
            form[error.field].errors = [error.message]
        else:
            flash(_("Søket er lagret."), "success")
            return redirect(url_for(".saved"), 303)
    page = render_template(
        "register/saved_new.html", form=form, asked=asked, back=url_for(".find", **query_of(filters))
    )
    return page, form.status_code


@bp.route("/sok/<uuid:search_id>", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def change_saved(search_id: UUID) -> ResponseReturnValue:
    row = saved_searches.find(actor(), search_id)
    form = SavedSearchForm(obj=row, held=held_fields())
    if form.is_outdated:
        return both_versions(form, row)
    if form.validate_on_submit():
        saved_searches.change(actor(), row, form.name.data, AlertFrequency(form.frequency.data))
        flash(_("Søket er endret."), "success")
        return redirect(url_for(".saved"), 303)
    scope = search.scope_of(actor())
    reading = saved_searches.read(row.filters, scope)
    page = render_template(
        "register/saved_change.html",
        form=form,
        asked=_form_of(scope, reading.filters),
        labels=_lost(reading),
        is_void=reading.is_void,
    )
    return page, form.status_code


@bp.route("/sok/<uuid:search_id>/slett", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def delete_saved(search_id: UUID) -> ResponseReturnValue:
    """Ask first; then it is gone, with its e-mails."""
    row = saved_searches.find(actor(), search_id)
    if request.method == "POST":
        saved_searches.remove(actor(), row)
        flash(_("Søket er slettet."), "success")
        return redirect(url_for(".saved"), 303)
    return render_template("register/saved_delete.html", search=row)


def _form_of(scope: Scope, filters: Filters) -> SearchForm:
    """The form that asks for these filters."""
    return search_form(scope, MultiDict(query_of(filters)))


def _lost(reading: Reading) -> list[str]:
    """The labels of the filters that have lost what they asked for."""
    return [str(getattr(SearchForm, name).args[0]) for name in reading.dropped if hasattr(SearchForm, name)]
