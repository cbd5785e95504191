"""The Directorate: the queue, the cases and their decisions, who has access, and the log (ux.md B1–B5)."""

from blueprints.casework import cases, decisions, log, questions, users
from blueprints.casework.blueprint import bp

__all__ = ["bp", "cases", "decisions", "log", "questions", "users"]
