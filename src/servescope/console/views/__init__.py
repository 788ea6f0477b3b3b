"""Documents: in, the latest snapshot, what is remembered, and the catalog; out, plain dicts for JSON.

Begin at `overview` and `model`. Seconds, bytes, shares of 1; None where something is not known. docs/console.md describes them.
"""
