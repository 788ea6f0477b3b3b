"""What a recorded trace says: in, a CSV's text; out, lengths or a rate. Pure; called by the command.

Two kinds are known. One has a row a request, with the columns of Azure's LLM inference traces; the other a row a minute, as in
benchmarks/traces.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from servescope.errors import ConfigurationError
from servescope.planner.load.lengths import MOST_TOKENS, Lengths

_PROMPT: Final = ("contexttokens", "input_tokens")
_ANSWER: Final = ("generatedtokens", "output_tokens")
_MINUTES: Final = ("minute", "requests")
_MINUTE_S: Final = 60.0
_MOST_REQUESTS: Final = 10**9


@dataclass(frozen=True)
class Trace:
    """`lengths`: of the requests, in their order; empty where the trace has none. `busiest`: requests a second in the busiest
    minute; None where it has no minutes.
    """

    lengths: Sequence[Lengths] = ()
    busiest: float | None = None


def parse_trace(text: str, name: str) -> Trace:
    """`name`: how errors call it.

    Raises:
        ConfigurationError: the columns are none of those that are known, or a row is no row of them.
    """
    if len(text.splitlines()) < 2:
        raise ConfigurationError(f"{name} has no rows")
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    try:
        columns = {column.strip().lower(): column for column in rows.fieldnames or ()}
        prompt, answer = (next((columns[one] for one in known if one in columns), None) for known in (_PROMPT, _ANSWER))
        if prompt is not None and answer is not None:
            return Trace(lengths=[_lengths(row, prompt, answer, name, rows.line_num) for row in rows])
        if all(one in columns for one in _MINUTES):
            column = columns["requests"]
            counts = [_count(row, column, name, rows.line_num, 0, _MOST_REQUESTS) for row in rows]
            if not any(counts):
                raise ConfigurationError(f"{name} has no request in any minute")
            return Trace(busiest=max(counts) / _MINUTE_S)
    except csv.Error as error:
        raise ConfigurationError(f"{name}: line {rows.line_num} is no CSV: {error}") from error
    raise ConfigurationError(f"{name} has neither the columns ContextTokens,GeneratedTokens nor minute,requests")


def _lengths(row: Mapping[str, str], prompt: str, answer: str, name: str, line: int) -> Lengths:
    # Of what was hung up on, nothing may have been made; a request asks for one token at least.
    made = _count(row, answer, name, line, 0, MOST_TOKENS)
    return Lengths(_count(row, prompt, name, line, 1, MOST_TOKENS), max(1, made))


def _count(row: Mapping[str, str], column: str, name: str, line: int, low: int, high: int) -> int:
    text = (row.get(column) or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and low <= int(text) <= high):
        raise ConfigurationError(f"{name}: line {line}: {column} {text!r} is no whole number from {low:,} to {high:,}")
    return int(text)
