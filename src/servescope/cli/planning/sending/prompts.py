"""What a language model is asked: in, options of lengths, and a trace; out, lengths, or a rate. Called by `command`."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servescope.cli.planning.asked.options import read_words
from servescope.errors import ConfigurationError
from servescope.planner.load.lengths import Lengths, draw_lengths, parse_spread
from servescope.planner.load.trace import Trace, parse_trace

_DRAWN = 4096


@dataclass(frozen=True)
class Prompts:
    """`lengths`: empty where nothing is said of tokens. `busiest`: requests a second, where the trace has minutes."""

    lengths: Sequence[Lengths] = ()
    busiest: float | None = None


def read_prompts(
    input_tokens: str | None, output_tokens: str | None, trace: Path | None, payload: Sequence[Path] | None, seed: int
) -> Prompts:
    """Raises ConfigurationError where they do not go together, or one of them is none."""
    found = Trace() if trace is None else parse_trace(read_words("--trace", trace), f"--trace {str(trace)!r}")
    lengths = found.lengths
    if input_tokens is not None or output_tokens is not None:
        if lengths:
            raise ConfigurationError(
                f"--trace {str(trace)!r} has lengths of its own: without --input-tokens, --output-tokens"
            )
        if input_tokens is None or output_tokens is None:
            given, missing = (
                ("--output-tokens", "--input-tokens") if input_tokens is None else ("--input-tokens", "--output-tokens")
            )
            raise ConfigurationError(f"{given} needs {missing} beside it, as {missing} fixed:128")
        prompts, answers = parse_spread("--input-tokens", input_tokens), parse_spread("--output-tokens", output_tokens)
        lengths = draw_lengths(prompts, answers, _DRAWN, random.Random(seed))
    if lengths and payload:
        raise ConfigurationError(
            f"--payload {str(payload[0])!r} and lengths in tokens are two answers to what is sent: give one"
        )
    return Prompts(lengths, found.busiest)
