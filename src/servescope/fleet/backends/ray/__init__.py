"""Workers on the nodes of a Ray cluster: Ray places, counts resources and notices dead nodes; the data goes by `remote`.

In: launches of models with a `RayOptions`. Out: an actor a worker, in which its agent (`fleet.agent`) starts the ordinary worker
process. `backend` is in the front end, which never imports ray; `driver` is a process of its own that does; `node` has what runs
where Ray places it. Begin at `backend`.
"""
