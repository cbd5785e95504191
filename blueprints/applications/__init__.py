"""Søknad om tilgang: choosing whom to apply for, the steps, handing in, and following the case (ux.md A1–A10)."""

from blueprints.applications import decision, following, starting, steps
from blueprints.applications.common import bp

__all__ = ["bp", "decision", "following", "starting", "steps"]
