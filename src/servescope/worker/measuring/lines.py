"""A sink that writes a line to the log for each measurement, as TorchServe's workers do.

In: writes of `caching_metric`. Out: lines of the logger `ts.metrics.caching_metric` at INFO. Used outside the server, by the
metrics cache that handlers' unit tests make themselves (`ts.metrics.metric_cache_yaml_impl`).
"""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from servescope.wire.measured.update import DROPPED
from servescope.worker.measuring.sink import Entry, Nowhere, Sink, Texts

logger = logging.getLogger("ts.metrics.caching_metric")


@dataclass(frozen=True)
class _Line:
    """What the lines of one series have in common, before and after the number."""

    head: str
    tail: str
    clock: Callable[[], float]

    def write(self, number: float, request_id: str, /) -> None:
        """See `Entry`."""
        value = int(number) if number.is_integer() else number
        ids = f",{request_id}" if request_id else ""
        logger.info("[METRICS]%s:%s|#%s,%d%s", self.head, value, self.tail, self.clock(), ids)


class Lines(Sink):
    """`clock` gives seconds since the epoch."""

    each = True

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._hostname = socket.gethostname()

    def entry(self, kind: str, name: str, unit: str, names: Texts, values: Texts) -> Entry:
        """See `Sink`. What is dropped has been said by then."""
        if kind == DROPPED:
            return Nowhere()
        dimensions = ",".join(f"{one}:{value}" for one, value in zip(names, values, strict=True))
        return _Line(f"{name}.{unit}", f"{dimensions}|#type:{kind.upper()}|#hostname:{self._hostname}", self._clock)

    def leave(self) -> None:
        """See `Sink`: a line is as good in a child."""
