"""Metrics that handlers make with prometheus_client in their own processes, shown in this server's scrape.

In: pieces of exposures, one source a worker. Out: families, merged by name, with the server's labels before the handlers'.
Begin at `passthrough`.
"""
