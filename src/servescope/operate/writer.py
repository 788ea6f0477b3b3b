"""Generated files on the disk: in, a folder and texts by their path in it; out, the files, all of them or none.

Called by `servescope prometheus` and `servescope grafana`.
"""

from collections.abc import Mapping
from pathlib import Path

from servescope.errors import ConfigurationError


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write what is not there yet, or, with `force`, what is different there; the paths that were written, sorted.

    Raises ConfigurationError, which names the folder and the files: one would be overwritten and `force` is not given
    (then nothing at all is written), or the folder cannot be written to.
    """
    try:
        changed = {folder / path: text for path, text in sorted(files.items()) if _content(folder / path) != text}
        in_the_way = [str(path.relative_to(folder)) for path in changed if path.exists() or path.is_symlink()]
        if in_the_way and not force:
            raise ConfigurationError(f"{folder} has {', '.join(in_the_way)} already: give --force to overwrite")
        for path, text in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written to: {error}") from None
    return list(changed)


def _content(path: Path) -> str | None:
    """What a file has; None where there is none, or where it is no text."""
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
