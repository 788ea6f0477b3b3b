"""The finished requests of one model version: noted as they end, recorded many at a time.

In: from `web.inference.prediction`, a row or an `outcome`. Out: counters, histograms, objectives. Begin at `recorder`; `series`
turns rows into columns, `times` says which stages the time of a request fell into.
"""
