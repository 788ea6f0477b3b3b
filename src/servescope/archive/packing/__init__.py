"""Packing: in, the options of torch-model-archiver; out, an archive on disk.

Begin at `writer`. `inputs` says which files, under which names; `handler` what `--handler` adds to them.
"""
