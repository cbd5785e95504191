"""How many of each profession live where, to read, print and keep (ux.md E3)."""

from flask import render_template
from flask.typing import ResponseReturnValue

from blueprints import downloads
from blueprints.guard import Role, actor, open_to
from blueprints.register.blueprint import bp
from blueprints.register.searching import asked_for, search_form
from extensions.language import current_language
from forms.register_search import query_of
from services import register_reports, search


@bp.get("/rapport")
@open_to(Role.ORGANISATION_USER)
def report() -> ResponseReturnValue:
    """The table and its charts; they name nobody, so that no look is noted. Filters only pass by, on their way back to
    the list."""
    scope = search.scope_of(actor())
    filters = asked_for(search_form(scope))
    found = register_reports.of(scope)
    return render_template(
        "register/report.html",
        report=found,
        query=query_of(filters) if filters else {},
        explanations=register_reports.explanations(is_whole=found.is_whole),
        said=register_reports.said,
        bars=register_reports.bars,
    )


@bp.get("/rapport.pdf")
@open_to(Role.ORGANISATION_USER)
def report_pdf() -> ResponseReturnValue:
    """The report as a tagged PDF."""
    found = register_reports.of(search.scope_of(actor()))
    organisation = actor().organisation_name or ""
    content = register_reports.pdf_of(found, organisation, current_language())
    return downloads.attachment(content, "rapport.pdf", "application/pdf")


@bp.get("/rapport.csv")
@open_to(Role.ORGANISATION_USER)
def report_csv() -> ResponseReturnValue:
    """The table for a spreadsheet."""
    found = register_reports.of(search.scope_of(actor()))
    return downloads.attachment(register_reports.csv_of(found), "rapport.csv", "text/csv")
