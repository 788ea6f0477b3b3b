"""A plan from what was: in, hours that Prometheus has kept; out, a `Outlook`, or how a plan turned out. Pure.

Begin at `outlook`. `trend` fits growth and the week's shape; `check` holds a plan against the hours after it.
"""
