"""`make demo`: trains, packs, serves and measures a small real model, and shows alerts of a second one that is slowed.

In: options of `servescope demo`. Out: tables on a terminal, and a status. Begin at `command`; `digits` and `drowsy` make the
models, `alerts` runs Prometheus and Alertmanager (`programs`, `rules`) and follows them (`track`, `screen`).
"""
