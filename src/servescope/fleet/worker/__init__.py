"""One worker as the front end sees it: its processes, one after the other, what it has in hand, and who hears of its turns.

In: calls of `fleet.pool` and `serving.queue`, messages of its process. Out: answers to batches, and turns told to its owner.
Begin at `worker`; a `life` is one process of it, its `hand` the batches that it works on.
"""
