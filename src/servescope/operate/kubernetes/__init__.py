"""Manifests for a cluster: in, models' names, options, and what was measured of a running server; out, files.

Begin at `deployed`, which is what a Deployment is made of, then `files`. Called by `servescope kubernetes`, which measures.
"""
