"""The console: in, the server's own registry, models and lifecycle; out, documents, an event stream and files for browsers.

It stands above `web` and below `server`. Begin at `api`, which answers; `history` remembers what was measured, `views` makes
documents of that, `access` says who may see and do what. No number is computed here in a second way: what is shown is read from
`metrics.snapshot`, as a scrape would show it.
"""
