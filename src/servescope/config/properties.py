"""Java properties files: in, a file's bytes or its values; out, texts by key, and keys given twice; and back. Called by `load`, and
by `snapshots.file`.

The format is java.util.Properties' own. The package javaproperties, which writes it for `operate`, does not do it here: to import
it takes a tenth of a server's start, as it knows the XML form too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from servescope.errors import ConfigurationError

_VARIABLE = re.compile(r"\$\$([^$]+)\$\$")
_BLANKS = " \t\f"
_LINE_END = re.compile(r"\r\n|\r|\n")
_GOES_ON = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")  # an odd number of backslashes at its end
_ENTRY = re.compile(r"(?P<key>(?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(?P<value>.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_BLANK = "\\ "
_SPECIAL = {sign: f"\\{letter}" for letter, sign in _ESCAPED.items()} | {sign: f"\\{sign}" for sign in "\\=:#!"}


def parse_properties(content: bytes, file: str) -> tuple[dict[str, str], list[str]]:
    """Read escapes, continued lines and comments as java.util.Properties does; a repeated key's last value wins, and it is listed.

    The bytes are UTF-8, or else ISO 8859-1, which is all that Java takes. `file` is for a ConfigurationError.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
    try:
        pairs = [
            (_unescape(entry["key"]), _unescape(entry["value"])) for entry in map(_ENTRY.match, _lines(text)) if entry
        ]
    except ValueError as error:
        raise ConfigurationError(f"{file} is no properties file: {error}") from error
    counts = Counter(key for key, _ in pairs)
    return dict(pairs), [key for key, count in counts.items() if count > 1]


def _lines(text: str) -> Iterator[str]:
    """The lines that have an entry, each with those that it goes on in."""
    rest = iter(_LINE_END.split(text))
    for line in rest:
        entry = line.lstrip(_BLANKS)
        if entry.startswith(("#", "!")):
            continue
        while _GOES_ON.search(entry):
            entry = entry[:-1] + next(rest, "").lstrip(_BLANKS)
        if entry:
            yield entry


def _unescape(text: str) -> str:
    """Raises ValueError for a unicode escape without its four digits."""
    if "\\" not in text:
        return text
    # Java's characters have 16 bits: two escapes may make one of ours.
    return _ESCAPE.sub(_escaped, text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _escaped(match: re.Match[str]) -> str:
    name = match[1]
    if name == "u":
        raise ValueError(f"\\u without four hexadecimal digits: {match.string[match.start() : match.end() + 4]}")
    return chr(int(name[1:], 16)) if len(name) > 1 else _ESCAPED.get(name, name)


def render_properties(properties: Mapping[str, str]) -> str:
    """The text of a file, in ASCII, a line a key, as java.util.Properties writes it."""
    return "".join(f"{_escape(key).replace(' ', _BLANK)}={_value(text)}\n" for key, text in properties.items())


def _value(text: str) -> str:
    """Blanks at its beginning would be taken for those around the `=`."""
    rest = text.lstrip(" ")
    return _BLANK * (len(text) - len(rest)) + _escape(rest)


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(sign) or (sign if " " <= sign <= "~" else _unicode(sign)) for sign in text)


def _unicode(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


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
