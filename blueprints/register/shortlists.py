"""Shortlists: people an organisation keeps an eye on (ux.md E5)."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import Row

from blueprints import address
from blueprints.guard import Role, actor, held_fields, open_to, safe_next
from blueprints.register.blueprint import bp
from blueprints.register.searching import card
from blueprints.versions import both_versions
from forms.base import StepForm
from forms.register_shortlists import ChoiceForm, NameForm, NoteForm, Remarks
from models.register import Shortlist
from services import shortlists, words
from services.errors import NotFound, Unfit
from services.shortlists import Member


@bp.get("/kortlister", endpoint="shortlists")
@open_to(Role.ORGANISATION_USER)
def overview() -> ResponseReturnValue:
    """The lists of the organisation."""
    return render_template("register/shortlists.html", lists=shortlists.of_organisation(actor()))


@bp.route("/kortlister/ny", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def new_shortlist() -> ResponseReturnValue:
    form = NameForm(held=held_fields())
    if form.validate_on_submit():
        try:
            row = shortlists.create(actor(), form.name.data)
        except Unfit as problem:
            _tell(form, problem)
        else:
            return redirect(url_for(".shortlist", shortlist_id=row.id), 303)
    return render_template("register/shortlist_name.html", form=form, shortlist=None), form.status_code


@bp.get("/kortlister/<uuid:shortlist_id>")
@open_to(Role.ORGANISATION_USER)
def shortlist(shortlist_id: UUID) -> ResponseReturnValue:
    """Who is on a list, fifty a page, each look noted."""
    found = shortlists.read(actor(), shortlist_id, address.page_number())
    return render_template(
        "register/shortlist.html",
        content=found,
        shortlist=found.shortlist,
        card=card,
        outcomes=words.CONTACT_OUTCOME,
        page_url=lambda page: url_for(".shortlist", shortlist_id=shortlist_id, side=page if page > 1 else None),
    )


@bp.route("/kortlister/<uuid:shortlist_id>/navn", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def rename_shortlist(shortlist_id: UUID) -> ResponseReturnValue:
    row = shortlists.find(actor(), shortlist_id, lock=request.method == "POST")
    form = NameForm(obj=row, held=held_fields())
    if form.is_outdated:
        return both_versions(form, row)
    if form.validate_on_submit():
        try:
            shortlists.rename(actor(), shortlist_id, form.name.data)
        except Unfit as problem:
            _tell(form, problem)
        else:
            flash(_("Kortlisten har fått nytt navn."), "success")
            return redirect(url_for(".shortlist", shortlist_id=shortlist_id), 303)
    return render_template("register/shortlist_name.html", form=form, shortlist=row), form.status_code


@bp.route("/kortlister/<uuid:shortlist_id>/slett", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def delete_shortlist(shortlist_id: UUID) -> ResponseReturnValue:
    row = shortlists.find(actor(), shortlist_id)
    if request.method == "POST":
        shortlists.delete(actor(), shortlist_id)
        flash(_("Kortlisten er slettet."), "success")
        return redirect(url_for(".shortlists"), 303)
    return render_template("register/shortlist_delete.html", shortlist=row)


@bp.route("/kortlister/<uuid:shortlist_id>/<uuid:member_id>", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def shortlist_member(shortlist_id: UUID, member_id: UUID) -> ResponseReturnValue:
    """What the organisation notes of one person."""
    try:
        found = shortlists.member(actor(), shortlist_id, member_id, lock=request.method == "POST")
    except NotFound:
        if text := NoteForm(held=held_fields()).note.data:
            return _gone(text)
        raise
    remarks = Remarks(found.entry.outcome.value if found.entry.outcome else "", shortlists.note_of(found.entry))
    form = NoteForm(obj=remarks, held=held_fields())
    if form.is_outdated:
        return both_versions(form, remarks)
    if form.validate_on_submit():
        shortlists.change(actor(), shortlist_id, member_id, form.chosen, form.note.data)
        flash(_("Endringen er lagret."), "success")
        return redirect(url_for(".shortlist", shortlist_id=shortlist_id), 303)
    return _member_page("register/shortlist_member.html", found, form=form), form.status_code


@bp.route("/kortlister/<uuid:shortlist_id>/<uuid:member_id>/fjern", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def remove_from_shortlist(shortlist_id: UUID, member_id: UUID) -> ResponseReturnValue:
    found = shortlists.member(actor(), shortlist_id, member_id)
    if request.method == "POST":
        shortlists.remove(actor(), shortlist_id, member_id)
        flash(_("Personen er tatt ut av kortlisten."), "success")
        return redirect(url_for(".shortlist", shortlist_id=shortlist_id), 303)
    return _member_page("register/shortlist_remove.html", found)


@bp.route("/person/<uuid:professional_id>/kortliste", methods=["GET", "POST"])
@open_to(Role.ORGANISATION_USER)
def add_to_shortlist(professional_id: UUID) -> ResponseReturnValue:
    """Choose a list for a person, or begin one; then back to where the reader came from."""
    person = shortlists.candidate(actor(), professional_id)
    lists = shortlists.of_organisation(actor())
    form = ChoiceForm([(str(one.id), one.name) for one in lists], held=held_fields())
    if form.validate_on_submit():
        try:
            chosen, is_added = _add(form, professional_id)
        except Unfit as problem:
            _tell(form, problem)
        else:
            link = Markup('<a class="ds-link" href="{}">{}</a>').format(
                url_for(".shortlist", shortlist_id=chosen.id), chosen.name
            )
            if is_added:
                flash(Markup(_("Personen ligger nå i %(kortliste)s.", kortliste=link)), "success")
            else:
                flash(Markup(_("Personen lå allerede i %(kortliste)s.", kortliste=link)), "info")
            return redirect(_came_from(professional_id), 303)
    shortlists.note_look(actor(), [person])
    there = shortlists.with_person(actor(), professional_id)
    page = render_template(
        "register/shortlist_add.html",
        form=form,
        person=person,
        there=dict.fromkeys(map(str, there), _("Personen ligger her allerede.")),
        back_url=_came_from(professional_id),
    )
    return page, form.status_code


def _add(form: ChoiceForm, professional_id: UUID) -> tuple[Shortlist, bool]:
    """The list that was chosen or begun, and whether the person is new on it. Raises Unfit."""
    if form.is_new:
        row = shortlists.create(actor(), form.name.data)
    else:
        row = shortlists.find(actor(), UUID(form.shortlist.data))
    return row, shortlists.add(actor(), row.id, professional_id)


def _tell(form: StepForm, problem: Unfit) -> None:
    form[problem.field].errors = [problem.message]


def _came_from(professional_id: UUID) -> str:
    """The page one was on when the person was to be put on a list."""
    return safe_next(request.args.get("fra")) or url_for(".person", professional_id=professional_id)


def _member_page(template: str, found: Member, **facts: Any) -> str:
    """A page about one person on a list; the look is noted."""
    shortlists.note_look(actor(), [found.person], found.entry.shortlist)
    return render_template(
        template, member=found, shortlist=found.entry.shortlist, title=_name_of(found.person), **facts
    )


def _gone(text: str) -> ResponseReturnValue:
    """A colleague took the person off, or deleted the list, while this was written. Of a list there never was, or
    another organisation's, the page says the same."""
    return render_template("register/shortlist_gone.html", text=text), 404


def _name_of(person: Row[Any] | None) -> str:
    return str(person.name if person is not None else _("Ikke lenger synlig"))
