"""Min side: the pages of registered health personnel (ux.md D)."""

from flask import Blueprint

bp = Blueprint("professionals", __name__, url_prefix="/min-side")
