"""How many series of handlers' own prometheus_client metrics are left out or folded, told once each.

In: series that `merging` cannot show as they came, at each scrape. Out: counts of `Registry.drops`, by the increase: a worker
tells of all its series at each scrape, and those that are left out are the same ones as before.
"""

from collections import Counter, defaultdict

from servescope.metrics.drops import Drops

Why = tuple[str, str, str]  # family, reason, model


class LeftOut:
    """One for a server's life. For each scrape `begin`, `note` each series, `settle`."""

    def __init__(self, drops: Drops) -> None:
        self._drops = drops
        self._now: defaultdict[str, Counter[Why]] = defaultdict(Counter)
        self._counted: defaultdict[str, Counter[Why]] = defaultdict(Counter)

    def begin(self) -> None:
        """A scrape begins."""
        self._now.clear()

    def note(self, worker: str, model: str, family: str, reason: str, series: int = 1) -> None:
        """So many series of this worker are not shown as they came, for one of DROP_REASONS."""
        self._now[worker][family, reason, model] += series

    def settle(self) -> None:
        """The scrape has seen all workers' answers."""
        for worker, noted in self._now.items():
            counted = self._counted[worker]
            for why, number in noted.items():
                more = number - counted[why]
                if more > 0:
                    counted[why] = number
                    self._drops.count(*why, more)

    def forget(self, worker: str) -> None:
        """The worker has gone."""
        self._now.pop(worker, None)
        self._counted.pop(worker, None)
