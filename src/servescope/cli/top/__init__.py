"""`servescope top`: the console in a terminal. In, the documents of the console's API; out, text, JSON, or an app.

Begin at `command`. `pictures` makes Rich renderables, which `--once` prints and `app`, which alone needs Textual, shows.
"""
