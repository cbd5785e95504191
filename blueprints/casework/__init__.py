"""The Directorate: the queue, the cases and their decisions, who has access, and the log (ux.md B1–B5)."""

from blueprints.casework import (
    alarms,
    cases,
    decisions,
    hpr_alarm,
    limits,
    log,
    people,
    privacy,
    provisional_reply,
    questions,
    users,
)
from blueprints.casework.blueprint import bp

__all__ = [
    "alarms",
    "bp",
    "cases",
    "decisions",
    "hpr_alarm",
    "limits",
    "log",
    "people",
    "privacy",
    "provisional_reply",
    "questions",
    "users",
]
