"""What `make` needs on a developer's machine and production never does."""
