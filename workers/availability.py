"""What keeps the register fresh; what each does stands in services/availability.py and services/listing.py."""

from services import availability, canaries, listing
from workers.job import job


@job
def keep_fresh() -> None:
    """End the pauses whose day has come, and ask those whose word grows old."""
    availability.end_pauses()
    availability.ask()


@job
def keep_canaries() -> None:
    """Do for canaries what people do themselves."""
    canaries.keep_fresh()


@job
def refresh_listing() -> None:
    """Clear the rows whose time ran out; every search leaves them out already."""
    listing.refresh_ended()
