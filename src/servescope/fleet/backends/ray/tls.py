"""The certificate that a Ray cluster knows a machine by: in, Ray's own variables; out, its files. Read by `backend` and `actor`.

Each machine has its own, or all the same, as for Ray itself.
"""

from collections.abc import Mapping

from servescope.wire.secured.files import TlsFile, TlsFiles

USED = "RAY_USE_TLS"
_NAMES = ("RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT")


def is_used(environ: Mapping[str, str]) -> bool:
    """Whether Ray's own processes speak TLS here."""
    return environ.get(USED, "0").lower() in ("1", "true")


def files_of(environ: Mapping[str, str]) -> TlsFiles:
    """Those of this machine.

    Raises:
        OSError: one of them is not named.
    """
    for name in _NAMES:
        if not environ.get(name):
            raise OSError(f"TLS cannot be set up: the variable {name} is not set")
    return TlsFiles(*(TlsFile(name, environ[name]) for name in _NAMES))
