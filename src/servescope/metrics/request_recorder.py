"""The finished requests of one registered model version: counted by code, their duration, stages and sizes observed.

In: one call a request from `web`, when its outcome is known. Out: series of this project's own families. Made by
`model_recorder`. This is the hot path of measuring: a call is look-ups and appends, and the histograms fold later.
"""

import time

from servescope.metrics.definitions import OUTCOMES, STAGES
from servescope.metrics.instruments import Counter, Histogram
from servescope.metrics.model_families import ModelFamilies
from servescope.metrics.objectives import ObjectiveCounters
from servescope.metrics.request_times import BatchTimes, waiting_times

# Shown from the first scrape on, so that rates and alerts work before the first such answer.
USUAL_CODES = (200, 400, 500, 503)
TRANSPORT = "rest"
OTHER = "other"


class RequestRecorder:
    """What became of a model's requests. `bounds`: buckets of its durations, its objectives' thresholds among them."""

    __slots__ = (
        "_batch_wait", "_client_errors", "_codes", "_dispatch", "_families", "_handler", "_model", "_objectives", "_ok",
        "_queue", "_request_bytes", "_respond", "_response_bytes", "_server_errors", "_stages", "finished_count",
    )  # fmt: skip

    def __init__(
        self,
        families: ModelFamilies,
        name: str,
        version: str,
        objectives: ObjectiveCounters | None,
        bounds: tuple[float, ...],
    ) -> None:
        self._families = families
        self._model = model = (name, version)
        self._objectives = objectives
        self._codes: dict[tuple[str, int], Counter] = {}
        self.finished_count = 0
        self._ok, self._client_errors, self._server_errors = (
            families.durations.labels(*model, outcome, bounds=bounds) for outcome in OUTCOMES
        )
        self._stages = stages = {stage: families.stages.labels(*model, stage) for stage in STAGES}
        self._queue, self._batch_wait, self._dispatch = stages["queue"], stages["batch_wait"], stages["dispatch"]
        self._handler, self._respond = stages["handler"], stages["respond"]
        self._request_bytes: Histogram = families.request_bytes.labels(*model)
        self._response_bytes: Histogram = families.response_bytes.labels(*model)
        for code in USUAL_CODES:
            self._codes["predict", code] = families.requests.labels(*model, TRANSPORT, "predict", str(code))

    def finished(
        self,
        route: str,
        code: int,
        arrived: float,
        ended: float,
        times: BatchTimes | None,
        queued: bool,
        sizes: tuple[int, int],
        mark: tuple[str, str],
    ) -> None:
        """A request of the model came to its end; called exactly once for each.

        `route`: predict, explain or openai. `code`: the answer's status, 499 where the client hung up. `arrived`, `ended`:
        monotonic seconds. `times`: its batch's, None where it never was in one. `queued`: it was taken into the queue.
        `sizes`: bytes of its body and of its answer's. `mark`: the exemplar, `trace_id` or `request_id` and its value.
        """
        self.finished_count += 1
        counter = self._codes.get((route, code))
        if counter is None:
            counter = self._count(route, code)
        counter.value += 1.0
        duration = ended - arrived
        outcome = self._ok if code < 400 else self._client_errors if code < 500 else self._server_errors
        outcome.observe_marked(duration, (*mark, time.time()))
        self._request_bytes.observe(sizes[0])
        self._response_bytes.observe(sizes[1])
        if times is not None:
            self._observe_stages(times, arrived, ended, duration)
        else:
            (self._queue if queued else self._dispatch).observe(duration)
        if self._objectives is not None:
            self._objectives.finished(code, duration)

    def _observe_stages(self, times: BatchTimes, arrived: float, ended: float, duration: float) -> None:
        """As `request_times.stage_times`, straight into the histograms."""
        waited, filling = waiting_times(times, arrived)
        self._queue.observe(waited)
        if times.size > 1 or filling > 0.0:
            self._batch_wait.observe(filling)
        rest = duration - waited - filling
        if times.received:
            stages = times.stages
            seconds = stages.get("prediction", 0.0)
            rest -= seconds
            if len(stages) > 1:
                for name, part in stages.items():
                    if name != "prediction":
                        self._stages[name].observe(part)
                        seconds -= part
            self._handler.observe(seconds if seconds > 0.0 else 0.0)
            respond = ended - times.received
            self._respond.observe(respond)
            rest -= respond
        self._dispatch.observe(rest if rest > 0.0 else 0.0)

    def _count(self, route: str, code: int) -> Counter:
        """The counter of a code. Handlers choose codes: past the budget they are counted together."""
        families = self._families
        text = str(code)
        if len(self._codes) >= max(families.budget, len(USUAL_CODES)):
            families.dropped.labels("servescope_requests_total").value += 1.0
            return families.requests.labels(*self._model, TRANSPORT, route, OTHER)
        counter = self._codes[route, code] = families.requests.labels(*self._model, TRANSPORT, route, text)
        return counter

    def remove(self) -> None:
        """Drop all series."""
        families = self._families
        model = self._model
        for route, code in self._codes:
            families.requests.remove(*model, TRANSPORT, route, str(code))
            families.requests.remove(*model, TRANSPORT, route, OTHER)
        for outcome in OUTCOMES:
            families.durations.remove(*model, outcome)
        for stage in STAGES:
            families.stages.remove(*model, stage)
        families.request_bytes.remove(*model)
        families.response_bytes.remove(*model)
        if self._objectives is not None:
            self._objectives.remove()
