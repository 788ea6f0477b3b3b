"""How often a model met its objectives: in, one call for each finished request; out, the four slo families.

Made by the model's recorder where its model-config.yaml has an `slo` section, and asked at scrape time. What each
objective counts is said in `definitions.objectives`.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter

from servescope.config.model.objectives import Objectives
from servescope.metrics.recording.codes import DEADLINE
from servescope.metrics.recording.requests.generation import Generation
from servescope.metrics.registry import Registry

_NEVER = -1.0  # no duration is within it
_TOTALS_AND_GOOD = {
    "availability": ("_asked", "_answered"),
    "latency": ("_timed", "_fast"),
    "ttft": ("_streams", "_early"),
    "itl": ("_paced", "_steady"),
}


class ObjectiveCounters:
    """The objectives of one model version. Its series exist, at zero, from now until `remove`.

    It is on the path of every request, so it adds to its own numbers, and the families read them at scrape time.
    """

    __slots__ = (
        "_abandoned_s", "_answered", "_asked", "_early", "_fast", "_itl_s", "_latency_s", "_paced", "_registry", "_steady",
        "_streams", "_timed", "_ttft_s", "name", "objectives", "version",
    )  # fmt: skip

    def __init__(self, registry: Registry, name: str, version: str, objectives: Objectives) -> None:
        self.name = name
        self.version = version
        self.objectives = objectives
        self._registry = registry
        self._latency_s = _NEVER if objectives.latency_s is None else objectives.latency_s
        self._ttft_s = _NEVER if objectives.ttft_s is None else objectives.ttft_s
        self._itl_s = _NEVER if objectives.itl_s is None else objectives.itl_s
        self._abandoned_s = objectives.patience_s
        self._asked = self._answered = self._timed = self._fast = 0
        self._streams = self._early = self._paced = self._steady = 0
        self._show()

    @property
    def late(self) -> int:
        """Requests that the latency objective is about, and that did not meet it."""
        return self._timed - self._fast

    def finished(self, code: int, duration_s: float, generation: Generation | None = None) -> None:
        """A request's outcome is known, and its client has not left: its answer's status, how long it took, in s, and what a
        language model made of it.
        """
        failed = code >= 500 or code == DEADLINE
        if failed:
            self._asked += 1
            self._timed += code == DEADLINE  # the server's time was over, however long it was
        elif code < 400:
            self.answered((duration_s,))
        else:
            return
        if generation is not None and generation.first_s is not None:
            self.streamed(generation.first_s, generation.mean_gap_s)
        elif failed:
            self._streams += 1  # whoever waited for a first token has got none

    def answered(self, durations_s: Sequence[float]) -> None:
        """Requests were answered without an error, and took so long."""
        self._asked += len(durations_s)
        self._answered += len(durations_s)
        self._timed += len(durations_s)
        limit = self._latency_s
        self._fast += sum([duration <= limit for duration in durations_s])

    def hung_up(self, waited_s: float, *, served: bool, generation: Generation | None = None) -> None:
        """A client left after it had waited so long. `served`: for the first piece of a stream, which it got; what came of the
        rest nobody knows. Else for nothing: it was failed where it had waited longer than the model promises, and where it left
        sooner nobody knows either. `generation`: what a language model had made of it.
        """
        if served:
            self.answered((waited_s,))
        else:
            self._asked += waited_s > self._abandoned_s
            self._timed += waited_s > self._latency_s
        if generation is not None and generation.first_s is not None:
            self.streamed(generation.first_s, generation.mean_gap_s)
        elif not served:
            self._streams += waited_s > self._ttft_s

    def streamed(self, ttft_s: float, itl_s: float | None) -> None:
        """A language model's answer ended, or broke off: seconds to its first token, mean seconds between its tokens, None
        where there was one only, which is then not judged by its pace.
        """
        self._streams += 1
        if ttft_s <= self._ttft_s:
            self._early += 1
        if itl_s is not None:
            self._paced += 1
            if itl_s <= self._itl_s:
                self._steady += 1

    def remove(self) -> None:
        """Drop the series."""
        for slo in _TOTALS_AND_GOOD:
            labels = (self.name, self.version, slo)
            self._registry.counter("servescope_slo_requests_total").remove(*labels)
            self._registry.counter("servescope_slo_good_total").remove(*labels)
            self._registry.gauge("servescope_slo_target_ratio").remove(*labels)
            self._registry.gauge("servescope_slo_threshold_seconds").remove(*labels)

    def _show(self) -> None:
        registry = self._registry
        for slo, seconds, target in self.objectives.thresholds:
            labels = (self.name, self.version, slo)
            total, good = _TOTALS_AND_GOOD[slo]
            registry.counter("servescope_slo_requests_total").read(self._reader(total), *labels)
            registry.counter("servescope_slo_good_total").read(self._reader(good), *labels)
            registry.gauge("servescope_slo_target_ratio").labels(*labels).value = target
            if seconds is not None:
                registry.gauge("servescope_slo_threshold_seconds").labels(*labels).value = seconds

    def _reader(self, attribute: str) -> Callable[[], float]:
        get = attrgetter(attribute)
        return lambda: float(get(self))
