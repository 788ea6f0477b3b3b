"""The `ts` that handlers import inside a worker: TorchServe's names, this project's code.

The worker's main module puts this folder's parent first on sys.path. Nothing here imports torch until a handler asks
for a module that needs it.
"""

from ts.version import __version__

__all__ = ["__version__"]
