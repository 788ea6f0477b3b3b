"""How `--help` looks: in, a command's options, whichever library reads them; out, one style for all.

Begin at `page`, which is the style. `typed` makes pages of Typer's commands, `words` of those that read their own words.
"""
