"""The APIs as parts of a server, each with what it needs; `ports` gives each its port. Begin at `api`."""
