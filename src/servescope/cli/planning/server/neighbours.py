"""Other models while a copy is loaded beside them: in, samples of /metrics; out, what has become slow. Pure, but for `watch`.
Called by `live` and `bench`.

A copy shares the machine, so that a load on it may harm those whom somebody waits for. The server's own histograms tell.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servescope.cli.client.scrape import Sample, values_of
from servescope.cli.planning.server.reading import samples_of
from servescope.cli.planning.server.site import Site
from servescope.cli.red import duration_counts, quantile
from servescope.errors import ServescopeError
from servescope.planner.objective import seconds_text

_SHARE = 0.99
_TOO_MUCH = 2.0
# A p99 of fewer is the time of one request.
_LEAST = 50

Counts = Mapping[float, float]


class SlowedError(ServescopeError):
    """Another model's p99 has doubled: the load has to end."""


@dataclass(frozen=True)
class Neighbours:
    """`usual`: seconds that 99 % of the requests to each model took before, by its name. `began`: what had been counted then."""

    usual: Mapping[str, float]
    began: Mapping[str, Counts]

    def check(self, load_began: Sequence[Sample], now: Sequence[Sample]) -> None:
        """Raises SlowedError where a p99 since the load began, or since all of them did, is above twice the usual."""
        for model, usual in self.usual.items():
            counts = duration_counts(now, model)
            for since in (duration_counts(load_began, model), self.began[model]):
                found = _p99(_gained(since, counts))
                if found is not None and found > _TOO_MUCH * usual:
                    raise SlowedError(
                        f"--shadow has ended: of {model}, p99 rose from {seconds_text(usual)} to {seconds_text(found)}"
                        " while the copy was loaded; plan on another server, or when it has less to do"
                    )


def neighbours_of(before: Sequence[Sample], after: Sequence[Sample]) -> Neighbours:
    """The usual p99 is that between the two pages, or where there was too little between, that since the server's start. A model
    that was hardly ever asked has none.
    """
    usual, began = dict[str, float](), dict[str, Counts]()
    for model in values_of(after, "model_name"):
        counts = duration_counts(after, model)
        p99 = _p99(_gained(duration_counts(before, model), counts)) or _p99(counts)
        if p99:
            usual[model], began[model] = p99, counts
    return Neighbours(usual, began)


def watch(site: Site, seconds: float) -> Neighbours:
    """Look for so long."""
    with site.metering() as client:
        before = samples_of(client)
        time.sleep(seconds)
        return neighbours_of(before, samples_of(client))


def _gained(before: Counts, after: Counts) -> dict[float, float]:
    return {bound: count - before.get(bound, 0.0) for bound, count in after.items()}


def _p99(counts: Counts) -> float | None:
    return quantile(_SHARE, counts) if sum(counts.values()) >= _LEAST else None
