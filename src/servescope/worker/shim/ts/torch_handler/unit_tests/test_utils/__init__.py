"""A context and a model directory for unit tests of handlers."""
