"""A worker's agent, on the machine where the worker runs: starts it, joins it to the front end, speaks for it, and ends it.

In: an `Errand`. Out: the worker's process, and messages of `wire.agent`. Run by whatever is started on that machine, which for
`fleet.backends.ray` is an actor. It knows nothing of models or metrics. Begin at `agent`.
"""
