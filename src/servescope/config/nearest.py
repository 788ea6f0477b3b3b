"""What somebody may have meant: a name that is not known in, the nearest of those that are, out. Used wherever keys are read."""

import difflib
from collections.abc import Iterable


def nearest(written: object, known: Iterable[str]) -> str | None:
    """The known name that is most like what was written, in whichever case and with underscores or not; None where none is."""
    if not isinstance(written, str):
        return None
    names = {_plain(name): name for name in known}
    near = difflib.get_close_matches(_plain(written), names, n=1)
    return names[near[0]] if near else None


def did_you_mean(written: object, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known, "" where none is like it."""
    near = nearest(written, known)
    return f"; did you mean {near}?" if near else ""


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()
