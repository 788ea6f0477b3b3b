"""Which metrics of handlers, and which of their label values, are shown as they are: the first ones, up to a budget.

In: names and label values that `torchserve.custom` is told of, or that `foreign.merging` finds at each scrape. Out: whether
they are shown as they are. One of each for a server's life, so that a series once kept stays, whatever comes before it later, and
registering a model anew does not renew its budget.
"""

from collections import defaultdict

from servescope.metrics.registry import Registry


class LabelBudget:
    """At most `most_families` metrics a model, and `registry.series_budget` sets of label values in each, the first that were
    seen. The labels that the server adds do not count: two workers with the same values use the budget once.
    """

    def __init__(self, registry: Registry, most_families: int) -> None:
        self._registry = registry
        self._most_families = most_families
        self._kept: defaultdict[str, dict[str, set[tuple[str, ...]]]] = defaultdict(dict)
        registry.when_forgotten(self._forget)

    def admits_family(self, model: str, family: str) -> bool:
        """Whether the model may have this family."""
        families = self._kept[model]
        if family in families:
            return True
        if len(families) >= self._most_families:
            text = f"model {model} has {self._most_families} metrics; {family!r} and further ones are dropped"
            self._registry.warn_once("metrics", text, model)
            return False
        families[family] = set()
        return True

    def admits(self, model: str, family: str, values: tuple[str, ...]) -> bool:
        """Whether these values are shown in an admitted family. `values`: the handler's labels'; empty ones at the end
        say nothing, and there are more of them once the family has more labels.
        """
        while values and not values[-1]:
            values = values[:-1]
        kept = self._kept[model][family]
        if values in kept:
            return True
        if len(kept) >= self._registry.series_budget:
            text = (
                f"metric {family} of model {model} has {self._registry.series_budget} series;"
                " further label values become 'other', or are left out where a sum means nothing"
            )
            self._registry.warn_once(f"series:{family}", text, model)
            return False
        kept.add(values)
        return True

    def _forget(self, model: str) -> None:
        self._kept.pop(model, None)
