"""The metrics port: in, scrapes; out, expositions, rendered in slices that give way to the loop's other work.

Begin at `api`. `courtesy` says when to give way, `compression` which coding, `discovery` which targets Prometheus shall find.
"""
