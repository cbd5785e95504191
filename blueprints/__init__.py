"""HTTP and nothing else: who, which form, which service, which page."""

from flask import Flask


def register(app: Flask) -> None:
    """Register every blueprint; imported here, so that a view module may use what the app has made before it."""
    from blueprints import applications, auth, casework, health, invitations, organisations, professionals, public

    for module in (public, health, auth, applications, invitations, organisations, casework, professionals):
        app.register_blueprint(module.bp)
