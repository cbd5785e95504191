"""An organisation's own pages: home, and its users."""

from blueprints.organisations.views import bp

__all__ = ["bp"]
