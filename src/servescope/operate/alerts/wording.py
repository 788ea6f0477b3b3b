"""Pieces of the templates that alerts tell people with: whose it is, and values in units that are read at a glance."""

from typing import Final

MODEL: Final = "{{ $labels.model_name }} {{ $labels.model_version }}"
PERCENT: Final = "{{ $value | humanizePercentage }}"
# Of what is counted: never 17.24 of them.
NUMBER: Final = '{{ $value | printf "%.0f" }}'
DURATION: Final = "{{ $value | humanizeDuration }}"


def server_or(other: str) -> str:
    """Whose it is, and `other` where relabelling took `instance` away: vmalert would write <no value>."""
    return f"{{{{ if $labels.instance }}}}{{{{ $labels.instance }}}}{{{{ else }}}}{other}{{{{ end }}}}"


SERVER: Final = server_or("a server")
# By the tokens of a finding's words.
WORDS: Final = {
    "model": MODEL,
    "server": SERVER,
    "value as percent": PERCENT,
    "value as number": NUMBER,
    "value as duration": DURATION,
}
