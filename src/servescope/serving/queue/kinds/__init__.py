"""The kinds of queues beside the plain one, and which of all a model has. Begin at `chosen`."""
