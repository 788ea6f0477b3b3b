"""A whole server: its parts, each in a file that says what it needs and what it gives, put together from the settings.

In: settings, logs, an environment and two directories (`beginning`). Out: a `Server`, which `runtime` starts, runs and closes.
Begin at `server`, whose `PARTS` lists the parts in the order in which they are built and started; they are closed the other way
round. `composition` hands each what it needs. A new part is a file here and a line there.
"""
