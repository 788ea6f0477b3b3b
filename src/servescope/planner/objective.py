"""What a request is promised: in, `--slo p99=200ms`; out, an `Objective`. Called by the command, used everywhere in `planner`."""

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from servescope.errors import ConfigurationError

Of = Literal["latency", "ttft", "itl"]
_FORM: Final = re.compile(
    r"(?:(?P<of>[a-z]+)[_-])?p(?P<percent>\d{1,2}(?:\.\d+)?)=(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s)"
)
_UNITS: Final = {"ms": 1e-3, "s": 1.0}
_LONGEST_S: Final = 3600.0
_WORDS: Final = {"latency": "", "ttft": "first token ", "itl": "between tokens "}


@dataclass(frozen=True)
class Objective:
    """A share of requests, from 0 to 1, has to be answered within `limit_s` seconds.

    `of`: the whole answer, a stream's first token, or the mean time between its tokens.
    """

    share: float
    limit_s: float
    of: Of = "latency"

    @property
    def misses(self) -> float:
        """The share of requests that may be late."""
        return 1.0 - self.share

    def __str__(self) -> str:
        return f"{_WORDS[self.of]}p{100 * self.share:g} ≤ {seconds_text(self.limit_s)}"


def parse_objective(text: str) -> Objective:
    """`p99=200ms`, `p99.9=1.5s`; of language models also `ttft_p95=300ms` and `itl_p99=50ms`.

    Raises:
        ConfigurationError: it makes no sense; the option and the value are named.
    """
    match = _FORM.fullmatch(text.strip().lower())
    of = (match["of"] or "latency") if match else ""
    if match is None or of not in get_args(Of):
        raise ConfigurationError(f"--slo {text!r} is not of the form p99=200ms, ttft_p95=300ms or itl_p99=50ms")
    share, limit_s = float(match["percent"]) / 100, float(match["number"]) * _UNITS[match["unit"]]
    if not 0.5 <= share <= 0.9999:
        raise ConfigurationError(f"--slo {text!r}: p{match['percent']} is not from p50 to p99.99")
    if not 0 < limit_s <= _LONGEST_S:
        raise ConfigurationError(f"--slo {text!r}: {limit_s:g} s is not above 0 and up to {_LONGEST_S:g} s")
    return Objective(share, limit_s, of)  # type: ignore[arg-type] # it is one of them


def seconds_text(seconds: float) -> str:
    """`52.3 ms`, `1.2 s`."""
    return f"{1000 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"
