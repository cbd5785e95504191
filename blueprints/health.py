"""Health for the load balancer and the supervisor: alive, and ready to serve."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from blueprints.guard import Role, open_to
from extensions.database import db

bp = Blueprint("health", __name__, url_prefix="/helse")


@bp.get("/lever")
@open_to(Role.ANYONE)
def live() -> ResponseReturnValue:
    return {"status": "ok"}


@bp.get("/klar")
@open_to(Role.ANYONE)
def ready() -> ResponseReturnValue:
    db.session.execute(text("SELECT 1"))
    return {"status": "ok"}
