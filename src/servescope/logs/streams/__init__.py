"""Standard output and error of a server: a terminal or a pipe that takes nothing holds up nobody, and what is lost there is told.

In: what is written to `sys.stdout`, to `sys.stderr`, and by handlers of `--log-config`. Out: bytes, on a thread where they may have
to wait. Begin at `outlets`: `cli`, for a command that runs a server, and `runtime` have it put streams in the places of Python's.
"""
