"""Searching the register (ux.md E1)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import LRUCache, cached
from flask import abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer
from markupsafe import Markup
from sqlalchemy import Row
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri
from wtforms import Field

from blueprints.guard import Role, actor, open_to
from blueprints.register.blueprint import bp
from extensions import clock
from extensions.language import alphabetical, rendered_language, show_date
from forms.register_search import ANY, SearchForm, query_of, said
from models.enums import Language, Workload
from services import audit, geography, insight, professions, search, words
from services.search import Filters, Place, Scope, Sort

MOST_PAGES = 20
"""As far as one search may be turned over (C22)."""
REACHES = (30, 60, 120)
"""Minutes one may ask who lives within."""


@bp.get("")
@open_to(Role.ORGANISATION_USER)
def find() -> ResponseReturnValue:
    """People in the organisation's area who fit, twenty a page, each look noted."""
    scope = search.scope_of(actor())
    form = search_form(scope)
    sort = _one_of(Sort, request.args.get("sorter"), Sort.CONFIRMED)
    minutes = _minutes(request.args.get("innen"))
    filters = asked_for(form)
    common = {"form": form, "scope": scope, "sort": sort, "minutes": minutes, "reaches": REACHES, "kept": kept}
    if filters is None:
        return render_template("register/search.html", **common, result=None, chips=[]), 422
    page, after = _place(scope, filters, sort)
    result = search.search(scope, filters, sort, after)
    shown = [person.account_id for person in result.people]
    if shown:
        audit.record(actor(), insight.SHOWN, shown=[str(account_id) for account_id in shown], page=page)
    return render_template(
        "register/search.html",
        **common,
        result=result,
        page=page,
        query=query_of(filters),
        chips=list(chips(form)),
        next_url=_address(etter=_sign(scope, filters, sort, result.next, page + 1))
        if result.next is not None and page < MOST_PAGES
        else None,
        is_last=page == MOST_PAGES and result.next is not None,
        others=_others(scope, filters) if not result.people else [],
        able=_able(scope, filters, minutes),
        sorts=[(_address(sorter=one.value, etter=None), one, SORTS[one]()) for one in Sort],
        card=card,
        most=search.MOST_COUNTED,
    )


SORTS = {
    Sort.CONFIRMED: lambda: _("Sist bekreftet"),
    Sort.DISTANCE: lambda: _("Avstand"),
    Sort.EXPERIENCE: lambda: _("Erfaring"),
}


def search_form(scope: Scope, values: MultiDict[str, Any] | None = None) -> SearchForm:
    """The form with what the address, or somebody else, asks for; choices are the organisation's own area."""
    names = [(number, geography.name_of(number)) for number in scope.municipalities]
    names.sort(key=lambda pair: alphabetical(pair[1]))
    return SearchForm(request.args if values is None else values, names, professions.specialities())


def asked_for(form: SearchForm) -> Filters | None:
    """What the form asks for; None when something mistyped must be put right first. What no page of ours offers is
    400."""
    is_valid = form.validate()
    if form.is_forged:
        abort(400)
    return form.filters() if is_valid else None


@cached(
    LRUCache(maxsize=200),
    key=lambda _macro, field: (
        rendered_language(),
        field.name,
        tuple(choice.value for choice in field.choices),
        tuple(field.data) if isinstance(field.data, list) else field.data,
    ),
    lock=Lock(),
)
def kept(macro: Callable[[Field], Markup], field: Field) -> Markup:
    """The choices of a filter as a macro writes them, kept for the next page: there may be hundreds, of which most
    people choose the same few. Of a valid field, or one without errors of its own."""
    return macro(field)


def card(person: Row[Any]) -> dict[str, Any]:
    """What a list shows of one person: no contact details, no date of birth (C21)."""
    return {
        "id": person.professional_id,
        "name": person.name,
        "professions": ", ".join(professions.name_of(code) for code in person.professions),
        "specialities": ", ".join(professions.speciality_names().get(code, code) for code in person.specialities),
        "home": geography.name_of(person.municipality_number),
        "available": _availability(person),
        "confirmed": show_date(person.confirmed_at),
        "has_cv": person.has_cv,
    }


def _availability(person: Row[Any]) -> str:
    start = (
        _("Kan jobbe fra %(dato)s", dato=show_date(person.available_from))
        if person.available_from > clock.today()
        else _("Kan jobbe nå")
    )
    return f"{start}, {_hours(person.workload, tuple(person.times), rendered_language())}"


@lru_cache(maxsize=5_000)
def _hours(workload: Workload, times: tuple[str, ...], _language: Language) -> str:
    """How much and when, in words; kept, as a page tells it of twenty people."""
    named = ", ".join(str(words.TIME_OF_DAY[time]).lower() for time in words.TIME_OF_DAY if time.value in times)
    return f"{str(words.WORKLOAD[workload]).lower()} ({named})"


def _address(**changes: Any) -> str:
    """This search with other parameters; None takes one away."""
    values = MultiDict(request.args)
    for name, value in changes.items():
        values.poplist(name)
        if value is not None:
            values.add(name, value)
    return _with(values)


def _with(values: MultiDict[str, str]) -> str:
    query = "&".join(f"{name}={value}" for name, value in values.items(multi=True) if value)
    return iri_to_uri(request.script_root + request.path + (f"?{query}" if query else ""))


def chips(form: SearchForm) -> Iterator[tuple[str, str]]:
    """Each active filter in words, with the address of the search without it."""
    for field, value in form.chosen():
        values = MultiDict(request.args)
        kept = [one for one in values.poplist(field.name) if one != str(value) and isinstance(field.data, list)]
        values.setlist(field.name, kept or ([ANY] if field.name == "bekreftet" else []))
        values.poplist("etter")
        yield f"{field.label.text}: {said(field, value)}", _with(values)


def _others(scope: Scope, filters: Filters) -> list[tuple[str, str, int]]:
    """When nobody fits: the search without each filter, in words and by its address, and how many that would give."""
    return [
        (str(WITHOUT[name]), _dropped(getattr(SearchForm, name).name), total)
        for name, total in search.counts_without(scope, filters).items()
        if total
    ]


WITHOUT = {
    "professions": _l("Alle yrker"),
    "specialities": _l("Alle spesialiteter"),
    "municipalities": _l("Hele området"),
    "homes": _l("Uansett hvor de bor"),
    "available_on": _l("Uansett når de er tilgjengelige"),
    "workloads": _l("Alle stillingsprosenter"),
    "times": _l("Uansett når på døgnet"),
    "languages": _l("Alle språk"),
    "start_speed": _l("Uansett hvor raskt de kan starte"),
    "confirmed_within": _l("Uansett når de bekreftet sist"),
}
"""A search without one of its filters."""


def _dropped(name: str) -> str:
    return _address(**{name: ANY if name == "bekreftet" else None, "etter": None})


def _able(scope: Scope, filters: Filters, minutes: int | None) -> dict[str, Any] | None:
    """How many could start on the day asked for, or today, and live within so many minutes; an estimate."""
    if minutes is None or scope.home is None:
        return None
    day = filters.available_on or clock.today()
    return {
        "count": search.able_to_start(scope, filters, day, minutes),
        "day": show_date(day),
        "home": geography.name_of(scope.home),
    }


def _minutes(text: str | None) -> int | None:
    if not text:
        return None
    if text not in {str(reach) for reach in REACHES}:
        abort(400)
    return int(text)


def _one_of(kind: Any, text: str | None, default: Any) -> Any:
    if text is None:
        return default
    if text not in set(kind):
        abort(400)
    return kind(text)


def _signer(scope: Scope, filters: Filters, sort: Sort) -> URLSafeSerializer:
    """Of one search alone."""
    salt = f"register-page {(scope.organisation_number, filters, sort.value)!r}"
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=salt)


def _sign(scope: Scope, filters: Filters, sort: Sort, place: Place, page: int) -> str:
    """Where the next page begins, in a form nobody can make but we (C22)."""
    where = [place.group, place.confirmed_at.isoformat(), place.professional_id.hex]
    return str(_signer(scope, filters, sort).dumps([page, *where]))


def _place(scope: Scope, filters: Filters, sort: Sort) -> tuple[int, Place | None]:
    """The page asked for and where it begins; 400 for what we did not sign, or signed for another search."""
    text = request.args.get("etter")
    if text is None:
        return 1, None
    try:
        page, group, confirmed_at, person = _signer(scope, filters, sort).loads(text)
    except BadSignature:
        abort(400)
    return page, Place(group, datetime.fromisoformat(confirmed_at), UUID(person))
