"""Min side: registration, availability, CV, rights. One module for each group of pages."""

from blueprints.professionals import (
    areas,
    authorisations,
    availability,
    competence,
    cv,
    cv_builder,
    hiding,
    home,
    registration,
)
from blueprints.professionals.blueprint import bp

__all__ = [
    "areas",
    "authorisations",
    "availability",
    "bp",
    "competence",
    "cv",
    "cv_builder",
    "hiding",
    "home",
    "registration",
]
