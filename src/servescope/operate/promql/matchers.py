"""Label matchers and PromQL's strings: in, label names and values, however hostile; out, `Matcher`s that print safely.

Called by whoever narrows a `Selector` down. A value with a `$` is taken for one with a Grafana variable in it, and is not
held against the values that the label has.
"""

import re
from dataclasses import dataclass
from typing import Final

from servescope.metrics.definitions import (
    ATTEMPT_OUTCOMES,
    FINISH_REASONS,
    MISSING_REASONS,
    OUTCOMES,
    REJECTION_REASONS,
    RESTART_REASONS,
    SLOS,
    STAGES,
    TOKEN_KINDS,
    WORKER_STATES,
)
from servescope.operate.promql.expression import PromqlError

# Labels whose values are the server's own choice, so that one that is mistyped can be refused.
_CLOSED: Final = {
    "outcome": (*OUTCOMES, *ATTEMPT_OUTCOMES),
    "stage": STAGES,
    "slo": SLOS,
    "state": WORKER_STATES,
    "transport": ("rest", "grpc", "workflow"),
    "route": ("predict", "explain", "openai", "workflow"),
    "reason": (*REJECTION_REASONS, *RESTART_REASONS, *FINISH_REASONS, *MISSING_REASONS),
    "kind": TOKEN_KINDS,
}
_REGEX_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")
_ESCAPES: Final = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label operator "value"`; the operator is one of =, !=, =~, !~. Made by `equal` and its like."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{quoted(self.value)}"


def equal(label: str, value: str) -> Matcher:
    """The label has this value."""
    return Matcher(label, "=", _known(label, value))


def differs(label: str, value: str) -> Matcher:
    """The label has another value than this."""
    return Matcher(label, "!=", _known(label, value))


def like(label: str, pattern: str) -> Matcher:
    """The whole value matches the regular expression (RE2)."""
    return Matcher(label, "=~", _matching(label, pattern))


def unlike(label: str, pattern: str) -> Matcher:
    """The whole value does not match the regular expression (RE2)."""
    return Matcher(label, "!~", _matching(label, pattern))


def one_of(label: str, *values: str) -> Matcher:
    """The label has one of these values, which are taken literally."""
    return Matcher(label, "=~", "|".join(_REGEX_SPECIAL.sub(r"\\\1", _known(label, value)) for value in values))


def quoted(text: str) -> str:
    """A PromQL string. Raises PromqlError for what is no Unicode (lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PromqlError(f"{text!r} is no Unicode text") from None
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character >= " " and character != "\x7f" else f"\\u{ord(character):04x}"


def _known(label: str, value: str) -> str:
    values = _CLOSED.get(label)
    if values is not None and value and "$" not in value and value not in values:
        raise PromqlError(f'{label}="{value}": the label\'s values are {", ".join(values)}')
    return value


def _matching(label: str, pattern: str) -> str:
    if "$" in pattern:
        return pattern
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise PromqlError(f'{label}=~"{pattern}" is no regular expression: {error}') from None
    values = _CLOSED.get(label)
    if values is not None and not any(map(regex.fullmatch, values)):
        raise PromqlError(f'{label}=~"{pattern}" matches none of the label\'s values: {", ".join(values)}')
    return pattern
