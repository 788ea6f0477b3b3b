"""A collector of hosts, on all of them: in, the one that looks at this host and what agents tell of others; out, all readings.

Made by `host`; run by `sampler`. Of each host there is one agent that tells (`fleet.backends.remote.watchers`), so no series comes
twice.
"""

from collections.abc import Callable, Iterable, Mapping

from servescope.metrics.collectors.reading import Collector, PartlyFailed, Reading
from servescope.metrics.recording.hosts import Found


class Everywhere:
    """`here`: for this host. `told`: what is known of others, by host and collector."""

    def __init__(self, here: Collector, told: Callable[[], Mapping[str, Mapping[str, Found]]]) -> None:
        self._here = here
        self._told = told

    @property
    def name(self) -> str:
        """See `Collector`."""
        return self._here.name

    def update(self) -> Iterable[Reading]:
        """See `Collector`. Raises PartlyFailed where one of several hosts could not be looked at, or not wholly."""
        others = {host: found[self.name] for host, found in self._told().items() if self.name in found}
        if not others:
            return self._here.update()
        troubles = [f"{host}: {found.trouble}" for host, found in others.items() if found.trouble]
        readings = [Reading(*one) for found in others.values() for one in found.readings]
        try:
            readings += self._here.update()
        except PartlyFailed as error:
            readings += error.readings
            troubles.append(str(error))
        except Exception as error:
            troubles.append(str(error) or repr(error))
        if troubles:
            raise PartlyFailed(readings, "; ".join(troubles))
        return readings
