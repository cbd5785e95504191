"""Min side: registration, availability, CV, rights. One module for each group of pages."""

from blueprints.professionals import cv_builder
from blueprints.professionals.blueprint import bp

__all__ = ["bp", "cv_builder"]
