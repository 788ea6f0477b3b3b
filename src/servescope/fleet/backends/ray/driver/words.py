"""What Ray's errors say, in a line: in, the error; out, words that name thing and value. Called by `cluster` and `actors`."""

import re
from collections.abc import Mapping

from servescope.fleet.backends.ray.tls import is_used

_ENVIRONMENT = "RuntimeEnvSetupError"
_PIP = "ERROR: "
_VERSIONS = re.compile(r"Ray: (\S+)\s+Python: (\S+)")


def first_line(error: BaseException) -> str:
    """What it says, shortly: ray's have tracebacks and advice below."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if type(error).__name__ == _ENVIRONMENT and lines:  # what pip says comes last, below tracebacks
        told = [line for line in lines if line.startswith(_PIP)]
        return f"runtime_env cannot be prepared: {(told or lines)[-1].removeprefix(_PIP)}"
    if len(lines) > 1 and lines[0].endswith(":"):  # what follows is a traceback, perhaps, and at its end what it was
        return f"{type(error).__name__}: {lines[0]} {lines[-1]}"
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def why_not_connected(error: Exception, environ: Mapping[str, str]) -> str:
    """Why there is no driver of a cluster at whose address somebody listens."""
    if "ersion mismatch" in str(error) and len(found := _VERSIONS.findall(str(error))) == 2:
        there, here = (f"Ray {ray} and Python {python}" for ray, python in found)
        return f"the cluster has {there}, this server {here}; they must be the same"
    if not isinstance(error, ConnectionError):
        return first_line(error)
    tls = "1" if is_used(environ) else "0"
    token = environ.get("RAY_AUTH_MODE", "not set")
    return (
        f"{first_line(error)}. Somebody listens there: is it a head, does it speak TLS (here RAY_USE_TLS is {tls}), and does it ask"
        f" for a token (here RAY_AUTH_MODE is {token})?"
    )
