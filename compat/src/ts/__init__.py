"""TorchServe's `ts` outside the server: for the unit tests of handlers, and for scripts that start a server.

Its modules are the very files that handlers import in workers (`servescope.worker`'s shim), which are found by this package's path;
beside them stand here those that only make sense outside: `launcher`, `llm_launcher`, `model_server`, `arg_parser`.
"""

from pathlib import Path

from servescope import worker

__path__.append(str(Path(worker.__file__).parent / "shim" / "ts"))

from ts.version import __version__  # noqa: E402

__all__ = ["__version__"]
