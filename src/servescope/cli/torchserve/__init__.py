"""TorchServe's own commands, with its options, words and exit statuses: `torchserve` and the two archivers.

In: an old script's command line. Out: what that script looks for. The distribution `servescope-compat` (compat/) installs them;
begin at `command`. All the work is `cli.start`'s, `cli.stop`'s and `archive.packing`'s.
"""
