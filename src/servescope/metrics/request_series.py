"""The series of a model's finished requests: counters by code, histograms of durations, stages and sizes.

In: rows of `request_recorder`, many at once, since most are alike and a column costs a tenth of what its rows cost one by one.
Out: series of this project's own families.
"""

import time
from collections.abc import Sequence
from itertools import cycle
from operator import sub

from servescope.metrics.definitions import OUTCOMES, STAGES
from servescope.metrics.instruments import Counter
from servescope.metrics.model_families import ModelFamilies
from servescope.metrics.objectives import ObjectiveCounters
from servescope.metrics.request_times import BatchTimes, stage_times

# Shown from the first scrape on, so that rates and alerts work before the first such answer.
USUAL_CODES = (200, 400, 500, 503)
TRANSPORT = "rest"
PREDICT = "predict"
OTHER = "other"

# Route, code, arrival and end in monotonic seconds, its batch's times, whether it was queued, bytes of its body and of the
# answer's, the exemplar's label and value. A plain tuple: nothing is cheaper to make.
Row = tuple[str, int, float, float, BatchTimes | None, bool, int, int, str, str]


class RequestSeries:
    """See the module. `bounds`: buckets of the durations, the thresholds of `objectives` among them."""

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
        for code in USUAL_CODES:
            self._codes[PREDICT, code] = families.requests.labels(*model, TRANSPORT, PREDICT, str(code))
        self._ok, self._client_errors, self._server_errors = (
            families.durations.labels(*model, outcome, bounds=bounds) for outcome in OUTCOMES
        )
        self._stages = {stage: families.stages.labels(*model, stage) for stage in STAGES}
        self._received = families.request_bytes.labels(*model)
        self._sent = families.response_bytes.labels(*model)
        self.batch_sizes = families.batch_sizes.labels(*model)
        durations = (self._ok, self._client_errors, self._server_errors)
        self._to_fold = cycle((*durations, *self._stages.values(), self._received, self._sent, self.batch_sizes))

    def record(self, rows: Sequence[Row]) -> None:
        """Observe these requests."""
        plain = [row for row in rows if row[1] == 200 and row[4] is not None and row[4].plain and row[0] == PREDICT]
        offset = time.time() - time.monotonic()
        if plain:
            self._record_plain(plain, offset)
        if len(plain) < len(rows):
            kept = set(map(id, plain))
            for row in rows:
                if id(row) not in kept:
                    self._record_one(row, offset)

    def _record_plain(self, rows: Sequence[Row], offset: float) -> None:
        """Answers with status 200 of batches that are `BatchTimes.plain`."""
        _, _, arrived, ended, batches, _, received, sent, labels, marks = zip(*rows, strict=True)
        self._codes[PREDICT, 200].value += len(rows)
        durations = list(map(sub, ended, arrived))
        self._ok.pending += durations
        self._ok.mark(durations, labels, marks, ended, offset)
        self._received.pending += received
        self._sent.pending += sent
        times: Sequence[BatchTimes] = batches
        waited = list(map(sub, [batch.turn for batch in times], arrived))
        handler = [batch.prediction for batch in times]
        respond = list(map(sub, ended, [batch.received for batch in times]))
        dispatch = list(map(sub, map(sub, map(sub, durations, waited), handler), respond))
        if min(dispatch) < 0.0:  # by rounding
            dispatch = [max(0.0, seconds) for seconds in dispatch]
        stages = self._stages
        stages["queue"].pending += waited
        stages["handler"].pending += handler
        stages["respond"].pending += respond
        stages["dispatch"].pending += dispatch
        if self._objectives is not None:
            self._objectives.answered(durations)

    def _record_one(self, row: Row, offset: float) -> None:
        """Any other request."""
        route, code, arrived, ended, times, queued, received, sent, label, mark = row
        self._counter(route, code).value += 1.0
        duration = ended - arrived
        outcome = self._ok if code < 400 else self._client_errors if code < 500 else self._server_errors
        outcome.observe_marked(duration, (label, mark, ended + offset))
        self._received.observe(received)
        self._sent.observe(sent)
        for stage, seconds in stage_times(times, arrived, ended, queued=queued).items():
            self._stages[stage].observe(seconds)
        if self._objectives is not None:
            self._objectives.finished(code, duration)

    def _counter(self, route: str, code: int) -> Counter:
        """The counter of a code. Handlers choose codes: past the budget they are counted together."""
        counter = self._codes.get((route, code))
        if counter is not None:
            return counter
        families = self._families
        if len(self._codes) >= max(families.budget, len(USUAL_CODES)):
            families.dropped.labels("servescope_requests_total").value += 1.0
            return families.requests.labels(*self._model, TRANSPORT, route, OTHER)
        counter = families.requests.labels(*self._model, TRANSPORT, route, str(code))
        self._codes[route, code] = counter
        return counter

    def fold(self, histograms: int) -> None:
        """Fold the next so many histograms, in turn, so that the loop never stands still for all of them."""
        for _ in range(histograms):
            next(self._to_fold).fold()

    def remove(self) -> None:
        """Drop all series."""
        families, model = self._families, self._model
        for route, code in self._codes:
            families.requests.remove(*model, TRANSPORT, route, str(code))
            families.requests.remove(*model, TRANSPORT, route, OTHER)
        for outcome in OUTCOMES:
            families.durations.remove(*model, outcome)
        for stage in STAGES:
            families.stages.remove(*model, stage)
        for sized in (families.batch_sizes, families.request_bytes, families.response_bytes):
            sized.remove(*model)
        if self._objectives is not None:
            self._objectives.remove()
