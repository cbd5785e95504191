"""The register for those with access (ux.md E)."""

from flask import Blueprint

bp = Blueprint("register", __name__, url_prefix="/register")
