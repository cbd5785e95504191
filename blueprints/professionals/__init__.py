"""Min side: registration, availability, CV, rights. One module for each group of pages."""

from blueprints.professionals import cv, cv_builder, hiding, home, registration
from blueprints.professionals.blueprint import bp

__all__ = ["bp", "cv", "cv_builder", "hiding", "home", "registration"]
