"""What was left out of the metrics, or folded into `other`: servescope_series_dropped_total.

In: updates that could not be shown as they came, told by whoever found that out. Out: counters by family, reason and model.
Owned by `registry`.
"""

from servescope.metrics.definitions import DROP_REASONS
from servescope.metrics.instruments import CounterFamily

OTHER = "other"


class Drops:
    """Counts them. `most_families`: how many a model may have named here, as handlers choose the names."""

    def __init__(self, counters: CounterFamily, most_families: int) -> None:
        self._counters = counters
        self._most_families = most_families
        self._families: dict[str, set[str]] = {}
        for reason in DROP_REASONS:
            counters.labels("", reason, "")

    def count(self, family: str, reason: str, model: str = "", updates: float = 1.0) -> None:
        """So many updates of the family were left out or folded, for one of DROP_REASONS; `model` caused it, "" for none."""
        named = self._families.setdefault(model, set())
        if family not in named:
            if model and len(named) >= self._most_families:
                family = OTHER
            named.add(family)
        self._counters.labels(family, reason, model).value += updates

    def forget(self, model: str) -> None:
        """The model has gone, long enough ago."""
        for family in self._families.pop(model, ()):
            for reason in DROP_REASONS:
                self._counters.remove(family, reason, model)
