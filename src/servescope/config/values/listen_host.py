"""A host to listen on, without scheme and port, as TorchServe's gRPC keys have it. Named by `settings`, called by `load`."""

import ipaddress
import re

from servescope.config.values.parsers import GivenValue

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


def host(given: GivenValue) -> str:
    """An IPv4 or IPv6 address, or a host's name; brackets around it are taken off.

    Raises:
        ConfigurationError: it is none, or there is more than that.
    """
    text = given.text.strip()
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(inner))
    except ValueError:
        pass
    if inner != text or not _NAME.fullmatch(text) or len(text) > 253:
        raise given.refuse("is no host: write an address or a name alone; the port has a key of its own")
    return text
