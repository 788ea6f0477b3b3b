"""What of a URL may be seen: in, a URL or a text that names some; out, the same with scheme, host and path alone.

User information is a password, and the query of a presigned URL is as good as one. Called by whatever shows, logs or tells what
somebody gave as a URL. Pure.
"""

import re
from typing import Final

SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")

# up to a blank or a quote, without the signs of a sentence that goes on behind it
_URL: Final = re.compile(rf"{SCHEME.pattern}[^\s'\"]*?(?=[,.:;)]*(?:[\s'\"]|$))")
_REST: Final = re.compile(r"[?#]")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_PORT: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")


def shown_url(url: str) -> str:
    """`http://bob:secret@host/m.mar?sig=1` as `http://host/m.mar`. What has no scheme is a path, and shown as it is."""
    scheme = SCHEME.match(url)
    if scheme is None:
        return url
    return scheme[0] + _REST.split(_without_user(url[scheme.end() :]), maxsplit=1)[0]


def without_secrets(text: str) -> str:
    """A text with each URL in it as `shown_url` shows it."""
    return _URL.sub(lambda match: shown_url(match[0]), text)


def _without_user(rest: str) -> str:
    """What follows `://`, without what stands before the host.

    A password that was not percent-encoded may hold what ends a host (`bob:pa/ss@host`): then what looks like the port is none.
    """
    match = _AUTHORITY.match(rest)
    authority = match[0] if match else ""
    if "@" in authority:
        return rest[authority.rindex("@") + 1 :]
    return rest if _PORT.fullmatch(authority) else rest.rpartition("@")[2]
