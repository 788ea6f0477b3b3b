"""Measurements: declared once, recorded through one write API, exposed in Prometheus' formats.

In: calls of `recorder` from every stage, and readings of `collectors`. Out: the bytes of `/metrics`.
Called by `runtime`, which builds the registry, and by `web`, which renders it.
"""
