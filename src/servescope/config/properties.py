"""Java properties files: in, a file's bytes or its values; out, texts by key, and keys given twice. Called by `load`."""

import re
from collections import Counter
from collections.abc import Mapping

import javaproperties

from servescope.errors import ConfigurationError

_VARIABLE = re.compile(r"\$\$([^$]+)\$\$")


def parse_properties(content: bytes, file: str) -> tuple[dict[str, str], list[str]]:
    """Read escapes, continued lines and comments as java.util.Properties does; a repeated key's last value wins, and it is listed.

    The bytes are UTF-8, or else ISO 8859-1, which is all that Java takes. `file` is for a ConfigurationError.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
    try:
        pairs = javaproperties.loads(text, object_pairs_hook=list)
    except ValueError as error:
        raise ConfigurationError(f"{file} is no properties file: {error}") from error
    counts = Counter(key for key, _ in pairs)
    return dict(pairs), [key for key, count in counts.items() if count > 1]


def expand_variables(properties: Mapping[str, str], environ: Mapping[str, str], file: str) -> dict[str, str]:
    """Put environment variables in place of `$$NAME$$`. Raises ConfigurationError for a variable that is not set."""

    def expand(key: str, text: str) -> str:
        def value_of(match: re.Match[str]) -> str:
            if match[1] not in environ:
                raise ConfigurationError(
                    f"{key}={text!r} needs the environment variable {match[1]}, which is not set (from {file})"
                )
            return environ[match[1]]

        return _VARIABLE.sub(value_of, text)

    return {key: expand(key, text) for key, text in properties.items()}
