"""The URL of a trace collector: in, a text; out, the URL that spans are posted to.

Named by `settings`, and called by `tracing.destination` for the variables that OpenTelemetry itself defines.
"""

from urllib.parse import urlsplit

from servescope.config.values.parsers import GivenValue

TRACES_PATH = "/v1/traces"


def collector(given: GivenValue) -> str:
    """A reader of the key's text; see `collector_url`. Raises ConfigurationError with the key and the value."""
    try:
        return collector_url(given.text.strip())
    except ValueError as error:
        raise given.refuse(str(error)) from error


def collector_url(text: str) -> str:
    """The URL itself, with OTLP's own path where the text has none.

    Raises:
        ValueError: it is no http:// or https:// URL; the message goes on from the value.
    """
    advice = "is no URL: write http://host:4318/v1/traces or https://…"
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(advice)
    try:
        parts = urlsplit(text)
        _ = parts.port  # read, because only that checks it
    except ValueError as error:
        raise ValueError(f"is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(advice)
    if parts.fragment:
        raise ValueError("is no collector's URL: it has a fragment (#)")
    return parts._replace(path=TRACES_PATH).geturl() if parts.path in ("", "/") else text
