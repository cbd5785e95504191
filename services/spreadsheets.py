"""A table as a file for a spreadsheet: text stays text, and nothing in it is ever a formula (security.md C60)."""

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO, StringIO

from xlsxwriter import Workbook

from extensions.language import show_date
from models.enums import ExportFormat

Cell = str | date | None
MEDIA_TYPES = {
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.CSV: "text/csv",
}
WIDEST = 60
"""Characters; wider texts run out of their column."""
LONGEST_HEADER = 255
"""What Excel takes on the top of a printed page."""
A4 = 9


@dataclass(frozen=True)
class Table:
    """What goes into the file. `notice` stands where it is seen: above the table and on each printed page."""

    name: str
    notice: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def made(table: Table, kind: ExportFormat) -> bytes:
    """The table as a file of this kind."""
    return _xlsx(table) if kind is ExportFormat.XLSX else _csv(table)


def _csv(table: Table) -> bytes:
    """RFC 4180 with semicolons, as Norwegian spreadsheets expect, and the mark that says UTF-8. Without the notice, as
    nothing may stand above the headings: what must follow the rows is a column."""
    target = StringIO(newline="")
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(table.headings)
    for row in table.rows:
        writer.writerow([harmless(_said(cell)) for cell in row])
    return target.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """A text as a cell that every spreadsheet reads as text: an apostrophe before what may begin a formula, also in the
    wide letters of East Asia and after blanks."""
    first = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return f"'{text}" if text[:1] in ("\t", "\r", "\n") or first in ("=", "+", "-", "@") else text


def _said(cell: Cell) -> str:
    return show_date(cell, "short") if isinstance(cell, date) else cell or ""


def _xlsx(table: Table) -> bytes:
    """One sheet: the notice, the headings, the rows. It is made in memory, as the library's own files would lie in
    clear."""
    target = BytesIO()
    never = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with Workbook(target, {"in_memory": True, **never}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        day = book.add_format({"num_format": "dd.mm.yyyy", "align": "left"})
        sheet = book.add_worksheet(table.name)
        sheet.write_string(0, 0, table.notice, text)
        for column, heading in enumerate(table.headings):
            sheet.write_string(1, column, heading, bold)
            sheet.set_column(column, column, _width(heading, [row[column] for row in table.rows]), text)
        for number, row in enumerate(table.rows, 2):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                elif cell:
                    sheet.write_string(number, column, cell, text)
        sheet.freeze_panes(2, 1)
        sheet.repeat_rows(1)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_header("&L" + table.notice.replace("&", "&&")[: LONGEST_HEADER - 2])
        sheet.set_footer("&C&P / &N")
    return target.getvalue()


def _width(heading: str, cells: Sequence[Cell]) -> int:
    return min(WIDEST, max(len(text) for text in (heading, *map(_said, cells))) + 2)
