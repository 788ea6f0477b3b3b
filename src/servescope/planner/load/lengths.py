"""How long prompts and answers are: in, `--input-tokens` and `--output-tokens`; out, pairs of tokens. Pure; called by the command.

A trace's own pairs are read by `trace`.
"""

import math
import random
import re
from dataclasses import dataclass
from typing import Final

from servescope.errors import ConfigurationError

MOST_TOKENS: Final = 1_000_000
_MOST_SIGMA: Final = 5.0
_NUMBER: Final = r"([0-9]{1,7}(?:\.[0-9]{1,9})?)"
_FORM: Final = re.compile(rf"(fixed):{_NUMBER}|(uniform):{_NUMBER},{_NUMBER}|(lognormal):{_NUMBER},{_NUMBER}")


@dataclass(frozen=True)
class Lengths:
    """One request: tokens of its prompt, and of its answer."""

    prompt: int
    answer: int


@dataclass(frozen=True)
class Spread:
    """How a length is spread. `first`, `second`: of `fixed`, the length twice; of `uniform`, its ends, both in it; of `lognormal`,
    the mean in tokens and the standard deviation of the logarithm.
    """

    kind: str
    first: float
    second: float

    def draw(self, chance: random.Random) -> int:
        """Tokens, one at least and `MOST_TOKENS` at most."""
        if self.kind == "lognormal":
            middle = math.log(self.first) - self.second**2 / 2
            drawn = chance.lognormvariate(middle, self.second)
            return round(min(MOST_TOKENS, max(1.0, drawn)))
        return chance.randint(int(self.first), int(self.second))


def parse_spread(option: str, text: str) -> Spread:
    """`fixed:128`, `uniform:16,512` or `lognormal:800,0.9`.

    Raises:
        ConfigurationError: it is none of them; the option and the value are named.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        raise ConfigurationError(f"{option} {text!r} is not of the form fixed:N, uniform:A,B or lognormal:MEAN,SIGMA")
    kind, *values = (group for group in match.groups() if group is not None)
    first, second = float(values[0]), float(values[-1])
    if kind != "lognormal" and not (first.is_integer() and second.is_integer()):
        raise ConfigurationError(f"{option} {text!r}: {kind} takes whole numbers of tokens")
    last = first if kind == "lognormal" else second
    if not 1 <= first <= last <= MOST_TOKENS:
        raise ConfigurationError(f"{option} {text!r} is not from 1 to {MOST_TOKENS:,} tokens, the smaller first")
    if kind == "lognormal" and second > _MOST_SIGMA:
        raise ConfigurationError(f"{option} {text!r}: a sigma of {second:g} is above {_MOST_SIGMA:g}")
    return Spread(kind, first, second)


def draw_lengths(prompts: Spread, answers: Spread, count: int, chance: random.Random) -> list[Lengths]:
    """So many requests, the lengths of prompt and answer apart from each other."""
    return [Lengths(prompts.draw(chance), answers.draw(chance)) for _ in range(count)]
