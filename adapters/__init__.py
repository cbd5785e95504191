"""One module per outside system: it knows the system's protocol, and nothing of our tables, pages or settings."""
