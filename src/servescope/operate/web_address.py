"""Addresses that programs are told: in, a text; out, whether it is one. Used by `discovery` and `kubernetes.options`."""

from urllib.parse import urlsplit


def is_web_address(url: str) -> bool:
    """Whether it is an http:// or https:// URL with a host, and a port that can be one, if any."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (it raises for what is no port)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
