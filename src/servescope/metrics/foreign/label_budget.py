"""Which label values of handlers' own prometheus_client metrics are kept, and how many were not.

In: label values that `merging` finds at each scrape. Out: whether they are shown as they are, and
servescope_series_dropped_total. One for a server's life, so that a series once kept stays, whatever comes before it later.
"""

from collections import Counter, defaultdict

from servescope.metrics.registry import Registry

_MOST_FAMILIES = 1000  # a model; vLLM has some hundred


class LabelBudget:
    """At most `registry.series_budget` sets of label values a model and family, the first that were seen.

    The labels that the server adds do not count: two workers with the same values use the budget once.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: defaultdict[str, dict[str, set[tuple[str, ...]]]] = defaultdict(dict)
        self._counted: dict[str, dict[str, int]] = {}
        self._dropped = registry.counter("servescope_series_dropped_total")

    def admits_family(self, model: str, family: str) -> bool:
        """Whether the model may have this family; a thousand it may."""
        families = self._kept[model]
        if family in families:
            return True
        if len(families) >= _MOST_FAMILIES:
            text = f"model {model} has {_MOST_FAMILIES} metrics; {family} and further ones are dropped"
            self._registry.warn_once(f"metrics:{model}", text)
            return False
        families[family] = set()
        return True

    def admits(self, model: str, family: str, values: tuple[str, ...]) -> bool:
        """Whether these values are shown in an admitted family. `values`: the handler's labels', trailing empty ones
        left off.
        """
        kept = self._kept[model][family]
        if values in kept:
            return True
        if len(kept) >= self._registry.series_budget:
            text = (
                f"metric {family} of model {model} has {self._registry.series_budget} series;"
                " series with further label values are folded or dropped"
            )
            self._registry.warn_once(f"series:{model}:{family}", text)
            return False
        kept.add(values)
        return True

    def settle(self, worker: str, folded: Counter[str]) -> None:
        """A worker had so many series over the budget, by family. Those of its scrapes before are not counted again."""
        counted = self._counted.setdefault(worker, {})
        for family, number in folded.items():
            more = number - counted.get(family, 0)
            if more > 0:
                counted[family] = number
                self._dropped.labels(family).value += more

    def forget(self, worker: str) -> None:
        """The worker has gone."""
        self._counted.pop(worker, None)
