"""An organisation's own pages: home, its users, and what they have done."""

from blueprints.organisations import log
from blueprints.organisations.views import bp

__all__ = ["bp", "log"]
