"""The options that choose lines for logs: `ts_log_includes` and `access_log_exclude`. In, a `GivenValue`; out, words or paths.

Named by `settings`, called by `load`.
"""

from servescope.config.bounds import MAX_LISTED
from servescope.config.values.parsers import GivenValue, parts_of

LOG_COPIES = ("access", "model", "metrics")


def log_copies(given: GivenValue) -> tuple[str, ...]:
    """Some of LOG_COPIES between commas, or `none`, in any letter case."""
    words = [word.lower() for word in parts_of(given, MAX_LISTED, "logs")]
    if words == ["none"]:
        return ()
    for word in words:
        if word not in LOG_COPIES:
            raise given.refuse(f"names no log {word!r}: there are {', '.join(LOG_COPIES)}, and none")
    return tuple(word for word in LOG_COPIES if word in words)


def log_paths(given: GivenValue) -> tuple[str, ...]:
    """Paths between commas, without a slash at their ends."""
    paths = [path for path in parts_of(given, MAX_LISTED, "paths") if path]
    for path in paths:
        if not path.startswith("/") or "*" in path[:-1] or "?" in path:
            raise given.refuse(f"holds no path: {path!r}; write /ping, or /v2/health/* for all that begin so")
    return tuple(path.rstrip("/") or "/" for path in paths)
