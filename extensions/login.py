"""Flask-Login over our own session rows, behind one typed door (design.md D8): the id in the cookie is a random token,
the loader finds its row and answers with the actor."""

from typing import Any, cast

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

manager = LoginManager()
TOKEN_KEY = "_user_id"


class SignedIn(UserMixin):
    """What Flask-Login carries about: the token, and the actor the session row stands for."""

    def __init__(self, token: str, actor: Any) -> None:
        self.token = token
        self.actor = actor

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    manager.session_protection = None
    manager.init_app(app)


def signed_in() -> SignedIn | None:
    """The signed-in person of this request, or None."""
    return cast(SignedIn, current_user._get_current_object()) if current_user.is_authenticated else None


def session_token() -> str | None:
    """The token in the browser's cookie, also when its session has ended."""
    return cast("str | None", session.get(TOKEN_KEY))


def sign_in(token: str, actor: Any) -> None:
    """Begin anew in the browser: what the cookie held before is dead, the CSRF secret too (C6)."""
    session.clear()
    login_user(SignedIn(token, actor))


def sign_out() -> None:
    logout_user()
    session.clear()
