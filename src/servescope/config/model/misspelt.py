"""Keys that are nearly the server's: in, a mapping as YAML made it and the names that there are; out, which is like which.

Called by `config`. All other keys of a model-config.yaml are the handler's own, so only what is hardly meant otherwise is found:
another letter case, underscores or hyphens between words, one letter that is wrong, missing, too many or in its neighbour's place.
"""

from collections.abc import Mapping
from typing import Any, Final

_SHORTEST: Final = 6  # shorter names that differ in a letter may well be words of their own: `slo` and `slot`


def misspelt(content: Mapping[Any, Any], names: Mapping[str, str]) -> dict[str, str]:
    """The keys of `content` that are like a name, with the `names` key of it. `names`: their spelling, by what to call them."""
    found: dict[str, str] = {}
    spelt = set(names.values())
    for written in content:
        if not isinstance(written, str) or written in spelt:
            continue
        like = next((key for key, name in names.items() if _alike(_plain(written), _plain(name))), None)
        if like is not None:
            found[written] = like
    return found


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def _alike(written: str, name: str) -> bool:
    return written == name or (
        len(name) >= _SHORTEST and abs(len(written) - len(name)) <= 1 and _one_off(written, name)
    )


def _one_off(a: str, b: str) -> bool:
    """Whether one letter was changed, left out or put in, or two neighbours were exchanged."""
    start = next(
        (place for place, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b))
    )
    a, b = a[start:], b[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b if len(a) > len(b) else a == b[1:]
