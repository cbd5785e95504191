"""HTTP and nothing else: who, which form, which service, which page."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register every blueprint; imported here, so that a view module may use what the app has made before it."""
    from blueprints import (
        applications,
        auth,
        casework,
        email_confirmation,
        health,
        invitations,
        links,
        organisations,
        professionals,
        public,
        register,
    )

    for module in (
        *(public, health, auth, applications, invitations, links, email_confirmation, organisations, casework),
        *(professionals, register),
    ):
        app.register_blueprint(module.bp)
