"""Rows, relations and statuses; no Flask, no clock, no network. Importing this package registers every table."""

from models import (
    account,
    application,
    attachment,
    audit,
    cv,
    grant,
    listing,
    message,
    organisation,
    outbox,
    privacy,
    professional,
    register,
)
from models.base import Base, check_enums

check_enums()

__all__ = [
    "Base",
    "account",
    "application",
    "attachment",
    "audit",
    "cv",
    "grant",
    "listing",
    "message",
    "organisation",
    "outbox",
    "privacy",
    "professional",
    "register",
]
