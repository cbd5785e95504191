"""Min side: registration, availability, CV, rights. One module for each group of pages."""

from blueprints.professionals import (
    areas,
    authorisations,
    availability,
    competence,
    consents,
    cv,
    cv_builder,
    export,
    hiding,
    home,
    insight,
    leaving,
    privacy,
    registration,
)
from blueprints.professionals.blueprint import bp

__all__ = [
    "areas",
    "authorisations",
    "availability",
    "bp",
    "competence",
    "consents",
    "cv",
    "cv_builder",
    "export",
    "hiding",
    "home",
    "insight",
    "leaving",
    "privacy",
    "registration",
]
