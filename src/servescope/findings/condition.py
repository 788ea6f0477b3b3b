"""When something is wrong, as data: comparisons of quantities with thresholds, and what joins them.

Written as PromQL by `operate.alerts`, evaluated on the server's own numbers by `judge`. What a quantity is, each says in its own
words, by the quantity's name: both mean the same thing by it.
"""

from typing import Literal, Union

from msgspec import Struct

Operator = Literal[">", ">=", "<", "=="]


class Limit(Struct, frozen=True):
    """A field of `Thresholds`; `less`: so much below it, as Prometheus' extrapolated counts may be a little off."""

    threshold: str
    less: float = 0.0


class Compare(Struct, frozen=True):
    """The subjects whose `quantity` compares so with a limit, a number, or with another quantity, which is named by a text."""

    quantity: str
    operator: Operator
    limit: Limit | float | str


class Both(Struct, frozen=True):
    """The subjects of `first` for which `second` holds too. `of_model`: they are one where their model is the same."""

    first: "Condition"
    second: "Condition"
    of_model: bool = False


class Unless(Struct, frozen=True):
    """The subjects of `first` for which `second` does not hold."""

    first: "Condition"
    second: "Condition"


class Known(Struct, frozen=True):
    """The subjects that a quantity is known of, whatever it is."""

    quantity: str


Condition = Union[Compare, Both, Unless, Known]  # noqa: UP007  # it is recursive
