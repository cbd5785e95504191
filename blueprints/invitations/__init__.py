"""The link in the e-mail: what it is, taking it into use, and asking for a new one."""

from blueprints.invitations.views import bp

__all__ = ["bp"]
