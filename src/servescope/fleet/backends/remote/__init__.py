"""Workers that run elsewhere, as the front end sees them: who connects back, what is said, and when one is lost.

In: what agents (`fleet.agent`) send over TCP. Out: `fleet.launch.WorkerEvents`, as from a local worker. Who starts the agents is a
backend's own affair: `fleet.backends.ray` is one. Begin at `worker`; `listener` is the port that they connect to.
"""
