"""What a metric family is: the record that `metrics.definitions` holds one of for each."""

from typing import Literal

from msgspec import Struct

Kind = Literal["counter", "gauge", "histogram", "summary", "unknown"]

# simpleclient's default buckets, which TorchServe's histograms have.
DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# This project's own for durations, in seconds.
DURATION_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# Of language models, in seconds, from 5 ms to a minute: no bound is more than 1.6 times the one before, so a quantile that is
# read off them is off by less than that.
_STEPS = (
    0.005, 0.0075, 0.01, 0.016, 0.025, 0.04, 0.05, 0.075, 0.1, 0.16, 0.25, 0.4, 0.5, 0.75, 1.0, 1.6, 2.5, 4.0, 5.0, 7.5, 10.0,
    15.0, 20.0, 30.0, 40.0, 60.0,
)  # fmt: skip
FIRST_TOKEN_BUCKETS = (0.001, *_STEPS, 160.0)
TOKEN_GAP_BUCKETS = (0.001, 0.0025, *(bound for bound in _STEPS if bound <= 10.0))
# Those of durations are among them.
GENERATION_BUCKETS = (0.0005, 0.001, 0.0025, *_STEPS, 120.0, 300.0)
# For bodies, in bytes: 64 to 64 MiB in steps of 4.
SIZE_BUCKETS = tuple(64.0 * 4**power for power in range(11))


class Definition(Struct, frozen=True):
    """One family. `buckets` are a histogram's upper bounds in `unit`, ascending, without +Inf; () for other kinds.

    `help` says what is measured and where, `updated` when. A summary here has a count and a sum, no quantiles. `order`: where
    among the values that writers give each label's stands; () where they are given in the order of `labels`.
    """

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    help: str
    updated: str = ""
    buckets: tuple[float, ...] = ()
    order: tuple[int, ...] = ()

    def shown(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The labels' values, in the order of `labels`, out of a writer's."""
        return tuple([values[place] for place in self.order]) if self.order else values

    @property
    def description(self) -> str:
        """The text of the HELP line."""
        return f"{self.help} {self.updated}" if self.updated else self.help

    @property
    def sample_names(self) -> tuple[str, ...]:
        """The names of its samples, which `name[]` filters on."""
        if self.kind == "histogram":
            return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
        if self.kind == "summary":
            return (f"{self.name}_count", f"{self.name}_sum")
        return (self.name,)
