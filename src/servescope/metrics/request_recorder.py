"""The finished requests of one registered model version: counted by code, their duration, stages and sizes observed.

In: one call a request from `web`, when its outcome is known. Out: series of this project's own families. Made by
`model_recorder`. This is the hot path of measuring: a call is look-ups and appends, and the histograms fold later.
"""

from collections.abc import Callable
from itertools import cycle
from time import time

from servescope.metrics.definitions import OUTCOMES, STAGES
from servescope.metrics.instruments import Counter, Histogram
from servescope.metrics.model_families import ModelFamilies
from servescope.metrics.objectives import ObjectiveCounters
from servescope.metrics.request_times import BatchTimes, waiting_times

# Shown from the first scrape on, so that rates and alerts work before the first such answer.
USUAL_CODES = (200, 400, 500, 503)
TRANSPORT = "rest"
OTHER = "other"
# Every 32 requests; there are 14 histograms, so each is folded every 448 requests, in 0.1 ms.
FOLD_MASK = 31


class _Outcome:
    """The durations of one outcome, their pending lists at hand."""

    __slots__ = ("add", "histogram", "mark")

    def __init__(self, histogram: Histogram) -> None:
        self.histogram = histogram
        self.add = histogram.pending.append
        self.mark = histogram.keep_marks().append


class RequestRecorder:
    """What became of a model's requests. `bounds`: buckets of its durations, its objectives' thresholds among them.

    Observations are appended to the histograms' pending lists straight away: the calls would cost more than the writes.
    Every 32 requests one of the histograms is folded, in turn, so the loop never stands still for all of them.
    `batch_sent` takes the size of a batch.
    """

    __slots__ = (
        "_batch_wait", "_client_errors", "_codes", "_dispatch", "_families", "_handler", "_histograms", "_model",
        "_objectives", "_ok", "_predicted", "_queue", "_received", "_respond", "_sent", "_server_errors", "_stages",
        "_to_fold", "batch_sent", "finished_count",
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
        self.finished_count = 0
        durations = [families.durations.labels(*model, outcome, bounds=bounds) for outcome in OUTCOMES]
        self._ok, self._client_errors, self._server_errors = map(_Outcome, durations)
        stages = {stage: families.stages.labels(*model, stage) for stage in STAGES}
        received, sent = families.request_bytes.labels(*model), families.response_bytes.labels(*model)
        sizes = families.batch_sizes.labels(*model)
        self._histograms = (*durations, *stages.values(), received, sent, sizes)
        self.batch_sent: Callable[[float], None] = sizes.pending.append
        self._to_fold = cycle(self._histograms)
        self._received, self._sent = received.pending.append, sent.pending.append
        self._stages = {stage: histogram.pending.append for stage, histogram in stages.items()}
        self._queue, self._batch_wait = self._stages["queue"], self._stages["batch_wait"]
        self._dispatch, self._handler = self._stages["dispatch"], self._stages["handler"]
        self._respond = self._stages["respond"]
        self._predicted = {
            code: families.requests.labels(*model, TRANSPORT, "predict", str(code)) for code in USUAL_CODES
        }
        self._codes: dict[str, dict[int, Counter]] = {"predict": self._predicted}

    def finished(
        self,
        route: str,
        code: int,
        arrived: float,
        ended: float,
        times: BatchTimes | None,
        queued: bool,
        received_bytes: int,
        sent_bytes: int,
        label: str,
        mark: str,
    ) -> None:
        """A request of the model came to its end; called exactly once for each.

        `route`: predict, explain or openai. `code`: the answer's status, 499 where the client hung up. `arrived`, `ended`:
        monotonic seconds. `times`: its batch's, None where it never was in one. `queued`: it was taken into the queue.
        `received_bytes`, `sent_bytes`: of its body and its answer's. `label`, `mark`: the exemplar, `trace_id` or `request_id`
        and its value.
        """
        counter = self._predicted.get(code) if route == "predict" else None
        if counter is None:
            counter = self._counter(route, code)
        counter.value += 1.0
        duration = ended - arrived
        outcome = self._ok if code < 400 else self._client_errors if code < 500 else self._server_errors
        outcome.add(duration)
        outcome.mark((duration, label, mark, time()))
        self._received(received_bytes)
        self._sent(sent_bytes)
        if times is not None:
            self._observe_stages(times, arrived, ended, duration)
        else:
            (self._queue if queued else self._dispatch)(duration)
        if self._objectives is not None:
            self._objectives.finished(code, duration)
        self.finished_count = count = self.finished_count + 1
        if not count & FOLD_MASK:
            next(self._to_fold).fold()

    def _observe_stages(self, times: BatchTimes, arrived: float, ended: float, duration: float) -> None:
        """As `request_times.stage_times`, straight into the histograms."""
        waited = times.formed - arrived
        rest = duration - waited
        if times.size > 1 or times.ahead or times.assembling < times.formed:
            waited, filling = waiting_times(times, arrived)
            self._batch_wait(filling)
            rest = duration - waited - filling
        self._queue(waited)
        received = times.received
        if received:
            stages = times.stages
            seconds = stages.get("prediction", 0.0)
            respond = ended - received
            rest -= seconds + respond
            self._respond(respond)
            if len(stages) > 1:
                for name, part in stages.items():
                    if name != "prediction":
                        self._stages[name](part)
                        seconds -= part
            self._handler(seconds if seconds > 0.0 else 0.0)
        self._dispatch(rest if rest > 0.0 else 0.0)

    def _counter(self, route: str, code: int) -> Counter:
        """The counter of a code. Handlers choose codes: past the budget they are counted together."""
        codes = self._codes.setdefault(route, {})
        if code in codes:
            return codes[code]
        families = self._families
        if sum(map(len, self._codes.values())) >= max(families.budget, len(USUAL_CODES)):
            families.dropped.labels("servescope_requests_total").value += 1.0
            return families.requests.labels(*self._model, TRANSPORT, route, OTHER)
        counter = codes[code] = families.requests.labels(*self._model, TRANSPORT, route, str(code))
        return counter

    def remove(self) -> None:
        """Drop all series."""
        families = self._families
        model = self._model
        for route, codes in self._codes.items():
            for code in (*map(str, codes), OTHER):
                families.requests.remove(*model, TRANSPORT, route, code)
        for outcome in OUTCOMES:
            families.durations.remove(*model, outcome)
        for stage in STAGES:
            families.stages.remove(*model, stage)
        families.batch_sizes.remove(*model)
        families.request_bytes.remove(*model)
        families.response_bytes.remove(*model)
        if self._objectives is not None:
            self._objectives.remove()
