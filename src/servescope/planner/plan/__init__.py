"""The plan: in, edges at one or several counts of workers, and what is asked; out, workers, machines, texts to paste. Pure.

Begin at `plan`. `law` is what other counts could serve; `paste` makes sections of configuration files; `words` says it all in
lines.
"""
