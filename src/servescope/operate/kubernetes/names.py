"""Names of Kubernetes objects: in, models' names, however hostile; out, labels that are valid, short and different.

Called by `models` and `deployed`. A name is a DNS-1035 label, since Services ask for that, and leaves room for what Kubernetes and
`files` put behind it.
"""

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Final
from unicodedata import normalize

from servescope.errors import ConfigurationError

LONGEST: Final = 40
_LABEL: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_OTHERS: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_VALUE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_DIGEST: Final = 8


def object_name(name: str, taken: Collection[str] = ()) -> str:
    """The name itself where it is a label; else what is left of it, and a digest by which it differs from all others."""
    if is_label(name) and name not in taken:
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", normalize("NFKD", name).lower().encode("ascii", "ignore").decode()).strip("-")
    stem = (plain if plain[:1].isalpha() else f"m-{plain}")[: LONGEST - _DIGEST - 1].strip("-")
    digest, text = sha256(name.encode()).hexdigest(), name
    while (found := f"{stem}-{digest[:_DIGEST]}") in taken:
        text += "\0"
        digest = sha256(text.encode()).hexdigest()
    return found


def check_name(option: str, value: str) -> None:
    """Raises ConfigurationError, which names the option, for what objects cannot be called after."""
    if not is_label(value):
        raise ConfigurationError(
            f"{option} {value!r} names no object: small letters, digits and -, beginning with a letter, at most {LONGEST}"
        )


def check_others(option: str, value: str) -> None:
    """The same of an object that is the cluster's own (RFC 1123, 63 characters)."""
    if len(value) > 63 or not _OTHERS.fullmatch(value):
        raise ConfigurationError(f"{option} {value!r} names no object: small letters, digits and -, at most 63")


def is_label(text: str) -> bool:
    """Whether an object can be called so."""
    return len(text) <= LONGEST and _LABEL.fullmatch(text) is not None


def is_label_value(text: str) -> bool:
    """Whether a label can have this value."""
    return _VALUE.fullmatch(text) is not None
