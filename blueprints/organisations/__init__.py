"""An organisation's own pages: home, its users, what they have done, and what there is to put right."""

from blueprints.organisations import changes, log
from blueprints.organisations.views import bp

__all__ = ["bp", "changes", "log"]
