"""Workflows: several models, and functions beside them, that answer one request together, in the order of a graph.

In: `.war` archives, requests of `web`. Out: models that `serving` registers under the names `{workflow}__{node}`, one answer a
request, and where its time went. `spec` reads what is to run, `lifecycle` registers it, `run` takes a request through it. Begin at
`workflow`.
"""
