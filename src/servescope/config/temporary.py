"""Where temporary files go: in, the environment; out, a directory that is there.

Asked by `cli` for the run file, and by `runtime` for unpacked archives. Python's own way would pass over a directory that is not
there in silence, and each command of a server would look elsewhere.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from servescope.errors import ConfigurationError


def temporary_directory(environ: Mapping[str, str]) -> Path:
    """`$TEMP` as in TorchServe, else `$TMPDIR`, else the system's.

    Raises:
        ConfigurationError: the one that is named is no directory, or the system has none; the text says what to set.
    """
    for variable in ("TEMP", "TMPDIR"):
        if named := environ.get(variable):
            path = Path(named)
            if not path.is_dir():
                raise ConfigurationError(
                    f"{variable}={named}: there is no such directory; make it, or set TEMP to another"
                )
            return path
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise ConfigurationError(f"there is no directory for temporary files: {error}; set TEMP to one") from error
