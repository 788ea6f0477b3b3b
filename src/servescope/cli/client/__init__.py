"""How commands reach a running server: in, addresses, a token, a CA file, or the run file of a detached server; out, its answers.

Begin at `endpoints`. `connection` speaks HTTP, `urls` says under which URL an address is reached, `trust` which certificates
are, `scrape` reads a page of metrics.
"""
