"""The server's own numbers as findings ask for them: in, a snapshot and the hour that is remembered; out, tables by quantity.

Begin at `quantities`, which knows them all by their names; `watch` evaluates the rules, and remembers since when each holds.
"""
