"""The report of the register: how many of each profession live in each municipality and county (ux.md E3), with nothing
that tells of few people (services/masking.py). It holds everybody whom the organisation may see now and takes no
filter, so that no two reports of a moment can be subtracted from one another, and the map is a view of the same table
(docs/decisions/0011-tables-without-small-numbers.md)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from cachetools import TTLCache
from flask_babel import gettext as _
from sqlalchemy import func, select

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical, in_language, show_datetime, show_number
from models.enums import ExportFormat, Language
from models.listing import Listing
from services import documents, geography, masking, professions, spreadsheets
from services.masking import LIMIT, Table, Total
from services.search import MOST_COUNTED, Scope

ABREAST = 8
"""Professions side by side on paper."""
MOST_BARS = 15
OUTSIDE = ""
"""Stands for every place outside an organisation's area, as a municipality and as a county."""


@dataclass(frozen=True)
class Line:
    """A place or a profession with its sum; of a place the numbers of each profession and its county besides."""

    name: str
    total: Total
    cells: Sequence[Total] = ()
    county: str = ""


@dataclass(frozen=True)
class Report:
    """The tables as they are read: places down, professions across."""

    made_at: datetime
    counties: Sequence[Line]
    """None where the area lies in one alone."""
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
        if largest.total.is_small:  # so are all others, and nobody knows which is
            return str(_("Det er %(antall)s helsepersonell i tabellen.", antall=said(self.total)))
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


def said(number: Total, show: Callable[[int], str] = show_number) -> str:
    """A number of the table as it is read; of one that is held back what it lies between."""
    if number.is_small:
        return str(_("under %(n)s", n=LIMIT))
    if number.is_exact:
        return show(number.low)
    return str(_("%(fra)s–%(til)s", fra=show(number.low), til=show(number.high)))


def of(scope: Scope) -> Report:
    """The report of one organisation's area."""
    (made_at, table), counties = table_of(scope), counties_of(scope)
    codes = sorted(table.columns, key=lambda code: alphabetical(professions.name_of(code)))

    def lines(totals: Mapping[str, Total], numbers: Mapping[masking.Cell, Total]) -> list[Line]:
        return [
            Line(
                name_of(place),
                totals[place],
                [numbers[place, code] for code in codes],
                name_of(counties.get(place, place)),
            )
            for place in sorted(totals, key=in_order)
        ]

    return Report(
        made_at=made_at,
        counties=lines(table.group_totals, table.group_cells) if len(set(scope.municipalities.values())) > 1 else [],
        municipalities=lines(table.row_totals, table.cells),
        professions=[Line(professions.name_of(code), table.column_totals[code]) for code in codes],
        total=table.total,
        is_whole=table.is_whole,
    )


_made: TTLCache[str, tuple[datetime, Table]] = TTLCache(maxsize=50, ttl=60)
_lock = Lock()


def table_of(scope: Scope) -> tuple[datetime, Table]:
    """How many of each profession live in each municipality and each county of an organisation's area, by number, and
    when they were counted. A table of many people takes a second or two: it is kept for a minute, in which the map is
    looked at place by place."""
    with _lock:
        known = _made.get(scope.organisation_number)
    if known is None:
        known = clock.now(), _counted(scope)
        if known[1].total.low > MOST_COUNTED:
            with _lock:
                _made[scope.organisation_number] = known
    return known


def _counted(scope: Scope) -> Table:
    """One statement, of everybody whom the organisation may see now. What is told depends on the order in which numbers
    are tried, so that the order is the same in every language."""
    home, held = Listing.municipality_number, Listing.professions
    counts: Counter[masking.Cell] = Counter()
    for number, codes, people in db.session.execute(
        select(home, held, func.count()).where(*scope.conditions(clock.now())).group_by(home, held)
    ):
        place = number if number and number in scope.municipalities else OUTSIDE
        counts.update({(place, code): people for code in codes})
    counties = counties_of(scope)
    return masking.mask(counts, sorted(counties), sorted({code for _place, code in counts}), counties)


def counties_of(scope: Scope) -> dict[str, str]:
    """The county of each place where people may live."""
    return {**scope.municipalities, OUTSIDE: OUTSIDE}


def name_of(place: str) -> str:
    """A municipality or a county by its name."""
    if place == OUTSIDE:
        return str(_("Utenfor området"))
    return geography.county_name(place) if len(place) == 2 else geography.name_of(place)


def in_order(place: str) -> tuple[bool, list[int]]:
    """By name, those outside last."""
    return place == OUTSIDE, alphabetical(name_of(place))


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

    def row(names: Sequence[str], line: Line) -> list[str]:
        return [*names, *(said(number, str) for number in [*line.cells, line.total])]

    everywhere = Line(_("Sum"), report.total, [line.total for line in report.professions])
    names = [line.name for line in report.professions]
    if report.counties:
        headings = [_("Fylke"), _("Bosted"), *names, _("Sum")]
        rows = [row([line.county, line.name], line) for line in report.municipalities]
        rows += [row([line.name, _("Sum")], line) for line in report.counties]
        rows.append(row([_("Sum"), ""], everywhere))
    else:
        headings = [_("Bosted"), *names, _("Sum")]
        rows = [row([line.name], line) for line in [*report.municipalities, everywhere]]
    return spreadsheets.made(spreadsheets.Table(_("Rapport"), "", headings, rows), ExportFormat.CSV)


def explanations(*, is_whole: bool) -> list[str]:
    """What stands with the numbers wherever they are read; the first says who is counted."""
    return [
        _("Tallene gjelder alle som vises i registeret for dere nå, etter kommunen de bor i. De kan jobbe hos dere."),
        _("Den som har flere yrker, telles i hvert av dem."),
        *(
            [
                _("Noen tall er skjult for å verne enkeltpersoner."),
                _("«Under %(n)s» er ingen eller noen få.", n=LIMIT),
                _("En skjult sum står som to tall, og ligger mellom dem."),
            ]
            if not is_whole
            else []
        ),
    ]


def pdf_of(report: Report, organisation: str, language: Language) -> bytes:
    """The report as a tagged PDF (PDF/UA-1) in one language: sums first, then those professions and places crossed in
    which some number is told."""
    with in_language(language):
        data = _data(report, organisation, language)
    return documents.pdf("register_report", data)


def _data(report: Report, organisation: str, language: Language) -> dict[str, Any]:
    return {
        "lang": language.value,
        "title": _("Helsepersonell i området til %(virksomhet)s", virksomhet=organisation),
        "author": _("Helsedirektoratet"),
        "made": show_datetime(report.made_at),
        "footer": _("Inneholder ingen personopplysninger"),
        "summary": report.summary,
        "explanations": explanations(is_whole=report.is_whole),
        "county": _("Fylke"),
        "place": _("Bosted"),
        "sum": _("Sum"),
        "by_profession": _("Yrker"),
        "by_county": _("Fylker"),
        "by_place": _("Bosteder"),
        "crossed": _("Yrker og bosteder der alle tall er under %(n)s, står bare i listene over.", n=LIMIT),
        "profession": _("Yrke"),
        "people": _("Antall"),
        "professions": [[line.name, said(line.total)] for line in report.professions],
        "counties": [[line.name, said(line.total)] for line in report.counties],
        "places": [[line.name, said(line.total)] for line in report.municipalities],
        "total": said(report.total),
        "parts": [
            *_crossed(
                report, report.counties, _("Fylke"), lambda **part: _("Yrke og fylke, del %(n)s av %(m)s", **part)
            ),
            *_crossed(
                report,
                report.municipalities,
                _("Bosted"),
                lambda **part: _("Yrke og bosted, del %(n)s av %(m)s", **part),
            ),
        ],
    }


def _crossed(report: Report, lines: Sequence[Line], place: str, title: Callable[..., str]) -> list[dict[str, Any]]:
    """The professions and places in which some number is told, as many professions abreast as a page is wide."""
    told = [line for line in lines if any(not number.is_small for number in line.cells)]
    shown = [
        column for column in range(len(report.professions)) if any(not line.cells[column].is_small for line in told)
    ]
    parts = [shown[start : start + ABREAST] for start in range(0, len(shown), ABREAST)]
    return [
        {
            "title": title(n=number, m=len(parts)),
            "headings": [place, *(report.professions[column].name for column in part)],
            "rows": [[line.name, *(said(line.cells[column]) for column in part)] for line in told],
        }
        for number, part in enumerate(parts, 1)
    ]
