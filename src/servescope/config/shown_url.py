"""What of a URL may be seen: in, a URL or a text that names some; out, the same with scheme, host and path alone.

User information is a password, and the query of a presigned URL is as good as one. Called by whatever shows, logs or tells what
somebody gave as a URL. Pure.
"""

import re
from typing import Final

SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")

# What somebody meant as a URL, and mistyped: a blank before it, a slash too few or too many, or no scheme at all.
_MEANT: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:/+|//)")
_USER: Final = re.compile(r"[^/?#]*:[^/?#]*@")
_PRESIGNED: Final = re.compile(r"\?[^/?=&]+=")

# up to a blank or a quote, without the signs of a sentence that goes on behind it
_URL: Final = re.compile(rf"{SCHEME.pattern}[^\s'\"]*?(?=[,.:;)]*(?:[\s'\"]|$))")
_REST: Final = re.compile(r"[?#]")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_PORT: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")


def shown_url(url: str) -> str:
    """`http://bob:secret@host/m.mar?sig=1` as `http://host/m.mar`. What has no scheme is a path, and shown as it is, but for what
    reads like a user's password or the query of a presigned URL.
    """
    meant = _MEANT.match(url)
    if meant is not None:
        return meant[0] + _REST.split(_without_user(url[meant.end() :]), maxsplit=1)[0]
    user = _USER.match(url)
    shown = _PRESIGNED.split(url[user.end() :] if user else url, maxsplit=1)[0]
    return shown if shown == url else shown_url(shown)  # which may begin as a URL now


def may_have_secrets(text: str) -> bool:
    """Whether a text is a URL, or was meant as one."""
    return _MEANT.match(text) is not None or shown_url(text) != text


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
