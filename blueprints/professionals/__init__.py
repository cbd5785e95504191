"""Min side: registration, availability, CV, rights. One module for each group of pages."""

from blueprints.professionals.blueprint import bp as bp
