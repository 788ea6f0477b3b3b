"""One connection: in, bytes; out, whole requests in their order, and the bytes of their answers.

Begin at `connection`. `reader` takes requests apart, `pipeline` keeps those that wait for the answers before theirs, `refusals`
are what a connection says by itself, `taker` is what it asks of the app behind it.
"""
