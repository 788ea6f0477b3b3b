"""The handler: in, an archive's manifest and options; out, what is called for each batch, with the context that it is told all by.

Begin at `loader`. `context` is what handlers see.
"""
