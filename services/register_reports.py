"""The report of the register: how many of each profession live in each municipality (ux.md E3), with nothing that tells
of few people (services/masking.py). It holds everybody whom the organisation may see now and takes no filter, so that
no two reports of a moment can be subtracted from one another (docs/decisions/0011-tables-without-small-numbers.md)."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from flask_babel import gettext as _
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical, in_language, show_datetime, show_number
from models.enums import ExportFormat, Language
from models.listing import Listing
from services import geography, masking, professions, spreadsheets
from services.masking import LIMIT, Total
from services.search import OUTSIDE, Scope

DOCUMENT = Path(__file__).parent.parent / "templates" / "documents" / "register_report.typ"
ABREAST = 8
"""Professions side by side on paper."""
MOST_BARS = 15


@dataclass(frozen=True)
class Line:
    """A municipality or a profession with its sum, or one with its cells besides."""

    name: str
    total: Total
    cells: Sequence[int | None] = ()


@dataclass(frozen=True)
class Report:
    """The tables as they are read: municipalities down, professions across."""

    made_at: datetime
    municipalities: Sequence[Line]
    professions: Sequence[Line]
    total: Total
    is_whole: bool
    """Whether nothing is held back."""

    @property
    def summary(self) -> str:
        """The report in one sentence."""
        if not self.professions:
            return str(_("Ingen helsepersonell er registrert i området deres nå."))
        largest = _largest(self.professions)[0]
        text: str = _(
            "Det er %(antall)s helsepersonell i tabellen, og flest er i yrket %(yrke)s: %(flest)s.",
            antall=said(self.total),
            yrke=largest.name.lower(),
            flest=said(largest.total),
        )
        return text


@dataclass(frozen=True)
class Bar:
    """A line of a chart, in hundredths of the longest: to where it is certain, and to where it may reach."""

    name: str
    text: str
    certain: float
    possible: float


def said(number: Total | int | None, show: Callable[[int], str] = show_number) -> str:
    """A number of the report as it is read; of a sum that is held back what it lies between."""
    if number is None or (isinstance(number, Total) and number.is_small):
        return str(_("under %(n)s", n=LIMIT))
    if isinstance(number, Total) and not number.is_exact:
        return str(_("%(fra)s–%(til)s", fra=show(number.low), til=show(number.high)))
    return show(number if isinstance(number, int) else number.low)


def of(scope: Scope) -> Report:
    """The report of one organisation's area at this moment."""
    now = clock.now()
    home, held = Listing.municipality_number, Listing.professions
    counts: Counter[masking.Cell] = Counter()
    for number, codes, people in db.session.execute(
        select(home, held, func.count()).where(*scope.conditions(now)).group_by(home, held)
    ):
        place = number if number and number in scope.municipalities else OUTSIDE
        counts.update({(place, code): people for code in codes})
    places = sorted(scope.municipalities, key=lambda number: alphabetical(geography.name_of(number)))
    codes = sorted({code for _place, code in counts}, key=lambda code: alphabetical(professions.name_of(code)))
    table = masking.mask(counts, [*places, OUTSIDE], codes)
    return Report(
        made_at=now,
        municipalities=[
            Line(_place_name(row), table.row_totals[row], [table.cells[row, column] for column in table.columns])
            for row in table.rows
        ],
        professions=[Line(professions.name_of(column), table.column_totals[column]) for column in table.columns],
        total=table.total,
        is_whole=table.is_whole,
    )


def _place_name(number: str) -> str:
    return geography.name_of(number) or _("Utenfor området")


def bars(lines: Sequence[Line]) -> list[Bar]:
    """The largest lines as bars, the longest first."""
    shown = _largest(lines)[:MOST_BARS]
    longest = max((line.total.high for line in shown), default=1)
    return [
        Bar(
            line.name,
            said(line.total),
            certain=0 if line.total.is_small else round(100 * line.total.low / longest, 1),
            possible=round(100 * line.total.high / longest, 1),
        )
        for line in shown
    ]


def _largest(lines: Sequence[Line]) -> list[Line]:
    """By what is published alone: the order tells no more than the numbers do."""
    return sorted(lines, key=lambda line: (-line.total.low, -line.total.high))


def csv_of(report: Report) -> bytes:
    """The table for a spreadsheet (security.md C60), in which a number is its digits alone."""

    def plain(number: Total | int | None) -> str:
        return said(number, str)

    headings = [_("Bosted"), *(line.name for line in report.professions), _("Sum")]
    rows = [[line.name, *map(plain, line.cells), plain(line.total)] for line in report.municipalities]
    totals = [_("Sum"), *(plain(line.total) for line in report.professions), plain(report.total)]
    table = spreadsheets.Table(_("Rapport"), "", headings, [*rows, totals])
    return spreadsheets.made(table, ExportFormat.CSV)


def explanations(report: Report) -> list[str]:
    """What stands with the numbers wherever they are read."""
    return [
        _("Tallene gjelder alle som vises i registeret for dere nå, etter kommunen de bor i. De kan jobbe hos dere."),
        _("Den som har flere yrker, telles i hvert av dem."),
        *(
            [
                _("Noen tall er skjult for å verne enkeltpersoner."),
                _("«Under %(n)s» er ingen eller noen få.", n=LIMIT),
                _("En skjult sum står som to tall, og ligger mellom dem."),
            ]
            if not report.is_whole
            else []
        ),
    ]


def pdf_of(report: Report, organisation: str, language: Language) -> bytes:
    """The report as a tagged PDF (PDF/UA-1) in one language: sums first, then those professions and places crossed in
    which some number is told."""
    with in_language(language):
        data = _data(report, organisation, language)
    return typst.compile(DOCUMENT, sys_inputs={"data": json.dumps(data)}, pdf_standards=["ua-1"])


def _data(report: Report, organisation: str, language: Language) -> dict[str, Any]:
    places = [line for line in report.municipalities if set(line.cells) != {None}]
    shown = [number for number in range(len(report.professions)) if {line.cells[number] for line in places} - {None}]
    parts = [shown[start : start + ABREAST] for start in range(0, len(shown), ABREAST)]
    return {
        "lang": language.value,
        "title": _("Helsepersonell i området til %(virksomhet)s", virksomhet=organisation),
        "author": _("Helsedirektoratet"),
        "made": show_datetime(report.made_at),
        "footer": _("Inneholder ingen personopplysninger"),
        "summary": report.summary,
        "explanations": explanations(report),
        "place": _("Bosted"),
        "sum": _("Sum"),
        "by_profession": _("Yrker"),
        "by_place": _("Bosteder"),
        "crossed": _("Yrker og bosteder der alle tall er under %(n)s, står bare i listene over.", n=LIMIT),
        "profession": _("Yrke"),
        "people": _("Antall"),
        "professions": [[line.name, said(line.total)] for line in report.professions],
        "places": [[line.name, said(line.total)] for line in report.municipalities],
        "total": said(report.total),
        "parts": [
            {
                "title": _("Yrke og bosted, del %(n)s av %(m)s", n=number, m=len(parts)),
                "headings": [report.professions[column].name for column in part],
                "rows": [
                    {"name": line.name, "cells": [said(line.cells[column]) for column in part]} for line in places
                ],
            }
            for number, part in enumerate(parts, 1)
        ],
    }
