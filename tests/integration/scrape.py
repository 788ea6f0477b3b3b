"""One reading of `/metrics`, parsed by prometheus_client's parser, and questions to it.

In: a server, or a text. Out: `Scrape`. Two readings are compared by the tests; nothing here knows what ought to be.
"""

from collections import defaultdict
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

from integration.server import Server


class Scrape:
    """The samples of one reading. `only`: of the lines that hold this, as the parser is slow."""

    def __init__(self, text: str, only: str = "") -> None:
        self._samples: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
        lines = [line for line in text.splitlines() if only in line] if only else [text]
        for family in text_string_to_metric_families("\n".join(lines)):
            for sample in family.samples:
                self._samples[sample.name].append((sample.labels, sample.value))

    def matching(self, name: str, **labels: str) -> list[tuple[dict[str, str], float]]:
        """The samples of this name that have all of these labels, and maybe others."""
        return [
            (found, value)
            for found, value in self._samples[name]
            if all(found.get(label) == wanted for label, wanted in labels.items())
        ]

    def total(self, name: str, **labels: str) -> float:
        """The sum of those; 0 where there are none."""
        return sum(value for _, value in self.matching(name, **labels))

    def value(self, name: str, **labels: str) -> float:
        """The value of the only one of those; an AssertionError where there is none, or more."""
        found = self.matching(name, **labels)
        assert len(found) == 1, f"{name}{labels}: {len(found)} samples instead of one: {found}"
        return found[0][1]

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """Sums by the value of a label, zeros left out."""
        sums: dict[str, float] = defaultdict(float)
        for found, value in self.matching(name, **labels):
            sums[found[label]] += value
        return {key: value for key, value in sums.items() if value}

    def bucket_of(self, share: float, family: str, **labels: str) -> tuple[float, float]:
        """The bounds of the bucket that `histogram_quantile(share, …)` looks into, lower one excluded."""
        counts: dict[float, float] = defaultdict(float)
        for found, value in self.matching(f"{family}_bucket", **labels):
            counts[float(found["le"])] += value
        bounds = sorted(counts)
        rank = share * counts[bounds[-1]]
        for low, high in pairwise([0.0, *bounds]):
            if counts[high] >= rank:
                return low, high
        raise AssertionError(f"{family}{labels} is empty")


def read(server: Server, *names: str, only: str = "") -> Scrape:
    """Ask a server now; for the samples of these names alone if any are given. `only`: see `Scrape`."""
    answer = server.http.get(server.url("metrics", "/metrics"), params={"name[]": list(names)} if names else None)
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text, only)
