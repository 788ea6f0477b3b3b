"""The only write API of the metrics: what happened, said by the stage where it happened, on the loop's thread.

In: calls of `web`, `serving` and `fleet`. Out: values in the registry's series. Begin at `recorder`, which makes a `model`
recorder for each model version; that one has `requests` (a folder: what nearly all the time goes to), `llm` and the queue.
`off` records nothing.
"""
