"""The processes that speak HTTP beside the server's own. In: calls of `web.front_ends`. Out: series in the registry, where there
are any. Made by `recorder.Recorder`.
"""

from collections.abc import Callable, Mapping

from servescope.metrics.definitions import FRONT_END_ENDINGS
from servescope.metrics.registry import Registry

States = Callable[[], Mapping[str, int]]
Used = Callable[[], Mapping[str, tuple[float, float, int]]]


class FrontEndRecorder:
    """There are no series before `show`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._restarts = registry.counter("servescope_front_end_restarts_total")
        self._lost = registry.counter("servescope_front_end_lost_requests_total")

    def show(self, states: States, used: Used) -> None:
        """There are front ends. `states` says how many are in each state; `used` each one's processor time in seconds, that of it
        which was waiting awake, and its memory in bytes, by its number.
        """
        registry = self._registry
        shown = registry.gauge("servescope_front_ends")
        cpu = registry.counter("servescope_front_end_cpu_seconds_total")
        polling = registry.counter("servescope_front_end_polling_seconds_total")
        memory = registry.gauge("servescope_front_end_memory_bytes")
        for reason in FRONT_END_ENDINGS:
            self._restarts.labels(reason)
            self._lost.labels(reason)

        def read() -> None:
            for state, count in states().items():
                shown.labels(state).value = float(count)
            for number, (seconds, polled_s, size) in used().items():
                cpu.labels(number).value = seconds
                polling.labels(number).value = polled_s
                memory.labels(number).value = float(size)

        registry.before_collect(read)

    def ended(self, reason: str, lost: int) -> None:
        """One has, for one of FRONT_END_ENDINGS, with so many requests in hand."""
        self._restarts.labels(reason).value += 1.0
        self._lost.labels(reason).value += lost
