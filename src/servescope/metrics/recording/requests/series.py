"""The series of a model's finished requests: counters by code, histograms of durations, stages and sizes, latency counters.

In: from `request_recorder`, most requests many at once, since they are alike and columns cost much less than their rows one by
one; the others singly. Out: series of this project's own families and TorchServe's latencies.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import cycle
from operator import sub

from servescope.metrics.definitions import DURATION_BUCKETS, GENERATION_BUCKETS, OUTCOMES, STAGES
from servescope.metrics.instruments import Counter, Gauge
from servescope.metrics.instruments.buckets import bounds_with
from servescope.metrics.instruments.histogram import MOST_PENDING
from servescope.metrics.recording.codes import USUAL_CODES, code_class
from servescope.metrics.recording.families import ModelFamilies
from servescope.metrics.recording.requests.objectives import ObjectiveCounters
from servescope.metrics.recording.requests.slow import SlowRequest, SlowRequests
from servescope.metrics.recording.requests.times import BatchTimes, filling_time, stage_times

REST = "rest"
GRPC = "grpc"
PREDICT = "predict"
HOST = "Host"

# An answer with status 200 of a batch that is `BatchTimes.plain`: arrival and end in monotonic seconds, its batch's times,
# bytes of its body and of the answer's, its id, the version in its URL or `default`, its method and its path's template. A
# plain tuple: nothing is cheaper to make.
PlainRow = tuple[float, float, BatchTimes, int, int, str, str, tuple[str, str]]


class RequestSeries:
    """See the module. `bounds`: buckets of the durations, the thresholds of `objectives` among them, which the model may have none
    of. `route`: the one whose usual codes are there, at zero, from now on.
    """

    def __init__(
        self,
        families: ModelFamilies,
        name: str,
        version: str,
        objectives: ObjectiveCounters | None,
        bounds: tuple[float, ...],
        route: str = PREDICT,
    ) -> None:
        self._families = families
        self._model = model = (name, version)
        self.objectives = objectives
        self.slow = SlowRequests()
        self.served: deque[BatchTimes] | None = None  # see `RequestRecorder.remember`
        self._latencies: dict[str, tuple[Counter, Counter]] = {}
        self._queue_time: Gauge | None = None
        self._codes: dict[tuple[str, str, int], Counter] = {}
        self._folded: set[tuple[str, str, str]] = set()
        for code in USUAL_CODES:
            self._codes[REST, route, code] = families.requests.labels(*model, REST, route, str(code))
        self._ok, self._client_errors, self._server_errors = (
            families.durations.labels(*model, outcome, bounds=bounds) for outcome in OUTCOMES
        )
        self._stages = {stage: families.stages.labels(*model, stage) for stage in STAGES}
        self._received = families.request_bytes.labels(*model)
        self._sent = families.response_bytes.labels(*model)
        self.batch_sizes = families.batch_sizes.labels(*model)
        durations = (self._ok, self._client_errors, self._server_errors)
        self._to_fold = cycle((*durations, *self._stages.values(), self._received, self._sent, self.batch_sizes))

    def generates(self) -> None:
        """It is a language model's: its durations get finer bounds, unless the settings say which they have."""
        family = self._families.durations
        if family.definition.buckets == DURATION_BUCKETS:
            for outcome, series in zip(OUTCOMES, (self._ok, self._client_errors, self._server_errors), strict=True):
                family.rebound(bounds_with(GENERATION_BUCKETS, series.bounds), *self._model, outcome)

    def record_plain(self, rows: Sequence[PlainRow], calls: int) -> None:
        """Observe these requests, nearly all that a busy server answers; so many of them are calls of gRPC. Values are sorted here,
        a few at a time, which folding all that came together would take most of its time for.
        """
        arrived, ended, times, received, sent, ids, asked, _ = zip(*rows, strict=True)
        self._codes[REST, PREDICT, 200].value += len(rows) - calls
        if calls:
            self._counter(PREDICT, 200, GRPC).value += calls
        if self.served is not None:
            self.served.extend(times)
        durations = list(map(sub, ended, arrived))
        self._ok.pending += sorted(durations)
        self._mark(durations, ids, rows)
        self._received.pending += sorted(received)
        self._sent.pending += sorted(sent)
        waited = list(map(sub, [batch.turn for batch in times], arrived))
        handler = [batch.prediction for batch in times]
        respond = list(map(sub, ended, [batch.received for batch in times]))
        dispatch = list(map(sub, map(sub, map(sub, durations, waited), handler), respond))
        if min(dispatch) < 0.0:  # by rounding
            dispatch = [max(0.0, seconds) for seconds in dispatch]
        stages = self._stages
        stages["queue"].pending += sorted(self._without_filling(waited, times, arrived))
        stages["handler"].pending += sorted(handler)
        stages["respond"].pending += sorted(respond)
        stages["dispatch"].pending += sorted(dispatch)
        if self.objectives is not None:
            self.objectives.answered(durations)
        self._handle_all(asked, durations, waited)

    def _without_filling(
        self, waited: Sequence[float], times: Sequence[BatchTimes], arrived: Sequence[float]
    ) -> Sequence[float]:
        """Of these waits what was for a worker. The rest, for a batch to fill, is observed."""
        if not any(batch.assembling < batch.formed for batch in times):
            return waited
        filling = list(map(filling_time, times, arrived))
        self._stages["batch_wait"].pending += [seconds for seconds in filling if seconds > 0.0]
        return list(map(sub, waited, filling))

    def _mark(self, durations: Sequence[float], ids: Sequence[str], rows: Sequence[PlainRow]) -> None:
        """Keep exemplars: of the last request, which is any, and of the slowest, which somebody will look for."""
        slowest = durations.index(max(durations))
        for at in {len(ids) - 1, slowest}:
            self._ok.mark(durations[at], ("request_id", ids[at], rows[at][1] + _epoch()))
        arrived, ended, times, *_ = rows[slowest]
        self.keep_slow(SlowRequest("request_id", ids[slowest], arrived, ended, times))

    def keep_slow(self, request: SlowRequest) -> None:
        """It was answered without an error, and is among the slowest, or the latest."""
        self.slow.keep(self._ok.bounds, request)

    def _handle_all(self, asked: Sequence[str], durations: Sequence[float], waited: Sequence[float]) -> None:
        if asked.count(asked[0]) == len(asked):
            self.handled(asked[0], durations, waited)
            return
        for version, duration, wait in zip(asked, durations, waited, strict=True):
            self.handled(version, (duration,), (wait,))

    def handled(self, asked: str, durations: Sequence[float], waited: Sequence[float]) -> None:
        """The handler answered these requests, in this order: TorchServe's latency counters and QueueTime.

        `asked`: the version in their URLs, or `default`. Seconds from arrival to the answer's end, and until it was their
        batch's turn. TorchServe counts no answers here that its handler did not give.
        """
        series = self._latencies.get(asked)
        if series is None:
            families = self._families
            values = (self._model[0], asked, families.hostname)
            series = families.ts_latency.labels(*values), families.ts_queue_latency.labels(*values)
            self._latencies[asked] = series
            self._queue_time = families.queue_time.labels(HOST, families.hostname)
        series[0].value += sum(durations) * 1e6
        series[1].value += sum(waited) * 1e6
        assert self._queue_time is not None  # bound together with the counters
        self._queue_time.value = waited[-1] * 1e3 // 1.0

    def observe(
        self,
        code: int,
        duration: float,
        received: int,
        sent: int,
        mark: tuple[str, str, float],
    ) -> None:
        """The duration in seconds and the sizes of one request. `mark`: its exemplar, at monotonic seconds, where it has an id."""
        outcome = self._ok if code < 400 else self._client_errors if code < 500 else self._server_errors
        label, value, ended = mark
        if value:
            outcome.observe_marked(duration, (label, value, ended + _epoch()))
        else:
            outcome.observe(duration)
        self._received.observe(received)
        self._sent.observe(sent)

    def observe_stages(self, times: BatchTimes | None, arrived: float, ended: float, *, queued: bool) -> None:
        """The stages of one request; see `request_times.stage_times`."""
        if self.served is not None and times is not None and times.handled:
            self.served.append(times)
        self.observe_seconds(stage_times(times, arrived, ended, queued=queued))

    def observe_seconds(self, stages: Mapping[str, float]) -> None:
        """The stages of one request, in seconds."""
        for stage, seconds in stages.items():
            self._stages[stage].observe(seconds)

    def count(self, route: str, code: int, transport: str = REST) -> None:
        """Count one request."""
        self._counter(route, code, transport).value += 1.0

    def _counter(self, route: str, code: int, transport: str) -> Counter:
        """Handlers choose codes: past the budget they are counted by their class."""
        counter = self._codes.get((transport, route, code))
        if counter is None:
            families = self._families
            if len(self._codes) >= families.budget and code not in USUAL_CODES:
                counter = self._fold(transport, route, code_class(code))
            else:
                counter = families.requests.labels(*self._model, transport, route, str(code))
                self._codes[transport, route, code] = counter
        return counter

    def _fold(self, transport: str, route: str, codes: str) -> Counter:
        families = self._families
        name = families.requests.definition.name
        families.drops.count(name, "series_budget", self._model[0])
        text = f"model {self._model[0]} answered with {len(self._codes)} codes; {name} has further ones by class, as {codes}"
        families.warn_once(f"series:{name}", text, self._model[0])
        self._folded.add((transport, route, codes))
        return families.requests.labels(*self._model, transport, route, codes)

    def fold_next(self) -> None:
        """Fold one histogram, each in its turn, so that the loop never stands still for all of them."""
        next(self._to_fold).fold()

    def bound_batch_sizes(self) -> None:
        """Fold the batches' sizes where they are many: `batch_sent` only appends, and `fold_next` runs for plain requests."""
        if len(self.batch_sizes.pending) >= MOST_PENDING:
            self.batch_sizes.fold()

    def remove(self) -> None:
        """Drop all series."""
        families, model = self._families, self._model
        for transport, route, code in self._codes:
            families.requests.remove(*model, transport, route, str(code))
        for transport, route, codes in self._folded:
            families.requests.remove(*model, transport, route, codes)
        for outcome in OUTCOMES:
            families.durations.remove(*model, outcome)
        for stage in STAGES:
            families.stages.remove(*model, stage)
        for sized in (families.batch_sizes, families.request_bytes, families.response_bytes):
            sized.remove(*model)
        if self.objectives is not None:
            self.objectives.remove()


def _epoch() -> float:
    """What makes seconds since 1970 of monotonic ones."""
    return time.time() - time.monotonic()
