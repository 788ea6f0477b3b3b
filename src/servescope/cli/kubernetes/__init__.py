"""`servescope kubernetes`: manifests for a cluster. In: options, and what a running server says. Out: files in a folder.

Begin at `command`.
"""
