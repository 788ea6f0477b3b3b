"""Names of labels, and texts, that fit Prometheus' text formats.

In: names, label values and help texts that handlers, clients and people chose. Out: strings that cannot break a line.
Called by `families` when a series is bound, by `torchserve` for names, and by the renderers in `exposition`. Metrics' names are
`wire.measured.names`'.
"""

import re

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPED = re.compile(r"""\\([\\"n])""")
_NOT_LABEL = re.compile(r"[^a-zA-Z0-9_]")


def escape_label_value(value: str) -> str:
    r"""The value with `\`, `"` and line feeds escaped; the same object where none occurs."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return value


def unescape_label_value(value: str) -> str:
    r"""What `escape_label_value` was given; the same object where no `\` occurs. A `\` before anything that it does not
    escape stays, as does one at the end.
    """
    return _ESCAPED.sub(_plain, value) if "\\" in value else value


def _plain(escaped: re.Match[str]) -> str:
    character = escaped[1]
    return "\n" if character == "n" else character


def escape_help(text: str) -> str:
    r"""The text with `\` and line feeds escaped; quotes stay as they are in format 0.0.4."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def label_name(name: str) -> str:
    """A valid label name; names that Prometheus keeps for itself (`__…`) get `exported` before them."""
    clean = _NOT_LABEL.sub("_", name)
    if not LABEL_NAME.fullmatch(clean):
        clean = "_" + clean
    return "exported" + clean if clean.startswith("__") else clean
