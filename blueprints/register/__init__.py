"""The register for those with access. One module for each group of pages."""

from blueprints.register import person, report, saved, searching, shortlists
from blueprints.register.blueprint import bp

__all__ = ["bp", "person", "report", "saved", "searching", "shortlists"]
