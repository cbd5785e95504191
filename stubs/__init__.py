"""Stand-ins for outside systems, speaking their real protocols, for `make run` and the tests. Never in production."""
