"""Bodies that say they are forms: in, a content type and the body's pieces; out, its fields, or why it is none.

Begin at `form`, which is what comes out; `reading` finds out how a body is to be read. `multipart` and `urlencoded` are the two
ways to write one. `skeleton` spares large parts that lie in memory of their own from being read, and `encodings` undoes what a part
says was done to its bytes. Called by `inference.fields`.
"""
