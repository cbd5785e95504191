"""The register for those with access. One module for each group of pages."""

from blueprints.register import exports, mapping, person, report, saved, searching, shortlists
from blueprints.register.blueprint import bp

__all__ = ["bp", "exports", "mapping", "person", "report", "saved", "searching", "shortlists"]
