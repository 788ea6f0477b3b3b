"""The other hosts that workers run on: what is told of each by an agent there, and what is to be told.

In: `told` and `gone`, called on the loop's thread by `fleet.backends.remote.watchers`. Out: `snapshot()`, read by
`collectors.everywhere` on the sampler's thread. Made by `server.measuring`.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

# Family, label values and value of a series.
ReadingOf = tuple[str, tuple[str, ...], float]


class Found(Struct, frozen=True):
    """What one collector has found on a host, and why something is lacking, "" where nothing is."""

    readings: Sequence[ReadingOf]
    trouble: str = ""


class OtherHosts:
    """By name. `own`: this one's, of which nobody need tell. `collectors`: names of those that are to look at the others, every
    `interval_s` seconds; none where nothing is recorded.
    """

    def __init__(self, own: str, collectors: Sequence[str] = (), interval_s: float = 60.0) -> None:
        self.own = own
        self.collectors = collectors
        self.interval_s = interval_s
        self._told: Mapping[str, Mapping[str, Found]] = {}

    def told(self, host: str, found: Mapping[str, Found]) -> None:
        """What its collectors have found now, by their names. Each change replaces the mapping: a reader sees before or after."""
        self._told = {**self._told, host: found}

    def gone(self, host: str) -> None:
        """No worker is there any more, and nobody tells of it."""
        self._told = {name: found for name, found in self._told.items() if name != host}

    def snapshot(self) -> Mapping[str, Mapping[str, Found]]:
        """By host and collector."""
        return self._told
