"""When something is wrong, as data: comparisons of quantities with thresholds, and what joins them.

Written as PromQL by `operate.alerts`, evaluated on the server's own numbers by `judge`. What a quantity is, each says in its own
words, by the quantity's name: both mean the same thing by it.
"""

from dataclasses import dataclass
from typing import Literal, Union

Operator = Literal[">", ">=", "<", "=="]


@dataclass(frozen=True, slots=True)
class Limit:
    """A field of `Thresholds`; `less`: so much below it, as Prometheus' extrapolated counts may be a little off."""

    threshold: str
    less: float = 0.0


@dataclass(frozen=True, slots=True)
class Compare:
    """The subjects whose `quantity` compares so with a limit, a number, or with another quantity, which is named by a text."""

    quantity: str
    operator: Operator
    limit: Limit | float | str


@dataclass(frozen=True, slots=True)
class Both:
    """The subjects of `first` for which `second` holds too. `of_model`: they are one where their model is the same."""

    first: "Condition"
    second: "Condition"
    of_model: bool = False


@dataclass(frozen=True, slots=True)
class Unless:
    """The subjects of `first` for which `second` does not hold."""

    first: "Condition"
    second: "Condition"


@dataclass(frozen=True, slots=True)
class Known:
    """The subjects that a quantity is known of, whatever it is."""

    quantity: str


Condition = Union[Compare, Both, Unless, Known]  # noqa: UP007  # it is recursive
