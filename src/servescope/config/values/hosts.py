"""The option `console_hosts`: names under which the console may be asked for. In, a `GivenValue`; out, the names in small letters.

Named by `settings`, called by `load`; `console.access.hosts` asks.
"""

import re

from servescope.config.bounds import MAX_LISTED
from servescope.config.values.parsers import GivenValue, parts_of

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253})(:[0-9]{1,5})?", re.ASCII)


def hosts(given: GivenValue) -> tuple[str, ...]:
    """`models.example.org, gpu7:8082, [fd00::1]`: each a name or an address, without http://, with a port or without."""
    found = []
    for text in parts_of(given, MAX_LISTED, "names"):
        if text and not _HOST.fullmatch(text):
            raise given.refuse(f"holds no name of a host: {text!r}; write names between commas, without http://")
        if text:
            found.append(text.lower() if text.count("[") == 0 or "]:" in text else text.lower().strip("[]"))
    return tuple(found)
