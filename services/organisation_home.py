"""What an organisation's home page says of today, in a few statements that do not grow with the register."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from extensions import clock
from extensions.database import db
from extensions.language import alphabetical
from models.application import AccessApplication
from models.enums import ApplicationStatus, ExportStatus, GrantStatus
from models.grant import Grant
from models.register import RegisterExport, SavedSearch, Shortlist
from services import geography, grants, recipient_notices, saved_searches, search, settings
from services.access import Actor
from services.saved_searches import Standing
from services.search import Counts, Filters
from services.settings import Key

COUNTED_SEARCHES = 5
"""Searches in which the page counts who is new; the rest stand on their own page."""
UNDER_WAY = (ApplicationStatus.SUBMITTED, ApplicationStatus.IN_REVIEW, ApplicationStatus.WAITING)


@dataclass(frozen=True)
class Home:
    """The numbers of one organisation, as one of its users sees them."""

    organisation_number: str
    area: list[str]
    """The names of its municipalities."""
    available: Counts
    """Who could work today."""
    users: int
    """Those invited are counted too, as in the list of them."""
    to_confirm: int
    """Users whose access ends or stays locked unless the organisation confirms it."""
    has_to_put_right: bool
    """Whether the details of anybody have changed, or are erased, since the organisation was shown them."""
    applications: int
    shortlists: int
    files: int
    """The user's own, ready to be fetched."""
    saved: int
    """The user's own searches."""
    searches: list[Standing]
    """Those of them saved last."""


def of(actor: Actor) -> Home:
    """For a user of an organisation; raises NotFound for anybody else."""
    scope, now = search.scope_of(actor), clock.now()
    half_year = func.make_interval(0, settings.in_sql(Key.RECONFIRMATION_MONTHS))
    own = Grant.organisation_id == actor.organisation_id
    soon_over = Grant.confirmed_at + half_year <= now + grants.RECONFIRMATION_NOTICE
    numbers = db.session.execute(
        select(
            _count(and_(own, Grant.status != GrantStatus.ENDED)).label("users"),
            _count(and_(own, Grant.status == GrantStatus.ACTIVE, or_(Grant.locked_at.is_not(None), soon_over))).label(
                "to_confirm"
            ),
            exists().where(recipient_notices.to_put_right(actor)).label("has_to_put_right"),
            _count(
                and_(
                    AccessApplication.organisation_id == actor.organisation_id, AccessApplication.status.in_(UNDER_WAY)
                )
            ).label("applications"),
            _count(Shortlist.organisation_id == actor.organisation_id).label("shortlists"),
            _count(
                and_(
                    RegisterExport.organisation_id == actor.organisation_id,
                    RegisterExport.account_id == actor.account_id,
                    RegisterExport.status == ExportStatus.READY,
                    RegisterExport.expires_at > now,
                )
            ).label("files"),
            _count(
                and_(SavedSearch.organisation_id == actor.organisation_id, SavedSearch.account_id == actor.account_id)
            ).label("saved"),
        )
    ).one()
    return Home(
        organisation_number=scope.organisation_number,
        area=sorted((geography.name_of(number) for number in scope.municipalities), key=alphabetical),
        available=search.counts(scope, Filters(available_on=clock.today(), confirmed_within=None)),
        searches=saved_searches.newest(actor, COUNTED_SEARCHES),
        **numbers._asdict(),
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).where(condition).scalar_subquery()
