"""What keeps the register fresh; what each does stands in services/availability.py and services/listing.py."""

from services import availability, canaries, listing
from workers.job import job


@job
def keep_fresh() -> None:
    """Do for canaries what people do themselves, end the pauses whose day has come, and ask those whose word grows
    old."""
    canaries.keep_fresh()
    availability.end_pauses()
    availability.ask()


@job
def refresh_listing() -> None:
    """Clear the rows whose time ran out; every search leaves them out already."""
    listing.refresh_ended()
