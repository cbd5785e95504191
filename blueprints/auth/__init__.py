"""Signing in and out, and choosing whom one acts for."""

from blueprints.auth.views import bp

__all__ = ["bp"]
